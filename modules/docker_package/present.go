// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/audit"
	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// outcome is what a task comes to: what has to be done and what that gives.
type outcome struct {
	unit      unit
	version   string
	request   request
	changes   []pkgmgr.Change
	conflicts []conflict
	offers    pkgmgr.Offers
	have      inventory
	running   running
	warn      []string
	// kubernetes is the row of the table that the version was chosen by.
	kubernetes *tested
}

// conflict is an installed package that cannot stay beside the engine's.
type conflict struct {
	Package string   `json:"package"`
	Version string   `json:"version"`
	Owns    []string `json:"owns"`
	Reason  string   `json:"reason"`
}

// decide works out the outcome from the host as it is now. It is run for the
// plan and, when the lists of packages had to be fetched first, again by the
// act.
func decide(ctx context.Context, h *host.Host, p Params, release distro.Release, m manager) (outcome, error) {
	have, err := m.read(ctx)
	if err != nil {
		return outcome{}, err
	}
	o := outcome{have: have}
	var names []string
	for _, f := range m.flavors() {
		names = append(names, m.unit(f).members()...)
	}
	names = append(names, "ca-certificates", "apparmor", m.auditd())
	ask := m.offers
	if settled(h, p, m, have) {
		ask = m.versions
	}
	if o.offers, err = ask(ctx, names); err != nil {
		return o, fmt.Errorf("cannot read what the repositories have: %w", err)
	}
	flavor, err := flavorOf(p.Flavor, m, have, o.offers, release)
	if err != nil {
		return o, err
	}
	o.unit = unitOn(h, p, m, flavor)
	o.conflicts = conflictsOf(ctx, h, o.unit, m, have)
	if table, err := kubernetesOf(p.Version); err == nil {
		o.kubernetes = &table
	}
	if o.version, err = choose(p.Version, o.unit, m, have, o.offers); err != nil {
		return o, err
	}
	t, err := aim(o.version, o.unit, m, have, o.offers, p.AllowDowngrade)
	if err != nil {
		return o, err
	}
	o.warn = t.warn
	o.request.install = t.install
	if len(t.install) == 0 && len(o.conflicts) == 0 {
		return o, nil
	}
	o.running = readRunning(ctx, h)
	if len(o.conflicts) > 0 && p.Conflicts == "refuse" {
		return o, fmt.Errorf("cannot install %s beside %s; set conflicts: remove to let this task remove them, or remove them yourself", o.unit.engine, list(o.conflicts))
	}
	for _, c := range o.conflicts {
		o.request.remove = append(o.request.remove, c.Package)
		if c.Package == "podman" {
			o.warn = append(o.warn, fmt.Sprintf("%s %s is removed: %s", c.Package, c.Version, c.Reason))
		}
	}
	if o.changes, err = m.simulate(ctx, o.request); err != nil {
		return o, fmt.Errorf("cannot install %s %s: %w", o.unit.engine, o.version, err)
	}
	return o, o.judge(h, p)
}

// unitOn is what a flavor's packages are called, with what this host's kernel
// makes the engine need.
func unitOn(h *host.Host, p Params, m manager, flavor distro.Flavor) unit {
	u := m.unit(flavor)
	if apparmorEnabled(h) {
		u.support = append(slices.Clone(u.support), "apparmor")
	}
	if p.Auditd && audit.Usable(h) {
		u.support = append(slices.Clone(u.support), m.auditd())
	}
	return u
}

// settled reports whether no candidate is looked at in deciding, because all
// that the task is about is installed, in a version that it wants.
func settled(h *host.Host, p Params, m manager, have inventory) bool {
	var installed []unit
	for _, f := range m.flavors() {
		if u := unitOn(h, p, m, f); have.Installed(u.engine) != "" && (p.Flavor == "auto" || p.Flavor == string(f)) {
			installed = append(installed, u)
		}
	}
	if len(installed) != 1 {
		return false
	}
	u := installed[0]
	missing := func(name string) bool { return have.Installed(name) == "" }
	return (p.Version == "" || pkgmgr.Matches(p.Version, have.Installed(u.engine))) && !slices.ContainsFunc(slices.Concat(u.company, u.support), missing)
}

// judge looks for what the package manager would do beyond the request.
func (o *outcome) judge(h *host.Host, p Params) error {
	var more []conflict
	for _, c := range o.changes {
		if c.After == "" && !slices.Contains(o.request.remove, c.Name) {
			lost := conflict{Package: c.Name, Version: c.Before, Owns: []string{}, Reason: "it depends on a package that must go, or conflicts with one that comes"}
			more = append(more, withContainers(h, lost))
		}
	}
	if len(more) == 0 {
		return nil
	}
	o.conflicts = append(o.conflicts, more...)
	if p.Conflicts == "refuse" {
		return fmt.Errorf("cannot install %s %s without removing %s; set conflicts: remove to allow that", o.unit.engine, o.version, list(more))
	}
	for _, c := range more {
		o.warn = append(o.warn, fmt.Sprintf("%s %s is removed too: %s", c.Package, c.Version, c.Reason))
	}
	return nil
}

// conflictsOf returns the installed packages of other flavors.
func conflictsOf(ctx context.Context, h *host.Host, u unit, m manager, have inventory) []conflict {
	var found []conflict
	for _, name := range u.strangers {
		version := have.Installed(name)
		if version == "" {
			continue
		}
		c := conflict{Package: name, Version: version, Owns: m.owned(ctx, name, binaries())}
		c.Reason = "it is of another flavor than " + u.engine
		if len(c.Owns) > 0 {
			c.Reason = "it owns " + strings.Join(c.Owns, ", ")
		}
		if c.Owns == nil {
			c.Owns = []string{}
		}
		found = append(found, withContainers(h, c))
	}
	return found
}

func list(conflicts []conflict) string {
	var texts []string
	for _, c := range conflicts {
		texts = append(texts, fmt.Sprintf("%s %s (%s)", c.Package, c.Version, c.Reason))
	}
	return strings.Join(texts, ", ")
}

// apparmorEnabled reports whether the kernel enforces AppArmor profiles. The
// engine then loads one for its containers, with a program of the package
// apparmor, and starts none if that is not there.
func apparmorEnabled(h *host.Host) bool {
	text, err := h.ReadFile("/sys/module/apparmor/parameters/enabled")
	return err == nil && strings.HasPrefix(string(text), "Y")
}

// planPresent is the plan for state=present.
func planPresent(ctx context.Context, h *host.Host, p Params, release distro.Release, m manager) (*ansible.Plan, error) {
	plan := &ansible.Plan{}
	broken, err := repairs(ctx, h, p, m, plan)
	if err != nil {
		return nil, err
	}
	o, err := decide(ctx, h, p, release, m)
	stale, why, listErr := outdated(ctx, p, m, o, err)
	if listErr != nil {
		return nil, listErr
	}
	foreseen := false
	var because error
	if why == doubtful {
		because = err
	}
	if stale && ansible.Checking(ctx) {
		view, done, viewErr := m.preview(ctx, p.Pending)
		switch {
		case viewErr == nil:
			defer done()
			o, err = decide(ctx, h, p, release, view)
			foreseen = true
		case p.Pending != nil:
			// An earlier task may bring what the repository needs, too.
			err = &versionError{fmt.Sprintf("the repository cannot be read yet: %v", viewErr)}
		default:
			return nil, &ansible.Failure{Err: unfetched(viewErr, because), Result: o.result()}
		}
	}
	switch {
	case err == nil:
	case staleness(err) && stale && !foreseen || broken:
		// What is not known yet is decided when it can be.
		plan.Caveats = append(plan.Caveats, fmt.Sprintf("the packages and their versions are not known before the run: %s; now: %v",
			cmp.Or(why, "an installation did not come to its end"), err))
	default:
		return nil, &ansible.Failure{Err: err, Result: o.result()}
	}
	known := err == nil
	if stale {
		plan.Acts = append(plan.Acts, &refresh{manager: m, because: because})
	}
	plan.Warnings = append(plan.Warnings, o.warn...)
	plan.Warnings = append(plan.Warnings, unpackaged(h)...)
	waited := plan.Result
	plan.Result = o.result()
	merge(plan.Result, waited)
	if !known || !o.request.empty() || stale || broken {
		plan.Acts = append(plan.Acts, &install{params: p, release: release, manager: m, outcome: o, known: known, again: stale || broken})
	}
	if names := o.held(p.Hold); len(names) > 0 || !known {
		plan.Acts = append(plan.Acts, &hold{params: p, release: release, manager: m, names: names, known: known})
	}
	return plan, nil
}

// unpackaged warns of an engine that no package manager knows.
func unpackaged(h *host.Host) []string {
	var warn []string
	for _, path := range []string{"/usr/local/bin/dockerd", "/usr/local/bin/docker", "/snap/docker/current"} {
		if h.Exists(path) {
			warn = append(warn, path+" is there too, outside of the package manager: it may run, or answer, in the place of the packages' engine")
		}
	}
	return warn
}

// held returns the members of the unit whose hold has to change.
func (o outcome) held(want bool) []string {
	after := make(map[string]bool)
	for _, name := range o.unit.members() {
		if o.have != nil && o.have.Installed(name) != "" {
			after[name] = true
		}
	}
	moved := make(map[string]string)
	for _, c := range o.changes {
		if slices.Contains(o.unit.members(), c.Name) {
			after[c.Name] = c.After != ""
			moved[c.Name] = c.After
		}
	}
	var names []string
	for _, name := range sortedKeys(after) {
		held := o.have.Held(name)
		if version := moved[name]; version != "" {
			held = o.have.HeldAt(name, version)
		}
		if after[name] && held != want {
			names = append(names, name)
		}
	}
	return names
}
