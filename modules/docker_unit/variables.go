// SPDX-License-Identifier: GPL-3.0-or-later

package docker_unit

import (
	"fmt"

	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/host"
)

// crashFiles is the variable with which openEuler's docker-engine keeps the
// files that it else removes when it starts after a loss of power.
const crashFiles = "DISABLE_CRASH_FILES_DELETE"

// withoutMeaning warns of variables that the host's engine does not read.
func withoutMeaning(h *host.Host, p Params) []string {
	if p.State == "absent" || p.Environment[crashFiles] == nil {
		return nil
	}
	release, err := distro.Read(h)
	if err != nil {
		return nil
	}
	if own, err := release.Flavor(); err != nil || own == distro.DockerEngine {
		return nil
	}
	return []string{fmt.Sprintf("cannot expect anything of the environment variable %s: only openEuler's docker-engine reads it", crashFiles)}
}
