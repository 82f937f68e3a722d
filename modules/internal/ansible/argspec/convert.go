// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// convertTo converts value to one of Ansible's types. The error says what was
// expected. Source of the rules: ansible-core 2.19
// module_utils/common/validation.py, check_type_*.
func convertTo(wanted string, value any) (any, error) {
	switch wanted {
	case "", "str":
		return toStr(value), nil
	case "bool":
		return toBool(value)
	case "int":
		return toInt(value)
	case "float":
		return toFloat(value)
	case "list":
		return toList(value)
	case "dict":
		return toDict(value)
	case "path":
		return expandPath(toStr(value)), nil
	case "raw":
		return value, nil
	case "json", "jsonarg":
		return toJSON(value)
	case "bytes":
		return toSize(value, false)
	case "bits":
		return toSize(value, true)
	default:
		return nil, fmt.Errorf("the argument spec has the unknown type %q", wanted)
	}
}

// toStr makes a string of anything; null is "".
func toStr(value any) string {
	if value == nil {
		return ""
	}
	return str(value)
}

var errBool = errors.New("expected a boolean such as true, false, yes or no")

func toBool(value any) (bool, error) {
	if s, ok := value.(string); ok {
		switch strip(strings.ToLower(s)) {
		case "y", "yes", "on", "1", "true", "t":
			return true, nil
		case "n", "no", "off", "0", "false", "f":
			return false, nil
		}
		return false, errBool
	}
	switch numberKey(value) {
	case "1":
		return true, nil
	case "0":
		return false, nil
	}
	return false, errBool
}

func toInt(value any) (any, error) {
	digits := numberKey(value)
	if s, ok := value.(string); ok {
		digits, _ = parseDecimal(s)
	}
	if digits == "" || strings.Trim(digits, "-0123456789") != "" {
		return nil, errors.New("expected an integer")
	}
	return integer(digits), nil
}

func toFloat(value any) (any, error) {
	var f float64
	ok := true
	switch value := value.(type) {
	case string:
		f, ok = parseFloat(value)
	case float64:
		f = value
	default:
		key := numberKey(value)
		if n, isNumber := value.(json.Number); isNumber {
			key = string(n) // keeps the sign of -0.0
		}
		f, ok = parseFloat(key)
	}
	if !ok || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, errors.New("expected a number")
	}
	return f, nil
}

// toList splits a string at its commas, blanks around them are kept. A single
// number or boolean becomes a list of its text.
func toList(value any) (any, error) {
	switch value := value.(type) {
	case []any:
		return value, nil
	case string:
		var list []any
		for _, part := range strings.Split(value, ",") {
			list = append(list, part)
		}
		return list, nil
	}
	if numberKey(value) == "" {
		return nil, errors.New("expected a list")
	}
	return []any{str(value)}, nil
}

// toJSON gives the JSON text of a list or dict; a string is taken for JSON and
// not looked at.
func toJSON(value any) (any, error) {
	switch value := value.(type) {
	case string:
		return strip(value), nil
	case []any, map[string]any:
		return pythonJSON(value), nil
	}
	return nil, errors.New("expected JSON text, a list or a dictionary")
}

// plain returns a deep copy of value in the types that encoding/json reads with
// UseNumber, so that a Spec written in Go may hold an int or a []string.
func plain(value any) any {
	switch value := value.(type) {
	case nil, bool, string, json.Number:
		return value
	case float64:
		return json.Number(reprFloat(value))
	case []any:
		list := make([]any, len(value))
		for i, item := range value {
			list[i] = plain(item)
		}
		return list
	case map[string]any:
		dict := make(map[string]any, len(value))
		for key, item := range value {
			dict[key] = plain(item)
		}
		return dict
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return json.Number(strconv.FormatInt(v.Int(), 10))
	case reflect.Slice, reflect.Array:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(v.Index(i).Interface())
		}
		return list
	case reflect.Map:
		dict := make(map[string]any, v.Len())
		for _, key := range v.MapKeys() {
			dict[key.String()] = plain(v.MapIndex(key).Interface())
		}
		return dict
	}
	return value
}

// show renders a value for a message, not more than a line of it.
func show(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return strconv.Quote(fmt.Sprint(value))
	}
	const limit = 80
	if runes := []rune(string(text)); len(runes) > limit {
		return string(runes[:limit]) + "..."
	}
	return string(text)
}

func showAll(values []any) string {
	parts := make([]string, len(values))
	for i, value := range values {
		if parts[i] = str(plain(value)); parts[i] == "" {
			parts[i] = `""`
		}
	}
	return strings.Join(parts, ", ")
}
