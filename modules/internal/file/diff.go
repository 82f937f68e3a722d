// SPDX-License-Identifier: GPL-3.0-or-later

package file

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"hardened.docker/modules/internal/ansible"
)

// diff is the change from the state to new content.
func (s State) diff(content []byte, exists bool) []ansible.Diff {
	d := ansible.Diff{BeforeHeader: s.Path, AfterHeader: s.Path, Before: text(s.Content), After: text(content)}
	if !s.Exists {
		d.BeforeHeader += " (not there)"
	}
	if !exists {
		d.AfterHeader += " (not there)"
	}
	return []ansible.Diff{d}
}

// text is file content as a diff shows it.
func text(content []byte) string {
	switch {
	case !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0:
		return fmt.Sprintf("(%d bytes that are not text)\n", len(content))
	case len(content) > 256<<10:
		return fmt.Sprintf("(%d bytes, too many to show)\n", len(content))
	}
	return withoutCredentials(string(content))
}

// withoutCredentials hides the names and passwords in addresses, such as
// http://user:password@proxy: a diff is printed on terminals and kept in logs.
func withoutCredentials(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "://")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("://")
		end := strings.IndexAny(rest, "/?# \t\r\n\"'")
		if end < 0 {
			end = len(rest)
		}
		if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
			b.WriteString("********")
			rest = rest[at:]
		}
		text = rest
	}
}
