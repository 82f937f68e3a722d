// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_repair mends what docker_doctor found, and only what the task
// names.
//
// A tour. The host is examined as docker_doctor does it. repairs.go has one
// function for each finding that can be mended: it returns the steps, each an
// act that check mode shows. steps.go has the steps, course.go those that must
// not stay half done, containers.go stops and starts containers, state.go is for
// damaged state files, bridge.go for docker0's address. What would stop running
// containers is refused unless the task allows it, and nothing is ever deleted
// that could be wanted back: damaged files are moved aside.
package docker_repair

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/doctor"
	"hardened.docker/modules/internal/host"
)

// Module is docker_repair.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the options.
type Params struct {
	Findings          []string `arg:"findings" elements:"str" required:"true"`
	AllowInterruption bool     `arg:"allow_interruption" default:"false"`
	// Wait is how long the daemon may take to answer after a start, in seconds.
	Wait int `arg:"wait" default:"60"`
	// Timeout is in seconds, for each probe.
	Timeout int `arg:"timeout" default:"15"`
}

// treatment is what mends a finding.
type treatment struct {
	acts []ansible.Act
	// stops are the containers that are not reachable for a moment.
	stops []string
	// restarts says that dockerd is started, and stopped before if it runs.
	restarts bool
}

func (t *treatment) add(other treatment) {
	t.acts = append(t.acts, other.acts...)
	t.stops = merge(t.stops, other.stops)
	t.restarts = t.restarts || other.restarts
}

// patient is what the repairs know.
type patient struct {
	host     *host.Host
	snapshot *doctor.Snapshot
	report   doctor.Report
	asked    map[string]bool
	wait     time.Duration
	// left is what an earlier run did not finish, nil for nothing.
	left *note
}

// found returns the findings of a check.
func (p patient) found(id string) []doctor.Finding {
	var list []doctor.Finding
	for _, f := range append(p.report.Findings[:len(p.report.Findings):len(p.report.Findings)], p.report.Blamed...) {
		if f.Check.ID == id {
			list = append(list, f)
		}
	}
	return list
}

func plan(ctx context.Context, h *host.Host, params Params) (*ansible.Plan, error) {
	if params.Timeout < 1 || params.Wait < 1 {
		return nil, errors.New("invalid value of option \"timeout\" or \"wait\": give seconds, 1 or more")
	}
	asked, err := wanted(params.Findings)
	if err != nil {
		return nil, err
	}
	s := doctor.Take(ctx, h, time.Duration(params.Timeout)*time.Second)
	p := patient{host: h, snapshot: s, report: doctor.Examine(s, doctor.Checks()), asked: asked, wait: time.Duration(params.Wait) * time.Second}
	if p.left, err = left(h, s); err != nil {
		return nil, err
	}
	var repaired, absent []string
	var all treatment
	for _, r := range repairs() {
		if !asked[r.id] {
			continue
		}
		if why := p.unknown(r.id); why != "" {
			return nil, fmt.Errorf("cannot tell whether there is anything to repair for %s: %s", r.id, why)
		}
		if len(p.found(r.id)) == 0 {
			absent = append(absent, r.id)
			continue
		}
		t, err := r.treat(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("cannot repair %s: %w", r.id, err)
		}
		repaired = append(repaired, r.id)
		all.add(t)
	}
	if p.left != nil {
		all.add(p.finishing())
	}
	return p.finish(params, all, repaired, absent)
}

// finish refuses what would interrupt containers, or returns the plan.
func (p patient) finish(params Params, t treatment, repaired, absent []string) (*ansible.Plan, error) {
	s := p.snapshot
	if t.restarts && !s.LiveRestore() {
		// Without live-restore they end with dockerd, and those that outlived one
		// end when the next one starts.
		t.stops = merge(t.stops, s.Running())
	}
	removed := temporary(s, t.stops)
	result := map[string]any{
		"repaired": append([]string{}, repaired...), "not_found": append([]string{}, absent...),
		"affected_containers": append([]string{}, t.stops...), "interrupts": string(p.interruption(t)), "removed_containers": removed,
	}
	if len(t.stops) > 0 && !params.AllowInterruption {
		var steps []string
		for _, act := range t.acts {
			steps = append(steps, act.Describe())
		}
		result["repaired"] = []string{}
		lost := ""
		if len(removed) > 0 {
			lost = fmt.Sprintf("; what was started with --rm is gone then (%s)", strings.Join(removed, ", "))
		}
		return nil, &ansible.Failure{Err: fmt.Errorf("cannot repair %s without stopping containers for a moment (%s)%s: set allow_interruption to true when they may stop; the steps would be: %s",
			strings.Join(repaired, ", "), strings.Join(t.stops, ", "), lost, strings.Join(steps, "; ")), Result: result}
	}
	return &ansible.Plan{Acts: t.acts, Result: result}, nil
}

func (p patient) interruption(t treatment) doctor.Interruption {
	switch {
	case len(t.stops) > 0:
		return doctor.Containers
	case t.restarts && len(p.snapshot.Processes.Dockerd) > 0:
		return doctor.Daemon
	}
	return doctor.Nothing
}

// wanted returns the findings that are asked for, all of which must be ones
// that can be mended.
func wanted(ids []string) (map[string]bool, error) {
	asked := map[string]bool{}
	var can []string
	for _, r := range repairs() {
		can = append(can, r.id)
	}
	for _, id := range ids {
		check, ok := doctor.Find(id)
		switch {
		case !ok:
			return nil, fmt.Errorf("unknown finding %q: what can be repaired is %s", id, strings.Join(can, ", "))
		case !check.Repairs:
			return nil, fmt.Errorf("cannot repair %s, only say what to do: %s What can be repaired is %s", id, check.Remedy, strings.Join(can, ", "))
		}
		asked[id] = true
	}
	return asked, nil
}

// unknown says why a check could not judge, "" if it could.
func (p patient) unknown(id string) string {
	for _, o := range p.report.Outcomes {
		if o.Check.ID == id && o.Status == doctor.Unknown {
			return o.Note
		}
	}
	return ""
}

// merge returns both lists, each name once.
func merge(a, b []string) []string {
	for _, name := range b {
		known := false
		for _, have := range a {
			known = known || have == name
		}
		if !known {
			a = append(a, name)
		}
	}
	return a
}
