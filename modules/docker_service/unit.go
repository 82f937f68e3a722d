// SPDX-License-Identifier: GPL-3.0-or-later

package docker_service

import (
	"context"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
)

// unitState is what the unit, as it is on the disk, says about dockerd, and
// where the running one differs.
type unitState struct {
	args        []string // the command line that the unit starts
	differences []string // why the running daemon is not the unit's any more
	files       []string // drop-ins and environment files
}

// snapshot is the unit's part of a snapshot.
func (s unitState) snapshot() dockerd.Snapshot { return dockerd.Snapshot{} }

// readUnit compares the unit with the running daemon.
func readUnit(_ context.Context, _ *host.Host, f *found) unitState {
	var s unitState
	if f.daemon.Process != nil {
		s.args = f.daemon.Process.Args
	}
	return s
}
