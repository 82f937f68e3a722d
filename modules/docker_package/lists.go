// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/pkgmgr"
)

// staleness reports whether an error can come of lists that are old, or are
// not all there: a version or a dependency is not found.
func staleness(err error) bool {
	var unknown *versionError
	if errors.As(err, &unknown) {
		return true
	}
	var failure *pkgmgr.Error
	return errors.As(err, &failure) && (failure.Cause == pkgmgr.CauseUnmet || failure.Cause == pkgmgr.CauseVersion)
}

// doubtful is why new lists are fetched that do not have what is needed: apt
// does not sync them, and a power failure leaves them new and empty.
const doubtful = "the host's package lists do not have what is needed, and may be damaged"

// outdated says whether the lists of packages must be fetched, and why.
func outdated(ctx context.Context, p Params, m manager, o outcome, decideErr error) (stale bool, why string, err error) {
	satisfied := decideErr == nil && o.request.empty()
	if !p.UpdateCache || satisfied && p.Version != "latest" {
		return false, "", nil
	}
	if p.Pending != nil && ansible.Checking(ctx) {
		return true, "an earlier task adds a repository", nil
	}
	lists, err := m.lists()
	switch age := time.Since(lists.Updated); {
	case err != nil:
		return false, "", err
	case lists.Updated.IsZero():
		return true, "the host has no package lists yet", nil
	case lists.Outdated:
		return true, "the host's package lists are older than its list of repositories", nil
	case age > time.Duration(p.CacheValidTime)*time.Second:
		return true, fmt.Sprintf("the host's package lists are older than %d s (cache_valid_time)", p.CacheValidTime), nil
	case staleness(decideErr):
		return true, doubtful, nil
	}
	return false, "", nil
}

// unfetched is the error of lists that cannot be fetched, behind the one for
// which they should be.
func unfetched(err, because error) error {
	if because == nil {
		return fmt.Errorf("cannot fetch the package lists: %w", err)
	}
	return fmt.Errorf("%w; the host's package lists may be damaged, and cannot be fetched anew: %w", because, err)
}

// findsNothing reports whether an error can come of lists of packages that are
// not all there.
func findsNothing(err error) bool {
	var failure *pkgmgr.Error
	return staleness(err) || errors.As(err, &failure) && failure.Cause == pkgmgr.CauseOther
}
