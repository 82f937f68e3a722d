// SPDX-License-Identifier: GPL-3.0-or-later

// Package firewalld_docker_order keeps Docker's network working beside
// firewalld, and dockerd's messages beside journald, which both take something
// from Docker when they start.
//
// A tour. files.go has the drop-ins, units and scripts that do it from now on;
// they are the files below files/. chains.go finds out whether Docker's rules are in
// the kernel now, and repair.go brings them back.
//
// Why these relations between the units and no others is told in
// docs/design/firewalld.md.
package firewalld_docker_order

import (
	"context"
	"errors"
	"fmt"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/ownfiles"
	"hardened.docker/modules/internal/systemd"
)

// Module is firewalld_docker_order.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the module's options.
type Params struct {
	Firewalld    bool   `arg:"firewalld" default:"true"`
	Journald     bool   `arg:"journald" default:"true"`
	Repair       bool   `arg:"repair" default:"true"`
	AllowRestart bool   `arg:"allow_restart" default:"true"`
	State        string `arg:"state" choices:"present,absent" default:"present"`
}

// Units that the module is about.
const (
	firewalldUnit = "firewalld.service"
	watchUnit     = "docker-firewalld.service"
	journalUnit   = "docker-journald.service"
)

// found is the host as the module found it.
type found struct {
	systemd   bool // it manages the host
	firewalld systemd.Unit
	watch     systemd.Unit
	units     []systemd.Unit
	chains    chains
	journal   journal
	warnings  []string
}

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	f, err := look(ctx, h, p)
	if err != nil {
		return nil, err
	}
	files, err := ownfiles.Read(h, allFiles(p))
	if err != nil {
		return nil, err
	}
	out := &ansible.Plan{Warnings: f.warnings}
	wanted := p.State == "present" && p.Firewalld
	if !wanted && f.watch.ActiveState == "active" {
		out.Acts = append(out.Acts, unitAct{verb: "stop", unit: watchUnit})
	}
	changes, err := files.Acts(h)
	if err != nil {
		return nil, err
	}
	out.Acts = append(out.Acts, changes...)
	if f.systemd && (files.ChangedUnits() || files.Unread(f.units)) {
		out.Acts = append(out.Acts, systemd.DaemonReload{Why: "units and drop-ins for Docker beside firewalld and journald changed"})
	}
	f.planRepair(p, out)
	// The watch comes last: it repairs too, and not at the same time.
	running := f.firewalld.ActiveState == "active"
	if wanted && running && (f.watch.ActiveState != "active" || files.Changed(watchFiles()...)) {
		out.Acts = append(out.Acts, unitAct{verb: "restart", unit: watchUnit})
	}
	out.Result["dropins"] = files.DropIns()
	out.Result["firewalld"] = map[string]any{"installed": f.firewalld.Exists(), "running": running}
	return out, nil
}

// look reads the host. What goes on beside Docker is of no interest where its
// traces are removed.
func look(ctx context.Context, h *host.Host, p Params) (*found, error) {
	f := &found{chains: chains{State: unknown, Missing: []string{}}}
	units, err := systemd.Show(ctx, h, firewalldUnit, watchUnit, journalUnit, "systemd-journald.service", "docker.service")
	if errors.Is(err, systemd.ErrNotRunning) {
		f.warnings = append(f.warnings, "systemd does not run on this host; it reads the drop-ins when it starts")
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	f.systemd, f.firewalld, f.watch, f.units = true, units[0], units[1], units
	if p.State == "absent" {
		return f, nil
	}
	if err := f.lookAtChains(ctx, h, p); err != nil {
		return nil, err
	}
	if p.Journald && f.chains.view.Running {
		f.journal = lookAtJournal(ctx, h, f.chains.view.Daemon.Process.PID)
	}
	return f, nil
}

// unitAct starts or stops one of the module's own units.
type unitAct struct{ verb, unit string }

// Describe implements [ansible.Act].
func (a unitAct) Describe() string { return a.verb + " " + a.unit }

// Diff implements [ansible.Act].
func (a unitAct) Diff() []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: a.unit, AfterHeader: a.unit, Before: "as it was\n", After: fmt.Sprintf("after %s\n", a.verb)}}
}

// Do implements [ansible.Act].
func (a unitAct) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	return nil, systemd.Call(ctx, h, systemd.Limit, a.verb, "--", a.unit)
}
