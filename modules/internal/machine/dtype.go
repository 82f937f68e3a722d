// SPDX-License-Identifier: GPL-3.0-or-later

package machine

import (
	"os"
	"syscall"
	"unsafe"

	"hardened.docker/modules/internal/host"
)

// DType is whether a file system keeps the type of a file in its directory
// entry, which overlay2 needs.
type DType int

// What DTypes finds.
const (
	Unknown DType = iota // nothing there to tell by
	Missing
	Present
)

// xfsGeometry is XFS_IOC_FSGEOMETRY_V1, and ftype its flag (xfs_fs.h of Linux,
// unchanged since 3.10).
const (
	xfsGeometry  = 0x80705864
	xfsFlagFtype = 1 << 16
)

// DTypes asks for it without writing anything: an XFS says so itself, and of
// another file system an entry of the directory tells.
func DTypes(h *host.Host, dir string) (DType, error) {
	f, err := os.Open(h.Path(dir))
	if err != nil {
		return Unknown, err
	}
	defer f.Close()
	// 112 bytes, of which the flags are at 92.
	var geometry [28]uint32
	_, _, failed := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), xfsGeometry, uintptr(unsafe.Pointer(&geometry)))
	if failed == 0 {
		if geometry[23]&xfsFlagFtype == 0 {
			return Missing, nil
		}
		return Present, nil
	}
	buf := make([]byte, 32<<10)
	n, err := syscall.ReadDirent(int(f.Fd()), buf)
	if err != nil {
		return Unknown, err
	}
	return entryTypes(buf[:n]), nil
}

// entryTypes reads struct linux_dirent64: inode, offset, length, type, name. Of
// "." and ".." every file system knows the type.
func entryTypes(buf []byte) DType {
	found := Unknown
	for len(buf) > 19 {
		length := int(*(*uint16)(unsafe.Pointer(&buf[16])))
		if length < 20 || length > len(buf) {
			return found
		}
		name := buf[19:length]
		dots := name[0] == '.' && (name[1] == 0 || name[1] == '.' && name[2] == 0)
		switch {
		case dots:
		case buf[18] == syscall.DT_UNKNOWN:
			return Missing
		default:
			found = Present
		}
		buf = buf[length:]
	}
	return found
}
