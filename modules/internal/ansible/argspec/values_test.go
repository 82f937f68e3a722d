// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"encoding/json"
	"fmt"
	"strings"
)

// fitting returns a value that the option probably takes, in one of the forms
// that users write it in.
func (g generator) fitting(o map[string]any) any {
	if choices, ok := o["choices"].([]any); ok && g.chance(85) {
		return pick(g, choices...)
	}
	options, _ := o["options"].(map[string]any)
	switch kind, _ := o["type"].(string); kind {
	case "list":
		if g.chance(15) {
			return pick(g, "a,b", "1,2", "yes,no", "", "k=v,k=w", " x , y", "1.5")
		}
		list := []any{}
		elements, _ := o["elements"].(string)
		for range g.IntN(4) {
			list = append(list, g.fitting(map[string]any{"type": elements, "options": options}))
		}
		return list
	case "dict":
		var dict map[string]any
		if options != nil {
			dict = g.args(options)
		} else {
			dict = map[string]any{pick(g, "k", "x y", "é"): g.anything(1)}
		}
		return g.spelling(dict)
	case "bool":
		return pick[any](g, true, false, "yes", "no", "On", " off ", "1", "0", 1, 0, json.Number("1.0"), "TRUE", "f")
	case "int":
		return pick[any](g, 0, 1, 2, -5, "1", " 7 ", "1_000", "5.0", "2e1", json.Number("3.0"), json.Number("1e2"), true, "-0", json.Number("98765432109876543210"))
	case "float":
		return pick[any](g, 0, 1, json.Number("1.5"), "2.50", "1e3", " -0.5 ", ".5", "1_0", json.Number("1e-7"), json.Number("1e21"), true)
	case "path":
		return pick[any](g, "/etc/x", "~/x", "$HOME/x", "${ARGSPEC_DIR}/y", "", "a b", "$ARGSPEC_UNSET", "~root", 5)
	case "json", "jsonarg":
		return pick(g, g.spelling(map[string]any{"k": g.anything(1)}), any([]any{g.anything(1)}), any(" {} "))
	case "bytes":
		return pick[any](g, 0, 1024, "1K", "1.5 MB", "2 gigabyte", "3b", "10B", "7kB", json.Number("2.5"), "0.3T", "9E")
	case "bits":
		return pick[any](g, 0, 1024, "1K", "1.5 Mb", "2 gigabit", "3b", "10B", "7kb", "0.3T")
	case "raw":
		return g.anything(2)
	}
	return pick[any](g, "a", "b", "present", "absent", "", "1", "True", "False", "yes", "it's", "é", 1, true, json.Number("1.0"), json.Number("1e3"), g.anything(2))
}

// spelling writes a dict as itself, as JSON, as a Python literal or as key=value.
func (g generator) spelling(dict map[string]any) any {
	switch p := g.IntN(100); {
	case p < 70:
		return dict
	case p < 80:
		text, err := json.Marshal(dict)
		if err != nil {
			panic(err)
		}
		return string(text)
	case p < 90:
		return repr(plain(dict))
	}
	var fields []string
	for _, key := range sorted(keys(dict)) {
		fields = append(fields, fmt.Sprintf("%s='%v'", key, str(plain(dict[key]))))
	}
	return strings.Join(fields, pick(g, ", ", ",", " "))
}

func (g generator) scalar() any {
	return pick[any](g, nil, true, false, 0, 1, 2, -1, json.Number("1.0"), json.Number("0.5"), json.Number("1e16"), "", "a", "b", "present", "1", "0", "yes", "no", "on", "True", "False", "1.0", "5", "k=v", "{}", "[]", "a,b", "~", "é'\"\\", " a ")
}

func (g generator) anything(depth int) any {
	if depth > 0 && g.chance(15) {
		list := []any{}
		for range g.IntN(3) {
			list = append(list, g.anything(depth-1))
		}
		return list
	}
	if depth > 0 && g.chance(15) {
		dict := map[string]any{}
		for range g.IntN(3) {
			dict[pick(g, "k", "a", "name", "state")] = g.anything(depth - 1)
		}
		return dict
	}
	return g.scalar()
}
