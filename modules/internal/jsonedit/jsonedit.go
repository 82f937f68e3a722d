// SPDX-License-Identifier: GPL-3.0-or-later

// Package jsonedit changes a JSON object document and leaves alone what it does
// not change: the order of keys, the spelling of numbers, indentation, line
// ends. It is made for /etc/docker/daemon.json, a file that people edit by hand
// and keep under version control.
//
// A tour. Parse (parse.go, scan.go) reads strict RFC 8259 text into a tree that
// remembers every byte of an object: the white space before a key, around the
// colon, after the value. Arrays and scalars are kept as plain text. What is
// refused, and with which words, is in errors.go, parse.go and scan.go. Get and
// Value (value.go) read; equality is by meaning (equal.go). Merge, Replace, Set
// and Remove (edit.go, remove.go) change the tree, in the document's own style
// (style.go), with new values printed by print.go. Bytes joins the pieces again,
// so a document that was not changed comes out as it went in. Diff (diff.go)
// names what differs, in dotted paths (path.go), which ParsePath and Resolve
// read back.
//
// Parse accepts what encoding/json's Valid accepts, except for text on which two
// readers may disagree or that a stack must be afraid of: duplicate keys,
// invalid UTF-8, lone surrogates in \u escapes, nesting deeper than MaxDepth,
// and a top level that is not an object. dockerd takes the last of duplicate
// keys without a word, so a merge into the first one would have no effect.
//
// Why own code. encoding/json decodes into maps, which loses order, spelling and
// formatting, and it neither sees duplicate keys nor gives line and column. Its
// successor's token layer, jsontext, is still behind GOEXPERIMENT, and it is a
// tokenizer: members would still have to be placed and removed here.
// tailscale/hujson keeps formatting, but accepts comments and trailing commas,
// which dockerd rejects, and its JSON Patch would have to be told where and how
// to print. tidwall/sjson edits by path on text that it does not validate, and
// takes the first of duplicate keys where dockerd takes the last. Either one
// would be the only runtime dependency of a binary with a size budget.
package jsonedit

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A Document is a JSON text whose top level is an object. Create it with Parse,
// New or FromMap. It is not safe for use by several goroutines while one of them
// changes it.
type Document struct {
	// before and after are the white space around the object.
	before, after string
	root          *node
	style         style
}

// A node is one value. Only objects are taken apart; every other value is its
// text, which is all that is needed to keep, replace or compare it.
type node struct {
	kind Kind
	// raw is the value's text. It is stale in an object with edited set.
	raw    string
	edited bool

	// members are an object's, in the order of the text; inner is the white
	// space between the braces of an object without members.
	members []*member
	inner   string
	// inline: the object was read with members, and none began a line. It stays
	// on one line when members come and go.
	inline bool
}

// A member is one key of an object with its value and the white space around
// them: before + key + colon + value + after, then a comma or the closing brace.
type member struct {
	name   string // the key, decoded
	before string
	key    string // as spelled, with its quotes
	colon  string // the colon and the white space on both sides
	value  *node
	after  string
}

// New returns an empty document in the default style: two spaces per level, as
// in Docker's own documentation, and a newline at the end.
func New() *Document {
	return &Document{
		after: "\n",
		root:  &node{kind: Object, raw: "{}"},
		style: defaultStyle(),
	}
}

// FromMap returns a document with the settings in m, keys sorted, for callers
// whose input has no order. A value may be anything that encoding/json marshals.
func FromMap(m map[string]any) (*Document, error) {
	if len(m) == 0 {
		return New(), nil
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("cannot write the settings as JSON: %w", err)
	}
	d := New()
	settings, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("cannot use the settings: %w", err)
	}
	d.Merge(settings)
	return d, nil
}

// Bytes returns the document's text. It is the parsed text, byte for byte, if
// nothing was changed.
func (d *Document) Bytes() []byte {
	var b strings.Builder
	b.WriteString(d.before)
	d.root.write(&b)
	b.WriteString(d.after)
	return []byte(b.String())
}

// String returns the document's text.
func (d *Document) String() string {
	return string(d.Bytes())
}

// text returns the value as it stands in the document.
func (n *node) text() string {
	if !n.edited {
		return n.raw
	}
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	if !n.edited {
		b.WriteString(n.raw)
		return
	}
	b.WriteByte('{')
	b.WriteString(n.inner)
	for i, m := range n.members {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(m.before)
		b.WriteString(m.key)
		b.WriteString(m.colon)
		m.value.write(b)
		b.WriteString(m.after)
	}
	b.WriteByte('}')
}

// find returns the member with that name, or nil.
func (n *node) find(name string) *member {
	for _, m := range n.members {
		if m.name == name {
			return m
		}
	}
	return nil
}

// byName indexes the members, for work on whole objects that must stay linear.
func (n *node) byName() map[string]*member {
	index := make(map[string]*member, len(n.members))
	for _, m := range n.members {
		index[m.name] = m
	}
	return index
}
