// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// planRemoval is the plan for state=absent and state=purged.
func planRemoval(ctx context.Context, h *host.Host, p Params, release distro.Release, m manager) (*ansible.Plan, error) {
	plan := &ansible.Plan{}
	broken, err := repairs(ctx, h, p, m, plan)
	if err != nil {
		return nil, err
	}
	o, err := decideRemoval(ctx, h, p, release, m)
	var unsolved *simulationError
	if errors.As(err, &unsolved) && broken {
		// A package manager that was interrupted solves nothing until it is
		// repaired; the act decides again.
		plan.Caveats = append(plan.Caveats, fmt.Sprintf("what else would go with the packages is not known before the interrupted run is finished: %v", err))
	} else if err != nil {
		return nil, &ansible.Failure{Err: err, Result: o.result()}
	}
	data, err := dataOf(ctx, h, p, o.have, o.request.remove)
	if err != nil {
		return nil, &ansible.Failure{Err: err, Result: o.result()}
	}
	plan.Warnings = append(plan.Warnings, data.warn...)
	plan.Warnings = append(plan.Warnings, o.warn...)
	if !o.request.empty() {
		plan.Acts = append(plan.Acts, &remove{params: p, release: release, manager: m, outcome: o, again: broken})
	}
	if names := lockedOut(m, o); len(names) > 0 {
		plan.Acts = append(plan.Acts, forget{manager: m, names: names})
	}
	for _, dir := range data.remove {
		plan.Acts = append(plan.Acts, dir)
	}
	waited := plan.Result
	plan.Result = o.result()
	merge(plan.Result, waited)
	plan.Result["version"] = nil
	plan.Result["remains"] = remains(ctx, h, m, o.request, data)
	return plan, nil
}

// simulationError is a package manager that could not say what a transaction
// would do.
type simulationError struct {
	what string
	err  error
}

func (e *simulationError) Error() string { return "cannot " + e.what + ": " + e.err.Error() }
func (e *simulationError) Unwrap() error { return e.err }

// decideRemoval works out what goes, and refuses what is not the engine's.
func decideRemoval(ctx context.Context, h *host.Host, p Params, release distro.Release, m manager) (outcome, error) {
	have, err := m.read(ctx)
	if err != nil {
		return outcome{}, err
	}
	flavors := m.flavors()
	if p.Flavor != "auto" {
		flavor, err := flavorOf(p.Flavor, m, have, pkgmgr.Offers{}, release)
		if err != nil {
			return outcome{}, err
		}
		flavors = []distro.Flavor{flavor}
	}
	names, warn := removable(ctx, h, m, flavors, have, p.State == "purged")
	o := outcome{have: have, unit: m.unit(flavors[0]), warn: warn, running: readRunning(ctx, h)}
	for _, f := range flavors {
		if have.Installed(m.unit(f).engine) != "" {
			o.unit = m.unit(f)
		}
	}
	o.request = request{remove: names, purge: p.State == "purged"}
	if o.request.empty() {
		return o, nil
	}
	if o.changes, err = m.simulate(ctx, o.request); err != nil {
		return o, &simulationError{"remove " + strings.Join(names, ", "), err}
	}
	return o, o.judgeRemoval(p)
}

// shared are the members that serve others as well, such as Kubernetes.
func shared() []string { return []string{"containerd", "runc", "containerd.io"} }

// removable returns the packages of the flavors that can go: those that are
// there, without the ones that others need.
func removable(ctx context.Context, h *host.Host, m manager, flavors []distro.Flavor, have inventory, purge bool) (names, warn []string) {
	set := make(map[string]bool)
	kept := make(map[string]bool)
	for _, f := range flavors {
		var own, company []string
		for _, name := range m.unit(f).members() {
			switch {
			case have.Installed(name) == "" && !(purge && have.Leftover(name)):
			case slices.Contains(shared(), name):
				company = append(company, name)
			default:
				own = append(own, name)
			}
		}
		for _, name := range company {
			// Without an engine that it came with, it is there for something else.
			if len(own) > 0 || have.Installed(name) == "" {
				own = append(own, name)
			} else {
				kept[name] = true
			}
		}
		for _, name := range own {
			set[name] = true
		}
	}
	for _, name := range sortedKeys(kept) {
		if !set[name] {
			warn = append(warn, fmt.Sprintf("%s %s stays: no package of the engine is there that it would belong to", name, have.Installed(name)))
		}
	}
	others := otherNamespaces(h)
	// What stays can need another member, so the question is asked until
	// nothing changes.
	for again := true; again; {
		again = false
		for _, name := range sortedKeys(set) {
			if !slices.Contains(shared(), name) || have.Installed(name) == "" {
				continue
			}
			if len(others) > 0 {
				delete(set, name)
				again = true
				warn = append(warn, fmt.Sprintf("%s stays: containerd runs containers of %s", name, strings.Join(others, ", ")))
				continue
			}
			if by := have.Needed(ctx, set, name); len(by) > 0 {
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
	params  Params
	release distro.Release
	manager manager
	outcome outcome
	again   bool // the state that outcome was decided from is about to change
}

func (r *remove) Describe() string {
	verb := "remove "
	if r.outcome.request.purge {
		verb = "purge "
	}
	return verb + strings.Join(r.outcome.request.remove, ", ")
}

func (r *remove) Diff() []ansible.Diff { return diffOf(r.outcome.changes) }

func (r *remove) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	result := make(map[string]any)
	waited, err := r.manager.settle(ctx)
	merge(result, noted(waited))
	if err != nil {
		return result, &ansible.NothingDone{Err: fmt.Errorf("cannot %s: %w", r.Describe(), err)}
	}
	if r.again || waited != "" {
		o, err := decideRemoval(ctx, h, r.params, r.release, r.manager)
		merge(result, o.result())
		result["version"] = nil
		if err != nil {
			return result, &ansible.NothingDone{Err: err}
		}
		r.outcome = o
	}
	if r.outcome.request.empty() {
		return result, nil
	}
	waited, err = r.manager.commit(ctx, r.outcome.request)
	merge(result, noted(waited))
	if err != nil {
		return result, fmt.Errorf("cannot %s: %w", r.Describe(), err)
	}
	have, err := r.manager.read(ctx)
	if err != nil {
		return result, err
	}
	for _, name := range r.outcome.request.remove {
		if v := have.Installed(name); v != "" || r.outcome.request.purge && have.Leftover(name) {
			return result, fmt.Errorf("cannot %s: the package manager ended well, but %s is still there", r.Describe(), name)
		}
	}
	return result, nil
}

// lockedOut returns the engine's packages that will not be there, and that a
// hold would keep from being installed again.
func lockedOut(m manager, o outcome) []string {
	var names []string
	for _, f := range m.flavors() {
		for _, name := range m.unit(f).members() {
			gone := o.have.Installed(name) == "" || slices.Contains(o.request.remove, name)
			if gone && o.have.LockedOut(name) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// forget is the act that takes away the holds of packages that are gone.
type forget struct {
	manager manager
	names   []string
}

func (f forget) Describe() string { return "release the hold of " + strings.Join(f.names, ", ") }

func (f forget) Diff() []ansible.Diff { return nil }

func (f forget) Do(ctx context.Context, _ *host.Host) (map[string]any, error) {
	waited, err := f.manager.hold(ctx, f.names, false)
	if err != nil {
		return noted(waited), fmt.Errorf("cannot %s: %w", f.Describe(), err)
	}
	return noted(waited), nil
}
