// SPDX-License-Identifier: GPL-3.0-or-later

package distro

import (
	"strings"
	"testing"

	"hardened.docker/modules/internal/mutate"
)

// FuzzParse: whatever os-release has, it is read; and what is written as
// os-release(5) wants it is read back, in either quotes.
func FuzzParse(f *testing.F) {
	f.Add([]byte("ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME='a \\' b'\n"), "Debian \"12\" $x `y` \\")
	f.Add([]byte("ID=\"openEuler\"\nVERSION_ID=\"20.03\"\nID_LIKE=\"rhel fedora\"\n# x\nBROKEN"), "")
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`")
	mutate.Fuzz(f, func(t *testing.T, data []byte, value string) {
		Parse(data)
		if strings.Contains(value, "\n") {
			return
		}
		text := "# c\nID=\"" + escape.Replace(value) + "\"\nVERSION_ID=1\n"
		if got := Parse([]byte(text)); got.ID != value || got.VersionID != "1" {
			t.Errorf("Parse(%q) = %+v; want the ID %q", text, got, value)
		}
		if text := "ID='" + value + "'"; !strings.Contains(value, "'") && Parse([]byte(text)).ID != value {
			t.Errorf("Parse(%q) = %+v; want the ID %q", text, Parse([]byte(text)), value)
		}
	})
}
