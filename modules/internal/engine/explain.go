// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"fmt"
	"strconv"
	"strings"
)

// wrongKind reports a value of the wrong type and how to write it.
func (c *checker) wrongKind(path string, value any, kind Kind) {
	c.add(path, Rejected, Refuse, "invalid daemon.json: %q is %s, %s wants %s%s",
		path, describe(value), c.name(), kindName(kind), howToWrite(path, value, kind))
}

func kindName(kind Kind) string {
	switch kind {
	case anyObject, builderGC, builderEntitlements:
		return "an object"
	case gcRules:
		return "a list of objects"
	case gcFilter:
		return "a list of filters"
	}
	return kind.String()
}

// howToWrite turns the usual mistakes of templates into the fix for them.
func howToWrite(path string, value any, kind Kind) string {
	text, isString := value.(string)
	switch kind {
	case Bool:
		if isString || isNumber(value) {
			return ": write true or false without quotes, in a template {{ value | bool }}"
		}
	case Int:
		if isString {
			if _, err := strconv.Atoi(text); err == nil {
				return ": write " + text + " without quotes, in a template {{ value | int }}"
			}
			return ": in a template write {{ value | int }}"
		}
		if isNumber(value) {
			return ": write it without fraction and exponent, in a template {{ value | int }}"
		}
	case String, IP, Size:
		if isNumber(value) || isBool(value) {
			return fmt.Sprintf(": write %q in quotes, in a template {{ value | string }}", fmt.Sprint(value))
		}
	case Strings, IPs:
		if isString {
			return fmt.Sprintf(": write [%q]", text)
		}
	case StringMap:
		if list, isList := value.([]any); isList && len(list) > 0 {
			if name, val, found := strings.Cut(fmt.Sprint(list[0]), "="); found {
				return fmt.Sprintf(": write {%q: %q}", name, val)
			}
		}
	case Ulimits:
		if soft, hard, found := strings.Cut(text, ":"); isString && found {
			name := path[strings.LastIndex(path, ".")+1:]
			return fmt.Sprintf(`: write {"Name": %q, "Soft": %s, "Hard": %s}`, name, soft, hard)
		}
	}
	return ""
}

// describe names the JSON type of a value, and the value where it is short.
func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprintf("the boolean %v", v)
	case string:
		if len(v) <= 40 {
			return fmt.Sprintf("the string %q", v)
		}
		return "a string"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprintf("the number %v", value)
}
