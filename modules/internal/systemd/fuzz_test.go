// SPDX-License-Identifier: GPL-3.0-or-later

package systemd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hardened.docker/modules/internal/mutate"
)

// FuzzParse: what systemctl show prints is read whatever it is, never as more
// units than it has blocks; and a value is read back as it was written.
func FuzzParse(f *testing.F) {
	f.Add("Id=docker.service\nLoadState=loaded\nActiveState=active\nMainPID=42\nExecStart={ path=/x ; argv[]=/x -H fd:// }\n\nId=b", "/lib/x=y")
	f.Add("MainPID=99999999999999999999\n=\n\n\n", "")
	mutate.Fuzz(f, func(t *testing.T, text, value string) {
		if units := parse(text); len(units) > strings.Count(text, "\n\n")+1 {
			t.Errorf("parse(%q) = %d units", text, len(units))
		}
		if strings.TrimSpace(value) != value || strings.Contains(value, "\n") {
			return
		}
		got := parse("Id=a\nFragmentPath=" + value + "\nMainPID=7\n\nId=b\nNeedDaemonReload=yes\n")
		if len(got) != 2 || got[0].FragmentPath != value || got[0].MainPID != 7 || got[1].Name != "b" || !got[1].NeedDaemonReload {
			t.Errorf("parse of the path %q = %+v", value, got)
		}
	})
}

// FuzzSpan: no span of time is negative, and what systemctl prints for one is
// that span.
func FuzzSpan(f *testing.F) {
	f.Add("1min 30s", uint32(90500))
	f.Add("infinity", uint32(0))
	f.Add("99999999999999999999h 1us", uint32(1))
	mutate.Fuzz(f, func(t *testing.T, text string, milliseconds uint32) {
		if got := span(text); got < 0 {
			t.Errorf("span(%q) = %v; want no negative one", text, got)
		}
		want := time.Duration(milliseconds) * time.Millisecond
		shown := fmt.Sprintf("%dh %dmin %ds %dms", milliseconds/3600000, milliseconds/60000%60, milliseconds/1000%60, milliseconds%1000)
		if got := span(shown); got != want {
			t.Errorf("span(%q) = %v; want %v", shown, got, want)
		}
	})
}
