// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Merge brings the settings into the document: objects are merged key by key at
// every level, any other value (null and arrays included) replaces what is
// there. A value that is equal by meaning stays as it is spelled; a replaced
// scalar changes no other byte; new keys are appended to their object in the
// order of the settings. Merge tells whether it changed anything. The settings
// themselves are only read.
func (d *Document) Merge(settings *Document) bool {
	e := editor{style: d.style}
	return e.merge(d.root, settings.root, d.place(), false)
}

// Replace makes the document have exactly the settings. What is equal keeps its
// place and formatting; keys that the settings do not have are removed. Replace
// tells whether it changed anything.
func (d *Document) Replace(settings *Document) bool {
	e := editor{style: d.style}
	return e.merge(d.root, settings.root, d.place(), true)
}

// Set gives the key at path a value, anything that encoding/json marshals, a
// json.RawMessage or Value included. Unlike Merge it replaces an object whole.
// Objects missing on the way are created. It tells whether it changed anything.
func (d *Document) Set(path []string, value any) (bool, error) {
	if len(path) == 0 {
		return false, fmt.Errorf("missing path: name the key to set")
	}
	if len(path) > MaxDepth {
		return false, fmt.Errorf("invalid path of %d keys: objects may be nested %d deep; use fewer", len(path), MaxDepth)
	}
	for _, name := range path {
		if !utf8.ValidString(name) {
			return false, fmt.Errorf("invalid key %q: it is not UTF-8; save the text as UTF-8", name)
		}
	}
	var text []byte
	var err error
	if v, ok := value.(Value); ok {
		text = []byte(v.Raw())
	} else if text, err = json.Marshal(value); err != nil {
		return false, fmt.Errorf("cannot write the value of %s as JSON: %w", FormatPath(path), err)
	}
	// The brackets of the path count for the depth of the value.
	p := &parser{text: string(text), open: make([]int, len(path))}
	v, err := p.value()
	if err != nil {
		return false, fmt.Errorf("cannot use the value of %s: %w", FormatPath(path), err)
	}

	// Walk down as far as the document goes, then wrap the value in the rest.
	chain := []*node{d.root}
	at := d.place()
	last := len(path) - 1
	for i, name := range path[:last] {
		m := chain[i].find(name)
		if m == nil {
			for j := last; j > i; j-- {
				v = wrap(path[j], v)
			}
			last = i
			break
		}
		if m.value.kind != Object {
			return false, fmt.Errorf("cannot set %s: %s is %s, not an object; remove it first",
				FormatPath(path), FormatPath(path[:i+1]), m.value.kind.article())
		}
		at = m.place(at)
		chain = append(chain, m.value)
	}
	e := editor{style: d.style}
	if !e.put(chain[last], chain[last].find(path[last]), path[last], v, at) {
		return false, nil
	}
	for _, n := range chain {
		n.edited = true
	}
	return true, nil
}

// wrap returns an object whose only member is name.
func wrap(name string, v *node) *node {
	key := quote(name)
	return &node{
		kind:    Object,
		raw:     "{" + key + ":" + v.text() + "}",
		members: []*member{{name: name, key: key, colon: ":", value: v}},
	}
}

// editor changes objects in a document's style.
type editor struct {
	style style
}

// A place is where a value stands: the indentation of the line on which it
// begins, and whether that line is its own, so that it may take several.
type place struct {
	margin  string
	ownLine bool
}

// place returns where the top-level object stands.
func (d *Document) place() place {
	return place{lastLine(d.before), d.style.multiline}
}

// place returns where the member's value stands, given the place of its object.
func (m *member) place(object place) place {
	if hasNewline(m.before) {
		return place{lastLine(m.before), true}
	}
	return place{object.margin, false}
}

// merge brings the members of src into dst, which stands at a place. With
// exactly, members that src does not have are removed at every level.
func (e *editor) merge(dst, src *node, at place, exactly bool) bool {
	changed := false
	have := dst.byName()
	for _, m := range src.members {
		old := have[m.name]
		if old != nil && old.value.kind == Object && m.value.kind == Object {
			if e.merge(old.value, m.value, old.place(at), exactly) {
				changed = true
			}
			continue
		}
		if e.put(dst, old, m.name, m.value, at) {
			changed = true
		}
	}
	if exactly {
		want := src.byName()
		if dst.remove(func(name string) bool { return want[name] == nil }) {
			changed = true
		}
	}
	dst.edited = dst.edited || changed
	return changed
}

// put replaces the value of old, a member of dst, or appends a member if old is
// nil. It marks dst, but not the objects around it, as edited.
func (e *editor) put(dst *node, old *member, name string, value *node, at place) bool {
	if old == nil {
		e.append(dst, name, value, at)
		return true
	}
	if old.value.kind == value.kind && equalText(old.value.text(), value.text()) {
		return false
	}
	old.value = e.print(value, old.value, old.place(at))
	dst.edited = true
	return true
}

// print returns a copy of value in the document's style, to stand where old is,
// which may be nil.
func (e *editor) print(value, old *node, at place) *node {
	l := layout{margin: at.margin, block: at.ownLine, array: at.ownLine && !e.style.inlineArrays}
	if old != nil && old.hasContent() {
		// The value that goes shows how the one that comes should look.
		lines := hasNewline(old.text())
		l.block, l.array = lines, lines && (old.kind == Array || l.array)
	}
	text := e.style.format(value.text(), l)
	if value.kind != Object {
		return &node{kind: value.kind, raw: text}
	}
	p := &parser{text: text}
	n, err := p.object()
	if err != nil {
		panic(fmt.Sprintf("jsonedit printed an invalid object: %v", err))
	}
	return n
}

// hasContent tells whether n is an array or object that is not empty.
func (n *node) hasContent() bool {
	switch n.kind {
	case Object:
		return len(n.members) > 0
	case Array:
		return strings.Trim(n.raw[1:len(n.raw)-1], " \t\r\n") != ""
	}
	return false
}

// append adds a member at the end of dst, which stands at a place.
func (e *editor) append(dst *node, name string, value *node, at place) {
	m := &member{name: name, key: quote(name), colon: e.style.colon}
	if len(dst.members) == 0 {
		e.first(dst, m, at)
	} else {
		e.next(dst, m)
	}
	dst.members = append(dst.members, m)
	dst.edited = true
	m.value = e.print(value, nil, m.place(at))
}

// first places m in an object without members.
func (e *editor) first(dst *node, m *member, at place) {
	if at.ownLine && !dst.inline {
		m.before = e.style.newline + at.margin + e.style.indent
		m.after = e.style.newline + at.margin
	} else {
		m.before, m.after = e.style.pad, e.style.pad
	}
	dst.inner = ""
}

// next places m behind the last member of dst, in the manner of its neighbours.
func (e *editor) next(dst *node, m *member) {
	last := dst.members[len(dst.members)-1]
	if strings.Trim(last.colon, " ") == ":" && len(last.colon) <= len(" : ") && !strings.Contains(last.colon, "  ") {
		m.colon = last.colon
	}
	m.before = last.before
	if len(dst.members) == 1 && !hasNewline(last.before) {
		m.before = strings.TrimPrefix(e.style.comma, ",")
	}
	for i := len(dst.members) - 1; i >= 0 && !dst.inline; i-- {
		if before := dst.members[i].before; hasNewline(before) {
			// Blank lines between groups of keys are not repeated.
			at := strings.LastIndexByte(before, '\n')
			if at > 0 && before[at-1] == '\r' {
				at--
			}
			m.before = before[at:]
			break
		}
	}
	// The white space before the closing brace moves behind the new member.
	m.after, last.after = last.after, ""
	if len(dst.members) > 1 {
		last.after = dst.members[len(dst.members)-2].after
	}
}
