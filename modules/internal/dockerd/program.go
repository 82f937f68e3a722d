// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hardened.docker/modules/internal/engine"
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

// VersionFor returns the engine version that a task is judged for and how it is
// spelt: that of its option engine_version, or else that of the installed
// dockerd. Without either the version is not known, and the text nil.
func VersionFor(ctx context.Context, h *host.Host, option *string) (engine.Version, any, error) {
	if option != nil {
		version, err := engine.Parse(*option)
		if err != nil {
			return version, nil, fmt.Errorf("invalid value of option \"engine_version\": %w", err)
		}
		return version, *option, nil
	}
	text, err := ProgramVersion(ctx, h)
	if err != nil {
		return engine.Version{}, nil, nil
	}
	version, err := engine.Parse(text)
	if err != nil {
		return engine.Version{}, nil, nil
	}
	return version, text, nil
}
