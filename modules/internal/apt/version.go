// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"strings"

	"hardened.docker/modules/internal/pkgmgr"
)

// Compare orders two package versions: negative if a is older than b, 0 if
// they are equal, positive if a is newer (deb-version(7)).
func Compare(a, b string) int {
	epochA, restA := pkgmgr.Epoch(a)
	epochB, restB := pkgmgr.Epoch(b)
	if c := pkgmgr.CompareNumber(epochA, epochB); c != 0 {
		return c
	}
	upstreamA, revisionA := revision(restA)
	upstreamB, revisionB := revision(restB)
	if c := comparePart(upstreamA, upstreamB); c != 0 {
		return c
	}
	return comparePart(revisionA, revisionB)
}

func revision(version string) (upstream, revision string) {
	if i := strings.LastIndexByte(version, '-'); i >= 0 {
		return version[:i], version[i+1:]
	}
	return version, ""
}

// comparePart compares by turns a run of non-digits and a run of digits.
func comparePart(a, b string) int {
	for a != "" || b != "" {
		var textA, textB, numberA, numberB string
		textA, a = span(a, false)
		textB, b = span(b, false)
		if c := compareText(textA, textB); c != 0 {
			return c
		}
		numberA, a = span(a, true)
		numberB, b = span(b, true)
		if c := pkgmgr.CompareNumber(numberA, numberB); c != 0 {
			return c
		}
	}
	return 0
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func span(s string, digits bool) (run, rest string) {
	i := 0
	for i < len(s) && isDigit(s[i]) == digits {
		i++
	}
	return s[:i], s[i:]
}

// compareText sorts "~" before the end, the end before letters, and letters
// before everything else.
func compareText(a, b string) int {
	for i := 0; i < len(a) || i < len(b); i++ {
		if c := rank(a, i) - rank(b, i); c != 0 {
			return c
		}
	}
	return 0
}

func rank(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	c := s[i]
	switch {
	case c == '~':
		return -1
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return int(c)
	}
	return int(c) + 256
}
