// SPDX-License-Identifier: GPL-3.0-or-later

package docker_daemon_json

import (
	"fmt"
	"path"

	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
)

// checkSwarm refuses live-restore on a host that is part of a swarm: dockerd
// does not start with both ("--live-restore daemon configuration is
// incompatible with swarm mode", seen with 20.10), and neither --validate nor the file tells.
func (c change) checkSwarm(h *host.Host) error {
	settings := engine.WithFlags(c.edited, c.line.flags)
	state := path.Join(dataroot.Of(settings), "swarm/docker-state.json")
	if on, _ := settings["live-restore"].(bool); !on || !c.line.ours || !h.Exists(state) {
		return nil
	}
	return fmt.Errorf("cannot write %s: live-restore does not go together with swarm mode, and this host is part of a swarm (%s): dockerd would not start; set live-restore to false, which is docker_daemon_live_restore in the role, or let the host leave the swarm", c.Path, state)
}
