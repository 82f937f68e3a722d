// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// strings reads one or more adjacent Python strings, which are one value.
func (p *literal) strings() any {
	var b strings.Builder
	for {
		p.oneString(&b)
		p.space()
		rest := p.text[p.at:]
		quote := strings.IndexAny(rest, `'"`)
		if p.wrong || quote < 0 || quote > 1 || quote == 1 && strings.IndexByte("rRuU", rest[0]) < 0 {
			return b.String()
		}
	}
}

func (p *literal) oneString(b *strings.Builder) {
	prefix := p.text[p.at : p.at+strings.IndexAny(p.text[p.at:], `'"`)]
	p.at += len(prefix)
	raw := strings.EqualFold(prefix, "r")
	if !raw && prefix != "" && !strings.EqualFold(prefix, "u") {
		p.fail() // bytes and f-strings
		return
	}
	quote := p.text[p.at : p.at+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(p.text[p.at:], triple) {
		quote = triple
	}
	p.at += len(quote)
	for !strings.HasPrefix(p.text[p.at:], quote) {
		switch {
		case p.at >= len(p.text), len(quote) == 1 && strings.IndexByte("\r\n", p.text[p.at]) >= 0, p.text[p.at] == 0:
			p.fail()
			return
		case p.text[p.at] == '\\' && p.at+1 < len(p.text):
			if raw {
				_, size := utf8.DecodeRuneInString(p.text[p.at+1:])
				b.WriteString(p.text[p.at : p.at+1+size])
				p.at += 1 + size
			} else {
				p.escape(b)
			}
		default:
			b.WriteByte(p.text[p.at])
			p.at++
		}
	}
	p.at += len(quote)
}

// escape reads one escape sequence. A sequence that Python does not know
// stays as it is.
func (p *literal) escape(b *strings.Builder) {
	c := p.text[p.at+1]
	p.at += 2
	if i := strings.IndexByte(`abfnrtv\'"`, c); i >= 0 {
		b.WriteByte("\a\b\f\n\r\t\v\\'\""[i])
		return
	}
	base, digits := 16, 0
	switch {
	case c == '\n':
		return
	case c == 'x':
		digits = 2
	case c == 'u':
		digits = 4
	case c == 'U':
		digits = 8
	case c >= '0' && c <= '7':
		p.at--
		base = 8
		for digits < 3 && p.at+digits < len(p.text) && p.text[p.at+digits] >= '0' && p.text[p.at+digits] <= '7' {
			digits++
		}
	case c == 'N':
		p.fail() // names of characters would need a table of them
		return
	default:
		p.at--
		b.WriteByte('\\')
		return
	}
	if p.at+digits > len(p.text) {
		p.fail()
		return
	}
	n, err := strconv.ParseUint(p.text[p.at:p.at+digits], base, 32)
	if err != nil || n > utf8.MaxRune {
		p.fail()
		return
	}
	b.WriteRune(rune(n))
	p.at += digits
}
