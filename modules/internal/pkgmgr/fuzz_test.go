// SPDX-License-Identifier: GPL-3.0-or-later

package pkgmgr

import (
	"strings"
	"testing"

	"hardened.docker/modules/internal/mutate"
)

// FuzzMatches: a version is what asks for it by name, with and without its
// epoch; numbers have one order.
func FuzzMatches(f *testing.F) {
	f.Add("5:19.03.*", "5:19.03.15~3-0~debian-buster")
	f.Add("24.0", "3:24.0.7-1.el9")
	f.Add("[", "[")
	mutate.Fuzz(f, func(t *testing.T, pattern, version string) {
		Matches(pattern, version)
		epoch, rest := Epoch(version)
		if !Matches(version, version) || !Matches(rest, version) {
			t.Errorf("Matches(%q, %q) and Matches(%q, %q) = %v, %v", version, version, rest, version, Matches(version, version), Matches(rest, version))
		}
		if strings.Contains(version, ":") && epoch+":"+rest != version {
			t.Errorf("Epoch(%q) = %q, %q", version, epoch, rest)
		}
		if CompareNumber(pattern, version) != -CompareNumber(version, pattern) {
			t.Errorf("CompareNumber(%q, %q) depends on the order", pattern, version)
		}
	})
}
