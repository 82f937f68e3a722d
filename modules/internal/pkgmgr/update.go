// SPDX-License-Identifier: GPL-3.0-or-later

package pkgmgr

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
)

// Update is the act that fetches the package lists of one repository file.
type Update struct {
	File string
	// Fetch does it, and returns for whom it waited.
	Fetch func(ctx context.Context, h *host.Host) (waited string, err error)
	// Restore has files as they were before this run changed them. They are
	// put back if the lists cannot be fetched, because a package manager whose
	// repositories are broken installs nothing any more.
	Restore []file.State
}

// Describe implements [ansible.Act].
func (u Update) Describe() string { return "fetch the package lists of " + u.File }

// Diff implements [ansible.Act].
func (u Update) Diff() []ansible.Diff { return nil }

// Do implements [ansible.Act].
func (u Update) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	waited, err := u.Fetch(ctx, h)
	result := map[string]any{}
	if waited != "" {
		result["waited_for"] = strings.TrimPrefix(waited, "waited for ")
	}
	if err == nil {
		return result, nil
	}
	err = fmt.Errorf("cannot %s: %w", u.Describe(), err)
	if len(u.Restore) == 0 {
		return result, err
	}
	// Also when a signal ended the run: what was proven to work is put back.
	if back := Restore(context.WithoutCancel(ctx), h, u.Restore); back != nil {
		return result, errors.Join(err, fmt.Errorf("cannot put the former files back: %w", back))
	}
	result["restored"] = true
	return result, fmt.Errorf("%w; the former configuration is in place again", err)
}
