// SPDX-License-Identifier: GPL-3.0-or-later

package dataroot

import (
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/host"
)

// Owns reports whether an entry of a data-root is one that engines make, from
// 18.09 to 29, openEuler's among them (hooks).
func Owns(name string, isDir bool) bool {
	known := []string{"aufs", "btrfs", "builder", "buildkit", "containerd", "containers", "devicemapper", "engine-id", "fuse-overlayfs", "graph", "hooks", "image", "init", "key.json", "linkgraph.db", "network", "nuke-graph-directory.sh", "opt", "overlay", "overlay2", "plugins", "rootfs", "runtimes", "swarm", "tmp", "tmp-old", "tmpmounts", "trust", "vfs", "volumes", "zfs"}
	return slices.Contains(known, name) || isDir && Remapped(name) || strings.HasPrefix(name, "io.containerd.")
}

// InUse reports whether an engine has used the directory as its data-root.
// Names alone do not tell: anybody may have directories named containers and
// tmp. Each of these files is the engine's own, written when it starts.
func InUse(h *host.Host, root string) bool {
	for _, name := range []string{"engine-id", "volumes/metadata.db", "network/files/local-kv.db", "buildkit/cache.db", "swarm/docker-state.json"} {
		if h.Exists(path.Join(root, name)) {
			return true
		}
	}
	found, _ := h.Glob(path.Join(root, "image/*/repositories.json"))
	if len(found) > 0 {
		return true
	}
	all, err := Holdings(h, root)
	return err == nil && (len(all.Remapped) > 0 || slices.ContainsFunc(all.Containers, func(c Container) bool { return c.Driver != "" }))
}
