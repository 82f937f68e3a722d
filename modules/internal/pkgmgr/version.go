// SPDX-License-Identifier: GPL-3.0-or-later

package pkgmgr

import (
	"path"
	"strings"
)

// Epoch splits a version into its epoch, "0" without one, and the rest.
func Epoch(version string) (epoch, rest string) {
	if before, after, ok := strings.Cut(version, ":"); ok {
		return before, after
	}
	return "0", version
}

// CompareNumber compares runs of digits of any length.
func CompareNumber(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// Matches reports whether a version is one that a user asked for with pattern:
// the version itself, with or without epoch, a pattern of the shell
// ("5:19.03.*"), or the beginning of the upstream version, up to a boundary
// ("24.0" is 5:24.0.7-1~debian and 3:24.0.7-1.el9, not 5:24.01).
func Matches(pattern, version string) bool {
	_, plain := Epoch(version)
	for _, v := range []string{version, plain} {
		if v == pattern {
			return true
		}
		if strings.ContainsAny(pattern, "*?[") {
			if ok, err := path.Match(pattern, v); err == nil && ok {
				return true
			}
			continue
		}
		if rest, ok := strings.CutPrefix(v, pattern); ok && (rest[0] < '0' || rest[0] > '9') {
			return true
		}
	}
	return false
}
