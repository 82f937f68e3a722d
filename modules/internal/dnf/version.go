// SPDX-License-Identifier: GPL-3.0-or-later

package dnf

import (
	"strings"

	"hardened.docker/modules/internal/pkgmgr"
)

// Compare orders two versions of a package, "epoch:version-release": negative
// if a is older than b, 0 if they are equal, positive if a is newer (rpm,
// rpmVersionCompare and rpmvercmp). A release that one of them lacks does not
// count.
func Compare(a, b string) int {
	epochA, a := pkgmgr.Epoch(a)
	epochB, b := pkgmgr.Epoch(b)
	if c := pkgmgr.CompareNumber(epochA, epochB); c != 0 {
		return c
	}
	versionA, releaseA, okA := strings.Cut(a, "-")
	versionB, releaseB, okB := strings.Cut(b, "-")
	if c := compareSegments(versionA, versionB); c != 0 || !okA || !okB {
		return c
	}
	return compareSegments(releaseA, releaseB)
}

// Canonical is a version without the epoch 0, which programs write or leave
// out as they like.
func Canonical(version string) string {
	epoch, rest := pkgmgr.Epoch(version)
	if epoch == "0" || epoch == "(none)" || epoch == "" {
		return rest
	}
	return version
}

// compareSegments compares runs of digits and of letters by turns. Whatever
// else separates them does not count, but "~" is older than the end, and "^"
// newer than the end and older than anything else.
func compareSegments(a, b string) int {
	for {
		a, b = strings.TrimLeftFunc(a, separator), strings.TrimLeftFunc(b, separator)
		tildeA, tildeB := strings.HasPrefix(a, "~"), strings.HasPrefix(b, "~")
		caretA, caretB := strings.HasPrefix(a, "^"), strings.HasPrefix(b, "^")
		switch {
		case tildeA && tildeB, caretA && caretB:
			a, b = a[1:], b[1:]
			continue
		case tildeA:
			return -1
		case tildeB:
			return 1
		case caretA && b == "", caretB && a != "":
			return 1
		case caretA, caretB:
			return -1
		case a == "" || b == "":
			return len(a) - len(b)
		}
		digits := isDigit(a[0])
		var runA, runB string
		runA, a = run(a, digits)
		runB, b = run(b, digits)
		if runB == "" { // a number is newer than letters
			if digits {
				return 1
			}
			return -1
		}
		c := strings.Compare(runA, runB)
		if digits {
			c = pkgmgr.CompareNumber(runA, runB)
		}
		if c != 0 {
			return c
		}
	}
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func separator(r rune) bool {
	return r != '~' && r != '^' && (r > 0x7f || !isDigit(byte(r)) && !isLetter(byte(r)))
}

func run(s string, digits bool) (run, rest string) {
	i := 0
	for i < len(s) && (digits && isDigit(s[i]) || !digits && isLetter(s[i])) {
		i++
	}
	return s[:i], s[i:]
}
