// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"slices"
	"time"

	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/dnf"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// manager is a package manager, as far as this module needs one. What the
// module decides is the same for all of them; how it is asked and done is in
// apt.go and dnf.go.
type manager interface {
	// flavors are those that the package manager's distributions have.
	flavors() []distro.Flavor
	// unit is what a flavor's packages are called.
	unit(flavor distro.Flavor) unit
	// read returns what is installed.
	read(ctx context.Context) (inventory, error)
	// offers returns what the host's repositories have, without the network.
	offers(ctx context.Context, names []string) (pkgmgr.Offers, error)
	// versions is offers without the candidates, where that is cheaper.
	versions(ctx context.Context, names []string) (pkgmgr.Offers, error)
	// lists tells the age of the lists that offers reads.
	lists() (pkgmgr.Lists, error)
	// preview returns a manager whose offers and simulations are of lists that
	// were fetched for a prediction, and what removes them.
	preview(ctx context.Context, pending *pkgmgr.Pending) (m manager, done func(), err error)
	// simulate returns what commit would do.
	simulate(ctx context.Context, r request) ([]pkgmgr.Change, error)
	// auditd is the package with the program that loads audit rules at boot.
	auditd() string
	// owned returns which of paths an installed package brought.
	owned(ctx context.Context, name string, paths []string) []string
	compare(a, b string) int

	// settle waits until nobody else writes packages.
	settle(ctx context.Context) (waited string, err error)
	// takeTurn waits until no other task of this collection writes packages,
	// and keeps them out until release is called.
	takeTurn(ctx context.Context) (waited string, release func(), err error)
	// repair finishes what an interrupted run began.
	repair(ctx context.Context) (waited string, err error)
	// refresh fetches the lists.
	refresh(ctx context.Context) (waited string, err error)
	// commit installs and removes.
	commit(ctx context.Context, r request) (waited string, err error)
	// hold forbids that the packages change, or allows it again.
	hold(ctx context.Context, names []string, on bool) (waited string, err error)
}

// inventory is what is installed on a host.
type inventory interface {
	Installed(name string) (version string)
	// Held reports whether a package is kept at its version. HeldAt asks that
	// for a version that it will have.
	Held(name string) bool
	HeldAt(name, version string) bool
	// LockedOut reports whether a package that is not installed is kept from
	// being installed by a hold.
	LockedOut(name string) bool
	Leftover(name string) bool
	// Unfinished reports whether packages are neither old nor new: somebody is
	// at work, or was killed at it.
	Unfinished() bool
	Interrupted() []string
	Needed(ctx context.Context, set map[string]bool, name string) []string
}

// request is what a transaction is to do.
type request struct {
	install map[string]string // versions by name; "" is the candidate
	remove  []string
	purge   bool // remove configuration too
}

func (r request) empty() bool { return len(r.install) == 0 && len(r.remove) == 0 }

// base is what managers have in common.
type base struct {
	host        *host.Host
	backend     pkgmgr.Backend
	autostart   bool
	lockTimeout time.Duration
}

// managerOf returns the host's package manager.
func managerOf(h *host.Host, release distro.Release, p Params) (manager, error) {
	kind, err := release.Manager()
	if err != nil {
		return nil, err
	}
	b := base{host: h, autostart: p.Autostart, lockTimeout: time.Duration(p.LockTimeout) * time.Second}
	if kind == distro.Dnf {
		tool, err := dnf.Find(h)
		if err != nil {
			return nil, err
		}
		return newDnf(b, tool), nil
	}
	return newApt(b), nil
}

func (b base) takeTurn(ctx context.Context) (string, func(), error) {
	waited, release, err := pkgmgr.TakeTurn(ctx, b.host, b.backend.TurnDir, b.lockTimeout)
	if err != nil {
		return waited, nil, err
	}
	// A killed run's package manager goes on without it.
	other, err := pkgmgr.Wait(ctx, b.backend.Locked, b.lockTimeout)
	if err != nil {
		release()
		return other, nil, err
	}
	if other != "" {
		waited = other
	}
	return waited, release, nil
}

func (b base) settle(ctx context.Context) (string, error) {
	waited, release, err := b.takeTurn(ctx)
	if err == nil {
		release()
	}
	return waited, err
}

// transact runs a program that can start the engine, and keeps it from that
// unless the engine runs already or the user wants it.
func (b base) transact(ctx context.Context, argv []string, prologue string) (string, error) {
	t := pkgmgr.Transaction{Backend: b.backend, Argv: argv, Prologue: prologue, LockTimeout: b.lockTimeout}
	if b.autostart || engineActive(ctx, b.host) {
		return t.Run(ctx, b.host)
	}
	return withoutStart(ctx, b.host, t)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
