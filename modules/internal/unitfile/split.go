// SPDX-License-Identifier: GPL-3.0-or-later

package unitfile

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// splitMode says how backslashes and loose ends are taken.
type splitMode int

const (
	// commandWords is for ExecStart=: C escapes, quotes must close. An escape
	// that C does not know stays as it is written.
	commandWords splitMode = iota
	// strictWords is for Environment=: as above, but an unknown escape ends
	// the value.
	strictWords
	// variableWords is for the value of $VARIABLE: a backslash keeps the next
	// character as it is, open quotes end with the text.
	variableWords
)

// nextWord takes the first word off text. ok is false when there is none left.
func nextWord(text string, mode splitMode) (word, rest string, ok bool, err error) {
	text = strings.TrimLeft(text, whitespace)
	if text == "" {
		return "", "", false, nil
	}
	var b strings.Builder
	var quote byte
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\\' && mode != variableWords:
			unescaped, size, known := unescape(text[i+1:])
			if !known && (mode == strictWords || size == 0 && quote != 0) {
				return "", "", false, fmt.Errorf("invalid escape in %q", text)
			}
			b.WriteString(unescaped)
			i += 1 + size
			continue
		case c == '\\':
			if i+1 < len(text) {
				b.WriteByte(text[i+1])
			}
			i += 2
			continue
		case quote != 0:
			if c == quote {
				quote = 0
			} else {
				b.WriteByte(c)
			}
		case c == '\'' || c == '"':
			quote = c
		case strings.IndexByte(whitespace, c) >= 0:
			return b.String(), strings.TrimLeft(text[i:], whitespace), true, nil
		default:
			b.WriteByte(c)
		}
		i++
	}
	if quote != 0 && mode != variableWords {
		return "", "", false, fmt.Errorf("missing closing %c in %q", quote, text)
	}
	return b.String(), "", true, nil
}

// unescape returns what follows a backslash means, how long it is, and whether
// C knows it. What it does not know stays as it is written.
func unescape(text string) (meaning string, size int, known bool) {
	if text == "" {
		return `\`, 0, false
	}
	simple := map[byte]string{'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t",
		'v': "\v", '\\': "\\", '"': "\"", '\'': "'", 's': " "}
	if s, ok := simple[text[0]]; ok {
		return s, 1, true
	}
	number := func(from, length, base int) (uint64, bool) {
		if len(text) < from+length {
			return 0, false
		}
		n, err := strconv.ParseUint(text[from:from+length], base, 32)
		return n, err == nil && n != 0
	}
	switch c := text[0]; {
	case c == 'x':
		if n, ok := number(1, 2, 16); ok {
			return string([]byte{byte(n)}), 3, true
		}
	case c == 'u':
		if n, ok := number(1, 4, 16); ok {
			return string(rune(n)), 5, true
		}
	case c == 'U':
		if n, ok := number(1, 8, 16); ok && n <= utf8.MaxRune {
			return string(rune(n)), 9, true
		}
	case c >= '0' && c <= '7':
		if n, ok := number(0, 3, 8); ok && n <= 255 {
			return string([]byte{byte(n)}), 3, true
		}
	}
	_, size = utf8.DecodeRuneInString(text)
	return `\` + text[:size], size, false
}

// allWords splits a whole text.
func allWords(text string, mode splitMode) ([]string, error) {
	var words []string
	for {
		word, rest, ok, err := nextWord(text, mode)
		if err != nil || !ok {
			return words, err
		}
		words = append(words, word)
		text = rest
	}
}
