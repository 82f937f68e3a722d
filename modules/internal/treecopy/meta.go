// SPDX-License-Identifier: GPL-3.0-or-later

package treecopy

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"unsafe"
)

// same reports whether two files are of one kind and look alike without a look
// at their content.
func same(a, b syscall.Stat_t) bool {
	return a.Mode == b.Mode && a.Uid == b.Uid && a.Gid == b.Gid && a.Size == b.Size && a.Rdev == b.Rdev && a.Mtim == b.Mtim
}

// copyMeta gives a file owner, mode, extended attributes and times of another.
// In this order: a new owner takes setuid bits and capabilities away.
func copyMeta(from, to string, st syscall.Stat_t) error {
	if err := os.Lchown(to, int(st.Uid), int(st.Gid)); err != nil {
		return err
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFLNK {
		if err := syscall.Chmod(to, st.Mode&0o7777); err != nil {
			return &fs.PathError{Op: "chmod", Path: to, Err: err}
		}
	}
	if err := copyAttributes(from, to); err != nil {
		return err
	}
	times := [2]syscall.Timespec{st.Atim, st.Mtim}
	return onPath(to, func(name *byte) syscall.Errno {
		const here, noFollow = -100, 0x100 // AT_FDCWD, AT_SYMLINK_NOFOLLOW
		at := here
		_, _, failed := syscall.Syscall6(syscall.SYS_UTIMENSAT, uintptr(at), uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&times)), noFollow, 0, 0)
		return failed
	})
}

// onPath calls a system call with a path.
func onPath(path string, call func(name *byte) syscall.Errno) error {
	name, err := syscall.BytePtrFromString(path)
	if err != nil {
		return err
	}
	if failed := call(name); failed != 0 {
		return &fs.PathError{Op: "copy attributes to", Path: path, Err: failed}
	}
	return nil
}

// copyAttributes makes the extended attributes equal.
func copyAttributes(from, to string) error {
	wanted, err := attributes(from)
	if err != nil {
		return err
	}
	have, err := attributes(to)
	if err != nil {
		return err
	}
	for name := range have {
		if _, stays := wanted[name]; stays {
			continue
		}
		attribute, err := syscall.BytePtrFromString(name)
		if err != nil {
			return err
		}
		// One that the kernel gives each new file, such as a label, stays.
		_ = onPath(to, func(path *byte) syscall.Errno {
			_, _, failed := syscall.Syscall(syscall.SYS_LREMOVEXATTR, uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(attribute)), 0)
			return failed
		})
	}
	for name, value := range wanted {
		if old, there := have[name]; there && bytes.Equal(old, value) {
			continue
		}
		attribute, err := syscall.BytePtrFromString(name)
		if err != nil {
			return err
		}
		data := append(value, 0) // a pointer for an empty value, too
		err = onPath(to, func(path *byte) syscall.Errno {
			_, _, failed := syscall.Syscall6(syscall.SYS_LSETXATTR, uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(attribute)), uintptr(unsafe.Pointer(&data[0])), uintptr(len(value)), 0, 0)
			return failed
		})
		if err != nil {
			return fmt.Errorf("cannot copy the extended attribute %s: %w", name, err)
		}
	}
	return nil
}

// attributes returns the extended attributes of a file, not of a link's target.
func attributes(path string) (map[string][]byte, error) {
	names, err := grow(path, func(file *byte, buf []byte) (uintptr, syscall.Errno) {
		n, _, failed := syscall.Syscall(syscall.SYS_LLISTXATTR, uintptr(unsafe.Pointer(file)), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)))
		return n, failed
	})
	if errors.Is(err, syscall.ENOTSUP) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found := map[string][]byte{}
	for _, raw := range bytes.Split(names, []byte{0}) {
		if len(raw) == 0 {
			continue
		}
		attribute, err := syscall.BytePtrFromString(string(raw))
		if err != nil {
			return nil, err
		}
		value, err := grow(path, func(file *byte, buf []byte) (uintptr, syscall.Errno) {
			n, _, failed := syscall.Syscall6(syscall.SYS_LGETXATTR, uintptr(unsafe.Pointer(file)), uintptr(unsafe.Pointer(attribute)), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), 0, 0)
			return n, failed
		})
		if err != nil {
			return nil, err
		}
		found[string(raw)] = value
	}
	return found, nil
}

// grow calls a system call with a buffer as large as Linux lets values be.
func grow(path string, call func(file *byte, buf []byte) (uintptr, syscall.Errno)) ([]byte, error) {
	buf := make([]byte, 1<<16)
	var n uintptr
	err := onPath(path, func(file *byte) syscall.Errno {
		var failed syscall.Errno
		n, failed = call(file, buf)
		return failed
	})
	return buf[:n:n], err
}
