// SPDX-License-Identifier: GPL-3.0-or-later

package file

import (
	"bytes"
	"fmt"
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
	return ansible.WithoutCredentials(string(content))
}
