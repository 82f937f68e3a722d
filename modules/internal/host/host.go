// SPDX-License-Identifier: GPL-3.0-or-later

// Package host is a Linux host as the modules see it: files to read and
// commands to run.
//
// [Host] reads; it has no method that changes a file. What changes a host is
// an act (hardened.docker/modules/internal/ansible.Act), and acts live in the
// packages named after what they change: file, systemd, apt and so on.
//
// A Host has a root directory, "/" on a managed host. Tests point it at a
// tree of their own and put scripts on PATH in the place of the host's
// commands, so that the code under test is the code that runs.
package host

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Host is a host whose files lie below a root directory. Commands are looked
// up on the process's PATH, extended by the directories of system commands.
type Host struct {
	root string
	path []string
}

// systemPath has the directories that a non-interactive SSH command may lack
// in its PATH and that system commands live in.
const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// New returns the host whose files lie below root.
func New(root string) *Host {
	var path []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH") + ":" + systemPath) {
		if filepath.IsAbs(dir) && !contains(path, dir) {
			path = append(path, dir)
		}
	}
	return &Host{root: root, path: path}
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}

// Path returns where the file that the host knows as name is found by this
// process: name itself, unless the host has another root.
func (h *Host) Path(name string) string {
	if h.root == "/" || h.root == "" {
		return name
	}
	return filepath.Join(h.root, name)
}

// strip takes the host's root out of an error's path, so that users read the
// path they know.
func (h *Host) strip(name string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return &fs.PathError{Op: pathErr.Op, Path: name, Err: pathErr.Err}
	}
	return err
}

// maxFile is more than any file that modules read has, in bytes.
const maxFile = 64 << 20

// ReadFile returns the content of the named file, as [Host.ReadRegular] does.
func (h *Host) ReadFile(name string) ([]byte, error) {
	data, _, err := h.ReadRegular(name, maxFile)
	return data, err
}

// ReadRegular returns the content of the named file if it is a regular file
// (symbolic links are followed) of at most limit bytes. A pipe or a device in
// the place of a configuration file would block or never end.
func (h *Host) ReadRegular(name string, limit int64) ([]byte, fs.FileInfo, error) {
	f, err := os.OpenFile(h.Path(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, h.strip(name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, h.strip(name, err)
	}
	switch {
	case info.IsDir():
		return nil, info, &fs.PathError{Op: "read", Path: name, Err: ErrDirectory}
	case !info.Mode().IsRegular():
		return nil, info, &fs.PathError{Op: "read", Path: name, Err: ErrNotRegular}
	}
	// One byte more than allowed is enough to know that the file is larger,
	// also if it grows while it is read.
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, info, h.strip(name, err)
	}
	if int64(len(data)) > limit {
		return nil, info, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)}
	}
	return data, info, nil
}

// Errors of ReadRegular.
var (
	ErrDirectory  = errors.New("it is a directory, not a file; move it away, or name another path")
	ErrNotRegular = errors.New("it is not a regular file")
	ErrTooLarge   = errors.New("it is too large")
)

// Stat describes the named file, following symbolic links.
func (h *Host) Stat(name string) (fs.FileInfo, error) {
	info, err := os.Stat(h.Path(name))
	return info, h.strip(name, err)
}

// Lstat describes the named file, a symbolic link itself.
func (h *Host) Lstat(name string) (fs.FileInfo, error) {
	info, err := os.Lstat(h.Path(name))
	return info, h.strip(name, err)
}

// ReadDir returns the entries of the named directory, sorted by name.
func (h *Host) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(h.Path(name))
	return entries, h.strip(name, err)
}

// Readlink returns where the named symbolic link points.
func (h *Host) Readlink(name string) (string, error) {
	target, err := os.Readlink(h.Path(name))
	return target, h.strip(name, err)
}

// Resolve returns the name of a file without symbolic links in it.
func (h *Host) Resolve(name string) (string, error) {
	real, err := filepath.EvalSymlinks(h.Path(name))
	if err != nil {
		return name, h.strip(name, err)
	}
	if root := h.Path("/"); root != "/" {
		real = "/" + strings.TrimPrefix(strings.TrimPrefix(real, filepath.Clean(root)), "/")
	}
	return real, nil
}

// Exists reports whether the named file exists, a dangling link included.
func (h *Host) Exists(name string) bool {
	_, err := h.Lstat(name)
	return err == nil
}

// Glob returns the names that match the pattern, as path/filepath.Glob does,
// in the host's own paths.
func (h *Host) Glob(pattern string) ([]string, error) {
	found, err := filepath.Glob(h.Path(pattern))
	if err != nil {
		return nil, fmt.Errorf("invalid pattern %q: %w", pattern, err)
	}
	if h.Path("/") == "/" {
		return found, nil
	}
	for i, name := range found {
		found[i] = "/" + strings.TrimPrefix(strings.TrimPrefix(name, filepath.Clean(h.root)), "/")
	}
	return found, nil
}
