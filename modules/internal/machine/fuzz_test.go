// SPDX-License-Identifier: GPL-3.0-or-later

package machine

import (
	"fmt"
	"strings"
	"testing"

	"hardened.docker/modules/internal/mutate"
)

// FuzzParseMounts: whatever a directory is called, its mount is read back from
// the line that the kernel writes for it, and any other text is no panic.
func FuzzParseMounts(f *testing.F) {
	f.Add("/var/lib/docker", "/dev/mapper/docker-x", "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n")
	f.Add("/a b\tc\\040\n", "none", "1 1 0:1 / /\\0401\\8 rw - tmpfs tmpfs")
	// As the kernel escapes (fs/proc_namespace.c, mangle: space, tab, newline, backslash, number sign).
	escape := strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`, "#", `\043`)
	mutate.Fuzz(f, func(t *testing.T, point, source, text string) {
		for _, m := range ParseMounts(text) {
			if m.Point == "" || m.Type == "" || m.Device == "" || !strings.Contains(text, m.Line) {
				t.Errorf("ParseMounts(%q) has %+v, which is no mount", text, m)
			}
		}
		point = "/" + point
		for _, name := range []string{escape.Replace(point), escape.Replace(source)} {
			if fields := strings.Fields(name); len(fields) != 1 || fields[0] != name {
				return // a blank that the kernel does not escape, or no name
			}
		}
		line := fmt.Sprintf("36 35 98:0 / %s rw,noatime shared:1 - ext4 %s rw\n", escape.Replace(point), escape.Replace(source))
		got := ParseMounts(line)
		if len(got) != 1 || got[0].Point != point || got[0].Source != source || !got[0].Has("noatime") {
			t.Errorf("ParseMounts(%q) = %+v; want a mount of %q on %q", line, got, source, point)
		}
	})
}
