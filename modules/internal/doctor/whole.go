// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"path"

	"hardened.docker/modules/internal/host"
)

// readWhole finds out whether the directories of layers and containers show
// what the store of images knows of. Some hosts have a file system of its own
// for one of them, and it must not be taken for one that hides the right one.
func (st *State) readWhole(h *host.Host, root string) {
	const store = "image/overlay2/layerdb"
	layers, containers := 0, 0 // that are there, less those that are not
	count := func(n *int, name string) {
		if h.Exists(name) {
			*n++
		} else {
			*n--
		}
	}
	entries, _ := h.ReadDir(path.Join(root, store, "sha256"))
	for _, e := range entries {
		if id := line(h, path.Join(root, store, "sha256", e.Name(), "cache-id")); id != "" {
			count(&layers, path.Join(root, "overlay2", id))
		}
	}
	entries, _ = h.ReadDir(path.Join(root, store, "mounts"))
	for _, e := range entries {
		if id := line(h, path.Join(root, store, "mounts", e.Name(), "mount-id")); id != "" {
			count(&layers, path.Join(root, "overlay2", id))
		}
		count(&containers, path.Join(root, "containers", e.Name()))
	}
	// dockerd makes the directory of short names when it starts.
	if layers >= 0 && h.Exists(path.Join(root, "overlay2/l")) {
		st.Whole = append(st.Whole, path.Join(root, "overlay2"))
	}
	if containers > 0 {
		st.Whole = append(st.Whole, path.Join(root, "containers"))
	}
}
