// SPDX-License-Identifier: GPL-3.0-or-later

package machine

import (
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/host"
)

// Mount is a mounted file system.
type Mount struct {
	Point, Type, Source string
	Options             []string // of the mount and of the file system
}

// Has reports whether the mount has an option, such as noexec.
func (m Mount) Has(option string) bool { return slices.Contains(m.Options, option) }

// Mounts returns what is mounted, in the order of mounting.
func Mounts(h *host.Host) ([]Mount, error) {
	text, err := h.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("cannot tell what is mounted: %w", err)
	}
	return parseMounts(string(text)), nil
}

// parseMounts reads proc_pid_mountinfo(5): ID, parent, device, root, mount
// point, options, optional fields, a dash, type, source, options.
func parseMounts(text string) []Mount {
	plain := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var mounts []Mount
	for _, line := range strings.Split(text, "\n") {
		fields := strings.Fields(line)
		dash := slices.Index(fields, "-")
		if dash < 6 || len(fields) < dash+4 {
			continue
		}
		options := append(strings.Split(fields[5], ","), strings.Split(fields[dash+3], ",")...)
		mounts = append(mounts, Mount{plain.Replace(fields[4]), fields[dash+1], plain.Replace(fields[dash+2]), options})
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
