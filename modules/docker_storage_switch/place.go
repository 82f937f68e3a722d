// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/machine"
)

// checkPlace refuses a backup where it would not last, or where somebody else
// could put another one: what is in it becomes images.
func (s *change) checkPlace(h *host.Host, mounts []machine.Mount) error {
	dir, err := resolve(h, s.BackupDir)
	if err != nil {
		return fmt.Errorf("cannot keep a backup in %s: %w", s.BackupDir, err)
	}
	root, err := resolve(h, s.record.DataRoot)
	if err != nil {
		return err
	}
	if strings.HasPrefix(dir+"/", root+"/") || strings.HasPrefix(root+"/", dir+"/") {
		return fmt.Errorf("cannot keep a backup in %s: that and the data-root %s are one inside of the other; name a directory elsewhere", s.BackupDir, s.record.DataRoot)
	}
	if at := machine.MountOf(mounts, dir); at.Type == "tmpfs" || at.Type == "ramfs" {
		return fmt.Errorf("cannot keep a backup in %s: it is on %s, which is gone after a reboot; name a directory on a disk", s.BackupDir, at.Type)
	}
	for _, name := range []string{s.BackupDir, dir} {
		for at := name; at != "/"; {
			at = path.Dir(at)
			info, err := h.Stat(at)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return fmt.Errorf("cannot look at %s: %w", at, err)
			}
			open := info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0
			if stat, ok := info.Sys().(*syscall.Stat_t); open || ok && stat.Uid != 0 {
				return fmt.Errorf("cannot keep a backup in %s: the owner of %s is %d and its mode %04o, and who may write there can put another backup in its place; name a directory that is below root's alone", s.BackupDir, at, stat.Uid, info.Mode().Perm())
			}
		}
	}
	return nil
}

// resolve is the name without links of a directory that may still have to be made.
func resolve(h *host.Host, dir string) (string, error) {
	rest := ""
	for at := dir; ; at = path.Dir(at) {
		real, err := h.Resolve(at)
		if err == nil {
			return path.Join(real, rest), nil
		}
		if !errors.Is(err, fs.ErrNotExist) || at == "/" || h.Exists(at) {
			return "", err // a link to nowhere
		}
		rest = path.Join(path.Base(at), rest)
	}
}

// checkVolumes refuses volumes that cannot be copied, before anything stops.
// What the daemon itself mounts it unmounts with the last container.
func (s *change) checkVolumes(h *host.Host, mounts []machine.Mount) error {
	const advice = "; set volumes: false, and save them yourself"
	dir := path.Join(s.record.DataRoot, "volumes")
	info, err := h.Lstat(dir)
	if err != nil || !s.Volumes {
		return nil
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("cannot save the volumes: %s is a link%s", dir, advice)
	}
	if dir, err = h.Resolve(dir); err != nil {
		return err
	}
	for _, m := range mounts {
		below, inside := strings.CutPrefix(m.Point, dir+"/")
		name, _, _ := strings.Cut(below, "/")
		if inside && !h.Exists(path.Join(dir, name, "opts.json")) {
			return fmt.Errorf("cannot save the volumes: another file system is mounted on %s%s", m.Point, advice)
		}
	}
	return nil
}
