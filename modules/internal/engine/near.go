// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import "strings"

// suggestion says what to write instead of an unknown key, as the end of a
// sentence; "" if nothing is near.
func suggestion(name string, v Version) string {
	for _, miss := range nearMisses {
		if miss.Name == name {
			return ": " + miss.Instead
		}
	}
	var names []string
	for _, key := range keys {
		if key.accepted(v) {
			names = append(names, key.Name)
		}
	}
	return nearest(name, names)
}

// nearest returns `: did you mean "x"?` for the candidate that differs least.
func nearest(name string, candidates []string) string {
	plain := normal(name)
	best, distance := "", max(1, len(plain)/4)+1
	for _, candidate := range candidates {
		if d := edits(plain, normal(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return `: did you mean "` + best + `"?`
}

// normal drops what users vary in a key: case, underscores, a leading dash.
func normal(name string) string {
	return strings.Trim(strings.ReplaceAll(strings.ToLower(name), "_", "-"), "-")
}

// edits is the number of insertions, deletions, replacements and swaps of
// neighbours that turn a into b.
func edits(a, b string) int {
	previous := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	older := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(previous[j]+1, row[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, previous, row = previous, row, older
	}
	return previous[len(b)]
}
