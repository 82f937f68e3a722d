// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"path"
	"strings"
)

// Compare orders two package versions: negative if a is older than b, 0 if
// they are equal, positive if a is newer (deb-version(7)).
func Compare(a, b string) int {
	epochA, restA := epoch(a)
	epochB, restB := epoch(b)
	if c := compareNumber(epochA, epochB); c != 0 {
		return c
	}
	upstreamA, revisionA := revision(restA)
	upstreamB, revisionB := revision(restB)
	if c := comparePart(upstreamA, upstreamB); c != 0 {
		return c
	}
	return comparePart(revisionA, revisionB)
}

func epoch(version string) (epoch, rest string) {
	if before, after, ok := strings.Cut(version, ":"); ok {
		return before, after
	}
	return "0", version
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
		if c := compareNumber(numberA, numberB); c != 0 {
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

// compareNumber compares runs of digits of any length.
func compareNumber(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// Matches reports whether a version is one that a user asked for with pattern:
// the version itself, a pattern of the shell ("5:19.03.*"), or the beginning
// of the upstream version, up to a boundary ("24.0" is 5:24.0.7-1~debian, not
// 5:24.01).
func Matches(pattern, version string) bool {
	if pattern == version {
		return true
	}
	_, plain := epoch(version)
	if strings.ContainsAny(pattern, "*?[") {
		for _, v := range []string{version, plain} {
			if ok, err := path.Match(pattern, v); err == nil && ok {
				return true
			}
		}
		return false
	}
	for _, v := range []string{version, plain} {
		rest, ok := strings.CutPrefix(v, pattern)
		if ok && rest != "" && !isDigit(rest[0]) {
			return true
		}
	}
	return plain == pattern
}
