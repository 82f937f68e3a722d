// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/apt"
	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/pkgmgr"
)

// aptManager is the package manager of Debian and its family.
type aptManager struct {
	base
	view apt.View
}

func newApt(b base) aptManager {
	b.backend = apt.Backend(b.host)
	return aptManager{base: b}
}

func (m aptManager) flavors() []distro.Flavor {
	return []distro.Flavor{distro.DockerCE, distro.DockerIO}
}

func (m aptManager) unit(flavor distro.Flavor) unit { return debUnit(flavor) }

func (aptManager) auditd() string { return "auditd" }

func (m aptManager) read(context.Context) (inventory, error) {
	status, err := apt.ReadStatus(m.host)
	return aptInventory{status}, err
}

// aptInventory is dpkg's database. A hold is a state of an installed package:
// it goes when the package is installed in another version, or removed.
type aptInventory struct{ apt.Status }

func (aptInventory) HeldAt(string, string) bool { return false }
func (aptInventory) LockedOut(string) bool      { return false }

func (i aptInventory) Needed(_ context.Context, set map[string]bool, name string) []string {
	return i.Status.Needed(set, name)
}

func (m aptManager) offers(ctx context.Context, names []string) (pkgmgr.Offers, error) {
	return m.view.ReadOffers(ctx, m.host, names)
}

func (m aptManager) versions(ctx context.Context, names []string) (pkgmgr.Offers, error) {
	return apt.ReadVersions(ctx, m.host, names)
}

func (m aptManager) lists() (pkgmgr.Lists, error) { return apt.ReadLists(m.host) }

func (m aptManager) simulate(ctx context.Context, r request) ([]pkgmgr.Change, error) {
	return m.view.Simulate(ctx, m.host, r.apt())
}

func (m aptManager) preview(ctx context.Context, pending *pkgmgr.Pending) (manager, func(), error) {
	view, done, err := apt.Preview(ctx, m.host, pending)
	m.view = view
	return m, done, err
}

func (m aptManager) owned(_ context.Context, name string, paths []string) []string {
	status, err := apt.ReadStatus(m.host)
	if err != nil {
		return nil
	}
	return apt.Owned(m.host, status.Get(name), paths)
}

func (m aptManager) compare(a, b string) int { return apt.Compare(a, b) }

// apt returns apt-get's arguments for the request. Holds are this module's
// own way of keeping the packages in step, so they do not bind it.
func (r request) apt() []string {
	// Recommended packages are left out: for docker-ce they bring rootless
	// mode and git, for docker.io needrestart and git. What the engine does
	// not work without is named in flavors.go.
	args := []string{"--no-install-recommends", "--allow-change-held-packages", "--allow-downgrades"}
	verb := "install"
	if len(r.install) == 0 {
		verb = "remove"
		if r.purge {
			verb = "purge"
		}
	}
	args = append(args, verb)
	for _, name := range sortedKeys(r.install) {
		if version := r.install[name]; version != "" {
			name += "=" + version
		}
		args = append(args, name)
	}
	for _, name := range r.remove {
		if verb == "install" {
			name += "-"
		}
		args = append(args, name)
	}
	return args
}

// repair lets dpkg finish, and apt supply what is missing for that.
func (m aptManager) repair(ctx context.Context) (string, error) {
	waited, err := m.transact(ctx, []string{"dpkg", "--force-confdef", "--force-confold", "--configure", "-a"}, "")
	status, readErr := apt.ReadStatus(m.host)
	if readErr != nil {
		return waited, readErr
	}
	if err == nil && !status.Unfinished() {
		return waited, nil
	}
	// A package that was being unpacked, or whose dependency was still to be,
	// cannot be configured.
	return m.transact(ctx, apt.AptGet(m.lockTimeout, "--no-install-recommends", "--allow-change-held-packages", "-f", "install"), "")
}

func (m aptManager) refresh(ctx context.Context) (string, error) {
	if err := apt.RemoveDamaged(m.host); err != nil {
		return "", err
	}
	return apt.Update{LockTimeout: m.lockTimeout}.Fetch(ctx, m.host)
}

func (m aptManager) commit(ctx context.Context, r request) (string, error) {
	args := r.apt()
	if len(r.install) > 0 {
		if waited, err := apt.Download(ctx, m.host, m.lockTimeout, args); err != nil {
			return waited, &ansible.NothingDone{Err: err}
		}
	}
	if r.purge {
		return m.purge(ctx, r)
	}
	return m.transact(ctx, apt.AptGet(m.lockTimeout, args...), "")
}

func (m aptManager) hold(ctx context.Context, names []string, on bool) (string, error) {
	verb := "unhold"
	if on {
		verb = "hold"
	}
	waited, err := pkgmgr.Transaction{
		Backend:     m.backend,
		Argv:        slices.Concat([]string{"apt-mark", verb}, names),
		LockTimeout: m.lockTimeout,
	}.Run(ctx, m.host)
	if err == nil {
		// Holds are in dpkg's database, and nothing installs after this. Without
		// the cache all works as well, only slower.
		_ = apt.RenewCache(ctx, m.host)
	}
	return waited, err
}

// purge removes packages with their configuration, but never data: Debian's
// docker.io brings a script that deletes /var/lib/docker when it is purged
// (its prerm and postrm, 20.10 to 26.1), whatever is in there.
func (m aptManager) purge(ctx context.Context, r request) (string, error) {
	have, err := m.read(ctx)
	if err != nil {
		return "", err
	}
	var first string
	if installed := slices.DeleteFunc(slices.Clone(r.remove), func(name string) bool { return have.Installed(name) == "" }); len(installed) > 0 {
		if first, err = m.transact(ctx, apt.AptGet(m.lockTimeout, request{remove: installed}.apt()...), ""); err != nil {
			return first, err
		}
	}
	const script = dataroot.Default + "/nuke-graph-directory.sh"
	if err := os.Remove(m.host.Path(script)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return first, fmt.Errorf("cannot remove %s, which would delete all of the engine's data: %w", script, err)
	}
	// A package without configuration files is forgotten with its removal, and
	// then apt knows it only if a repository has it still.
	if have, err = m.read(ctx); err != nil {
		return first, err
	}
	r.remove = slices.DeleteFunc(slices.Clone(r.remove), func(name string) bool { return have.Installed(name) == "" && !have.Leftover(name) })
	if len(r.remove) == 0 {
		return first, nil
	}
	waited, err := m.transact(ctx, apt.AptGet(m.lockTimeout, r.apt()...), "")
	if waited == "" {
		waited = first
	}
	return waited, err
}
