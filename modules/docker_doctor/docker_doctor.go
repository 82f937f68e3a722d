// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_doctor examines a Docker host and says what is wrong with it,
// how that is known and what mends it, with the daemon up, down or hanging. It
// changes nothing.
//
// A tour. Everything that is looked for, and how, is in package doctor; this
// module selects checks and turns findings into its result.
package docker_doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/doctor"
	"hardened.docker/modules/internal/host"
)

// Module is docker_doctor.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the options.
type Params struct {
	Checks  []string `arg:"checks" elements:"str" default:"all"`
	Minimum string   `arg:"minimum" choices:"info,warning,error" default:"info"`
	// Timeout is in seconds, for each probe.
	Timeout int `arg:"timeout" default:"15"`
}

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	if p.Timeout < 1 {
		return nil, fmt.Errorf("invalid timeout %d: give the seconds that each probe may take, 1 or more", p.Timeout)
	}
	checks, err := selected(p.Checks)
	if err != nil {
		return nil, err
	}
	s := doctor.Take(ctx, h, time.Duration(p.Timeout)*time.Second)
	return &ansible.Plan{Result: result(s, doctor.Examine(s, checks), p.Minimum)}, nil
}

// selected returns the checks of these IDs, in the order of the table.
func selected(ids []string) ([]doctor.Check, error) {
	wanted := map[string]bool{}
	for _, id := range ids {
		if _, ok := doctor.Find(id); !ok && id != "all" {
			return nil, doctor.UnknownCheck(id)
		}
		wanted[id] = true
	}
	var checks []doctor.Check
	for _, c := range doctor.Checks() {
		if wanted["all"] || wanted[c.ID] {
			checks = append(checks, c)
		}
	}
	return checks, nil
}

// result is what the module returns. Its form has the number version, and
// readers of the report depend on it.
func result(s *doctor.Snapshot, r doctor.Report, minimum string) map[string]any {
	summary := map[string]int{}
	for _, name := range []string{"error", "warning", "info", doctor.Passed, doctor.Unknown, doctor.NotApplicable} {
		summary[name] = 0
	}
	findings := []map[string]any{}
	for _, f := range r.Findings {
		summary[f.Severity.String()]++
		if f.Severity >= severity(minimum) {
			findings = append(findings, finding(f))
		}
	}
	checks := []map[string]any{}
	for _, o := range r.Outcomes {
		if o.Status != doctor.Found {
			summary[o.Status]++
		}
		checks = append(checks, map[string]any{"id": o.Check.ID, "title": o.Check.Title, "group": o.Check.Group, "status": o.Status, "note": o.Note})
	}
	return map[string]any{
		"findings": findings, "checks": checks, "summary": summary, "worst": r.Worst().String(), "daemon": s.Daemon, "host": identity(s),
		"examined_at": s.Now.UTC().Format(time.RFC3339), "duration_ms": time.Since(s.Now).Milliseconds(), "version": 1,
	}
}

func severity(name string) doctor.Severity {
	for _, s := range []doctor.Severity{doctor.Error, doctor.Warning} {
		if s.String() == name {
			return s
		}
	}
	return doctor.Info
}

func finding(f doctor.Finding) map[string]any {
	interrupts := f.Check.Interrupts
	if !f.Check.Repairs {
		interrupts = doctor.Nothing
	}
	return map[string]any{
		"id": f.Check.ID, "subject": f.Subject, "severity": f.Severity.String(), "title": f.Check.Title,
		"evidence": append([]string{}, f.Evidence...), "remedy": f.Remedy, "source": f.Check.Source,
		"repair": map[string]any{"available": f.Check.Repairs, "interrupts": string(interrupts)},
	}
}

// identity names the host and what runs on it.
func identity(s *doctor.Snapshot) map[string]any {
	all, running := -1, -1
	switch {
	case s.Daemon == doctor.Up:
		all, running = s.Info.Containers, s.Info.ContainersRunning
	case s.State.Exists:
		all, running = len(s.State.Containers), len(s.Processes.ContainerIDs())
	}
	version := s.Info.ServerVersion
	if version == "" {
		version = s.Program
	}
	return map[string]any{
		"hostname": s.System.Hostname, "machine_id": s.System.MachineID, "boot_id": s.System.BootID,
		"distribution": s.System.Distribution, "kernel": s.System.Kernel, "architecture": s.System.Architecture,
		"engine": strings.TrimSpace(version), "storage_driver": s.Driver(), "data_root": s.State.Root, "containers": all, "containers_running": running,
	}
}
