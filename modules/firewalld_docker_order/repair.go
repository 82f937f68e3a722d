// SPDX-License-Identifier: GPL-3.0-or-later

package firewalld_docker_order

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/netfilter"
	"hardened.docker/modules/internal/systemd"
)

// Ways to repair, as the module returns them.
const (
	noRepair = "none"
	addRules = "rules"
	restart  = "restart"
)

// planRepair adds what brings back what is lost, with the least disruption that
// works: rules that can be added without the engine, else a restart of it.
func (f *found) planRepair(p Params, out *ansible.Plan) {
	c := f.chains
	way := noRepair
	defer func() {
		out.Result = map[string]any{
			"chains": c, "journald_connected": f.journal.answer(), "repaired": way != noRepair, "repair_action": way,
		}
	}()
	lost := c.State == incomplete
	if !lost && !f.journal.lost {
		return
	}
	var why []string
	if lost {
		why = append(why, "Docker's rules are incomplete: "+strings.Join(c.Missing, ", "))
	}
	if f.journal.lost {
		why = append(why, "dockerd's messages are lost since journald's sockets were stopped")
	}
	if !p.Repair {
		out.Warnings = append(out.Warnings, strings.Join(why, "; ")+"; repair is false")
		return
	}
	view := c.view
	stops := len(view.Containers) > 0 && !view.LiveRestore
	needsRestart := lost && !view.Lost.OnlyDetails()
	switch {
	case f.journal.lost && !needsRestart && (stops || !p.AllowRestart):
		// Messages are not worth containers.
		out.Warnings = append(out.Warnings, fmt.Sprintf("%s: restart docker.service to see them again%s", why[len(why)-1], stopText(view, stops)))
	case f.journal.lost:
		needsRestart = true
	}
	switch {
	case needsRestart && !p.AllowRestart:
		out.Warnings = append(out.Warnings, strings.Join(why, "; ")+": restart docker.service to repair that; allow_restart is false"+stopText(view, stops))
	case needsRestart:
		way = restart
		if stops {
			out.Warnings = append(out.Warnings, "the restart of docker.service"+stopText(view, stops))
		}
		out.Acts = append(out.Acts, restartDocker{why: strings.Join(why, "; ")})
	case lost:
		way = addRules
		out.Acts = append(out.Acts, restoreRules{view: view})
	}
}

func stopText(v netfilter.View, stops bool) string {
	if !stops {
		return ""
	}
	return fmt.Sprintf(", which stops the containers %s, as live-restore is off", strings.Join(v.Containers, ", "))
}

// restoreRules adds the rules that the engine forgot.
type restoreRules struct{ view netfilter.View }

// Describe implements [ansible.Act].
func (r restoreRules) Describe() string {
	return fmt.Sprintf("add %d rules of Docker that the engine did not restore", len(r.view.Lost.Restore))
}

// Diff implements [ansible.Act].
func (r restoreRules) Diff() []ansible.Diff {
	var b strings.Builder
	for _, change := range r.view.Restore() {
		b.WriteString(change.String() + "\n")
	}
	return []ansible.Diff{{BeforeHeader: "rules of Docker", AfterHeader: "rules of Docker", After: b.String()}}
}

// Do implements [ansible.Act].
func (r restoreRules) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	if err := netfilter.Apply(ctx, h, r.view.Restore()); err != nil {
		return nil, err
	}
	return prove(ctx, h, 10*time.Second)
}

// restartDocker restarts the engine, which writes all its rules when it starts.
type restartDocker struct{ why string }

// Describe implements [ansible.Act].
func (r restartDocker) Describe() string { return "restart " + dockerd.Service }

// Diff implements [ansible.Act].
func (r restartDocker) Diff() []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: dockerd.Service, AfterHeader: dockerd.Service, Before: "running\n", After: "running, after a restart: " + r.why + "\n"}}
}

// Do implements [ansible.Act].
func (r restartDocker) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	// A start too many would be refused; systemd counts also the wanted ones.
	_ = systemd.ResetFailed(ctx, h, dockerd.Service, dockerd.Socket)
	if err := systemd.Call(ctx, h, 3*time.Minute, "restart", "--", dockerd.Service); err != nil {
		return nil, fmt.Errorf("%w; see journalctl -u %s", err, dockerd.Service)
	}
	return prove(ctx, h, time.Minute)
}

// prove waits until Docker's rules are whole, and adds what the engine leaves
// out when it starts.
func prove(ctx context.Context, h *host.Host, wait time.Duration) (map[string]any, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, wait, fmt.Errorf("cannot wait longer than %v", wait))
	defer cancel()
	var v netfilter.View
	for {
		var err error
		v, err = netfilter.Look(ctx, h)
		if err == nil && v.Running && v.Lost.Empty() {
			return map[string]any{"chains": chainsOf(v)}, nil
		}
		if err == nil && v.Lost.OnlyDetails() {
			err = netfilter.Apply(ctx, h, v.Restore())
		}
		select {
		case <-ctx.Done():
			why := context.Cause(ctx)
			if err != nil && !errors.Is(err, ctx.Err()) {
				why = fmt.Errorf("%w: %w", why, err)
			}
			return map[string]any{"chains": chainsOf(v)}, fmt.Errorf("cannot make Docker's rules whole: %w: %s", why, strings.Join(v.Lost.Texts(), ", "))
		case <-time.After(lookEvery / 4):
		}
	}
}
