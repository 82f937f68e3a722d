// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// str returns what Python's str() makes of value.
func str(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	return repr(value)
}

// repr returns what Python's repr() makes of value; the keys of a dict are
// sorted, because a Go map does not know their order.
func repr(value any) string {
	switch value := value.(type) {
	case nil:
		return "None"
	case bool:
		if value {
			return "True"
		}
		return "False"
	case string:
		return reprString(value)
	case int64:
		return strconv.FormatInt(value, 10)
	case float64:
		return reprFloat(value)
	case json.Number:
		if isInteger(value) {
			return integerDigits(value)
		}
		return reprFloat(toFloat64(value))
	case []any:
		parts := make([]string, len(value))
		for i, item := range value {
			parts[i] = repr(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(value)) {
			parts = append(parts, reprString(key)+": "+repr(value[key]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	default:
		return fmt.Sprint(value)
	}
}

// reprString quotes as Python does: with single quotes unless only they occur inside.
func reprString(s string) string {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	var b strings.Builder
	b.WriteRune(quote)
	for _, r := range s {
		switch {
		case r == quote || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case strconv.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteRune(quote)
	return b.String()
}

// reprFloat writes the shortest digits that give f, with an exponent below
// 1e-4 and from 1e16 on.
func reprFloat(f float64) string {
	text := strconv.FormatFloat(f, 'e', -1, 64)
	_, exponent, ok := strings.Cut(text, "e")
	if !ok {
		return strings.ToLower(strings.TrimPrefix(text, "+")) // inf, -inf, nan
	}
	if n, err := strconv.Atoi(exponent); err != nil || n < -4 || n >= 16 {
		return text
	}
	text = strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// truthy returns what Python's bool() makes of value.
func truthy(value any) bool {
	switch value := value.(type) {
	case nil:
		return false
	case bool:
		return value
	case string:
		return value != ""
	case []any:
		return len(value) > 0
	case map[string]any:
		return len(value) > 0
	default:
		return numberKey(value) != "0"
	}
}

// equal compares as Python's == does: 1, 1.0 and True are equal, 1 and "1" are not.
func equal(a, b any) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case string:
		b, ok := b.(string)
		return ok && a == b
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, equal)
	default:
		key := numberKey(a)
		return key != "" && key == numberKey(b)
	}
}

// contains reports whether choices has a member that equals value.
func contains(choices []any, value any) bool {
	return slices.ContainsFunc(choices, func(choice any) bool { return equal(plain(choice), value) })
}

// booleanChoice returns the one choice that means the boolean which value, the
// text "True" or "False", once was.
func booleanChoice(choices []any, value any) (any, bool) {
	if value != "True" && value != "False" {
		return nil, false
	}
	var found []any
	for _, choice := range choices {
		choice = plain(choice)
		if s, ok := choice.(string); ok && s != strings.ToLower(strings.TrimSpace(s)) {
			continue // only the exact words count here
		}
		if b, err := toBool(choice); err == nil && b == (value == "True") && !contains(found, choice) {
			found = append(found, choice)
		}
	}
	if len(found) != 1 {
		return nil, false
	}
	return found[0], true
}

// isSpace reports what Python counts as white space in a string.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// strip is Python's str.strip().
func strip(s string) string { return strings.TrimFunc(s, isSpace) }
