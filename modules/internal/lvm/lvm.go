// SPDX-License-Identifier: GPL-3.0-or-later

// Package lvm reads LVM's groups, volumes and profiles, and names what the
// kernel calls them.
//
// A tour. [Read] asks pvs, vgs and lvs, whose answers report.go takes apart.
// profile.go reads LVM's configuration language and changes single settings in
// it, so that a profile keeps whatever else it says. Acts on groups and
// volumes belong to the modules that plan them; [Call] runs LVM's programs for
// those.
package lvm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hardened.docker/modules/internal/host"
)

// Limit is how long a question to LVM may take. It reads every disk.
const Limit = 2 * time.Minute

// ErrMissing is the cause of an error on a host without LVM.
var ErrMissing = errors.New("LVM is not installed; install the package lvm2")

// Installed reports whether the host has LVM's programs.
func Installed(h *host.Host) bool {
	_, found := h.Look("lvs")
	return found
}

// Call runs one of LVM's programs.
func Call(ctx context.Context, h *host.Host, argv ...string) (host.Output, error) {
	out, err := h.Run(ctx, host.Command{
		Argv: argv, Limit: Limit,
		// LVM warns of each descriptor that it finds open, also of those that
		// a shell above us left so.
		Env: []string{"LVM_SUPPRESS_FD_WARNINGS=1"},
	})
	if errors.Is(err, host.ErrNotFound) {
		return out, fmt.Errorf("cannot run %s: %w", argv[0], ErrMissing)
	}
	return out, err
}

// CheckName refuses what LVM takes for no name of a group or a volume (lvm(8),
// "Valid names"). What says in which option the name is.
func CheckName(what, name string) error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+_.-"
	bad := name == "" || name == "." || name == ".." || strings.HasPrefix(name, "-") || strings.Trim(name, letters) != "" || len(name) > 127
	if !bad {
		return nil
	}
	return fmt.Errorf("invalid value of option %q: %q: write a name of letters, digits, plus, underscore, dot and dash that does not begin with a dash", what, name)
}

// DeviceName returns the path under which the kernel's device mapper has a
// volume: dashes in names are doubled.
func DeviceName(group, volume string) string {
	double := func(name string) string { return strings.ReplaceAll(name, "-", "--") }
	return "/dev/mapper/" + double(group) + "-" + double(volume)
}

// ProfileDir is where LVM looks for profiles, unless lvm.conf says otherwise.
const ProfileDir = "/etc/lvm/profile"

// FindProfileDir asks LVM where it looks for profiles.
func FindProfileDir(ctx context.Context, h *host.Host) (string, error) {
	value, err := setting(ctx, h, "config/profile_dir")
	if errors.Is(err, ErrMissing) {
		return ProfileDir, nil
	}
	if err != nil {
		return "", err
	}
	value = strings.Trim(value, `"`)
	if !strings.HasPrefix(value, "/") {
		return "", fmt.Errorf("cannot tell where LVM has its profiles: config/profile_dir is %q in lvm.conf; write an absolute path there", value)
	}
	return value, nil
}

// Monitoring reports whether lvm.conf lets pools be watched when they are
// activated, as at boot.
func Monitoring(ctx context.Context, h *host.Host) (bool, error) {
	value, err := setting(ctx, h, "activation/monitoring")
	return value != "0", err
}

// setting returns the value of a setting of lvm.conf, or LVM's default.
func setting(ctx context.Context, h *host.Host, name string) (string, error) {
	out, err := Call(ctx, h, "lvmconfig", "--type", "full", name)
	if err != nil {
		return "", err
	}
	_, value, found := strings.Cut(strings.TrimSpace(string(out.Stdout)), "=")
	if !found {
		return "", fmt.Errorf("cannot read what lvmconfig says of %s: %q", name, strings.TrimSpace(string(out.Stdout)))
	}
	return value, nil
}
