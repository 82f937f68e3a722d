// SPDX-License-Identifier: GPL-3.0-or-later

package unitfile

import (
	"strings"
	"unicode/utf8"
)

// Variable is one assignment of the environment and where it was written.
type Variable struct {
	Name, Value string
	File        string
	Line        int
}

// ParseEnvironmentFile reads a file as EnvironmentFile= does. It is no shell
// script: nothing is expanded, "export" is part of a name (and so makes the
// line invalid), a quote counts only where a value begins or after a closing
// quote, and a line without an equals sign is skipped.
//
// A comment that ends in a backslash does not swallow the next line, as in
// systemd since 254: of the two readings it is the one that overlooks nothing.
func ParseEnvironmentFile(file string, content []byte) []Variable {
	p := envParser{file: file, line: 1}
	for _, c := range content {
		p.step(c)
		if c == '\n' {
			p.line++
		}
	}
	if p.state != beforeName && p.state != inName && p.state != inComment {
		p.push()
	}
	return p.variables
}

type envState int

const (
	beforeName envState = iota
	inName
	beforeValue
	inValue
	valueEscape
	singleQuoted
	doubleQuoted
	doubleEscape
	inComment
)

type envParser struct {
	file        string
	line, start int // line now, and where the assignment began
	state       envState
	name        []byte
	value       []byte
	kept        int // length of value that trailing blanks cannot shorten
	variables   []Variable
}

func isNewline(c byte) bool { return c == '\n' || c == '\r' }
func isBlank(c byte) bool   { return strings.IndexByte(whitespace, c) >= 0 }

// step takes one byte.
func (p *envParser) step(c byte) {
	switch p.state {
	case beforeName:
		switch {
		case c == '#' || c == ';':
			p.state = inComment
		case !isBlank(c):
			p.state, p.start = inName, p.line
			p.name, p.value, p.kept = append(p.name[:0], c), p.value[:0], 0
		}
	case inName:
		switch {
		case isNewline(c):
			p.state = beforeName
		case c == '=':
			p.state = beforeValue
		default:
			p.name = append(p.name, c)
		}
	case beforeValue:
		switch {
		case isNewline(c):
			p.push()
		case c == '\'':
			p.state = singleQuoted
		case c == '"':
			p.state = doubleQuoted
		case c == '\\':
			p.state = valueEscape
		case !isBlank(c):
			p.state = inValue
			p.keep(c)
		}
	case inValue:
		switch {
		case isNewline(c):
			p.push()
		case c == '\\':
			p.state, p.kept = valueEscape, len(p.value)
		case isBlank(c):
			p.value = append(p.value, c)
		default:
			p.keep(c)
		}
	case valueEscape:
		p.state = inValue
		if !isNewline(c) {
			p.keep(c)
		}
	case singleQuoted:
		if c == '\'' {
			p.state = beforeValue
		} else {
			p.keep(c)
		}
	case doubleQuoted:
		switch c {
		case '"':
			p.state = beforeValue
		case '\\':
			p.state = doubleEscape
		default:
			p.keep(c)
		}
	case doubleEscape:
		p.state = doubleQuoted
		switch {
		case strings.IndexByte("\"\\`$", c) >= 0:
			p.keep(c)
		case c != '\n':
			p.keep('\\')
			p.keep(c)
		}
	case inComment:
		if isNewline(c) {
			p.state = beforeName
		}
	}
}

func (p *envParser) keep(c byte) {
	p.value = append(p.value, c)
	p.kept = len(p.value)
}

// push ends an assignment. What is no valid variable is dropped, as systemd
// does before it starts a process.
func (p *envParser) push() {
	name := strings.TrimRight(string(p.name), whitespace)
	value := string(p.value[:p.kept])
	p.state = beforeName
	if isVariableName(name) && isVariableValue(value) {
		p.variables = append(p.variables, Variable{Name: name, Value: value, File: p.file, Line: p.start})
	}
}

// isVariableName reports whether a name may be in the environment.
func isVariableName(name string) bool {
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// isVariableValue reports whether systemd passes a value on.
func isVariableValue(value string) bool {
	return utf8.ValidString(value) && !strings.ContainsRune(value, 0)
}
