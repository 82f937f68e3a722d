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
	// unitWords is for values in unit files: C escapes, quotes must close.
	unitWords splitMode = iota
	// variableWords is for the value of $VARIABLE: a backslash keeps the next
	// character as it is, open quotes end with the text.
	variableWords
)

// nextWord takes the first word off text. ok is false when there is none
// left. An escape that C does not know stays as it is written, as systemd
// does with a warning.
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
		case c == '\\' && mode == unitWords:
			if i+1 == len(text) {
				return "", "", false, fmt.Errorf("invalid backslash at the end of %q", text)
			}
			unescaped, size := unescape(text[i+1:])
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
	if quote != 0 && mode == unitWords {
		return "", "", false, fmt.Errorf("missing closing %c in %q", quote, text)
	}
	return b.String(), "", true, nil
}

// unescape returns what follows a backslash means, and how long it is.
func unescape(text string) (string, int) {
	simple := map[byte]string{'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t",
		'v': "\v", '\\': "\\", '"': "\"", '\'': "'", 's': " "}
	if s, ok := simple[text[0]]; ok {
		return s, 1
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
			return string([]byte{byte(n)}), 3
		}
	case c == 'u':
		if n, ok := number(1, 4, 16); ok {
			return string(rune(n)), 5
		}
	case c == 'U':
		if n, ok := number(1, 8, 16); ok && n <= utf8.MaxRune {
			return string(rune(n)), 9
		}
	case c >= '0' && c <= '7':
		if n, ok := number(0, 3, 8); ok && n <= 255 {
			return string([]byte{byte(n)}), 3
		}
	}
	_, size := utf8.DecodeRuneInString(text)
	return "\\" + text[:size], size
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
