// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"context"
	"strings"
	"time"

	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
)

// readUnitFile compares docker.service with what its package brought. The
// digests are dpkg's (MD5), or rpm's.
func readUnitFile(ctx context.Context, h *host.Host, _ *Snapshot) (func(*Snapshot), error) {
	var u UnitFile
	switch distro.HasPackagesOf(h) {
	case distro.Apt:
		u = dpkgUnit(h)
	case distro.Dnf:
		u = rpmUnit(ctx, h)
	}
	if u.Package == "" {
		return nil, nil
	}
	program := "md5sum"
	if len(u.Want) == 64 {
		program = "sha256sum"
	}
	out, err := h.Run(ctx, host.Command{Argv: []string{program, "--", h.Path(u.Path)}, Limit: 10 * time.Second})
	if err != nil {
		return nil, err
	}
	u.Have, _, _ = strings.Cut(string(out.Stdout), " ")
	return func(s *Snapshot) { s.UnitFile = u }, nil
}

// dpkgUnit finds the file in the lists of the engine's packages.
func dpkgUnit(h *host.Host) UnitFile {
	for _, name := range engineNames() {
		content, err := h.ReadFile("/var/lib/dpkg/info/" + name + ".md5sums")
		if err != nil {
			continue
		}
		for _, l := range strings.Split(string(content), "\n") {
			digest, file, ok := strings.Cut(l, "  ")
			if ok && strings.HasSuffix(file, "lib/systemd/system/"+dockerd.Service) && h.Exists("/"+file) {
				return UnitFile{Package: name, Path: "/" + file, Want: digest}
			}
		}
	}
	return UnitFile{}
}

// rpmUnit asks rpm for the package that the file is of (rpm(8), --dump: path,
// size, time, digest, ...).
func rpmUnit(ctx context.Context, h *host.Host) UnitFile {
	const file = "/usr/lib/systemd/system/" + dockerd.Service
	if !h.Exists(file) {
		return UnitFile{}
	}
	out, err := h.Run(ctx, host.Command{Argv: []string{"rpm", "-qf", "--dump", file}, Limit: 10 * time.Second})
	if err != nil {
		return UnitFile{}
	}
	for _, l := range strings.Split(string(out.Stdout), "\n") {
		if f := strings.Fields(l); len(f) > 3 && f[0] == file {
			return UnitFile{Package: "its package", Path: file, Want: f[3]}
		}
	}
	return UnitFile{}
}
