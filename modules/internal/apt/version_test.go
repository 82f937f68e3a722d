// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"testing"

	"hardened.docker/modules/internal/pkgmgr"
)

func TestCompare(t *testing.T) {
	// Each line in rising order; the first of them are deb-version(7)'s own.
	lines := [][]string{
		{"~~", "~~a", "~", "", "a"},
		{"1.0~rc1-1", "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0-2", "1.0.1-1", "1.2-1", "1.10-1"},
		{"18.06.3~ce~3-0~debian", "20.10.24+dfsg1-1+deb12u1", "20.10.24+dfsg1-1+deb12u1+b6", "26.1.5+dfsg1-9+b2"},
		{"26.1.5+dfsg1-9", "5:18.09.0~3-0~debian-buster", "5:19.03.15~3-0~debian-buster", "5:20.10.0~3-0~debian-buster", "5:23.0.0-1~debian.11~bullseye", "5:24.0.7-1~debian.12~bookworm", "5:24.0.10-1~debian.12~bookworm"},
		{"5:28.0.0~rc.1-1~debian.12~bookworm", "5:28.0.0-1~debian.12~bookworm"},
		{"1.6.20~ds1-1+deb12u2", "1.6.20~ds1-1+deb12u3", "1.6.20-1"},
		{"1.a", "1.+", "2"},
		{"1:1", "2:0", "10:0"},
	}
	for _, line := range lines {
		for i, a := range line {
			for j, b := range line {
				if got, want := sign(Compare(a, b)), sign(i-j); got != want {
					t.Errorf("Compare(%q, %q) = %d; want %d", a, b, got, want)
				}
			}
		}
	}
	for _, pair := range [][2]string{{"1.0", "1.0-0"}, {"0:1", "1"}, {"1.01", "1.1"}, {"", "0"}} {
		if got := Compare(pair[0], pair[1]); got != 0 {
			t.Errorf("Compare(%q, %q) = %d; want 0", pair[0], pair[1], got)
		}
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func TestMatches(t *testing.T) {
	const ce, io = "5:24.0.7-1~debian.12~bookworm", "20.10.24+dfsg1-1+deb12u1+b6"
	tests := []struct {
		pattern, version string
		want             bool
	}{
		{ce, ce, true},
		{"24.0.7-1~debian.12~bookworm", ce, true},
		{"24", ce, true},
		{"24.0", ce, true},
		{"24.0.7", ce, true},
		{"5:24.0", ce, true},
		{"5:24.*", ce, true},
		{"24.0.*", ce, true},
		{"5:24.0.?-*", ce, true},
		{"5:2[34].*", ce, true},
		{"24.1", ce, false},
		{"2", ce, false},
		{"24.0.70", ce, false},
		{"4.0", ce, false},
		{"5:19.03.*", ce, false},
		{"5:[", ce, false},
		{"20.10", io, true},
		{"20.10.24", io, true},
		{"20.10.24+dfsg1", io, true},
		{"20.10.2", io, false},
		{"20.1", io, false},
		{"19.03.1", "5:19.03.15~3-0~debian-buster", false},
	}
	for _, test := range tests {
		if got := pkgmgr.Matches(test.pattern, test.version); got != test.want {
			t.Errorf("Matches(%q, %q) = %v; want %v", test.pattern, test.version, got, test.want)
		}
	}
}
