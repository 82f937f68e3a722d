// SPDX-License-Identifier: GPL-3.0-or-later

package docker_data_root

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"

	"hardened.docker/modules/internal/configured"
	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/machine"
)

// found is the directory as the module found it.
type found struct {
	config     configured.Config
	configured string // the data-root that the daemon is told
	exists     bool
	owned      bool // root's, and nobody else may write
	inUse      bool // an engine has used it
	resuming   bool // a move into it was interrupted
	mode       fs.FileMode
	strangers  []string
	mount      machine.Mount
	mounts     []machine.Mount
	free       uint64
	problems   []string
	warnings   []string
}

func (f *found) problem(format string, args ...any) {
	f.problems = append(f.problems, fmt.Sprintf(format, args...))
}

func (f *found) warn(format string, args ...any) {
	f.warnings = append(f.warnings, fmt.Sprintf(format, args...))
}

// look judges the directory.
func look(h *host.Host, p Params, config configured.Config) (found, error) {
	f := found{config: config, configured: configuredRoot(config)}
	if err := f.lookAt(h, p); err != nil {
		return f, err
	}
	f.lookAbove(h, p)
	if err := f.lookInside(h, p); err != nil {
		return f, err
	}
	if err := f.lookBelow(h, p); err != nil {
		return f, err
	}
	if _, old := config.File["graph"]; old {
		if p.State == "checked" || f.configured != p.Path {
			f.warn("%s has \"graph\", which is deprecated since 17.05 and an error since 23.0; state: present with path: %s writes data-root in its place", config.Path, f.configured)
		}
	}
	if use, old := config.Flag("graph"); old {
		f.warn("%s has %s, which is deprecated since 17.05 and unknown since 23.0; use --data-root, or data-root in %s", use.Origin(), use.Spelt, config.Path)
	}
	return f, nil
}

// lookAt judges the directory itself.
func (f *found) lookAt(h *host.Host, p Params) error {
	info, err := h.Lstat(p.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("cannot use %s: a part of its path is not a directory", p.Path)
	case err != nil:
		return fmt.Errorf("cannot look at %s: %w", p.Path, err)
	case info.Mode()&fs.ModeSymlink != 0:
		target, _ := h.Readlink(p.Path)
		return fmt.Errorf("cannot use %s as Docker's data-root: it is a symbolic link to %s, and the engine's files would have two names; write the directory itself as data-root", p.Path, target)
	case !info.IsDir():
		return fmt.Errorf("cannot use %s as Docker's data-root: it is not a directory", p.Path)
	}
	f.exists, f.mode = true, info.Mode().Perm()
	stat, _ := info.Sys().(*syscall.Stat_t)
	f.owned = stat != nil && stat.Uid == 0 && f.mode&0o022 == 0
	if !f.owned && p.State == "checked" {
		f.problem("its owner is %d and its mode %04o: others than root may write to it; use state: present", stat.Uid, f.mode)
	}
	return nil
}

// lookAbove judges the directories above: who may rename them may put others in
// their place.
func (f *found) lookAbove(h *host.Host, p Params) {
	for dir := path.Dir(p.Path); ; dir = path.Dir(dir) {
		if info, err := h.Stat(dir); err == nil {
			stat, _ := info.Sys().(*syscall.Stat_t)
			loose := info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0
			if stat != nil && (stat.Uid != 0 || loose) {
				f.problem("the directory %s above it has the owner %d and the mode %04o: others than root may put another directory in its place", dir, stat.Uid, info.Mode().Perm())
			}
			if dir != "/" && dataroot.InUse(h, dir) {
				f.problem("it is inside of another data-root, %s, which must not be changed by hand", dir)
			}
		}
		if dir == "/" {
			return
		}
	}
}

// lookInside finds who else has files there.
func (f *found) lookInside(h *host.Host, p Params) error {
	if !f.exists {
		return nil
	}
	f.inUse = dataroot.InUse(h, p.Path)
	entries, err := h.ReadDir(p.Path)
	if err != nil {
		return fmt.Errorf("cannot look into %s: %w", p.Path, err)
	}
	var taken []string
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case name == markerName:
			f.resuming = true
		case name == "lost+found", file.Stale(name, markerName):
		case !dataroot.Owns(name, entry.IsDir()):
			f.strangers = append(f.strangers, name)
		case !f.inUse:
			taken = append(taken, name)
		}
	}
	switch {
	case f.resuming:
		f.strangers = nil
	case f.inUse && len(f.strangers) > 0:
		f.warn("%s has what is not Docker's: %s; move it elsewhere, Docker's directory is to be its own", p.Path, strings.Join(f.strangers, ", "))
	case !f.inUse && len(taken) > 0:
		f.strangers = append(f.strangers, taken...)
		slices.Sort(f.strangers)
		f.problem("no engine has used it, but it has files: %s. Of these, Docker would take over %s, and change owner and mode of them; name an empty directory", strings.Join(f.strangers, ", "), strings.Join(taken, ", "))
	case !f.inUse && len(f.strangers) > 0:
		f.problem("no engine has used it, but it has files: %s; name an empty directory", strings.Join(f.strangers, ", "))
	}
	return nil
}
