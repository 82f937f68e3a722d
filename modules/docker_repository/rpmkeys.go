// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repository

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/apt"
	"hardened.docker/modules/internal/host"
)

// forgetKeys is the act that takes keys out of RPM's database, so that dnf
// brings them in anew from the repository's file. RPM keeps a key as it first
// saw it: where its owner gave it more time after it had expired, neither dnf
// nor rpm --import takes the renewed one (dnf 4.23, RPM 4.20).
type forgetKeys struct{ names []string }

// rpmKeys returns what RPM has of the key, by the names that it has there.
func rpmKeys(ctx context.Context, h *host.Host, key apt.Key) []string {
	var names []string
	for _, fingerprint := range key.Fingerprints {
		// The last four bytes of a fingerprint are the version of such a package.
		name := "gpg-pubkey-" + strings.ToLower(fingerprint[len(fingerprint)-8:])
		if _, err := h.Run(ctx, host.Command{Argv: []string{"rpm", "-q", name}, Limit: time.Minute}); err == nil {
			names = append(names, name)
		}
	}
	return names
}

func (f forgetKeys) Describe() string {
	return "have RPM forget its copy of the repository's key: " + strings.Join(f.names, ", ")
}

func (f forgetKeys) Diff() []ansible.Diff { return nil }

func (f forgetKeys) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	argv := append([]string{"rpm", "-e", "--allmatches"}, f.names...)
	if _, err := h.Run(ctx, host.Command{Argv: argv, Limit: time.Minute}); err != nil {
		return nil, fmt.Errorf("cannot %s: %w", f.Describe(), err)
	}
	return nil, nil
}
