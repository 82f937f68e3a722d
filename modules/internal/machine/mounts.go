// SPDX-License-Identifier: GPL-3.0-or-later

package machine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/host"
)

// Mount is a mounted file system.
type Mount struct {
	Point, Type, Source string
	Options             []string // of the mount and of the file system
	// Device is the file system, Root the directory of it that is mounted.
	Device, Root string
	Line         string // as the kernel shows it
}

// Has reports whether the mount has an option, such as noexec.
func (m Mount) Has(option string) bool { return slices.Contains(m.Options, option) }

// Mounts returns what is mounted, in the order of mounting.
func Mounts(h *host.Host) ([]Mount, error) {
	text, err := h.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("cannot tell what is mounted: %w", err)
	}
	return ParseMounts(string(text)), nil
}

// ParseMounts reads the text of /proc/self/mountinfo, proc_pid_mountinfo(5), in
// its order, which is the order of mounting: ID, parent, device, root, mount
// point, options, optional fields, a dash, type, source, options.
func ParseMounts(text string) []Mount {
	var mounts []Mount
	for _, line := range strings.Split(text, "\n") {
		before, after, ok := strings.Cut(line, " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 6 || len(right) < 2 {
			continue
		}
		options := strings.Split(left[5], ",")
		if len(right) > 2 {
			options = append(options, strings.Split(right[2], ",")...)
		}
		mounts = append(mounts, Mount{Point: unescape(left[4]), Type: right[0], Source: unescape(right[1]), Options: options, Device: left[2], Root: unescape(left[3]), Line: line})
	}
	return mounts
}

// MountOf returns the mount that a directory is on, or would be on if it were
// made. Of several on one point the last covers the others.
func MountOf(mounts []Mount, dir string) Mount {
	var on Mount
	for _, m := range mounts {
		inside := dir == m.Point || m.Point == "/" || strings.HasPrefix(dir, m.Point+"/")
		if inside && len(m.Point) >= len(on.Point) {
			on = m
		}
	}
	return on
}

// unescape takes the octal escapes out of a path in mountinfo.
func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+3 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
