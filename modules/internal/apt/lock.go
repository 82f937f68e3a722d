// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"context"
	"time"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// The locks of dpkg and apt: what writes packages takes the first two, what
// fetches lists the third, what fetches packages the fourth.
const (
	lockFrontend = "/var/lib/dpkg/lock-frontend"
	lockDpkg     = "/var/lib/dpkg/lock"
	lockLists    = "/var/lib/apt/lists/lock"
	lockArchives = "/var/cache/apt/archives/lock"
)

// Locked returns who holds one of the locks, or nil. Asking does not take a
// lock and writes nothing.
func Locked(h *host.Host) *pkgmgr.Holder {
	for _, name := range []string{lockFrontend, lockDpkg, lockArchives, lockLists} {
		if holder := pkgmgr.HolderOf(h, name); holder != nil {
			return holder
		}
	}
	return nil
}

// Wait waits until nobody holds a lock. See [pkgmgr.Wait].
func Wait(ctx context.Context, h *host.Host, limit time.Duration) (string, error) {
	return pkgmgr.Wait(ctx, func() *pkgmgr.Holder { return Locked(h) }, limit)
}
