// SPDX-License-Identifier: GPL-3.0-or-later

package audit_docker

import (
	"context"
	"fmt"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/audit"
	"hardened.docker/modules/internal/host"
)

// kernel compares what is wanted with the kernel's rules, and returns the act
// that makes them agree, and what the kernel's audit is: "enabled", "disabled"
// or "immutable", or why it cannot be asked.
func (s *selection) kernel(h *host.Host, f files, open opener) (load, string, error) {
	kernel, status, err := open(h)
	switch err {
	case nil:
	case audit.ErrContainer:
		return load{}, "container", err
	case audit.ErrOff:
		return load{}, "off", err
	case audit.ErrUnsupported:
		return load{}, "unsupported", err
	default:
		return load{}, "unknown", err
	}
	defer kernel.Close()
	state := "enabled"
	switch {
	case status.Immutable:
		state = "immutable"
	case !status.Enabled:
		state = "disabled"
	}
	rules, err := kernel.Rules()
	if err != nil {
		return load{}, state, fmt.Errorf("cannot list the kernel's audit rules: %w", err)
	}
	act := load{s: s, open: open}
	for _, w := range s.wanted {
		if !s.in(w, watches(rules)) {
			act.add = append(act.add, w)
		}
	}
	// What the file said before is this module's, whatever auditctl took the
	// path for when it loaded the rule; so is what is to be absent.
	own := f.declared
	if len(s.wanted) == 0 {
		own = append(append([]audit.Watch(nil), own...), s.named...)
	}
	for _, r := range rules {
		if r.IsWatch && s.in(r.Watch, own) && !s.in(r.Watch, s.wanted) && !s.in(r.Watch, f.others) {
			act.remove = append(act.remove, r)
		}
	}
	return act, state, nil
}

func watches(rules []audit.Rule) []audit.Watch {
	var all []audit.Watch
	for _, r := range rules {
		if r.IsWatch {
			all = append(all, r.Watch)
		}
	}
	return all
}

// load is the act that changes the kernel's rules.
type load struct {
	s      *selection
	open   opener
	remove []audit.Rule
	add    []audit.Watch
}

// Describe implements [ansible.Act].
func (l load) Describe() string {
	var parts []string
	if n := len(l.remove); n > 0 {
		parts = append(parts, "take "+count(n)+" out of the kernel")
	}
	if n := len(l.add); n > 0 {
		parts = append(parts, "load "+count(n)+" into the kernel")
	}
	return strings.Join(parts, ", and ")
}

func count(n int) string {
	if n == 1 {
		return "1 audit rule"
	}
	return fmt.Sprintf("%d audit rules", n)
}

// Diff implements [ansible.Act].
func (l load) Diff() []ansible.Diff {
	d := ansible.Diff{BeforeHeader: "audit rules in the kernel", AfterHeader: "audit rules in the kernel"}
	for _, r := range l.remove {
		d.Before += r.Watch.String() + "\n"
	}
	for _, w := range l.add {
		d.After += w.String() + "\n"
	}
	return []ansible.Diff{d}
}

// Do implements [ansible.Act]. What is to be added goes first: nothing is
// unwatched in between.
func (l load) Do(_ context.Context, h *host.Host) (map[string]any, error) {
	result := map[string]any{"loaded": false}
	kernel, _, err := l.open(h)
	if err != nil {
		return result, err
	}
	defer kernel.Close()
	for i, w := range l.add {
		if err := kernel.Add(w); err != nil {
			return result, fmt.Errorf("cannot load the audit rule %s into the kernel: %w; %d of %s are loaded", w, err, i, count(len(l.add)))
		}
	}
	for _, r := range l.remove {
		if err := kernel.Delete(r); err != nil {
			return result, fmt.Errorf("cannot take the audit rule %s out of the kernel: %w", r.Watch, err)
		}
	}
	rules, err := kernel.Rules()
	if err != nil {
		return result, fmt.Errorf("cannot list the kernel's audit rules: %w", err)
	}
	for _, w := range l.s.wanted {
		if !l.s.in(w, watches(rules)) {
			return result, fmt.Errorf("cannot find the audit rule %s in the kernel, which took it a moment ago: something else changes the rules at the same time; run the task again", w)
		}
	}
	for _, r := range l.remove {
		if l.s.in(r.Watch, watches(rules)) {
			return result, fmt.Errorf("cannot get rid of the audit rule %s: the kernel still lists it; something else loads it", r.Watch)
		}
	}
	result["loaded"] = len(l.s.wanted) > 0
	return result, nil
}
