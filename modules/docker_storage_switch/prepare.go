// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"syscall"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/machine"
	"hardened.docker/modules/internal/treecopy"
)

// prepare makes the act, after it has looked whether there is room for it.
func (f found) prepare(h *host.Host, p Params, what todo) (*change, error) {
	if kind := needs(p.Driver); kind != "" {
		mounts, err := machine.Mounts(h)
		if err != nil {
			return nil, err
		}
		if at := machine.MountOf(mounts, f.dataRoot); at.Type != kind {
			return nil, fmt.Errorf("cannot use the storage driver %s: it needs the data-root %s on %s, and that is on %s; move it with docker_data_root first", p.Driver, f.dataRoot, kind, at.Type)
		}
	}
	if _, found := h.Look("fuse-overlayfs"); p.Driver == "fuse-overlayfs" && !found {
		return nil, errors.New("cannot use the storage driver fuse-overlayfs: its program is not installed; install the package fuse-overlayfs first")
	}
	s := &change{Params: p, found: f, what: what}
	s.record = record{From: f.driver, To: p.Driver, DataRoot: f.dataRoot, Volumes: f.store.volumes}
	if f.record != nil {
		s.record = *f.record
		s.record.To = p.Driver
	}
	if what != restore {
		s.record.Fresh = !h.Exists(path.Join(f.dataRoot, "image", p.Driver)) && !h.Exists(path.Join(f.dataRoot, p.Driver))
		if err := s.rememberConfig(); err != nil {
			return nil, err
		}
	}
	if what != saveFirst {
		// An interrupted run has looked for room, and goes back without it.
		return s, nil
	}
	return s, s.fits(h)
}

// rememberConfig keeps the daemon.json to go back to. One that has the new
// driver already, which the daemon was not restarted with, is none.
func (s *change) rememberConfig() error {
	s.record.Config = nil
	if !s.found.config.Exists {
		return nil
	}
	content := s.found.config.Content
	if s.found.running && s.found.told != "" && s.found.told != s.record.From {
		var err error
		if content, err = withDriver(content, s.found.config.Path, s.record.From, nil); err != nil {
			return err
		}
	}
	text := string(content)
	s.record.Config = &text
	return nil
}

// needs is the file system that a driver works on alone.
func needs(driver string) string {
	if driver == "btrfs" || driver == "zfs" {
		return driver
	}
	return ""
}

// fits refuses a backup where it would not last, or has no room.
func (s *change) fits(h *host.Host) error {
	root, dir := s.record.DataRoot, s.BackupDir
	mounts, err := machine.Mounts(h)
	if err != nil {
		return err
	}
	if err := s.checkPlace(h, mounts); err != nil {
		return err
	}
	if err := s.checkVolumes(h, mounts); err != nil {
		return err
	}
	volumes := int64(0)
	if from := path.Join(root, "volumes"); s.Volumes && h.Exists(from) {
		if volumes, err = treecopy.Size(h.Path(from)); err != nil {
			return fmt.Errorf("cannot tell how large the volumes are: %w", err)
		}
	}
	there, images := int64(0), s.found.store.size
	if archive := path.Join(dir, archiveName); h.Exists(dir) {
		if there, err = treecopy.Size(h.Path(dir)); err != nil {
			return fmt.Errorf("cannot tell how large %s is: %w", dir, err)
		}
		if info, err := h.Stat(archive); err == nil && images == 0 {
			images = info.Size()
		}
	}
	commits := int64(0)
	if s.Containers == "save" {
		commits = s.found.store.written
		images += commits
	}
	// The daemon writes what it saves or loads into a directory of its own first.
	backup, own := max(images+volumes-there, 0), 2*images+commits
	at, err := machine.ReadFilesystem(h, dir)
	if err != nil {
		return fmt.Errorf("cannot tell how much space %s has: %w", dir, err)
	}
	in, err := machine.ReadFilesystem(h, root)
	if err != nil {
		return fmt.Errorf("cannot tell how much space %s has: %w", root, err)
	}
	if device(h, dir) == device(h, root) {
		backup, own = backup+own, 0
	}
	for _, one := range []struct {
		where string
		need  int64
		free  uint64
	}{{dir, backup, at.Free}, {root, own, in.Free}} {
		if one.need > 0 && int64(one.free) < one.need+s.MinFree<<20 {
			return fmt.Errorf("cannot switch to %s: images take %d MiB and volumes %d MiB, so %s needs %d MiB beside the %d MiB that min_free keeps, and has %d MiB free; the images are there three times, in the backup, in the new driver and while the daemon reads them; name a backup_dir on another disk, or remove what is not needed",
				s.Driver, mebibytes(images), mebibytes(volumes), one.where, mebibytes(one.need), s.MinFree, one.free>>20)
		}
	}
	return nil
}

func mebibytes(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }

// device is the file system that a directory is on, or would be made on.
func device(h *host.Host, dir string) uint64 {
	for ; ; dir = path.Dir(dir) {
		if info, err := h.Stat(dir); err == nil || dir == "/" {
			if stat, ok := info.Sys().(*syscall.Stat_t); ok {
				return stat.Dev
			}
			return 0
		}
	}
}

// warnings say what a user has to do afterwards.
func (s *change) warnings() []string {
	var texts []string
	if s.Driver == "vfs" && !s.found.store.empty() {
		texts = append(texts, "vfs copies each layer whole, with all that is below it: images take several times their space, which is not looked for beforehand; the switch goes back if the disk becomes full")
	}
	if hidden := s.hidden(); len(hidden) > 0 {
		texts = append(texts, fmt.Sprintf("the containers are not made again (%s): whoever made them has to. Until then their volumes count as unused, so that docker volume prune and docker system prune --volumes would remove them", strings.Join(hidden, ", ")))
	}
	if len(s.found.again) > 0 {
		texts = append(texts, fmt.Sprintf("containers of an earlier time with %s show again, and start if they are to restart always: %s", s.Driver, strings.Join(s.found.again, ", ")))
	}
	return texts
}

func (s *change) hidden() []string {
	var names []string
	list := s.found.store.containers
	if s.what == restore {
		list = s.record.Containers
	}
	for _, c := range list {
		names = append(names, c.Name)
	}
	return names
}

// Describe implements [ansible.Act].
func (s *change) Describe() string {
	switch {
	case s.what == writeOnly:
		return "write " + s.found.config.Path
	case s.what == restart:
		return fmt.Sprintf("write %s and restart Docker with %s", s.found.config.Path, s.Driver)
	case s.what == restore:
		return fmt.Sprintf("complete the switch from %s to %s: load the images of %s and verify them", s.record.From, s.Driver, s.BackupDir)
	case len(s.found.store.running) > 0:
		return fmt.Sprintf("stop the containers (%s), save images and volumes in %s, restart Docker with %s, load the images and verify them", strings.Join(s.found.store.running, ", "), s.BackupDir, s.Driver)
	}
	return fmt.Sprintf("save images and volumes in %s, restart Docker with %s, load the images and verify them", s.BackupDir, s.Driver)
}

// Diff implements [ansible.Act].
func (s *change) Diff() []ansible.Diff {
	diffs := (file.Replace{Before: s.found.config, Content: s.found.content}).Diff()
	if s.what == saveFirst {
		var lines strings.Builder
		for _, name := range slices.Concat(s.found.store.names(), s.found.store.volumes) {
			lines.WriteString(name + "\n")
		}
		diffs = append(diffs, ansible.Diff{BeforeHeader: s.BackupDir, AfterHeader: s.BackupDir, Before: "nothing\n", After: lines.String()})
	}
	if hidden := s.hidden(); len(hidden) > 0 {
		diffs = append(diffs, ansible.Diff{BeforeHeader: "containers", AfterHeader: "containers", Before: strings.Join(hidden, "\n") + "\n", After: "none\n"})
	}
	return diffs
}
