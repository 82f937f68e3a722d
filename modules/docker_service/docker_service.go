// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_service starts, stops, restarts and reloads the Docker
// daemon, and makes the running daemon agree with what is on the disk.
//
// state=converged needs no handler and no memory of earlier tasks: it compares
// what dockerd was started with (its daemon.json, arguments, environment and
// program) with what the disk has now, and does what the difference needs:
// nothing, a reload or a restart. A run that was interrupted between writing
// the configuration and applying it is completed by the next one.
//
// A tour. observe.go reads the host. decide.go is pure: from what was found
// and the options it says what to do and why. apply.go has the act that does
// it, waits until the API answers and proves that the settings are in force;
// reload.go the same for a reload, whose exit status proves nothing; and
// rollback.go puts the previous configuration back if dockerd does not come up.
package docker_service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/systemd"
)

// Module is docker_service.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the options.
type Params struct {
	State        string `arg:"state" default:"started" choices:"started,stopped,restarted,reloaded,converged"`
	Enabled      bool   `arg:"enabled" default:"true"`
	Rollback     bool   `arg:"rollback" default:"true"`
	Wait         int    `arg:"wait" default:"60"`
	AllowRestart bool   `arg:"allow_restart" default:"true"`
}

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	if p.Wait < 1 {
		return nil, fmt.Errorf("invalid wait %d: give the seconds that dockerd may take until it answers, 1 or more", p.Wait)
	}
	f, err := observe(ctx, h)
	if err != nil {
		return nil, err
	}
	d, err := decide(f, p)
	if err != nil {
		return nil, err
	}
	out := &ansible.Plan{
		Warnings: append(f.warnings, d.warnings...),
		Result: map[string]any{
			"action":         d.action.String(),
			"reason":         strings.Join(d.reasons, "; "),
			"pending":        d.pending.String(),
			"running_before": f.running,
		},
	}
	if d.pending != none && len(d.waits) > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%s needs a %s, which waits: %s", dockerd.Service, d.pending, strings.Join(d.waits, "; ")))
	}
	if d.action == none || d.action == reload || f.keepsContainers() && d.action == restart {
		out.Result["running_after"] = f.running
	}
	if !f.daemon.Service.Exists() {
		// In check mode this stands for what the run will do once the engine is
		// installed; in a run it is an error.
		if d.action != none {
			out.Acts = append(out.Acts, missing{})
		}
		return out, nil
	}
	if d.action == none {
		// What is on the disk is in force, or is not to be touched now.
		if d.withheld {
			return out, nil
		}
		if p.State == "converged" && f.unit.stale(f) {
			out.Acts = append(out.Acts, systemd.DaemonReload{Why: "unit files changed"})
		}
		out.Acts = append(out.Acts, enabling(f, p)...)
		return out, nil
	}
	if d.action != stop && f.unit.stale(f) {
		out.Acts = append(out.Acts, systemd.DaemonReload{Why: "unit files changed"})
	}
	out.Acts = append(out.Acts, enabling(f, p)...)
	out.Acts = append(out.Acts, apply{found: f, decision: d, rollback: p.Rollback, wait: time.Duration(p.Wait) * time.Second})
	return out, nil
}

// enabling returns the acts that make the unit start at boot, or not. Not
// means the socket, too: a client's first question would start the daemon.
func enabling(f *found, p Params) []ansible.Act {
	service, socket := f.daemon.Service, f.daemon.Socket
	var units []string
	switch {
	case service.UnitFileState == "" || strings.HasPrefix(service.UnitFileState, "masked"):
		// Without a file, as a transient unit, or masked: it cannot be enabled.
	case p.Enabled && !service.Enabled():
		units = append(units, dockerd.Service)
	case !p.Enabled:
		for _, u := range []systemd.Unit{service, socket} {
			if u.UnitFileState == "enabled" || u.UnitFileState == "enabled-runtime" {
				units = append(units, u.Name)
			}
		}
	}
	if len(units) == 0 {
		return nil
	}
	return []ansible.Act{systemd.Enable{Units: units, Off: !p.Enabled}}
}

// missing stands for the start of a daemon that is not installed.
type missing struct{}

// Describe implements [ansible.Act].
func (missing) Describe() string { return "start " + dockerd.Service }

// Diff implements [ansible.Act].
func (missing) Diff() []ansible.Diff { return stateDiff("stopped", "running") }

// Do implements [ansible.Act].
func (missing) Do(context.Context, *host.Host) (map[string]any, error) {
	return nil, fmt.Errorf("cannot start %s: this host has no such unit; install Docker Engine first, for example with the module docker_package", dockerd.Service)
}

func stateDiff(before, after string) []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: dockerd.Service, AfterHeader: dockerd.Service, Before: before + "\n", After: after + "\n"}}
}
