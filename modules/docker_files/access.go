// SPDX-License-Identifier: GPL-3.0-or-later

package docker_files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
)

// attributes are a file's owner and mode.
type attributes struct {
	uid, gid int
	mode     fs.FileMode // permission bits
}

// String implements fmt.Stringer.
func (a attributes) String() string {
	return fmt.Sprintf("owner %d:%d mode %04o", a.uid, a.gid, a.mode)
}

func lookAt(h *host.Host, name string) (attributes, error) {
	info, err := h.Lstat(name)
	if err != nil {
		return attributes{}, fmt.Errorf("cannot look at %s: %w", name, err)
	}
	return attributesOf(info), nil
}

func attributesOf(info fs.FileInfo) attributes {
	a := attributes{mode: info.Mode().Perm()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		a.uid, a.gid = int(stat.Uid), int(stat.Gid)
	}
	return a
}

// oPath opens a file as a place to act on, not to read (open(2), O_PATH, the
// same on all our architectures): a socket too, and without waking a device.
const oPath = 0x200000

// access is the act that gives a file its owner and mode.
type access struct {
	path          string
	before, after attributes
}

// Describe implements [ansible.Act].
func (a access) Describe() string {
	return fmt.Sprintf("give %s %s", a.path, a.after)
}

// Diff implements [ansible.Act].
func (a access) Diff() []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: a.path, AfterHeader: a.path, Before: a.before.String() + "\n", After: a.after.String() + "\n"}}
}

// Do implements [ansible.Act]. It acts on the file that it looked at, whatever
// somebody who may write to its directory puts in its place meanwhile. The mode
// is set first: an owner that is to have no rights gets none in between.
func (a access) Do(_ context.Context, h *host.Host) (map[string]any, error) {
	f, err := os.OpenFile(h.Path(a.path), oPath|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, a.explain(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, a.explain(err)
	}
	now := attributesOf(info)
	if now == a.after {
		// A socket that was made anew meanwhile, for one.
		return nil, nil
	}
	if now != a.before || info.Mode()&fs.ModeSymlink != 0 {
		return nil, fmt.Errorf("cannot change the access to %s: somebody else changed it during this task; run the task again", a.path)
	}
	opened := fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	if a.after.mode != now.mode {
		if err := os.Chmod(opened, a.after.mode); err != nil {
			return nil, a.explain(err)
		}
	}
	if a.after.uid != now.uid || a.after.gid != now.gid {
		if err := os.Chown(opened, a.after.uid, a.after.gid); err != nil {
			return nil, a.explain(err)
		}
	}
	if info, err = f.Stat(); err != nil {
		return nil, a.explain(err)
	}
	if now = attributesOf(info); now != a.after {
		return nil, fmt.Errorf("cannot change the access to %s: it has %s after the change; its file system may not keep owners or modes", a.path, now)
	}
	return nil, nil
}

func (a access) explain(err error) error {
	var cause syscall.Errno
	errors.As(err, &cause)
	switch {
	case cause == syscall.EROFS:
		return fmt.Errorf("cannot change the access to %s: %w; its file system is mounted read-only", a.path, cause)
	case cause == syscall.EPERM:
		return fmt.Errorf("cannot change the access to %s: %w; run the task with become: true, or look for the immutable attribute (lsattr)", a.path, cause)
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("cannot change the access to %s: %w", a.path, err)
}
