// SPDX-License-Identifier: GPL-3.0-or-later

package file

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"hardened.docker/modules/internal/host"
)

// lock keeps other runs of these acts out of the directory of path until
// unlock is called. It locks the directory itself, so no lock file is left.
func lock(h *host.Host, path string) (unlock func(), err error) {
	dir := filepath.Dir(path)
	f, err := os.Open(h.Path(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot write %s: the directory %s does not exist; create it or correct the path", path, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot write %s: %w", path, withHint(err))
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil && !errors.Is(err, syscall.ENOTSUP) && !errors.Is(err, syscall.ENOLCK) {
		f.Close()
		return nil, fmt.Errorf("cannot lock the directory %s: %w", dir, err)
	}
	return func() { f.Close() }, nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	// Some file systems cannot sync a directory and say so with EINVAL.
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

// tempPrefix begins the name of the temporary files of a file. The number of
// the process that made it follows.
func tempPrefix(real string) string { return "." + filepath.Base(real) + ".hardened-" }

// Stale reports whether name is that of a temporary file of the file with the
// given base name, which a killed run can have left beside it. The next one
// that writes the file removes it.
func Stale(name, base string) bool {
	rest, ok := strings.CutPrefix(name, tempPrefix(base))
	pid, _, numbered := strings.Cut(rest, "-")
	_, err := strconv.Atoi(pid)
	return ok && numbered && err == nil
}

// removeStale removes the temporary files that runs of before left when they
// were killed. The caller has the directory locked, so no live run owns one.
func removeStale(real string) {
	entries, err := os.ReadDir(filepath.Dir(real))
	if err != nil {
		return
	}
	for _, e := range entries {
		if Stale(e.Name(), real) && e.Type().IsRegular() {
			os.Remove(filepath.Join(filepath.Dir(real), e.Name()))
		}
	}
}

// copyAttributes gives the new file the extended attributes of the old one:
// the SELinux label, the access control list and what users set.
func copyAttributes(from string, to *os.File) error {
	names, err := attribute(func(buf []byte) (int, error) { return syscall.Listxattr(from, buf) })
	if errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOSYS) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range bytes.Split(bytes.TrimRight(names, "\x00"), []byte{0}) {
		if len(name) == 0 {
			continue
		}
		value, err := attribute(func(buf []byte) (int, error) { return syscall.Getxattr(from, string(name), buf) })
		if err == nil {
			err = syscall.Setxattr(to.Name(), string(name), value, 0)
		}
		// ENODATA: it went away meanwhile. ENOTSUP and EPERM: an attribute that
		// the kernel alone sets, such as one of an integrity module.
		if err != nil && !errors.Is(err, syscall.ENODATA) && !errors.Is(err, syscall.ENOTSUP) && !errors.Is(err, syscall.EPERM) {
			return fmt.Errorf("cannot keep the extended attribute %s: %w", name, err)
		}
	}
	return nil
}

// attribute calls an xattr function with a buffer that is large enough.
func attribute(get func([]byte) (int, error)) ([]byte, error) {
	for {
		size, err := get(nil)
		if err != nil || size == 0 {
			return nil, err
		}
		buf := make([]byte, size)
		n, err := get(buf)
		if errors.Is(err, syscall.ERANGE) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return buf[:n], nil
	}
}

// withHint takes the path, which may be temporary, out of an error and adds
// what to do about it.
func withHint(err error) error {
	cause := err
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	if errors.As(err, &pathErr) {
		cause = pathErr.Err
	} else if errors.As(err, &linkErr) {
		cause = linkErr.Err
	}
	hint := ""
	switch {
	case errors.Is(cause, syscall.ENOSPC), errors.Is(cause, syscall.EDQUOT):
		hint = "free some space on its file system and run again; the file is as it was"
	case errors.Is(cause, syscall.EROFS):
		hint = "its file system is mounted read-only; remount it or look for disk errors in the kernel log"
	case errors.Is(cause, fs.ErrPermission):
		hint = "run the task with become: true, or look for the immutable attribute (lsattr)"
	default:
		return cause
	}
	return fmt.Errorf("%w; %s", cause, hint)
}
