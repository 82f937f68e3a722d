// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parseLiteral reads a dict, list, tuple, string, number, True, False or None
// as Python's ast.literal_eval does, nil if text is anything else. Users meet
// this form when a template prints a dict into a string.
func parseLiteral(text string) any {
	p := &literal{text: text}
	value := p.value(0)
	p.space()
	if p.wrong || p.at < len(p.text) {
		return nil
	}
	return value
}

// maxNesting is how deep literals may nest; CPython's parser stops at 200.
const maxNesting = 100

// literal is a parser; wrong is set when the text is no literal, and from then
// on results mean nothing.
type literal struct {
	text  string
	at    int
	wrong bool
}

func (p *literal) fail() any {
	p.wrong = true
	p.at = len(p.text)
	return nil
}

// space skips white space and comments; inside brackets a line end is nothing more.
func (p *literal) space() {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '#':
			if end := strings.IndexAny(p.text[p.at:], "\r\n"); end >= 0 {
				p.at += end
			} else {
				p.at = len(p.text)
			}
		case strings.IndexByte(" \t\f\r\n", c) >= 0:
			p.at++
		case strings.HasPrefix(p.text[p.at:], "\\\n"):
			p.at += 2
		default:
			return
		}
	}
}

// take skips white space and then token, if that follows.
func (p *literal) take(token string) bool {
	p.space()
	if !strings.HasPrefix(p.text[p.at:], token) {
		return false
	}
	p.at += len(token)
	return true
}

func (p *literal) value(depth int) any {
	if depth > maxNesting {
		return p.fail()
	}
	switch {
	case p.take("{"):
		return p.dict(depth)
	case p.take("["):
		list, _ := p.items("]", depth)
		return list
	case p.take("("):
		list, comma := p.items(")", depth)
		if len(list) == 1 && !comma {
			return list[0] // only parentheses around a value
		}
		return list
	}
	start := p.at
	for p.at < len(p.text) && (isWord(p.text[p.at]) || p.text[p.at] >= utf8.RuneSelf) {
		p.at++
	}
	word := p.text[start:p.at]
	if p.at < len(p.text) && (p.text[p.at] == '\'' || p.text[p.at] == '"') {
		p.at = start
		return p.strings()
	}
	switch word {
	case "None":
		return nil
	case "True":
		return true
	case "False":
		return false
	}
	p.at = start
	return p.number()
}

// items reads the items of a list or tuple up to the closing bracket and tells
// whether a comma ended the last one.
func (p *literal) items(closing string, depth int) (list []any, comma bool) {
	list = []any{}
	comma = true
	for !p.take(closing) {
		if !comma || p.at >= len(p.text) {
			p.fail()
			return list, comma
		}
		list = append(list, p.value(depth+1))
		comma = p.take(",")
	}
	return list, comma && len(list) > 0
}

func (p *literal) dict(depth int) any {
	dict := map[string]any{}
	comma := true
	for !p.take("}") {
		if !comma || p.at >= len(p.text) {
			return p.fail()
		}
		key, ok := dictKey(p.value(depth + 1))
		if !ok || !p.take(":") {
			return p.fail()
		}
		dict[key] = p.value(depth + 1)
		comma = p.take(",")
	}
	return dict
}

// dictKey is what JSON makes of a Python key.
func dictKey(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case nil:
		return "null", true
	case bool:
		return strconv.FormatBool(value), true
	case json.Number:
		return repr(value), true
	}
	return "", false
}

// number reads a number with at most one sign.
func (p *literal) number() any {
	negative := p.take("-")
	if !negative {
		p.take("+")
	}
	p.space()
	start := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		signed := (c == '+' || c == '-') && p.at > start && (p.text[p.at-1] == 'e' || p.text[p.at-1] == 'E') &&
			!strings.HasPrefix(p.text[start:], "0x") && !strings.HasPrefix(p.text[start:], "0X")
		if !isWord(c) && c != '.' && !signed {
			break
		}
		p.at++
	}
	digits, ok := literalNumber(p.text[start:p.at])
	if !ok {
		return p.fail()
	}
	if negative {
		digits = "-" + digits
	}
	return json.Number(digits)
}

// literalNumber turns the spelling of a Python number into that of JSON.
func literalNumber(text string) (string, bool) {
	if text == "" || !isDigit(text[0]) && text[0] != '.' {
		return "", false
	}
	if strings.Trim(text, "0123456789_") == "" || len(text) > 1 && text[0] == '0' && strings.IndexByte("xXoObB", text[1]) >= 0 {
		if strings.Trim(text, "0_") == "" && !strings.HasSuffix(text, "_") && !strings.Contains(text, "__") {
			return "0", true
		}
		if len(text) > 1 && text[0] == '0' && (isDigit(text[1]) || text[1] == '_') {
			return "", false // Python has no octal numbers without 0o
		}
		if n, err := strconv.ParseInt(text, 0, 64); err == nil {
			return strconv.FormatInt(n, 10), true
		}
		digits := strings.ReplaceAll(text, "_", "")
		return digits, strings.Trim(digits, "0123456789") == "" && len(digits) <= maxDigits && !strings.HasSuffix(text, "_") && !strings.Contains(text, "__")
	}
	f, ok := parseFloat(text)
	if !ok || math.IsInf(f, 0) {
		return "", false
	}
	return reprFloat(f), true
}
