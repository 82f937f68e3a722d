// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// toDict reads a dict from a string of JSON, a Python literal, or
// "k1=v1, k2=v2". In the last form commas and blanks separate, quotes and
// backslashes protect them, and all values are strings.
func toDict(value any) (any, error) {
	switch value := value.(type) {
	case map[string]any:
		return value, nil
	case string:
		if strings.HasPrefix(value, "{") {
			if dict, ok := parseJSON(value).(map[string]any); ok {
				return dict, nil
			}
			if dict, ok := parseLiteral(value).(map[string]any); ok {
				return dict, nil
			}
			return nil, errors.New("expected a dictionary: the text begins with { but is neither JSON nor a Python dictionary")
		}
		if !strings.Contains(value, "=") {
			break
		}
		dict := map[string]any{}
		for _, field := range splitFields(strip(value)) {
			key, text, ok := strings.Cut(field, "=")
			if !ok {
				return nil, errors.New("expected a dictionary such as key1=value1, key2=value2")
			}
			dict[key] = text
		}
		return dict, nil
	}
	return nil, errors.New("expected a dictionary, JSON or key=value")
}

func splitFields(text string) []string {
	var fields []string
	var field strings.Builder
	var quote rune
	escaped := false
	end := func() {
		if field.Len() > 0 {
			fields = append(fields, field.String())
		}
		field.Reset()
	}
	for _, r := range text {
		switch {
		case escaped:
			field.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == ',' || r == ' '):
			end()
		default:
			field.WriteRune(r)
		}
	}
	end()
	return fields
}

// parseJSON reads exactly one JSON value, nil if text is anything else.
func parseJSON(text string) any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil
	}
	return value
}
