// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestGeneratedParity compares Validate with ansible-core over random specs and
// arguments. The seed is fixed, so that a failure stays; other seeds and more
// cases are for whoever changes this package:
//
//	go test -run TestGeneratedParity . -seed 7 -cases 100000
func TestGeneratedParity(t *testing.T) {
	setParityEnvironment(t)
	g := generator{rand.New(rand.NewPCG(*seed, 0))}
	var cases []parityCase
	for range *generated {
		cases = append(cases, g.parityCase(t))
	}
	version, answers := askReference(t, cases)
	if older(version, "2.19") {
		t.Skipf("generated cases are compared with ansible-core 2.19 and newer only, this is %s", version)
	}
	accepted, wrong := 0, 0
	for i, c := range cases {
		if answers[i].OK {
			accepted++
		}
		if problem := compare(t, c, answers[i]); problem != "" {
			t.Errorf("spec %s\nrules %s\nargs %s\n%s", c.Spec, c.Rules, c.Args, problem)
			if wrong++; wrong == 10 {
				t.Fatal("further differences are not shown")
			}
		}
	}
	t.Logf("%d cases against ansible-core %s, %d of them accepted", len(cases), version, accepted)
	if accepted < len(cases)/5 || accepted > len(cases)*4/5 {
		t.Errorf("%d of %d cases are accepted; want something of both", accepted, len(cases))
	}
}

var (
	seed      = flag.Uint64("seed", 1, "seed of the generated parity cases")
	generated = flag.Int("cases", 3000, "number of generated parity cases")
)

// generator makes random specs, and arguments that fit them more often than not.
type generator struct{ *rand.Rand }

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g generator) parityCase(t *testing.T) parityCase {
	spec, rules := g.spec(2)
	encode := func(value any) json.RawMessage {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	return parityCase{encode(spec), encode(rules), encode(g.args(spec))}
}

func (g generator) spec(depth int) (options, rules map[string]any) {
	options = map[string]any{}
	names := []string{"a", "b", "c", "d", "name", "state"}[:1+g.IntN(6)]
	for _, name := range names {
		options[name] = g.option(name, depth)
	}
	group := func(least int) []string {
		members := slices.Clone(names)
		g.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		return members[:min(len(members), least+g.IntN(2))]
	}
	rules = map[string]any{}
	if g.chance(15) {
		rules["mutually_exclusive"] = [][]string{group(2)}
	}
	if g.chance(15) {
		rules["required_together"] = [][]string{group(2)}
	}
	if g.chance(15) {
		rules["required_one_of"] = [][]string{group(2), group(1)}
	}
	if g.chance(15) {
		rules["required_by"] = map[string][]string{pick(g, names...): group(1)}
	}
	if g.chance(25) {
		rules["required_if"] = [][]any{{pick(g, names...), g.scalar(), group(1), g.chance(50)}}
	}
	return options, rules
}

func (g generator) option(name string, depth int) map[string]any {
	types := []string{"str", "bool", "int", "float", "list", "dict", "path", "raw", "json", "jsonarg", "bytes", "bits"}
	kind := pick(g, types...)
	o := map[string]any{"type": kind}
	if kind == "str" && g.chance(20) {
		delete(o, "type")
	}
	if kind == "list" && g.chance(70) {
		o["elements"] = pick(g, append(types, "dict")...)
	}
	if (kind == "dict" || o["elements"] == "dict") && depth > 0 && g.chance(70) {
		options, rules := g.spec(depth - 1)
		o["options"] = options
		for name, rule := range rules {
			o[name] = rule
		}
		if kind == "dict" && g.chance(20) {
			o["apply_defaults"] = true
		}
	}
	switch {
	case g.chance(12):
		o["required"] = true
	case g.chance(25) && (kind != "list" || o["options"] == nil):
		// A list of dicts as default is one object in Python: what is done to
		// it for the first item shows in the second.
		o["default"] = g.fitting(o)
		if g.chance(10) {
			o["default"] = g.scalar()
		}
	}
	if kind != "dict" && kind != "json" && kind != "jsonarg" && g.chance(12) {
		choices := []any{g.scalar(), g.scalar(), g.scalar()}
		o["choices"] = choices
	}
	if g.chance(25) {
		o["aliases"] = []string{name + "_alias", name + "-old"}[:1+g.IntN(2)]
	}
	switch o["default"].(type) {
	case []any, map[string]any: // a traceback in ansible-core, see "secret defaults"
	default:
		if g.chance(20) {
			o["no_log"] = true
		}
	}
	return o
}

// args gives most options a fitting value, some a wrong one, and adds a few
// that are unknown.
func (g generator) args(options map[string]any) map[string]any {
	args := map[string]any{}
	names := sorted(keys(options))
	for _, name := range names {
		o := options[name].(map[string]any)
		if !g.chance(65) && o["required"] == nil {
			continue
		}
		for _, given := range append([]string{name}, aliasesOf(o)...) {
			if given != name && !g.chance(25) {
				continue
			}
			switch {
			case g.chance(4):
				args[given] = nil
			case g.chance(6):
				args[given] = g.anything(2)
			default:
				args[given] = g.fitting(o)
			}
		}
	}
	if g.chance(4) {
		args[pick(g, "unknown", "nmae", "A", "state ")] = g.scalar()
	}
	return args
}

func aliasesOf(o map[string]any) []string {
	aliases, _ := o["aliases"].([]string)
	return aliases
}

func keys(m map[string]any) map[string]bool {
	set := map[string]bool{}
	for key := range m {
		set[key] = true
	}
	return set
}

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
