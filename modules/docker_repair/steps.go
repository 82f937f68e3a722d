// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repair

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/doctor"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/systemd"
)

// commandLimit is how long a program of the host may take for a step.
const commandLimit = time.Minute

// command is the step that runs a program of the host.
type command struct {
	text                string
	argv                []string
	what, before, after string // for the diff
	// still reports whether what the step is about is there as it was found,
	// judged by a probe of its own; nil is always.
	still func(s *doctor.Snapshot) bool
	probe doctor.Only
	hint  string
	// run is what the step does in the place of argv.
	run func(ctx context.Context, h *host.Host) error
}

// Describe implements [ansible.Act].
func (c command) Describe() string { return c.text }

// Diff implements [ansible.Act].
func (c command) Diff() []ansible.Diff { return diff(c.what, c.before, c.after) }

func diff(what, before, after string) []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: what, AfterHeader: what, Before: before + "\n", After: after + "\n"}}
}

// Do implements [ansible.Act].
func (c command) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	if c.still != nil {
		s, err := doctor.Look(ctx, h, c.probe)
		if err != nil {
			return nil, fmt.Errorf("cannot %s: %w", c.text, err)
		}
		if !c.still(s) {
			return nil, fmt.Errorf("cannot %s: it is not as it was found any more; run the task again", c.text)
		}
	}
	run := c.run
	if run == nil {
		run = func(ctx context.Context, h *host.Host) error {
			_, err := h.Run(ctx, host.Command{Argv: c.argv, Limit: commandLimit})
			return err
		}
	}
	if err := run(ctx, h); err != nil {
		if c.hint != "" {
			return nil, fmt.Errorf("cannot %s: %w; %s", c.text, err, c.hint)
		}
		return nil, fmt.Errorf("cannot %s: %w", c.text, err)
	}
	if c.still != nil {
		if s, err := doctor.Look(ctx, h, c.probe); err == nil && c.still(s) {
			return nil, fmt.Errorf("cannot %s: nothing failed, and it is still as it was found", c.text)
		}
	}
	return nil, nil
}

// service is the step that starts, stops or restarts dockerd and waits for it.
type service struct {
	verb    string
	wait    time.Duration
	running bool
	// revive are containers that ran before; those that do not run afterwards
	// are started again.
	revive []string
}

// service returns a step for dockerd.
func (p patient) service(verb string) service {
	revive := p.snapshot.Running()
	if p.left != nil {
		revive = merge(revive, p.left.Containers)
	}
	return service{verb: verb, wait: p.wait, running: len(p.snapshot.Processes.Dockerd) > 0, revive: revive}
}

// course returns an act with steps that end with a start or restart of dockerd.
func (p patient) course(verb string, steps ...ansible.Act) *course {
	after := p.service(verb)
	n := &note{path: notePath(p.snapshot), Containers: after.revive}
	if p.left != nil {
		n.Config, n.Before, n.After = p.left.Config, p.left.Before, p.left.After
	}
	return &course{steps: steps, halts: verb == "restart", after: after, note: n, holds: p.left != nil}
}

// Describe implements [ansible.Act].
func (a service) Describe() string { return a.verb + " " + dockerd.Service }

// Diff implements [ansible.Act].
func (a service) Diff() []ansible.Diff {
	before, after := "stopped", "running"
	if a.running {
		before = "running"
	}
	switch a.verb {
	case "stop":
		after = "stopped"
	case "restart":
		after = "running, after a restart"
	}
	return diff(dockerd.Service, before, after)
}

// Do implements [ansible.Act].
func (a service) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	if err := a.run(ctx, h); err != nil {
		return nil, err
	}
	return a.revived(ctx, h)
}

// run starts, stops or restarts dockerd.
func (a service) run(ctx context.Context, h *host.Host) error {
	if a.verb == "stop" {
		// The socket would start it again at the next question.
		d, err := dockerd.Read(ctx, h)
		if err != nil {
			return err
		}
		return d.Stop(ctx, h)
	}
	since := time.Now()
	units, err := systemd.Show(ctx, h, dockerd.Service, dockerd.Socket)
	if err != nil {
		return err
	}
	names := []string{dockerd.Service}
	if units[1].Exists() {
		names = append(names, dockerd.Socket)
	}
	if err := systemd.ResetFailed(ctx, h, names...); err != nil {
		return err
	}
	if units[1].Exists() && units[1].Enabled() {
		if err := systemd.Call(ctx, h, a.wait, "start", "--", dockerd.Socket); err != nil {
			return err
		}
	}
	if err := systemd.Call(ctx, h, systemd.Limit, "--no-block", a.verb, "--", dockerd.Service); err != nil {
		return err
	}
	if err := a.up(ctx, h, units[0].MainPID); err != nil {
		why := dockerd.Reason(systemd.Journal(ctx, h, dockerd.Service, since, 200))
		return fmt.Errorf("cannot %s %s: %w: %s", a.verb, dockerd.Service, err, orJournal(why))
	}
	return nil
}

func orJournal(why string) string {
	if why == "" {
		return "journalctl -u " + dockerd.Service + " may tell why"
	}
	return why
}

// up waits until a new dockerd answers.
func (a service) up(ctx context.Context, h *host.Host, old int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, a.wait, fmt.Errorf("it did not answer within %v (option wait)", a.wait))
	defer cancel()
	for {
		d, err := dockerd.Read(ctx, h)
		if err == nil && d.Running() && (a.verb != "restart" || d.Process.PID != old) {
			if dockerd.NewClient(h, dockerd.Processes{Dockerd: []dockerd.Process{*d.Process}}, 2*time.Second).Ping(ctx) == nil {
				return nil
			}
		}
		if err == nil && d.Service.Job == 0 && d.Service.ActiveState == "failed" {
			return errors.New("it did not come up")
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
