// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"fmt"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// repairs adds the acts that finish what an interrupted run began, and reports
// whether there are packages among that.
func repairs(ctx context.Context, h *host.Host, p Params, m manager, plan *ansible.Plan) (bool, error) {
	have, err := m.read(ctx)
	if err != nil {
		return false, err
	}
	if have.Unfinished() || len(blocked(h)) > 0 {
		// Somebody may just be at work.
		waited, err := m.settle(ctx)
		plan.Result = noted(waited)
		if err != nil {
			return false, fmt.Errorf("cannot manage the engine's packages: %w", err)
		}
		if waited != "" {
			if have, err = m.read(ctx); err != nil {
				return false, err
			}
		}
	}
	if left := blocked(h); len(left) > 0 {
		plan.Acts = append(plan.Acts, unblocking{paths: left, manager: m})
	}
	broken := have.Unfinished()
	if broken {
		plan.Acts = append(plan.Acts, repair{manager: m, packages: have.Interrupted(), update: p.UpdateCache})
	}
	return broken, nil
}

// noted returns for whom an act waited, as a result.
func noted(waited string) map[string]any {
	if waited == "" {
		return nil
	}
	return map[string]any{"waited_for": strings.TrimPrefix(waited, "waited for ")}
}

// repair is the act that lets the package manager finish.
type repair struct {
	manager  manager
	packages []string
	update   bool // the lists of packages may be fetched
}

func (r repair) Describe() string {
	if len(r.packages) == 0 {
		return "let the package manager finish what an interrupted run began"
	}
	return "let the package manager finish what an interrupted run began: " + strings.Join(r.packages, ", ")
}

func (r repair) Diff() []ansible.Diff { return nil }

func (r repair) Do(ctx context.Context, _ *host.Host) (map[string]any, error) {
	waited, err := r.manager.repair(ctx)
	if r.update && findsNothing(err) {
		// A power failure takes package lists that were not written yet.
		if _, listErr := r.manager.refresh(ctx); listErr == nil {
			waited, err = r.manager.repair(ctx)
		}
	}
	if err != nil {
		return noted(waited), fmt.Errorf("cannot finish the interrupted installation of packages: %w", err)
	}
	return noted(waited), nil
}

// unblocking is the act that takes away what kept the engine from starting while
// a run that was interrupted installed packages.
type unblocking struct {
	paths   []string
	manager manager
}

func (r unblocking) Describe() string {
	return "remove what an interrupted run left: " + strings.Join(r.paths, ", ")
}

func (r unblocking) Diff() []ansible.Diff { return nil }

func (r unblocking) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	// What the next run makes has the same name: it waits for its turn meanwhile.
	waited, release, err := r.manager.takeTurn(ctx)
	if err != nil {
		return noted(waited), err
	}
	defer release()
	return noted(waited), unblock(ctx, h)
}

// refresh is the act that fetches the lists of packages.
type refresh struct {
	manager manager
	because error // what the present ones lead to, where that is the only reason
}

func (r refresh) Describe() string { return "fetch the package lists" }

func (r refresh) Diff() []ansible.Diff { return nil }

func (r refresh) Do(ctx context.Context, _ *host.Host) (map[string]any, error) {
	waited, err := r.manager.refresh(ctx)
	if err != nil {
		// apt and dnf keep what they had of a repository that they cannot fetch.
		return noted(waited), &ansible.NothingDone{Err: unfetched(err, r.because)}
	}
	return noted(waited), nil
}

// install is the act that installs, moves and removes packages.
type install struct {
	params  Params
	release distro.Release
	manager manager
	outcome outcome
	known   bool // outcome is complete
	again   bool // the state that outcome was decided from is about to change
}

func (i *install) Describe() string {
	if !i.known {
		name := i.params.Flavor
		if name == "auto" {
			name = "the engine"
		}
		return strings.TrimSpace("install " + name + " " + i.params.Version)
	}
	var parts []string
	for _, c := range i.outcome.changes {
		switch {
		case c.After == "":
			parts = append(parts, "remove "+c.Name+" "+c.Before)
		case c.Before == "":
			parts = append(parts, "install "+c.Name+" "+c.After)
		default:
			parts = append(parts, "move "+c.Name+" from "+c.Before+" to "+c.After)
		}
	}
	if len(parts) == 0 {
		return "see that " + i.outcome.unit.engine + " is complete and current"
	}
	return strings.Join(parts, ", ")
}

func (i *install) Diff() []ansible.Diff { return diffOf(i.outcome.changes) }

// diffOf shows packages with their versions, one a line.
func diffOf(changes []pkgmgr.Change) []ansible.Diff {
	if len(changes) == 0 {
		return nil
	}
	var before, after strings.Builder
	for _, c := range changes {
		if c.Before != "" {
			fmt.Fprintf(&before, "%s %s\n", c.Name, c.Before)
		}
		if c.After != "" {
			fmt.Fprintf(&after, "%s %s\n", c.Name, c.After)
		}
	}
	return []ansible.Diff{{BeforeHeader: "packages", AfterHeader: "packages", Before: before.String(), After: after.String()}}
}

func (i *install) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	result := make(map[string]any)
	waited, err := i.manager.settle(ctx)
	merge(result, noted(waited))
	if err != nil {
		return result, &ansible.NothingDone{Err: fmt.Errorf("cannot install packages: %w", err)}
	}
	if i.again || !i.known || waited != "" {
		o, err := decide(ctx, h, i.params, i.release, i.manager)
		merge(result, o.result())
		if err != nil {
			return result, &ansible.NothingDone{Err: err}
		}
		i.outcome, i.known = o, true
	}
	if i.outcome.request.empty() {
		return result, nil
	}
	i.outcome.running = readRunning(ctx, h) // as it is now
	waited, err = i.manager.commit(ctx, i.outcome.request)
	merge(result, noted(waited))
	if err != nil {
		return result, fmt.Errorf("cannot install %s %s: %w", i.outcome.unit.engine, i.outcome.version, err)
	}
	if err := i.prove(ctx, result); err != nil {
		return result, err
	}
	containers, err := i.outcome.running.revive(ctx, h)
	merge(result, containers)
	return result, err
}

// prove reads what is installed now: a package manager that says that it has
// done it may have chosen otherwise.
func (i *install) prove(ctx context.Context, result map[string]any) error {
	have, err := i.manager.read(ctx)
	if err != nil {
		return err
	}
	for name, want := range i.outcome.request.install {
		if got := have.Installed(name); got == "" || want != "" && got != want {
			return fmt.Errorf("cannot install %s %s: the package manager ended well, but what is installed is %q", name, want, got)
		}
	}
	i.outcome.have = have
	merge(result, map[string]any{"version": have.Installed(i.outcome.unit.engine)})
	return nil
}

func merge(into, from map[string]any) {
	for name, value := range from {
		into[name] = value
	}
}
