// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"context"
	"fmt"
	"time"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/systemd"
)

// StartLimit is how long the daemon may take to answer again. One with
// thousands of containers takes minutes.
const StartLimit = 5 * time.Minute

// stopLimit is how long it may take to end.
const stopLimit = 2 * time.Minute

// Stop stops the daemon, so that what is in its data-root stands still. The
// socket goes first, or the next client would start the daemon again.
// Containers end with it unless it has live-restore: stop them before.
func (d Daemon) Stop(ctx context.Context, h *host.Host) error {
	for _, unit := range []string{Socket, Service} {
		if unit == Socket && !d.Socket.Exists() {
			continue
		}
		if err := systemd.Call(ctx, h, stopLimit, "stop", "--", unit); err != nil {
			return err
		}
	}
	if p := FromPIDFile(h); p != nil {
		return fmt.Errorf("cannot stop dockerd: the process %d still runs", p.PID)
	}
	return nil
}

// Start starts the daemon and its socket, and waits until it answers. It
// returns the daemon as it is then, with a client whose questions take as long
// as limit.
func (d Daemon) Start(ctx context.Context, h *host.Host, settings Settings, limit time.Duration) (Daemon, *dockerapi.Client, error) {
	units := []string{Service}
	if d.Socket.Exists() {
		units = append(units, Socket)
	}
	if err := WaitWhileHeldBack(ctx, h, StartLimit); err != nil {
		return d, nil, err
	}
	// systemd counts starts, the wanted ones too, and refuses one too many.
	if err := systemd.ResetFailed(ctx, h, units...); err != nil {
		return d, nil, err
	}
	if d.Socket.Exists() {
		if err := systemd.Call(ctx, h, time.Minute, "start", "--", Socket); err != nil {
			return d, nil, err
		}
	}
	if err := systemd.Call(ctx, h, StartLimit, "start", "--", Service); err != nil {
		return d, nil, err
	}
	now, err := Read(ctx, h)
	if err != nil {
		return d, nil, err
	}
	// One that hangs takes connections and answers nothing.
	client := now.Client(h, settings, limit)
	for deadline := time.Now().Add(StartLimit); ; time.Sleep(200 * time.Millisecond) {
		if err = now.Client(h, settings, 5*time.Second).Ping(ctx); err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			break
		}
	}
	if err != nil {
		return now, nil, fmt.Errorf("cannot reach the daemon after its start: %w", err)
	}
	return now, client, nil
}
