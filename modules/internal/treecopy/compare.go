// SPDX-License-Identifier: GPL-3.0-or-later

package treecopy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// most differences that Compare tells of.
const most = 10

// comparison is of two trees.
type comparison struct {
	ctx      context.Context
	from, to string
	keep     []string
	linked   map[inode]uint64 // what each hard-linked file is at the other place
	found    []string
	a, b     []byte
}

// Compare reads two trees and returns what differs, at most ten differences.
// Entries of the directory itself that are named in keep do not count.
func Compare(ctx context.Context, from, to string, keep []string) ([]string, error) {
	c := comparison{ctx: ctx, from: from, to: to, keep: keep, linked: map[inode]uint64{}, a: make([]byte, 1<<20), b: make([]byte, 1<<20)}
	err := c.entry(".")
	if errors.Is(err, errEnough) {
		err = nil
	}
	return c.found, err
}

var errEnough = errors.New("enough differences")

func (c *comparison) differ(rel, what string) error {
	c.found = append(c.found, rel+": "+what)
	if len(c.found) == most {
		return errEnough
	}
	return nil
}

func (c *comparison) entry(rel string) error {
	if err := context.Cause(c.ctx); err != nil {
		return err
	}
	from, to := filepath.Join(c.from, rel), filepath.Join(c.to, rel)
	a, err := stat(from)
	if err != nil {
		return err
	}
	b, err := stat(to)
	if errors.Is(err, fs.ErrNotExist) {
		return c.differ(rel, "it is missing")
	}
	if err != nil {
		return err
	}
	isDir := a.Mode&syscall.S_IFMT == syscall.S_IFDIR
	if isDir {
		// The size of a directory is the file system's affair, and the marker
		// touches the time of the first.
		a.Size, b.Size = 0, 0
		if rel == "." {
			b.Mtim = a.Mtim
		}
	}
	if !same(a, b) {
		return c.differ(rel, fmt.Sprintf("type, mode %o, owner %d:%d, size %d or time are mode %o, owner %d:%d, size %d", a.Mode, a.Uid, a.Gid, a.Size, b.Mode, b.Uid, b.Gid, b.Size))
	}
	if err := c.attributes(rel); err != nil {
		return err
	}
	if isDir {
		return c.directory(rel)
	}
	if a.Nlink != b.Nlink {
		return c.differ(rel, fmt.Sprintf("it has %d names, not %d", b.Nlink, a.Nlink))
	}
	if a.Nlink > 1 {
		id := inode{a.Dev, a.Ino}
		other, seen := c.linked[id]
		if seen && other != b.Ino {
			return c.differ(rel, "it is not the same file as its other names")
		}
		if c.linked[id] = b.Ino; seen {
			return nil
		}
	}
	return c.content(rel, a)
}

func (c *comparison) attributes(rel string) error {
	a, err := attributes(filepath.Join(c.from, rel))
	if err != nil {
		return err
	}
	b, err := attributes(filepath.Join(c.to, rel))
	if err != nil {
		return err
	}
	if !maps.EqualFunc(a, b, bytes.Equal) {
		return c.differ(rel, "other extended attributes")
	}
	return nil
}

func (c *comparison) directory(rel string) error {
	wanted, err := os.ReadDir(filepath.Join(c.from, rel))
	if err != nil {
		return err
	}
	have, err := os.ReadDir(filepath.Join(c.to, rel))
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, entry := range wanted {
		names[entry.Name()] = true
	}
	for _, entry := range have {
		if !names[entry.Name()] && !c.kept(rel, entry) {
			if err := c.differ(filepath.Join(rel, entry.Name()), "it is too much"); err != nil {
				return err
			}
		}
	}
	for _, entry := range wanted {
		if c.kept(rel, entry) {
			continue
		}
		if err := c.entry(filepath.Join(rel, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) kept(rel string, entry os.DirEntry) bool {
	return rel == "." && slices.Contains(c.keep, entry.Name())
}

func (c *comparison) content(rel string, st syscall.Stat_t) error {
	from, to := filepath.Join(c.from, rel), filepath.Join(c.to, rel)
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFLNK:
		a, err := os.Readlink(from)
		if err != nil {
			return err
		}
		b, err := os.Readlink(to)
		if err == nil && a != b {
			return c.differ(rel, "another target")
		}
		return err
	case syscall.S_IFREG:
	default:
		return nil
	}
	one, err := os.OpenFile(from, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer one.Close()
	two, err := os.OpenFile(to, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer two.Close()
	for {
		if err := context.Cause(c.ctx); err != nil {
			return err
		}
		n, errA := io.ReadFull(one, c.a)
		m, errB := io.ReadFull(two, c.b)
		if n != m || !bytes.Equal(c.a[:n], c.b[:m]) {
			return c.differ(rel, "other content")
		}
		if errA != nil || errB != nil {
			for _, err := range []error{errA, errB} {
				if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					return err
				}
			}
			return nil
		}
	}
}
