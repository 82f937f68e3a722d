// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"time"

	"hardened.docker/modules/internal/apt"
	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/host"
)

// manager is a package manager, as far as this module needs one. What the
// module decides is the same for all of them; how it is asked and done is
// here. aptManager is the first.
type manager interface {
	// flavors are those that the package manager's distributions have.
	flavors() []distro.Flavor
	// read returns what is installed.
	read() (inventory, error)
	// offers returns what the host's repositories have, without the network.
	offers(ctx context.Context, names []string) (apt.Offers, error)
	// lists tells the age of the lists that offers reads.
	lists() (apt.Lists, error)
	// simulate returns what commit would do.
	simulate(ctx context.Context, r request) ([]apt.Change, error)
	// owned returns which of paths an installed package brought.
	owned(name string, paths []string) []string
	compare(a, b string) int
	matches(pattern, version string) bool

	// settle waits until nobody else writes packages.
	settle(ctx context.Context) (waited string, err error)
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
	Held(name string) bool
	Leftover(name string) bool
	// Unfinished reports whether packages are neither old nor new: somebody is
	// at work, or was killed at it.
	Unfinished() bool
	Interrupted() []string
	Needed(set map[string]bool, name string) []string
}

// request is what a transaction is to do.
type request struct {
	install map[string]string // versions by name; "" is the candidate
	remove  []string
	purge   bool // remove configuration too
}

func (r request) empty() bool { return len(r.install) == 0 && len(r.remove) == 0 }

// options are what every act of the module needs.
type options struct {
	autostart   bool
	lockTimeout time.Duration
}

// managerOf returns the host's package manager.
func managerOf(h *host.Host, release distro.Release, o options) (manager, error) {
	kind, err := release.Manager()
	if err != nil {
		return nil, err
	}
	if kind != distro.Apt {
		return nil, unsupported(release, kind)
	}
	return aptManager{host: h, options: o}, nil
}
