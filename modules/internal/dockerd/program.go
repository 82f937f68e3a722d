// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"context"
	"strconv"
	"strings"
	"time"

	"hardened.docker/modules/internal/host"
)

// versionLimit is how long the program may take to say its version. It reads
// nothing for that.
const versionLimit = 20 * time.Second

// pidFile is dockerd's own, which it writes before it listens.
const pidFile = "/run/docker.pid"

// FromPIDFile returns the running dockerd, nil if there is none. The file and
// /proc answer faster than systemctl, and also where systemd does not run.
func FromPIDFile(h *host.Host) *Process {
	text, err := h.ReadFile(pidFile)
	if err != nil {
		return nil
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return nil
	}
	// The number may be another process's by now.
	p, err := ReadProcess(h, pid)
	if err != nil || p.Name != "dockerd" {
		return nil
	}
	return &p
}

// ProgramVersion asks the installed dockerd for its version, as it spells it:
// "20.10.24+dfsg1". The error is host.ErrNotFound where none is installed.
func ProgramVersion(ctx context.Context, h *host.Host) (string, error) {
	out, err := h.Run(ctx, host.Command{Argv: []string{"dockerd", "--version"}, Limit: versionLimit})
	if err != nil {
		return "", err
	}
	// Docker version 20.10.24+dfsg1, build 5d6db84
	_, rest, _ := strings.Cut(string(out.Stdout), "ersion ")
	version, _, _ := strings.Cut(strings.TrimSpace(rest), ",")
	return version, nil
}
