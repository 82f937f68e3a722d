// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"context"
	"strings"
	"time"

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

// HeldBackError is a dockerd that systemd may not start now: docker_package keeps
// it from starting while it installs packages, for another controller.
type HeldBackError struct{}

func (HeldBackError) Error() string {
	return "cannot start dockerd while another run installs packages (" + FirstStart(Service) + "); run the task again when that has ended"
}

// WaitWhileHeldBack waits until dockerd can be started, at most as long as limit.
// To systemd a start while it is held back is none that failed, and a restart
// stops it and does not start it.
func WaitWhileHeldBack(ctx context.Context, h *host.Host, limit time.Duration) error {
	for deadline := time.Now().Add(limit); HeldBack(h); {
		if time.Now().After(deadline) {
			return HeldBackError{}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}
