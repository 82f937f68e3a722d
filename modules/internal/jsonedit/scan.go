// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// value reads any value.
func (p *parser) value() (*node, error) {
	if p.pos >= len(p.text) {
		return nil, p.unfinished()
	}
	start := p.pos
	switch c := p.text[p.pos]; {
	case c == '{':
		return p.object()
	case c == '[':
		return p.array()
	case c == '"':
		if err := p.str(); err != nil {
			return nil, err
		}
		return &node{kind: String, raw: p.text[start:p.pos]}, nil
	case isWord(c) || c == '-' || c == '+' || c == '.':
		return p.bare()
	case c == ',' || c == '}' || c == ']':
		return nil, p.fail(p.pos, fmt.Sprintf("%c stands where a value is expected", c), "add the missing value, or remove what asks for one")
	}
	if err := p.unexpected(); err != nil {
		return nil, err
	}
	return nil, p.fail(p.pos, fmt.Sprintf("%q stands where a value is expected", p.text[p.pos]), "put text in double quotes")
}

// bare reads a number, true, false or null: a run of characters without quotes.
func (p *parser) bare() (*node, error) {
	start, w := p.pos, p.word()
	p.pos += len(w)
	switch {
	case w == "true" || w == "false":
		return &node{kind: Bool, raw: w}, nil
	case w == "null":
		return &node{kind: Null, raw: w}, nil
	}
	if n := numberLength(w); n == len(w) {
		return &node{kind: Number, raw: w}, nil
	}
	msg, remedy := explainBare(w)
	return nil, p.fail(start, msg, remedy)
}

// explainBare says what is wrong with a word that is not a JSON value.
func explainBare(w string) (msg, remedy string) {
	unsigned := strings.TrimLeft(w, "+-")
	digits := unsigned != "" && '0' <= unsigned[0] && unsigned[0] <= '9'
	switch lower := strings.ToLower(unsigned); {
	case lower == "true" || lower == "false" || lower == "null":
		return fmt.Sprintf("%s is not a JSON value", w), "write " + lower + " in lower case, without a sign"
	case lower == "none" || lower == "nil" || lower == "undefined":
		return fmt.Sprintf("%s is not a JSON value", w), "write null, or remove the key"
	case lower == "yes" || lower == "on":
		return fmt.Sprintf("%s is not a JSON value", w), "write true"
	case lower == "no" || lower == "off":
		return fmt.Sprintf("%s is not a JSON value", w), "write false"
	case lower == "nan" || lower == "inf" || lower == "infinity":
		return fmt.Sprintf("%s is not a number in JSON", w), "write a finite number, or remove the key"
	case strings.HasPrefix(w, "+"):
		return fmt.Sprintf("the number %s begins with a plus sign", w), "remove the +"
	case len(lower) > 1 && lower[0] == '0' && strings.Contains("xob", lower[1:2]):
		return fmt.Sprintf("%s is not a decimal number", w), "write the number in decimal"
	case len(lower) > 1 && lower[0] == '0' && '0' <= lower[1] && lower[1] <= '9':
		return fmt.Sprintf("the number %s begins with a zero", w), "remove the leading zeros (an octal mode belongs in double quotes)"
	case strings.HasPrefix(unsigned, "."):
		return fmt.Sprintf("the number %s begins with a point", w), "write a digit before the point"
	case digits && strings.HasSuffix(unsigned, "."), digits && strings.Contains(lower, ".e"):
		return fmt.Sprintf("the number %s has no digit after the point", w), "add a digit or remove the point"
	case digits && (strings.HasSuffix(lower, "e") || strings.HasSuffix(lower, "e+") || strings.HasSuffix(lower, "e-")):
		return fmt.Sprintf("the number %s has no digit in its exponent", w), "add a digit or remove the exponent"
	case digits || unsigned == "":
		return fmt.Sprintf("%s is not a number", w), "correct it, or put text in double quotes"
	}
	return fmt.Sprintf("the value %s is not quoted", w), "put text in double quotes"
}

// numberLength returns how much of w is a number by RFC 8259, section 6, or 0.
func numberLength(w string) int {
	i := 0
	digits := func() bool {
		start := i
		for i < len(w) && '0' <= w[i] && w[i] <= '9' {
			i++
		}
		return i > start
	}
	if strings.HasPrefix(w, "-") {
		i++
	}
	if i < len(w) && w[i] == '0' {
		i++
	} else if !digits() {
		return 0
	}
	if i < len(w) && w[i] == '.' {
		i++
		if !digits() {
			return 0
		}
	}
	if i < len(w) && (w[i] == 'e' || w[i] == 'E') {
		i++
		if i < len(w) && (w[i] == '+' || w[i] == '-') {
			i++
		}
		if !digits() {
			return 0
		}
	}
	return i
}

// isWord tells whether c can stand in a word without quotes.
func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '$'
}

// word returns the run of word and number characters at p.pos.
func (p *parser) word() string {
	end := p.pos
	for end < len(p.text) && (isWord(p.text[end]) || strings.IndexByte("+-.", p.text[end]) >= 0) {
		end++
	}
	return p.text[p.pos:end]
}

// str reads a string and leaves p.pos behind its closing quote.
func (p *parser) str() error {
	start := p.pos
	p.pos++
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '"':
			p.pos++
			return nil
		case c == '\\':
			if err := p.escape(start); err != nil {
				return err
			}
		case c == '\n' || c == '\r':
			return p.fail(start, "the string is not closed on its line", `add the missing ", or write \n for a line break`)
		case c < ' ':
			return p.fail(p.pos, fmt.Sprintf("the control character U+%04X stands in a string", c), fmt.Sprintf(`write \u%04x, or remove it`, c))
		case c < utf8.RuneSelf:
			p.pos++
		default:
			r, size := utf8.DecodeRuneInString(p.text[p.pos:])
			if r == utf8.RuneError && size == 1 {
				return p.fail(p.pos, fmt.Sprintf("the byte 0x%02X is not valid UTF-8", c), "save the file as UTF-8")
			}
			p.pos += size
		}
	}
	return p.fail(start, "the string is not closed", `add the missing "`)
}

// escape reads one escape, or the two that make a surrogate pair, in the string
// that begins at start.
func (p *parser) escape(start int) error {
	at := p.pos
	if at+1 >= len(p.text) {
		return p.fail(start, "the string is not closed", `add the missing "`)
	}
	c := p.text[at+1]
	if strings.IndexByte(`"\/bfnrt`, c) >= 0 {
		p.pos += 2
		return nil
	}
	if c != 'u' {
		r, _ := utf8.DecodeRuneInString(p.text[at+1:])
		return p.fail(at, fmt.Sprintf("\\%s is not an escape in JSON", strings.Trim(strconv.QuoteRune(r), "'")), `write \\ for a backslash`)
	}
	r, ok := hex4(p.text[at:])
	if !ok {
		return p.fail(at, `\u is not followed by four hexadecimal digits`, `write four, or \\ for a backslash`)
	}
	p.pos += 6
	if !utf16.IsSurrogate(r) {
		return nil
	}
	// encoding/json turns half a pair into U+FFFD, so that different texts mean
	// the same and the file does not mean what it says.
	low, ok := hex4(p.text[p.pos:])
	if !ok || utf16.DecodeRune(r, low) == utf8.RuneError {
		return p.fail(at, fmt.Sprintf("%s is half of a surrogate pair", p.text[at:at+6]), "write both halves, or the character itself")
	}
	p.pos += 6
	return nil
}

// hex4 reads \uXXXX at the beginning of s.
func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for i := 2; i < 6; i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// keySet finds duplicates among the keys of one object. Most objects are small,
// and a map for each of them would cost more than looking through a slice.
type keySet struct {
	names   []string
	offsets []int
	index   map[string]int
}

// add returns the offset at which name was added before, if it was.
func (s *keySet) add(name string, offset int) (first int, dup bool) {
	if s.index != nil {
		if first, dup = s.index[name]; !dup {
			s.index[name] = offset
		}
		return first, dup
	}
	for i, n := range s.names {
		if n == name {
			return s.offsets[i], true
		}
	}
	s.names, s.offsets = append(s.names, name), append(s.offsets, offset)
	if len(s.names) == 16 {
		s.index = make(map[string]int, 64)
		for i, n := range s.names {
			s.index[n] = s.offsets[i]
		}
	}
	return 0, false
}
