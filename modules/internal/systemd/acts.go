// SPDX-License-Identifier: GPL-3.0-or-later

package systemd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
)

// Enable is the act that makes units start at boot, or not.
type Enable struct {
	Units []string
	Off   bool // disable
}

// Describe implements [ansible.Act].
func (e Enable) Describe() string {
	if e.Off {
		return "disable " + strings.Join(e.Units, " and ")
	}
	return "enable " + strings.Join(e.Units, " and ")
}

// Diff implements [ansible.Act].
func (e Enable) Diff() []ansible.Diff {
	header := strings.Join(e.Units, ", ") + " at boot"
	d := ansible.Diff{BeforeHeader: header, AfterHeader: header, Before: "disabled\n", After: "enabled\n"}
	if e.Off {
		d.Before, d.After = d.After, d.Before
	}
	return []ansible.Diff{d}
}

// Do implements [ansible.Act].
func (e Enable) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	verb := "enable"
	if e.Off {
		verb = "disable"
	}
	return nil, Call(ctx, h, time.Minute, append([]string{verb, "--"}, e.Units...)...)
}

// DaemonReload is the act that makes systemd read the unit files again. Units
// that run are not touched.
type DaemonReload struct {
	Why string // such as "docker.service changed"
}

// Describe implements [ansible.Act].
func (d DaemonReload) Describe() string { return "make systemd read its unit files again" }

// Diff implements [ansible.Act].
func (d DaemonReload) Diff() []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: "systemd", AfterHeader: "systemd", Before: d.Why + "\n", After: "unit files read again\n"}}
}

// Do implements [ansible.Act].
func (d DaemonReload) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	return nil, Call(ctx, h, 2*time.Minute, "daemon-reload")
}

// ResetFailed makes systemd forget failures of the units and the number of
// their recent starts, which it limits.
func ResetFailed(ctx context.Context, h *host.Host, units ...string) error {
	return Call(ctx, h, Limit, append([]string{"reset-failed", "--"}, units...)...)
}

// Call runs systemctl for its effect. With limit it fails if systemctl takes
// longer; a job that was queued goes on nevertheless. Who may not ask systemd for
// it has changed nothing.
func Call(ctx context.Context, h *host.Host, limit time.Duration, args ...string) error {
	argv := append([]string{"systemctl", "--no-ask-password", "--quiet"}, args...)
	out, err := h.Run(ctx, host.Command{Argv: argv, Limit: limit})
	if err == nil {
		return nil
	}
	err = fmt.Errorf("cannot %s: %w", strings.NewReplacer("--no-block ", "", "-- ", "").Replace(strings.Join(args, " ")), explain(err, out))
	if denied(out) {
		return &ansible.NothingDone{Err: err}
	}
	return err
}
