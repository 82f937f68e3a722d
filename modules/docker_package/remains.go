// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"slices"
	"strings"

	"hardened.docker/modules/internal/host"
)

// traces are where the engine, its packages, those who configure it and this
// collection leave files, copies of former ones among them.
func traces() []string {
	return []string{
		"/etc/docker", "/etc/containerd", "/etc/cni/net.d", "/opt/containerd", "/root/.docker", "/etc/hardened.docker", "/var/lib/hardened.docker",
		"/etc/default/docker*", "/etc/sysconfig/docker*",
		"/etc/systemd/system/docker.s*", "/etc/systemd/system/containerd.s*", "/etc/systemd/system/[!cd]*.d/*docker*",
		"/etc/apt/sources.list.d/docker.*", "/etc/apt/keyrings/docker.*",
		"/etc/yum.repos.d/docker.*", "/etc/pki/rpm-gpg/RPM-GPG-KEY-docker*",
		"/etc/audit/rules.d/docker.*", "/etc/lvm/profile/docker*",
		"/etc/modprobe.d/*hardened-docker*", "/etc/sysctl.d/*hardened-docker*", "/etc/tmpfiles.d/hardened-docker*",
	}
}

// remains lists what is left of Docker on the host after the acts: data, and
// files that do not go with the packages.
func remains(ctx context.Context, h *host.Host, m manager, r request, d data) []string {
	left := []string{}
	for _, dir := range d.dirs {
		if !slices.ContainsFunc(d.remove, func(t directoryTree) bool { return t.dir == dir && t.whole }) {
			left = append(left, dir)
		}
	}
	var files []string
	for _, pattern := range traces() {
		found, _ := h.Glob(pattern)
		for _, name := range found {
			if info, err := h.Stat(name); err == nil && info.Mode().IsRegular() && r.purge {
				files = append(files, name)
			}
			left = append(left, name)
		}
	}
	for _, name := range r.remove {
		gone := m.owned(ctx, name, files)
		left = slices.DeleteFunc(left, func(name string) bool { return slices.Contains(gone, name) })
	}
	if group, err := h.ReadFile("/etc/group"); err == nil && strings.Contains("\n"+string(group), "\ndocker:") {
		left = append(left, "the group docker")
	}
	return left
}
