// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxDepth is how deep objects and arrays may be nested, the top level counting
// as one. daemon.json needs four levels.
const MaxDepth = 200

const byteOrderMark = "\xef\xbb\xbf"

// parser reads a text from left to right, each byte a bounded number of times.
type parser struct {
	text string
	pos  int
	// open holds the offsets of the brackets that are not closed yet, path the
	// key or index under which each of them except the first stands.
	open []int
	path []step
}

// A step is a key, or an index if array is set.
type step struct {
	key   string
	index int
	array bool
}

// Parse reads a document. An error about the text is a *SyntaxError. The text is
// copied, and time and memory grow linearly with it; the caller limits its size.
func Parse(data []byte) (*Document, error) {
	p := &parser{text: string(data)}
	if err := p.checkBeginning(); err != nil {
		return nil, err
	}
	d := &Document{before: p.space()}
	if err := p.checkTopLevel(); err != nil {
		return nil, err
	}
	root, err := p.object()
	if err != nil {
		return nil, err
	}
	d.root = root
	d.after = p.space()
	if p.pos < len(p.text) {
		return nil, p.garbage()
	}
	d.style = detectStyle(d)
	return d, nil
}

// checkBeginning refuses encodings that are not UTF-8 without a mark.
func (p *parser) checkBeginning() error {
	switch {
	case strings.HasPrefix(p.text, byteOrderMark):
		return p.fail(0, "the text begins with a UTF-8 byte order mark (U+FEFF), which dockerd rejects",
			"save the file as UTF-8 without byte order mark")
	case strings.HasPrefix(p.text, "\xff\xfe"), strings.HasPrefix(p.text, "\xfe\xff"):
		return p.fail(0, "the text is UTF-16", "save the file as UTF-8 without byte order mark")
	}
	return nil
}

// checkTopLevel refuses everything but an object.
func (p *parser) checkTopLevel() error {
	const remedy = "write {} for an object without settings"
	if p.pos == len(p.text) {
		if p.pos == 0 {
			return p.fail(0, "the text is empty", remedy+", or remove the file")
		}
		return p.fail(0, "the text is only white space", remedy+", or remove the file")
	}
	if p.text[p.pos] == '{' {
		return nil
	}
	at := p.pos
	n, err := p.value()
	if err != nil {
		return err
	}
	if n.kind == String {
		p.space()
		if p.pos < len(p.text) && p.text[p.pos] == ':' {
			return p.fail(at, "the text begins with a key, not with an object", "add { at the beginning and } at the end")
		}
	}
	return p.fail(at, fmt.Sprintf("the top level is %s, not an object", n.kind.article()), remedy)
}

// space skips white space and returns it.
func (p *parser) space() string {
	start := p.pos
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return p.text[start:p.pos]
		}
	}
	return p.text[start:]
}

// enter notes an opening bracket and steps behind it.
func (p *parser) enter() error {
	if len(p.open) == MaxDepth {
		return p.fail(p.pos, fmt.Sprintf("objects and arrays are nested deeper than %d levels", MaxDepth), "flatten them")
	}
	p.open = append(p.open, p.pos)
	p.pos++
	return nil
}

func (p *parser) leave() {
	p.open = p.open[:len(p.open)-1]
}

// object reads from { to }.
func (p *parser) object() (*node, error) {
	start := p.pos
	if err := p.enter(); err != nil {
		return nil, err
	}
	n := &node{kind: Object}
	seen := keySet{}
	comma := -1 // the offset of the last comma
	for {
		before := p.space()
		if p.pos < len(p.text) && p.text[p.pos] == '}' {
			if comma >= 0 {
				return nil, p.fail(comma, "a trailing comma follows the last member of an object", "remove the comma")
			}
			n.inner = before
			break
		}
		m, err := p.member(&seen, before)
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, m)
		n.inline = (n.inline || len(n.members) == 1) && !hasNewline(before)
		end := p.pos
		m.after = p.space()
		if p.pos < len(p.text) && p.text[p.pos] == ',' {
			comma = p.pos
			p.pos++
			continue
		}
		if p.pos < len(p.text) && p.text[p.pos] == '}' {
			break
		}
		return nil, p.noComma(end, "member", '}')
	}
	p.pos++
	p.leave()
	n.raw = p.text[start:p.pos]
	return n, nil
}

// member reads a key, a colon and a value.
func (p *parser) member(seen *keySet, before string) (*member, error) {
	at := p.pos
	if at >= len(p.text) || p.text[at] != '"' {
		return nil, p.noKey()
	}
	if err := p.str(); err != nil {
		return nil, err
	}
	m := &member{before: before, key: p.text[at:p.pos]}
	m.name = unquote(m.key)
	if first, dup := seen.add(m.name, at); dup {
		return nil, p.fail(at, fmt.Sprintf("duplicate key %s, first set at %s", p.describe(m.name), p.where(first)),
			"keep one of the two (dockerd silently uses the last)")
	}
	end := p.pos
	p.space()
	if p.pos >= len(p.text) || p.text[p.pos] != ':' {
		if p.pos < len(p.text) && p.text[p.pos] == '=' {
			return nil, p.fail(p.pos, fmt.Sprintf("= follows the key %s", m.key), "use a colon (:)")
		}
		if err := p.unexpected(); err != nil {
			return nil, err
		}
		return nil, p.fail(end, fmt.Sprintf("no colon follows the key %s", m.key), "add the missing colon and value")
	}
	p.pos++
	p.space()
	m.colon = p.text[end:p.pos]
	p.path = append(p.path, step{key: m.name})
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	p.path = p.path[:len(p.path)-1]
	m.value = v
	return m, nil
}

// array reads from [ to ]. Its elements are checked, not kept.
func (p *parser) array() (*node, error) {
	start := p.pos
	if err := p.enter(); err != nil {
		return nil, err
	}
	comma := -1
	p.path = append(p.path, step{array: true})
	for i := 0; ; i++ {
		p.space()
		if p.pos < len(p.text) && p.text[p.pos] == ']' {
			if comma >= 0 {
				return nil, p.fail(comma, "a trailing comma follows the last element of an array", "remove the comma")
			}
			break
		}
		p.path[len(p.path)-1].index = i
		if _, err := p.value(); err != nil {
			return nil, err
		}
		end := p.pos
		p.space()
		if p.pos < len(p.text) && p.text[p.pos] == ',' {
			comma = p.pos
			p.pos++
			continue
		}
		if p.pos < len(p.text) && p.text[p.pos] == ']' {
			break
		}
		return nil, p.noComma(end, "element", ']')
	}
	p.path = p.path[:len(p.path)-1]
	p.pos++
	p.leave()
	return &node{kind: Array, raw: p.text[start:p.pos]}, nil
}

// describe returns the dotted path of a key of the object being read.
func (p *parser) describe(name string) string {
	var b strings.Builder
	for _, s := range append(p.path[:len(p.path):len(p.path)], step{key: name}) {
		if s.array {
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(formatKey(s.key))
	}
	return b.String()
}
