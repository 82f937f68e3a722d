// SPDX-License-Identifier: GPL-3.0-or-later

// Package treecopy makes one directory tree equal to another, with all that a
// Docker data-root has: owners, modes, times, extended attributes, hard links,
// holes in files, devices, pipes and sockets.
//
// A tour. [Copy] copies what differs and removes what is too much, so that it
// goes on where an interrupted copy stopped; meta.go has what is known of a
// file beside its content. [Compare] (compare.go) reads both trees and tells
// what differs, to the byte. [Size] tells how much a copy needs.
//
// The source must not change meanwhile, and links in it are copied, never
// followed: layers of images have links to anywhere.
package treecopy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
)

// inode is a file's own identity, which its names share.
type inode struct{ dev, ino uint64 }

// copier copies one tree.
type copier struct {
	ctx      context.Context
	from, to string
	device   uint64
	first    map[inode]string // the first name of each hard-linked file, below to
	buf      []byte
}

// Copy makes the tree at to, a directory, equal to that at from. Entries of the
// directory itself that are named in keep it neither copies nor removes.
func Copy(ctx context.Context, from, to string, keep []string) error {
	info, err := stat(from)
	if err != nil {
		return err
	}
	c := copier{ctx: ctx, from: from, to: to, device: info.Dev, first: map[inode]string{}, buf: make([]byte, 1<<20)}
	if err := c.directory(".", keep); err != nil {
		return err
	}
	return sync(to)
}

// sync has the whole file system of a directory written to the disk.
func sync(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	// Package syscall lacks the number for amd64; the others have the common one.
	number := uintptr(267)
	if runtime.GOARCH == "amd64" {
		number = 306
	}
	if _, _, failed := syscall.Syscall(number, f.Fd(), 0, 0); failed != 0 {
		return fmt.Errorf("cannot have %s written to the disk: %w", dir, failed)
	}
	return nil
}

func stat(path string) (syscall.Stat_t, error) {
	var st syscall.Stat_t
	if err := syscall.Lstat(path, &st); err != nil {
		return st, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return st, nil
}

// directory copies what is in a directory, and then what is known of it.
func (c *copier) directory(rel string, keep []string) error {
	from, to := filepath.Join(c.from, rel), filepath.Join(c.to, rel)
	wanted, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, entry := range wanted {
		there[entry.Name()] = true
	}
	have, err := os.ReadDir(to)
	if err != nil {
		return err
	}
	for _, entry := range have {
		if !there[entry.Name()] && !slices.Contains(keep, entry.Name()) {
			if err := os.RemoveAll(filepath.Join(to, entry.Name())); err != nil {
				return err
			}
		}
	}
	for _, entry := range wanted {
		if slices.Contains(keep, entry.Name()) {
			continue
		}
		if err := c.entry(filepath.Join(rel, entry.Name())); err != nil {
			return err
		}
	}
	st, err := stat(from)
	if err != nil {
		return err
	}
	return copyMeta(from, to, st)
}

// entry copies one entry of a directory.
func (c *copier) entry(rel string) error {
	if err := context.Cause(c.ctx); err != nil {
		return err
	}
	from, to := filepath.Join(c.from, rel), filepath.Join(c.to, rel)
	st, err := stat(from)
	if err != nil {
		return err
	}
	if st.Dev != c.device {
		return fmt.Errorf("cannot copy %s: another file system is mounted there", from)
	}
	old, err := stat(to)
	exists := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if st.Mode&syscall.S_IFMT == syscall.S_IFDIR {
		if exists && old.Mode&syscall.S_IFMT != syscall.S_IFDIR {
			if err := os.Remove(to); err != nil {
				return err
			}
			exists = false
		}
		if !exists {
			if err := os.Mkdir(to, 0o700); err != nil {
				return err
			}
		}
		return c.directory(rel, nil)
	}
	id := inode{st.Dev, st.Ino}
	if name, linked := c.first[id]; linked {
		if other, err := stat(name); exists && err == nil && other.Ino == old.Ino {
			return nil
		}
		return replace(to, func(temp string) error { return os.Link(name, temp) })
	}
	if st.Nlink > 1 {
		c.first[id] = to
	}
	if exists && same(st, old) && st.Nlink == old.Nlink {
		return nil
	}
	return replace(to, func(temp string) error { return c.file(from, temp, st) })
}

// TempName is that of a file on its way. The next copy removes what a killed
// one left, since the source has no such file.
const TempName = ".hardened-treecopy"

// replace puts a file that is made under another name into its place.
func replace(to string, make func(temp string) error) error {
	temp := filepath.Join(filepath.Dir(to), TempName)
	if err := os.RemoveAll(temp); err != nil {
		return err
	}
	if err := make(temp); err != nil {
		return err
	}
	err := os.Rename(temp, to)
	if errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.EEXIST) {
		if err = os.RemoveAll(to); err == nil {
			err = os.Rename(temp, to)
		}
	}
	// Two names of one file are not renamed over each other, without a word.
	_ = os.Remove(temp)
	return err
}

// file copies anything but a directory.
func (c *copier) file(from, to string, st syscall.Stat_t) error {
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
		if err := c.content(from, to, st.Size); err != nil {
			return err
		}
	case syscall.S_IFLNK:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		if err := os.Symlink(target, to); err != nil {
			return err
		}
	default:
		if err := syscall.Mknod(to, st.Mode, int(st.Rdev)); err != nil {
			return &fs.PathError{Op: "mknod", Path: to, Err: err}
		}
	}
	return copyMeta(from, to, st)
}

// Whence of lseek(2) for holes.
const (
	seekData = 3
	seekHole = 4
)

// content copies the data of a file and leaves its holes.
func (c *copier) content(from, to string, size int64) error {
	in, err := os.OpenFile(from, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	for at := int64(0); at < size; {
		begin, err := in.Seek(at, seekData)
		if errors.Is(err, syscall.ENXIO) {
			break
		}
		if err != nil {
			begin = at // a file system without holes
		}
		end, err := in.Seek(begin, seekHole)
		if err != nil {
			end = size
		}
		if err := c.part(in, out, begin, min(end, size)); err != nil {
			return err
		}
		at = end
	}
	if err := out.Truncate(size); err != nil {
		return err
	}
	return out.Close()
}

func (c *copier) part(in, out *os.File, at, end int64) error {
	for at < end {
		if err := context.Cause(c.ctx); err != nil {
			return err
		}
		n, err := in.ReadAt(c.buf[:min(int64(len(c.buf)), end-at)], at)
		if n == 0 {
			return fmt.Errorf("cannot read %s: it became shorter, or %w", in.Name(), err)
		}
		if _, err := out.WriteAt(c.buf[:n], at); err != nil {
			return err
		}
		at += int64(n)
	}
	return nil
}

// Size returns what a copy of a tree takes, in bytes.
func Size(dir string) (int64, error) {
	total := int64(0)
	counted := map[inode]bool{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := stat(path)
		if id := (inode{st.Dev, st.Ino}); err == nil && !counted[id] {
			total += st.Blocks * 512
			if st.Nlink > 1 {
				counted[id] = true
			}
		}
		return err
	})
	return total, err
}
