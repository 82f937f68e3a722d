// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import "strings"

// style is how a document is written, as far as new text has to follow it.
type style struct {
	newline string // "\n" or "\r\n"
	indent  string // one level of indentation
	colon   string // the colon with the white space around it
	comma   string // the comma between values on one line
	pad     string // white space inside the braces of an object on one line
	// multiline: the members of the top-level object have lines of their own.
	multiline bool
	// inlineArrays: arrays are written on one line in a document of many lines.
	inlineArrays bool
}

func defaultStyle() style {
	return style{newline: "\n", indent: "  ", colon: ": ", comma: ", ", multiline: true}
}

// detectStyle reads the style off a parsed document, and takes the default where
// the document shows nothing.
func detectStyle(d *Document) style {
	s := defaultStyle()
	c := census{colons: map[string]int{}, indents: map[string]int{}}
	// Without lines inside the object, the one after it still shows how lines end.
	text := d.before + d.root.raw + d.after
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		s.newline = "\r\n"
	}
	c.object(d.root, lastLine(d.before))
	if best, ok := most(c.indents); ok {
		s.indent = best
	} else if c.lines > 0 {
		s.indent = "" // every member begins at the margin
	}
	if best, ok := most(c.colons); ok {
		s.colon = best
	}
	switch {
	case c.comma != nil:
		s.comma = *c.comma
	case !strings.HasSuffix(s.colon, " "):
		s.comma = ","
	}
	if c.pad != nil {
		s.pad = *c.pad
	}
	s.multiline = !d.root.inline
	s.inlineArrays = c.inlineArrays > c.blockArrays
	return s
}

// census counts how things are done in a document.
type census struct {
	colons, indents           map[string]int
	comma, pad                *string
	lines                     int // members with a line of their own
	inlineArrays, blockArrays int
}

// object counts the members of n, whose line begins with the white space margin.
func (c *census) object(n *node, margin string) {
	inline := !hasNewline(n.raw)
	for i, m := range n.members {
		at := margin
		if hasNewline(m.before) {
			at = lastLine(m.before)
			c.lines++
			if unit, ok := strings.CutPrefix(at, margin); ok && unit != "" {
				c.indents[unit]++
			}
		}
		if !hasNewline(m.colon) {
			c.colons[m.colon]++
		}
		if inline && i == 0 && c.pad == nil {
			c.pad = &m.before
		}
		if inline && i == 1 && c.comma == nil {
			comma := "," + m.before
			c.comma = &comma
		}
		switch {
		case m.value.kind == Object:
			c.object(m.value, at)
		case m.value.kind == Array && strings.Trim(m.value.raw, "[] \t\r\n") != "":
			c.array(m.value.raw)
		}
	}
}

// array counts an array that is not empty, given its text.
func (c *census) array(raw string) {
	if hasNewline(raw) {
		c.blockArrays++
		return
	}
	c.inlineArrays++
	if c.comma != nil {
		return
	}
	// The text was parsed, so these steps cannot fail.
	p := &parser{text: raw, pos: 1}
	p.space()
	_, _ = p.value()
	p.space()
	if p.pos < len(raw) && raw[p.pos] == ',' {
		p.pos++
		comma := "," + p.space()
		c.comma = &comma
	}
}

// most returns the most frequent string, the shortest and then the first in
// byte order if several are.
func most(counts map[string]int) (best string, ok bool) {
	for s, n := range counts {
		b := counts[best]
		if !ok || n > b || n == b && (len(s) < len(best) || len(s) == len(best) && s < best) {
			best, ok = s, true
		}
	}
	return best, ok
}

func hasNewline(s string) bool {
	return strings.IndexByte(s, '\n') >= 0
}

// lastLine returns what follows the last newline of white space.
func lastLine(space string) string {
	return space[strings.LastIndexByte(space, '\n')+1:]
}
