// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import (
	"fmt"
	"strings"
)

// printer writes a valid JSON text again, in a style. Numbers keep their
// spelling, strings are written with as few escapes as JSON allows.
type printer struct {
	strings.Builder
	in    parser
	style style
}

// layout says how a value is to be printed.
type layout struct {
	margin string // the indentation of the line on which the value begins
	block  bool   // an object that is not empty takes a line per member
	// array says the same for arrays. Inside an array on one line, everything is.
	array bool
}

// format prints the text of a value.
func (s style) format(text string, l layout) string {
	p := printer{in: parser{text: text}, style: s}
	p.in.space()
	p.value(l)
	return p.String()
}

// value prints the value at p.in.pos and steps behind it.
func (p *printer) value(l layout) {
	switch p.in.text[p.in.pos] {
	case '{':
		p.list(l, '{', '}')
	case '[':
		l.block = l.block && l.array
		p.list(l, '[', ']')
	case '"':
		p.literal()
	default:
		w := p.in.word()
		p.WriteString(w)
		p.in.pos += len(w)
	}
}

// literal prints a string.
func (p *printer) literal() {
	start := p.in.pos
	if err := p.in.str(); err != nil {
		panic(fmt.Sprintf("jsonedit prints what it did not parse: %v", err))
	}
	p.WriteString(quote(unquote(p.in.text[start:p.in.pos])))
}

// list prints an object or an array, on lines of its own if l.block is set.
func (p *printer) list(l layout, opening, closing byte) {
	p.WriteByte(opening)
	p.in.pos++
	p.in.space()
	if p.in.text[p.in.pos] == closing {
		p.in.pos++
		p.WriteByte(closing)
		return
	}
	inner := l
	pad := ""
	if l.block {
		inner.margin += p.style.indent
	} else if opening == '{' {
		pad = p.style.pad
	}
	p.WriteString(pad)
	for {
		if l.block {
			p.WriteString(p.style.newline + inner.margin)
		}
		if opening == '{' {
			p.literal()
			p.WriteString(p.style.colon)
			p.in.space()
			p.in.pos++ // the colon
			p.in.space()
		}
		p.value(inner)
		p.in.space()
		p.in.pos++
		if p.in.text[p.in.pos-1] == closing {
			break
		}
		p.in.space()
		if l.block {
			p.WriteByte(',')
		} else {
			p.WriteString(p.style.comma)
		}
	}
	p.WriteString(pad)
	if l.block {
		p.WriteString(p.style.newline + l.margin)
	}
	p.WriteByte(closing)
}

// quote writes a string literal. Only what JSON demands is escaped: a path or an
// umlaut stays readable.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if r < ' ' {
				fmt.Fprintf(&b, `\u%04x`, r)
			} else {
				b.WriteRune(r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}
