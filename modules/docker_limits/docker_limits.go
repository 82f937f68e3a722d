// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_limits sets what a host with many containers runs out of
// first: processes of ordinary users, and the sets of semaphores that device
// mapper takes.
//
// A tour. nproc.go edits 20-nproc.conf of pam_limits, semaphores.go the kernel's
// parameter and its file for the next boot, daemon.go compares with the limits
// that the daemon gives to containers.
package docker_limits

import (
	"context"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/ansible/argspec"
	"hardened.docker/modules/internal/host"
)

// Module is docker_limits.
var Module = ansible.Module[Params]{
	Plan:        plan,
	Constraints: argspec.Constraints{RequiredOneOf: [][]string{{"soft", "hard", "semaphores"}}},
}

// Params are the module's options.
type Params struct {
	Domain     string  `arg:"domain" default:"*"`
	Soft       *string `arg:"soft"`
	Hard       *string `arg:"hard"`
	Semaphores *int    `arg:"semaphores"`
}

func plan(_ context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	wanted, err := parseOptions(p)
	if err != nil {
		return nil, err
	}
	pidMax, err := readPIDMax(h)
	if err != nil {
		return nil, err
	}
	if err := wanted.checkPIDMax(pidMax); err != nil {
		return nil, err
	}
	out := &ansible.Plan{Result: map[string]any{"path": nprocFile, "pid_max": nil}}
	if pidMax > 0 {
		out.Result["pid_max"] = pidMax
	}
	processes, acts, err := planProcesses(h, wanted)
	if err != nil {
		return nil, err
	}
	out.Acts = append(out.Acts, acts...)
	out.Result["soft"], out.Result["hard"] = processes.soft.result(), processes.hard.result()
	if out.Result["daemon_ulimits"], out.Warnings, err = compareDaemon(h, processes, pidMax); err != nil {
		return nil, err
	}
	sem, acts, err := planSemaphores(h, p.Semaphores)
	if err != nil {
		return nil, err
	}
	out.Acts = append(out.Acts, acts...)
	out.Result["semaphores"], out.Result["persisted_in"] = sem.result(), sem.files
	return out, nil
}
