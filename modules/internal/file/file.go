// SPDX-License-Identifier: GPL-3.0-or-later

// Package file has the acts that change files: [Replace], [Remove] and
// [Directory]. Each is made from the state in which the file was found, and
// refuses to act on another one: two controllers that converge one host do
// not undo each other's work.
//
// A file is replaced atomically: a reader, and a host that lost its power,
// sees the old content or the new, never a part of either.
package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
)

// State is a file as it was found.
type State struct {
	Path    string
	Exists  bool
	Content []byte
	Mode    fs.FileMode // permission bits
	UID     int
	GID     int
}

// Read returns the state of the named file. A file that is not there is a
// state, not an error. A symbolic link is an error: what would be written
// through it lies elsewhere and may belong to somebody else. So is a place where
// everybody may write.
func Read(h *host.Host, path string, limit int64) (State, error) {
	if !filepath.IsAbs(path) || strings.HasSuffix(path, "/") {
		return State{}, fmt.Errorf("invalid path %q: give the absolute path of a file", path)
	}
	path = filepath.Clean(path)
	if err := checkPlace(h, path); err != nil {
		return State{}, err
	}
	info, err := h.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return State{Path: path}, nil
	case errors.Is(err, syscall.ENOTDIR):
		return State{}, fmt.Errorf("cannot read %s: a part of its path is not a directory", path)
	case err != nil:
		return State{}, readError(path, err)
	case info.Mode()&fs.ModeSymlink != 0:
		target, _ := h.Readlink(path)
		if _, err := h.Stat(path); err != nil {
			return State{}, fmt.Errorf("cannot use %s: it is a symbolic link to %s, which is not there; remove the link or create its target", path, target)
		}
		return State{}, fmt.Errorf("cannot use %s: it is a symbolic link to %s, and replacing it would cut the link; name the target as the path, or put a regular file in the link's place", path, target)
	}
	content, info, err := h.ReadRegular(path, limit)
	if err != nil {
		return State{}, readError(path, err)
	}
	s := State{Path: path, Exists: true, Content: content, Mode: info.Mode().Perm()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		s.UID, s.GID = int(stat.Uid), int(stat.Gid)
	}
	return s, nil
}

func readError(path string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("cannot read %s as uid %d: permission denied; run the task with become: true", path, os.Geteuid())
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("cannot read %s: %w", path, err)
}

// Replace is the act that gives a file new content.
type Replace struct {
	Before  State
	Content []byte
	// Mode of a file that is not there yet, with owner and group of the
	// running user. A file that is there keeps mode, owner, group and extended
	// attributes, its SELinux label and access control list among them.
	Mode fs.FileMode
	// Backup keeps the old file beside the new one and returns its name as
	// backup_file.
	Backup bool
	// Hidden keeps the content out of the diff.
	Hidden bool
}

// Describe implements [ansible.Act].
func (r Replace) Describe() string { return "write " + r.Before.Path }

// Diff implements [ansible.Act].
func (r Replace) Diff() []ansible.Diff {
	if r.Hidden {
		return []ansible.Diff{{BeforeHeader: r.Before.Path, AfterHeader: r.Before.Path, Before: "(content not shown)\n", After: "(new content not shown)\n"}}
	}
	return r.Before.diff(r.Content, true)
}

// Do implements [ansible.Act].
func (r Replace) Do(_ context.Context, h *host.Host) (map[string]any, error) {
	result := map[string]any{}
	path := r.Before.Path
	unlock, err := r.Before.hold(h)
	if err != nil {
		return result, &ansible.NothingDone{Err: err}
	}
	defer unlock()
	real := h.Path(path)
	removeStale(real)
	temp, err := r.write(real)
	if err != nil {
		return result, &ansible.NothingDone{Err: fmt.Errorf("cannot write %s: %w", path, withHint(err))}
	}
	defer os.Remove(temp)
	if r.Backup && r.Before.Exists {
		name, err := r.Before.keep(h)
		if err != nil {
			return result, &ansible.NothingDone{Err: err}
		}
		result["backup_file"] = name
	}
	if err := os.Rename(temp, real); err != nil {
		return r.Before.unkept(h, result), &ansible.NothingDone{Err: fmt.Errorf("cannot write %s: %w", path, withHint(err))}
	}
	if err := syncDir(filepath.Dir(real)); err != nil {
		return result, fmt.Errorf("cannot make the new %s last: %w", path, withHint(err))
	}
	return result, nil
}

// hold locks the directory of the file until unlock is called, and returns an
// error if the file is not as it was found any more.
func (s State) hold(h *host.Host) (unlock func(), err error) {
	unlock, err = lock(h, s.Path)
	if err != nil {
		return nil, err
	}
	if err := s.unchanged(h); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// keep keeps the file under a backup name beside it and returns that name.
func (s State) keep(h *host.Host) (string, error) {
	name, err := backup(h.Path(s.Path), s.Content)
	if err != nil {
		return "", fmt.Errorf("cannot keep a backup of %s: %w", s.Path, withHint(err))
	}
	return filepath.Join(filepath.Dir(s.Path), name), nil
}

// unkept takes the backup of a file that stays as it is away again: a task that
// is tried until it works would leave one each time.
func (s State) unkept(h *host.Host, result map[string]any) map[string]any {
	if name, ok := result["backup_file"].(string); ok && os.Remove(h.Path(name)) == nil {
		delete(result, "backup_file")
	}
	return result
}

// write makes the new file under a temporary name in the same directory,
// complete and on the disk.
func (r Replace) write(real string) (temp string, err error) {
	f, err := os.CreateTemp(filepath.Dir(real), tempPrefix(real)+fmt.Sprint(os.Getpid())+"-*")
	if err != nil {
		return "", err
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	mode := r.Mode
	if r.Before.Exists {
		mode = r.Before.Mode
		if err := f.Chown(r.Before.UID, r.Before.GID); err != nil {
			return "", err
		}
		if err := copyAttributes(real, f); err != nil {
			return "", err
		}
	}
	// CreateTemp made the file readable by its owner alone; it gets its final
	// mode before it has any content.
	if err := f.Chmod(mode); err != nil {
		return "", err
	}
	if _, err := f.Write(r.Content); err != nil {
		return "", err
	}
	if err := f.Sync(); err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

// Remove is the act that removes a file.
type Remove struct {
	Before State
	Backup bool // keep the file under a backup name, returned as backup_file
}

// Describe implements [ansible.Act].
func (r Remove) Describe() string { return "remove " + r.Before.Path }

// Diff implements [ansible.Act].
func (r Remove) Diff() []ansible.Diff { return r.Before.diff(nil, false) }

// Do implements [ansible.Act].
func (r Remove) Do(_ context.Context, h *host.Host) (map[string]any, error) {
	result := map[string]any{}
	path := r.Before.Path
	unlock, err := r.Before.hold(h)
	if err != nil {
		return result, &ansible.NothingDone{Err: err}
	}
	defer unlock()
	real := h.Path(path)
	if r.Backup {
		name, err := r.Before.keep(h)
		if err != nil {
			return result, &ansible.NothingDone{Err: err}
		}
		result["backup_file"] = name
	}
	if err := os.Remove(real); err != nil {
		return r.Before.unkept(h, result), &ansible.NothingDone{Err: fmt.Errorf("cannot remove %s: %w", path, withHint(err))}
	}
	if err := syncDir(filepath.Dir(real)); err != nil {
		return result, fmt.Errorf("cannot make the removal of %s last: %w", path, withHint(err))
	}
	return result, nil
}

// Directory is the act that makes a directory, and no parents of it.
type Directory struct {
	Path string
	Mode fs.FileMode
}

// Describe implements [ansible.Act].
func (d Directory) Describe() string { return "make the directory " + d.Path }

// Diff implements [ansible.Act].
func (d Directory) Diff() []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: d.Path, AfterHeader: d.Path, Before: "absent\n", After: fmt.Sprintf("directory, mode %04o\n", d.Mode.Perm())}}
}

// Do implements [ansible.Act].
func (d Directory) Do(_ context.Context, h *host.Host) (map[string]any, error) {
	real := h.Path(d.Path)
	err := os.Mkdir(real, d.Mode.Perm())
	if errors.Is(err, fs.ErrExist) {
		// Somebody else's run, at the same time, made it.
		if info, statErr := os.Lstat(real); statErr == nil && info.IsDir() {
			return nil, nil
		}
	}
	if err != nil {
		return nil, &ansible.NothingDone{Err: fmt.Errorf("cannot make the directory %s: %w", d.Path, withHint(err))}
	}
	// Mkdir's mode is cut by the umask.
	if err := os.Chmod(real, d.Mode.Perm()); err != nil {
		return nil, fmt.Errorf("cannot set the mode of the directory %s: %w", d.Path, withHint(err))
	}
	if err := syncDir(filepath.Dir(real)); err != nil {
		return nil, fmt.Errorf("cannot make the new directory %s last: %w", d.Path, withHint(err))
	}
	return nil, nil
}

// unchanged returns an error if the file is not as it was found any more.
func (s State) unchanged(h *host.Host) error {
	now, err := Read(h, s.Path, int64(max(len(s.Content), 1)))
	larger := errors.Is(err, host.ErrTooLarge)
	if err != nil && !larger {
		return err
	}
	if larger || now.Exists != s.Exists || !bytes.Equal(now.Content, s.Content) {
		return fmt.Errorf("cannot change %s: somebody else changed it during this task; run the task again", s.Path)
	}
	return nil
}
