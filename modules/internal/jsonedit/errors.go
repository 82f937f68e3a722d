// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A SyntaxError says why a text is not a JSON object document, where, and what
// to do about it.
type SyntaxError struct {
	Line   int    // from 1; lines end with \n
	Column int    // from 1, in characters (runes), not bytes
	Msg    string // what is wrong
	Remedy string // what to do, as an instruction
}

func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("invalid JSON at line %d, column %d: %s", e.Line, e.Column, e.Msg)
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return s
}

// position turns an offset into line and column. It reads the text from its
// beginning, which is affordable because it is called once or twice, for an
// error.
func position(text string, offset int) (line, column int) {
	before := text[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}

// fail returns a SyntaxError about the text at offset.
func (p *parser) fail(offset int, msg, remedy string) error {
	line, column := position(p.text, offset)
	return &SyntaxError{Line: line, Column: column, Msg: msg, Remedy: remedy}
}

// where returns "line 3, column 5" for a second position in a message.
func (p *parser) where(offset int) string {
	line, column := position(p.text, offset)
	return fmt.Sprintf("line %d, column %d", line, column)
}

// unexpected explains the character at p.pos, which cannot stand there whatever
// was expected, or returns nil if the character alone does not tell. A newline
// in a string never gets here.
func (p *parser) unexpected() error {
	if p.pos >= len(p.text) {
		return p.unfinished()
	}
	rest := p.text[p.pos:]
	switch {
	case strings.HasPrefix(rest, "//"), strings.HasPrefix(rest, "/*"), rest[0] == '#':
		return p.fail(p.pos, "comments are not allowed in JSON", "remove the comment")
	case rest[0] == '\'':
		return p.fail(p.pos, "single quotes are not allowed in JSON", `use double quotes (")`)
	case rest[0] < ' ' || rest[0] == 0x7f:
		return p.fail(p.pos, fmt.Sprintf("the control character U+%04X is not allowed here", rest[0]), "remove it")
	case rest[0] < utf8.RuneSelf:
		return nil
	}
	r, size := utf8.DecodeRuneInString(rest)
	switch {
	case r == utf8.RuneError && size == 1:
		return p.fail(p.pos, fmt.Sprintf("the byte 0x%02X is not valid UTF-8", rest[0]), "save the file as UTF-8")
	case strings.ContainsRune("\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb", r):
		return p.fail(p.pos, fmt.Sprintf("the typographic quote %c does not quote in JSON", r), `use straight double quotes (")`)
	case strings.ContainsRune("\u00a0\u2007\u202f\u3000\u200b\ufeff\u2028\u2029\u0085", r):
		return p.fail(p.pos, fmt.Sprintf("the invisible character U+%04X is not white space in JSON", r), "replace it by an ordinary space")
	}
	return p.fail(p.pos, fmt.Sprintf("the character %q is not allowed here", r), "put text in double quotes or remove it")
}

// unfinished explains an end of the text inside an object or array.
func (p *parser) unfinished() error {
	if len(p.open) == 0 {
		return p.fail(len(p.text), "the text ends too early", "complete it")
	}
	at := p.open[len(p.open)-1]
	what, closing := "object", "}"
	if p.text[at] == '[' {
		what, closing = "array", "]"
	}
	return p.fail(len(p.text),
		fmt.Sprintf("the text ends inside the %s that begins at %s", what, p.where(at)),
		fmt.Sprintf("add the missing %s, or restore the rest of a file that was cut off", closing))
}

// noKey explains what stands where a key must stand.
func (p *parser) noKey() error {
	if p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == ',':
			return p.fail(p.pos, "a comma stands where a key is expected", "remove the comma")
		case c == ':':
			return p.fail(p.pos, "a colon stands where a key is expected", "add the missing key")
		case c == '{' || c == '[':
			return p.fail(p.pos, fmt.Sprintf("%c stands where a key is expected", c), "add a key and a colon before it")
		case c == ']':
			return p.fail(p.pos, "] closes an object", "use }")
		case isWord(c):
			return p.fail(p.pos, fmt.Sprintf("the key %s is not quoted", p.word()), "put the key in double quotes")
		}
	}
	if err := p.unexpected(); err != nil {
		return err
	}
	return p.fail(p.pos, fmt.Sprintf("%q stands where a key is expected", p.text[p.pos]), "put the key in double quotes")
}

// noComma explains what follows a value, which ends at end, in place of a comma
// or the closing bracket.
func (p *parser) noComma(end int, what string, closing byte) error {
	if p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '}' || c == ']':
			return p.fail(p.pos, fmt.Sprintf("%c closes what %c opened at %s", c, p.text[p.open[len(p.open)-1]],
				p.where(p.open[len(p.open)-1])), fmt.Sprintf("add the missing %c before it", closing))
		case c == ':' && what == "element":
			return p.fail(p.pos, "a key and a colon stand inside an array", "put members in { and }")
		case c == '"' || c == '{' || c == '[' || c == '-' || isWord(c):
			return p.fail(end, fmt.Sprintf("no comma separates this %s from the next one", what), "add the missing comma")
		}
	}
	if err := p.unexpected(); err != nil {
		return err
	}
	return p.fail(p.pos, fmt.Sprintf("%q follows a value", p.text[p.pos]), fmt.Sprintf("use a comma or %c", closing))
}

// garbage explains what follows the closing brace of the document.
func (p *parser) garbage() error {
	switch p.text[p.pos] {
	case '}', ']':
		return p.fail(p.pos, fmt.Sprintf("a %c too many: the object is already closed", p.text[p.pos]), "remove it")
	case ',':
		return p.fail(p.pos, "a comma follows the object", "remove it, or move the } before it to the end")
	case '{':
		return p.fail(p.pos, "a second object follows the first", "merge the two into one")
	}
	if err := p.unexpected(); err != nil {
		return err
	}
	return p.fail(p.pos, "more text follows the end of the object", "remove it, or move the } before it to the end")
}
