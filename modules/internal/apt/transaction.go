// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// environment keeps every program that apt runs from asking questions and from
// restarting services that have nothing to do with the transaction.
func environment() []string {
	return []string{
		"DEBIAN_FRONTEND=noninteractive",
		"DEBIAN_PRIORITY=critical",
		"APT_LISTCHANGES_FRONTEND=none",
		"NEEDRESTART_MODE=l",
		"NEEDRESTART_SUSPEND=1",
		"UCF_FORCE_CONFFOLD=1",
	}
}

// Backend is how apt's and dpkg's programs are run on a host.
func Backend(h *host.Host) pkgmgr.Backend {
	return pkgmgr.Backend{Env: environment(), Locked: func() *pkgmgr.Holder { return Locked(h) }, Failure: failure, TurnDir: dpkgDir}
}

// AptGet returns the arguments of a non-interactive apt-get. Configuration
// files that somebody has changed are kept; the others follow the package.
func AptGet(lockTimeout time.Duration, args ...string) []string {
	return slices.Concat([]string{
		"apt-get", "-y", "-q",
		"-o", "Dpkg::Options::=--force-confdef",
		"-o", "Dpkg::Options::=--force-confold",
		"-o", "Dpkg::Use-Pty=false",
		"-o", "Acquire::Retries=2",
		// For somebody who takes the lock between our waiting and its start.
		"-o", fmt.Sprintf("DPkg::Lock::Timeout=%d", int(lockTimeout.Seconds())),
	}, args)
}

// Download fetches the packages of a transaction beforehand. What can fail at
// leisure, the network, fails here, where ctx can end it and nothing has
// changed yet.
func Download(ctx context.Context, h *host.Host, lockTimeout time.Duration, args []string) (waited string, err error) {
	waited, err = Wait(ctx, h, lockTimeout)
	if err != nil {
		return waited, err
	}
	out, err := h.Run(ctx, host.Command{Argv: AptGet(lockTimeout, slices.Concat([]string{"-d"}, args)...), Env: environment()})
	if err != nil {
		return waited, failure(out, err)
	}
	return waited, nil
}
