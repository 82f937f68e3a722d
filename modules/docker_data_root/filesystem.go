// SPDX-License-Identifier: GPL-3.0-or-later

package docker_data_root

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/machine"
)

// lookBelow judges the file system that the directory is on.
func (f *found) lookBelow(h *host.Host, p Params) error {
	var err error
	if f.mounts, err = machine.Mounts(h); err != nil {
		return err
	}
	// Mounts are known by their real paths, and a directory above can be a link.
	p.Path = realPath(h, p.Path)
	f.mount = machine.MountOf(f.mounts, p.Path)
	f.judgeType(p)
	f.judgeOptions()
	space, err := machine.ReadFilesystem(h, p.Path)
	if err != nil {
		return fmt.Errorf("cannot tell how much space %s has: %w", p.Path, err)
	}
	f.free = space.Free
	if wanted := uint64(p.MinFree) << 20; f.free < wanted {
		f.problem("%s has %d MiB free and min_free is %d: a container that changes a file of its image copies it whole first, and fails without the space", f.mount.Point, f.free>>20, p.MinFree)
	}
	if space.Inodes > 0 && space.InodesFree < space.Inodes/100 {
		f.warn("%s has %d of %d inodes free, and images are many small files", f.mount.Point, space.InodesFree, space.Inodes)
	}
	return f.judgeEntries(h, p)
}

// realPath is a path without links in it, as far as it exists.
func realPath(h *host.Host, name string) string {
	rest := ""
	for dir := name; ; dir = path.Dir(dir) {
		if real, err := filepath.EvalSymlinks(h.Path(dir)); err == nil {
			if rel, err := filepath.Rel(h.Path("/"), real); err == nil && !strings.HasPrefix(rel, "..") {
				return path.Join("/", rel, rest)
			}
			return name
		}
		if dir == "/" {
			return name
		}
		rest = path.Join(path.Base(dir), rest)
	}
}

// judgeType judges the type of the file system.
func (f *found) judgeType(p Params) {
	if slices.Contains(p.Filesystem, f.mount.Type) {
		return
	}
	why := "use " + strings.Join(p.Filesystem, " or ") + ", or add it to the option filesystem"
	switch kind := f.mount.Type; {
	case kind == "tmpfs" || kind == "ramfs":
		why = "it is gone after a reboot with all images, containers and volumes"
	case strings.HasPrefix(kind, "nfs") || kind == "cifs" || kind == "9p" || strings.HasPrefix(kind, "fuse."):
		why = "a network or user-space file system has neither the extended attributes nor the locks that Docker needs"
	case kind == "overlay":
		why = "overlay2 does not work on another overlay"
	case kind == "vfat" || kind == "exfat" || kind == "ntfs":
		why = "it keeps no owners and modes"
	}
	f.problem("the file system at %s is %s: %s", f.mount.Point, f.mount.Type, why)
}

// judgeOptions judges how it is mounted.
func (f *found) judgeOptions() {
	at := f.mount.Point
	if f.mount.Has("ro") {
		f.problem("%s is mounted read-only", at)
	}
	if f.mount.Has("noexec") {
		f.problem("%s is mounted with noexec: programs in volumes, plugins and layers of other drivers than overlay2 do not run", at)
	}
	if f.mount.Has("nosuid") {
		f.warn("%s is mounted with nosuid: setuid programs in volumes and in containers of other drivers than overlay2 lose their rights", at)
	}
	if f.mount.Has("nodev") {
		f.warn("%s is mounted with nodev: device nodes in volumes and in layers of other drivers than overlay2 do not work", at)
	}
}

// judgeEntries finds out whether the file system keeps the types of files in
// directories. It asks the nearest directory that has an entry.
func (f *found) judgeEntries(h *host.Host, p Params) error {
	for dir := p.Path; ; dir = path.Dir(dir) {
		if machine.MountOf(f.mounts, dir).Point != f.mount.Point {
			f.warn("cannot tell whether %s keeps the types of files (d_type): it is empty; docker info tells when the engine runs", f.mount.Point)
			return nil
		}
		if h.Exists(dir) {
			types, err := machine.DTypes(h, dir)
			if err != nil {
				return fmt.Errorf("cannot look into %s: %w", dir, err)
			}
			switch types {
			case machine.Present:
				return nil
			case machine.Missing:
				hint := "it does not keep the types of files (d_type), without which overlay2 loses deletions"
				if f.mount.Type == "xfs" {
					hint += "; make it anew with mkfs.xfs -n ftype=1, it cannot be changed later"
				}
				f.problem("the file system at %s: %s", f.mount.Point, hint)
				return nil
			}
		}
		if dir == "/" {
			return nil
		}
	}
}
