// SPDX-License-Identifier: GPL-3.0-or-later

package docker_service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/systemd"
)

// reload makes dockerd read its configuration again. The exit status of the
// reload says nothing: dockerd goes on with the old configuration when it
// refuses the new one. Its event "reload" is the proof that it took it, its
// line in the journal that it did not.
func (a apply) reload(ctx context.Context, h *host.Host) (map[string]any, error) {
	m := a.mark(ctx, h)
	if err := systemd.Call(ctx, h, systemd.Limit, "reload", "--", dockerd.Service); err != nil {
		return nil, err
	}
	if err := a.reloaded(ctx, h, m); err != nil {
		err = fmt.Errorf("cannot reload dockerd: %w", err)
		if ctx.Err() != nil {
			return nil, err
		}
		return a.recover(ctx, h, m, err, map[string]any{})
	}
	if a.decision.liveFirst {
		return nil, nil
	}
	now, err := a.prove(ctx, h)
	a.remember(h, now)
	return map[string]any{"running_after": now.running}, err
}

// reloaded waits for the daemon's word about the reload.
func (a apply) reloaded(ctx context.Context, h *host.Host, m mark) error {
	ctx, cancel := context.WithTimeoutCause(ctx, a.wait, fmt.Errorf("it did not tell of a reload within %v (option wait)", a.wait))
	defer cancel()
	client := a.found.daemon.Client(h, a.found.loadedSettings(), 2*time.Second)
	for try := 0; ; try++ {
		// The event's time is the daemon's, which is the host's.
		events, apiErr := client.DaemonEvents(ctx, m.time, time.Now())
		for _, e := range events {
			if e.Type == "daemon" && e.Action == "reload" {
				return a.survives(ctx, h, m)
			}
		}
		// The journal costs a process, so it is asked less often.
		if try%5 == 4 {
			if why := refusal(m.news(ctx, h)); why != "" {
				return fmt.Errorf("dockerd refused the configuration and goes on with the old one: %s", why)
			}
			if p, err := dockerd.ReadProcess(h, m.pid); err != nil || p.Ticks != m.ticks {
				return fmt.Errorf("dockerd ended: %s", orUnknown(dockerd.Reason(m.news(ctx, h))))
			}
		}
		select {
		case <-ctx.Done():
			if apiErr != nil {
				return fmt.Errorf("%w: %w", context.Cause(ctx), apiErr)
			}
			return context.Cause(ctx)
		case <-time.After(pollEvery / 2):
		}
	}
}

// survives watches a daemon whose authorization plugins changed: it looks for
// them after the reload, and ends about 15 seconds later if one is not there
// (moby daemon/daemon_unix.go and cmd/dockerd/daemon.go, tried on 20.10).
func (a apply) survives(ctx context.Context, h *host.Host, m mark) error {
	if !a.changes("authorization-plugins") {
		return nil
	}
	end := time.After(20 * time.Second)
	for {
		if p, err := dockerd.ReadProcess(h, m.pid); err != nil || p.Ticks != m.ticks {
			return fmt.Errorf("dockerd ended after the reload: %s", orUnknown(dockerd.Reason(m.news(ctx, h))))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-end:
			return nil
		case <-time.After(pollEvery):
		}
	}
}

// changes reports whether the value of a key differs between the daemon.json
// that dockerd has read and the one on the disk.
func (a apply) changes(key string) bool {
	old, err := dockerd.ParseSettings(a.found.loaded.Config)
	return err == nil && string(old[key]) != string(a.found.settings[key])
}

// refusal finds dockerd's line about a configuration that it did not take.
func refusal(lines []string) string {
	for _, line := range lines {
		if strings.Contains(line, "unable to configure the Docker daemon with file ") {
			return dockerd.Reason([]string{line})
		}
	}
	return ""
}

func orUnknown(why string) string {
	if why == "" {
		return "the journal does not say why; see journalctl -u " + dockerd.Service
	}
	return why
}
