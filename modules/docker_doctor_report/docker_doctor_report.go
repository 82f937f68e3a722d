// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_doctor_report makes the fleet's report from what docker_doctor
// found on many hosts: a page for people and JUnit for machines. It runs on the
// controller, as a task with connection: local, and reads what
// playbooks/doctor.yml collected there.
//
// A tour. The report itself is package fleet; this module reads and writes files.
package docker_doctor_report

import (
	"context"
	"fmt"
	"path/filepath"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/ansible/argspec"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/fleet"
	"hardened.docker/modules/internal/host"
)

// Module is docker_doctor_report.
var Module = ansible.Module[Params]{
	Plan:        plan,
	Constraints: argspec.Constraints{RequiredOneOf: [][]string{{"html", "junit"}}},
}

// Params are the module's options.
type Params struct {
	Path     string  `arg:"path" type:"path" required:"true"`
	Previous *string `arg:"previous" type:"path"`
	HTML     *string `arg:"html" type:"path"`
	JUnit    *string `arg:"junit" type:"path"`
	Title    string  `arg:"title" default:"Docker hosts"`
}

// maxSize is how large a report may be, in bytes: 5,000 hosts have some 40 MB.
const maxSize = 256 << 20

func plan(_ context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	report, there, err := read(h, p.Path)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, fmt.Errorf("cannot read %s: it does not exist; run the playbook hardened.docker.doctor, which writes it", p.Path)
	}
	var trend fleet.Trend
	if p.Previous != nil {
		old, there, err := read(h, *p.Previous)
		if err != nil {
			return nil, err
		}
		if there {
			trend = report.Since(old)
		}
	}
	out := &ansible.Plan{Result: result(report, trend)}
	if p.HTML != nil {
		page, err := report.Page(p.Title, trend)
		if err != nil {
			return nil, err
		}
		if err := write(h, out, *p.HTML, page); err != nil {
			return nil, err
		}
	}
	if p.JUnit != nil {
		if err := write(h, out, *p.JUnit, report.JUnit()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// read returns a report and whether its file is there.
func read(h *host.Host, path string) (fleet.Fleet, bool, error) {
	state, err := file.Read(h, path, maxSize)
	if err != nil || !state.Exists {
		return fleet.Fleet{}, false, err
	}
	report, err := fleet.Parse(state.Content)
	if err != nil {
		return fleet.Fleet{}, false, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return report, true, nil
}

// write adds what gives a file its content, if it has another one.
func write(h *host.Host, out *ansible.Plan, path string, content []byte) error {
	before, err := file.Read(h, path, maxSize)
	if err != nil {
		return err
	}
	if before.Exists && string(before.Content) == string(content) {
		return nil
	}
	if !h.Exists(filepath.Dir(before.Path)) {
		return fmt.Errorf("cannot write %s: the directory %s does not exist; create it or correct the path", path, filepath.Dir(before.Path))
	}
	out.Acts = append(out.Acts, file.Replace{Before: before, Content: content, Mode: 0o600, Hidden: true})
	return nil
}

func result(report fleet.Fleet, trend fleet.Trend) map[string]any {
	c := report.Count()
	worst := "none"
	for _, severity := range []struct {
		name  string
		hosts int
	}{{"error", c.Error}, {"warning", c.Warning}, {"info", c.Info}} {
		if severity.hosts > 0 {
			worst = severity.name
			break
		}
	}
	var since any
	if trend.Since != "" {
		since = trend.Since
	}
	return map[string]any{
		"hosts": map[string]int{
			"all": c.Hosts, "examined": c.Examined, "unreachable": c.Unreachable, "failed": c.Failed,
			"error": c.Error, "warning": c.Warning, "info": c.Info, "healthy": c.Healthy,
		},
		"findings": c.Findings, "new": len(trend.New), "gone": len(trend.Gone), "since": since, "worst": worst,
	}
}
