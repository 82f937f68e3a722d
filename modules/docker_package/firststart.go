// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
	"hardened.docker/modules/internal/systemd"
)

const (
	// turnstile is the working directory of a transaction that must not start
	// the engine, and marker the file in it that systemd looks for.
	turnstile = pkgmgr.RunDir + "/first-start"
	marker    = "installing"
)

func blockedUnits() []string { return []string{dockerd.Service, dockerd.Socket} }

// engineActive reports whether the engine runs now, or is about to: with many
// containers a start takes minutes. One that crashes again and again does not run.
func engineActive(ctx context.Context, h *host.Host) bool {
	// The exit status says no more than whether it is "active".
	out, _ := h.Run(ctx, host.Command{Argv: []string{"systemctl", "is-active", "docker.service"}, Limit: 30 * time.Second})
	switch strings.TrimSpace(string(out.Stdout)) {
	case "active", "reloading":
		return true
	case "activating":
		units, err := systemd.Show(ctx, h, dockerd.Service)
		return err == nil && !units[0].Crashing()
	}
	return false
}

// withoutStart runs a transaction during which systemd does not start the
// engine. See the package comment for how that ends on every path.
func withoutStart(ctx context.Context, h *host.Host, t pkgmgr.Transaction) (waited string, err error) {
	if !h.Exists("/run/systemd/system") {
		// Without systemd as the first process, the packages' scripts start
		// nothing that systemd would.
		return t.Run(ctx, h)
	}
	// The turnstile is one for all: the task of a killed run may be in it.
	first, release, err := pkgmgr.TakeTurn(ctx, h, t.TurnDir, t.LockTimeout)
	if err != nil {
		return first, err
	}
	defer release()
	// Open until the last of what follows: dpkg and scripts that outlive a killed
	// apt-get are kept from starting the engine by it.
	var keeper *os.File
	defer func() { keeper.Close() }()
	defer func() {
		if waited == "" {
			waited = first
		}
	}()
	defer func() {
		ctx := context.WithoutCancel(ctx)
		var nothing *ansible.NothingDone
		if err != nil && !errors.As(err, &nothing) {
			// apt-get can have been killed while its dpkg goes on.
			_, _ = pkgmgr.Wait(ctx, t.Locked, max(t.LockTimeout, 10*time.Minute))
		}
		if left := unblock(ctx, h); left != nil && nothing != nil {
			err = errors.Join(nothing.Err, left) // that is something
		} else {
			err = errors.Join(err, left)
		}
	}()
	if err := os.MkdirAll(h.Path(turnstile), 0o700); err != nil {
		return "", fmt.Errorf("cannot make %s: %w", turnstile, err)
	}
	if err := os.WriteFile(h.Path(turnstile+"/"+marker), nil, 0o600); err != nil {
		return "", fmt.Errorf("cannot write %s/%s: %w", turnstile, marker, err)
	}
	if keeper, err = os.Open(h.Path(turnstile)); err != nil {
		return "", fmt.Errorf("cannot open %s: %w", turnstile, err)
	}
	var script strings.Builder
	script.WriteString("set -e\numask 022\n")
	for _, unit := range blockedUnits() {
		path := h.Path(dockerd.FirstStart(unit))
		fmt.Fprintf(&script, "mkdir -p '%s'\n", filepath.Dir(path))
		fmt.Fprintf(&script, "printf '%%s\\n' '[Unit]' '# Packages are being installed; without effect when these processes have ended.' \"%[1]s/proc/$$/cwd/%[2]s\" '%[1]s/proc/%[3]d/fd/%[4]d/%[2]s' >'%[5]s'\n", dockerd.NotWhile, marker, os.Getpid(), keeper.Fd(), path)
	}
	// The unit may be known to systemd already, from an earlier installation.
	script.WriteString("systemctl daemon-reload || :\n")
	t.Prologue, t.Dir = script.String()+t.Prologue, h.Path(turnstile)
	return t.Run(ctx, h)
}

// blocked returns what a run that was killed, or could not remove it, left.
func blocked(h *host.Host) []string {
	var found []string
	for _, unit := range blockedUnits() {
		if path := dockerd.FirstStart(unit); h.Exists(path) {
			found = append(found, path)
		}
	}
	if h.Exists(turnstile) {
		found = append(found, turnstile)
	}
	return found
}

// unblock takes away what withoutStart made. The directory goes last: as long
// as it is there, the next run knows that there is something left to do.
func unblock(ctx context.Context, h *host.Host) error {
	var errs []error
	remove := func(path string) {
		if err := os.Remove(h.Path(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("cannot remove %s: %w", path, err))
		}
	}
	for _, unit := range blockedUnits() {
		path := dockerd.FirstStart(unit)
		remove(path)
		// Not empty: somebody else's drop-in is there too.
		_ = os.Remove(filepath.Dir(h.Path(path)))
	}
	remove(turnstile + "/" + marker)
	if _, err := h.Run(ctx, host.Command{Argv: []string{"systemctl", "daemon-reload"}, Limit: 2 * time.Minute}); err != nil {
		errs = append(errs, fmt.Errorf("cannot make systemd forget that docker.service was kept from starting: %w", err))
	}
	if len(errs) == 0 {
		remove(turnstile)
	}
	pkgmgr.RemoveLeft(h)
	return errors.Join(errs...)
}
