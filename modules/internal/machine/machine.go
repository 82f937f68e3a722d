// SPDX-License-Identifier: GPL-3.0-or-later

// Package machine asks the kernel about itself and about file systems, by
// system calls: no program of the host is run.
package machine

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"hardened.docker/modules/internal/host"
)

// Kernel is what uname(2) tells.
type Kernel struct {
	Release, Architecture, Hostname string
}

// ReadKernel asks the kernel for its names; they are empty if it does not say.
func ReadKernel() Kernel {
	var uts syscall.Utsname
	if syscall.Uname(&uts) != nil {
		return Kernel{}
	}
	return Kernel{text(uts.Release[:]), text(uts.Machine[:]), text(uts.Nodename[:])}
}

// text reads a field of uname(2), whose characters are signed on some
// architectures and unsigned on others.
func text[C int8 | uint8](chars []C) string {
	var b strings.Builder
	for _, c := range chars {
		if c == 0 {
			break
		}
		b.WriteByte(byte(c))
	}
	return b.String()
}

// Filesystem is the file system that a directory is on.
type Filesystem struct {
	Type       string // "ext", "xfs", ...; "unknown"
	Size, Free uint64 // bytes, Free those for everybody
	// Inodes is 0 where the file system does not count them.
	Inodes, InodesFree uint64
}

// ReadFilesystem returns the file system that a directory is on, or would be
// on if it were made.
func ReadFilesystem(h *host.Host, dir string) (Filesystem, error) {
	var st syscall.Statfs_t
	for {
		err := syscall.Statfs(h.Path(dir), &st)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || dir == "/" {
			return Filesystem{}, err
		}
		dir = path.Dir(dir)
	}
	block := uint64(st.Bsize)
	return Filesystem{typeName(int64(st.Type)), uint64(st.Blocks) * block, uint64(st.Bavail) * block, st.Files, st.Ffree}, nil
}

// typeName is the name of a file system's magic number, statfs(2).
func typeName(magic int64) string {
	switch magic & 0xffffffff {
	case 0xEF53:
		return "ext"
	case 0x58465342:
		return "xfs"
	case 0x9123683E:
		return "btrfs"
	case 0x794c7630:
		return "overlay"
	case 0x01021994:
		return "tmpfs"
	case 0x2FC12FC1:
		return "zfs"
	case 0x6969:
		return "nfs"
	}
	return "unknown"
}
