// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Kind is one of JSON's six kinds of value.
type Kind int

const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// String returns the kind's name in JSON's own words.
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "boolean"
	case Number:
		return "number"
	case String:
		return "string"
	case Array:
		return "array"
	case Object:
		return "object"
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// article returns the name as it reads in a sentence.
func (k Kind) article() string {
	switch k {
	case Null:
		return "null"
	case Array, Object:
		return "an " + k.String()
	}
	return "a " + k.String()
}

// A Value is one value of a document, as it is when its methods are called: it
// follows later changes inside of it, but not its own removal or replacement.
// The zero Value is null.
type Value struct{ n *node }

// Get returns the value at path, a list of keys from the top level down. No key
// means the whole document. Elements of arrays are reached through Any.
func (d *Document) Get(path ...string) (Value, bool) {
	n := d.root
	for _, name := range path {
		m := n.find(name)
		if m == nil {
			return Value{}, false
		}
		n = m.value
	}
	return Value{n}, true
}

// Kind returns the value's kind.
func (v Value) Kind() Kind {
	if v.n == nil {
		return Null
	}
	return v.n.kind
}

// Raw returns the value's text as it stands in the document.
func (v Value) Raw() string {
	if v.n == nil {
		return "null"
	}
	return v.n.text()
}

// Keys returns an object's keys in the order of the text, and nil for any other
// value.
func (v Value) Keys() []string {
	if v.n == nil {
		return nil
	}
	var keys []string
	for _, m := range v.n.members {
		keys = append(keys, m.name)
	}
	return keys
}

// Any returns the value as encoding/json would decode it into an any, with
// numbers as json.Number, so that none loses digits.
func (v Value) Any() any {
	return decode(v.Raw())
}

// Equal tells whether two values mean the same: numbers by their exact value (1,
// 1.0 and 1e0 are equal, and so are 0 and -0), strings after decoding, objects
// regardless of the order of their keys.
func (v Value) Equal(w Value) bool {
	return v.Kind() == w.Kind() && equalText(v.Raw(), w.Raw())
}

// decode decodes text that was parsed before.
func decode(text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		panic(fmt.Sprintf("jsonedit accepted what encoding/json does not: %v", err))
	}
	return v
}

// unquote decodes a string literal that was parsed before.
func unquote(literal string) string {
	if strings.IndexByte(literal, '\\') < 0 {
		return literal[1 : len(literal)-1]
	}
	return decode(literal).(string)
}
