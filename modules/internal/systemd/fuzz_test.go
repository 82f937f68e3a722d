// SPDX-License-Identifier: GPL-3.0-or-later

package systemd

import "testing"

// FuzzParse: what systemctl show prints is read whatever it is.
func FuzzParse(f *testing.F) {
	f.Add("Id=docker.service\nLoadState=loaded\nActiveState=active\nMainPID=42\nExecStart={ path=/x ; argv[]=/x -H fd:// }\n\nId=b")
	f.Add("MainPID=99999999999999999999\n=\n\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		parse(text)
	})
}
