// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is an engine release such as 20.10.24. The zero Version means that
// nobody knows which engine will read the file. Two equal Versions are the
// same release, so Version can be compared with ==.
type Version struct {
	Major, Minor, Patch int
}

// Parse reads a version as dockerd, dpkg, rpm or a user writes it:
// "20.10.24+dfsg1", "5:19.03.15~3-0~ubuntu-bionic", "18.09.0-327.oe2203" or
// "v28.0". What follows the number (distribution suffix, release candidate)
// does not change which configuration the engine accepts and is dropped.
func Parse(text string) (Version, error) {
	number := strings.TrimSpace(text)
	if epoch, rest, found := strings.Cut(number, ":"); found {
		if _, err := strconv.Atoi(epoch); err != nil {
			return Version{}, fmt.Errorf("invalid engine version %q: %q before the colon is no epoch number", text, epoch)
		}
		number = rest
	}
	number = strings.TrimPrefix(number, "v")
	if end := strings.IndexFunc(number, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); end >= 0 {
		number = number[:end]
	}
	parts := strings.Split(strings.TrimSuffix(number, "."), ".")
	if len(parts) < 2 {
		return Version{}, fmt.Errorf("invalid engine version %q: write it as 20.10 or 26.1.5", text)
	}
	var fields [3]int
	for i := range min(len(parts), len(fields)) {
		n, err := strconv.Atoi(parts[i])
		if err != nil {
			return Version{}, fmt.Errorf("invalid engine version %q: write it as 20.10 or 26.1.5", text)
		}
		fields[i] = n
	}
	if fields == [3]int{} {
		return Version{}, fmt.Errorf("invalid engine version %q: there is no engine 0.0", text)
	}
	return Version{fields[0], fields[1], fields[2]}, nil
}

// series is the Version at which a release series starts: series(23, 0).
func series(major, minor int) Version { return Version{Major: major, Minor: minor} }

// Compare returns -1, 0 or +1 as v is older than, the same as or newer than w.
func (v Version) Compare(w Version) int {
	for _, pair := range [3][2]int{{v.Major, w.Major}, {v.Minor, w.Minor}, {v.Patch, w.Patch}} {
		switch {
		case pair[0] < pair[1]:
			return -1
		case pair[0] > pair[1]:
			return +1
		}
	}
	return 0
}

// Known reports whether v is a version at all.
func (v Version) Known() bool { return v != Version{} }

// since reports whether v is the series major.minor or newer.
func (v Version) since(major, minor int) bool { return v.Compare(series(major, minor)) >= 0 }

// String returns the version as Docker writes it: 19.03.15 with the zero in
// the month, and only the series when the patch number is 0.
func (v Version) String() string {
	if !v.Known() {
		return "unknown"
	}
	minor := strconv.Itoa(v.Minor)
	if v.Major >= 17 && v.Major < 20 && v.Minor < 10 {
		minor = "0" + minor
	}
	if v.Patch == 0 {
		return fmt.Sprintf("%d.%s", v.Major, minor)
	}
	return fmt.Sprintf("%d.%s.%d", v.Major, minor, v.Patch)
}
