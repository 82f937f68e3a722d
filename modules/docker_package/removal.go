// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/apt"
	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/host"
)

// planRemoval is the plan for state=absent and state=purged.
func planRemoval(ctx context.Context, h *host.Host, p Params, release distro.Release, m manager) (*ansible.Plan, error) {
	plan := &ansible.Plan{}
	broken, err := repairs(ctx, h, m, plan)
	if err != nil {
		return nil, err
	}
	have, err := m.read()
	if err != nil {
		return nil, err
	}
	flavors := m.flavors()
	if p.Flavor != "auto" {
		flavor, err := flavorOf(p.Flavor, m, have, apt.Offers{}, release)
		if err != nil {
			return nil, err
		}
		flavors = []distro.Flavor{flavor}
	}
	names, warn := removable(flavors, have, p.State == "purged")
	plan.Warnings = append(plan.Warnings, warn...)
	o := outcome{have: have, unit: unitOf(flavors[0])}
	for _, f := range flavors {
		if have.Installed(unitOf(f).engine) != "" {
			o.unit = unitOf(f)
		}
	}
	o.request = request{remove: names, purge: p.State == "purged"}
	if !o.request.empty() {
		if o.changes, err = m.simulate(ctx, o.request); err != nil && !broken {
			return nil, fmt.Errorf("cannot remove %s: %w", strings.Join(names, ", "), err)
		}
		if err := o.judgeRemoval(p); err != nil {
			return nil, &ansible.Failure{Err: err, Result: o.result()}
		}
	}
	data, err := dataOf(h, p, have, names)
	if err != nil {
		return nil, &ansible.Failure{Err: err, Result: o.result()}
	}
	plan.Warnings = append(plan.Warnings, data.warn...)
	plan.Warnings = append(plan.Warnings, o.warn...)
	if !o.request.empty() {
		plan.Acts = append(plan.Acts, remove{manager: m, outcome: o})
	}
	for _, dir := range data.remove {
		plan.Acts = append(plan.Acts, dir)
	}
	waited := plan.Result
	plan.Result = o.result()
	merge(plan.Result, waited)
	plan.Result["version"] = nil
	plan.Result["remains"] = remains(h, data)
	return plan, nil
}

// removable returns the packages of the flavors that can go: those that are
// there, without the ones that others need.
func removable(flavors []distro.Flavor, have inventory, purge bool) (names, warn []string) {
	set := make(map[string]bool)
	for _, f := range flavors {
		for _, name := range unitOf(f).members() {
			if have.Installed(name) != "" || purge && have.Leftover(name) {
				set[name] = true
			}
		}
	}
	// containerd and runc serve others as well. What stays can need another
	// member, so the question is asked until nothing changes.
	for again := true; again; {
		again = false
		for _, name := range sortedKeys(set) {
			if !slices.Contains([]string{"containerd", "runc", "containerd.io"}, name) || have.Installed(name) == "" {
				continue
			}
			if by := have.Needed(set, name); len(by) > 0 {
				delete(set, name)
				again = true
				warn = append(warn, fmt.Sprintf("%s stays: %s needs it", name, strings.Join(by, ", ")))
			}
		}
	}
	return sortedKeys(set), warn
}

// judgeRemoval refuses to remove packages that are not the engine's.
func (o *outcome) judgeRemoval(p Params) error {
	var more []conflict
	for _, c := range o.changes {
		if c.After == "" && !slices.Contains(o.request.remove, c.Name) {
			more = append(more, conflict{Package: c.Name, Version: c.Before, Owns: []string{}, Reason: "it depends on a package that goes"})
		}
	}
	o.conflicts = more
	if len(more) > 0 && p.Conflicts == "refuse" {
		return fmt.Errorf("cannot remove %s without removing %s; set conflicts: remove to allow that", strings.Join(o.request.remove, ", "), list(more))
	}
	for _, c := range more {
		o.warn = append(o.warn, fmt.Sprintf("%s %s is removed too: %s", c.Package, c.Version, c.Reason))
	}
	return nil
}

// remove is the act that removes packages.
type remove struct {
	manager manager
	outcome outcome
}

func (r remove) Describe() string {
	verb := "remove "
	if r.outcome.request.purge {
		verb = "purge "
	}
	return verb + strings.Join(r.outcome.request.remove, ", ")
}

func (r remove) Diff() []ansible.Diff { return diffOf(r.outcome.changes) }

func (r remove) Do(ctx context.Context, _ *host.Host) (map[string]any, error) {
	waited, err := r.manager.commit(ctx, r.outcome.request)
	if err != nil {
		return noted(waited), fmt.Errorf("cannot %s: %w", r.Describe(), err)
	}
	have, err := r.manager.read()
	if err != nil {
		return noted(waited), err
	}
	for _, name := range r.outcome.request.remove {
		if v := have.Installed(name); v != "" || r.outcome.request.purge && have.Leftover(name) {
			return noted(waited), fmt.Errorf("cannot %s: the package manager ended well, but %s is still there", r.Describe(), name)
		}
	}
	return noted(waited), nil
}
