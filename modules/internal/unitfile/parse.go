// SPDX-License-Identifier: GPL-3.0-or-later

package unitfile

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// whitespace is what systemd strips and splits on.
const whitespace = " \t\n\r"

// Parse reads a unit file into its settings, in order. It takes what systemd
// takes; a line that systemd would ignore becomes a warning with its place. A
// section header that does not end makes systemd give up on the whole file,
// and so does Parse.
func Parse(file string, content []byte) ([]Setting, []string) {
	p := parser{file: file}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	var pending string
	start, continued := 0, false
	line := 0
	for len(content) > 0 {
		var text string
		text, content = nextLine(content)
		line++
		// A comment is skipped inside a continuation, too; an empty line ends it.
		if trimmed := strings.TrimLeft(text, whitespace); trimmed != "" && (trimmed[0] == '#' || trimmed[0] == ';') {
			continue
		}
		if !continued {
			pending, start = "", line
		}
		pending += text
		if continued = endsInBackslash(pending); continued {
			pending = pending[:len(pending)-1] + " "
			continue
		}
		if !p.line(pending, start) {
			return nil, p.warnings
		}
	}
	if continued && !p.line(pending, start) {
		return nil, p.warnings
	}
	return p.settings, p.warnings
}

type parser struct {
	file     string
	section  string
	settings []Setting
	warnings []string
}

func (p *parser) warn(line int, format string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf("%s:%d: ", p.file, line)+fmt.Sprintf(format, args...))
}

// line takes one logical line; false ends the file.
func (p *parser) line(text string, line int) bool {
	text = strings.Trim(text, whitespace)
	switch {
	case text == "":
		return true
	case !utf8.ValidString(text):
		p.warn(line, "invalid UTF-8: systemd ignores the line")
		return true
	case text[0] == '[':
		if !strings.HasSuffix(text, "]") {
			p.settings = nil
			p.warn(line, "invalid section header %q: systemd ignores the whole file", text)
			return false
		}
		p.section = text[1 : len(text)-1]
		return true
	}
	name, value, found := strings.Cut(text, "=")
	switch {
	case !found:
		p.warn(line, "missing = in %q: systemd ignores the line", text)
	case p.section == "":
		p.warn(line, "missing section before %q: systemd ignores the line", text)
	default:
		p.settings = append(p.settings, Setting{
			Section: p.section, Name: strings.Trim(name, whitespace), Value: strings.Trim(value, whitespace),
			File: p.file, Line: line,
		})
	}
	return true
}

// nextLine cuts one line off, which ends with a newline, a NUL or both parts
// of a CRLF.
func nextLine(content []byte) (line string, rest []byte) {
	end := bytes.IndexAny(content, "\n\r\x00")
	if end < 0 {
		return string(content), nil
	}
	line, rest = string(content[:end]), content[end+1:]
	if content[end] == '\r' && len(rest) > 0 && rest[0] == '\n' {
		rest = rest[1:]
	}
	return line, rest
}

// endsInBackslash reports whether the last character is a backslash that is
// not itself escaped.
func endsInBackslash(text string) bool {
	escaped := false
	for i := range len(text) {
		escaped = !escaped && text[i] == '\\'
	}
	return escaped
}
