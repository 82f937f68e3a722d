// SPDX-License-Identifier: GPL-3.0-or-later

package docker_service

import (
	"context"
	"time"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/systemd"
)

// heldBack is a dockerd that systemd may not start now: docker_package keeps
// it from starting while it installs packages, here for another controller.
type heldBack struct{}

func (heldBack) Error() string {
	return "cannot start dockerd while another run installs packages (" + dockerd.FirstStart(dockerd.Service) + "); run the task again when that has ended"
}

// begin has systemd start or restart dockerd, as soon as that is possible. A
// restart while dockerd is held back would stop it and not start it.
func (a apply) begin(ctx context.Context, h *host.Host, verb string) error {
	for deadline := time.Now().Add(a.wait); dockerd.HeldBack(h); {
		if time.Now().After(deadline) {
			return heldBack{}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
	return systemd.Call(ctx, h, systemd.Limit, "--no-block", verb, "--", dockerd.Service)
}
