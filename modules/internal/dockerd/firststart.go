// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"strings"

	"hardened.docker/modules/internal/host"
)

// NotWhile begins a line of a unit that keeps it from starting while a path
// exists (systemd.unit(5), ConditionPathExists=).
const NotWhile = "ConditionPathExists=!"

// FirstStart returns the path of the drop-in with which docker_package keeps a
// unit from starting while it installs packages.
func FirstStart(unit string) string {
	return "/run/systemd/system/" + unit + ".d/hardened-docker-first-start.conf"
}

// HeldBack reports whether a transaction of packages keeps dockerd from
// starting now. A drop-in that a killed run left behind is without effect.
func HeldBack(h *host.Host) bool {
	text, err := h.ReadFile(FirstStart(Service))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), NotWhile); ok && h.Exists(path) {
			return true
		}
	}
	return false
}
