// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"path"
	"strings"

	"hardened.docker/modules/internal/host"
)

// readStrangers lists what is in the data-root and is not the engine's, of any
// release from 17.06 to 29.
func (st *State) readStrangers(h *host.Host) {
	entries, _ := h.ReadDir(st.Root)
	for _, e := range entries {
		name := e.Name()
		if !engines(name) && !contains(st.Remapped, path.Join(st.Root, name)) {
			st.Strangers = append(st.Strangers, path.Join(st.Root, name))
		}
	}
}

// engines reports whether an entry of the data-root is the engine's own, the
// doctor's, or the file system's.
func engines(name string) bool {
	switch name {
	case "builder", "buildkit", "cdi", "containerd", "containers", "engine-id", "hooks", "image", "init", "network", "nuke-graph-directory.sh",
		"plugins", "rootfs", "runtimes", "swarm", "tmp", "trust", "volumes", // the engine's
		"aufs", "btrfs", "devicemapper", "fuse-overlayfs", "overlay", "overlay2", "vfs", "windowsfilter", "zfs", // drivers
		AsideDir, "lost+found", ".snapshots", ".snapshot", ".zfs", ".autorelabel":
		return true
	}
	// What the engine is about to remove: tmp-old, and layers while they go.
	return strings.HasPrefix(name, "tmp-") || strings.HasPrefix(name, "tmpmount")
}
