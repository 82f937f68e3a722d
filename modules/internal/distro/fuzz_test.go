// SPDX-License-Identifier: GPL-3.0-or-later

package distro

import "testing"

// FuzzParse: whatever os-release has, it is read, twice the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte("ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME='a \\' b'\n"))
	f.Add([]byte("ID=\"openEuler\"\nVERSION_ID=\"20.03\"\nID_LIKE=\"rhel fedora\"\n# x\nBROKEN"))
	f.Fuzz(func(t *testing.T, data []byte) {
		Parse(data)
	})
}
