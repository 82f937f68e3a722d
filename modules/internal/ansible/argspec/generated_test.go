// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestGeneratedParity compares Validate with ansible-core over random specs and
// arguments. The seed is fixed, so that a failure stays; other seeds and more
// cases are for whoever changes this package:
//
//	go test -run TestGenerated . -seed 7 -cases 100000
func TestGeneratedParity(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(*seed, 0))}
	compareGenerated(t, 20, func() parityCase { return g.parityCase(t) })
}

// TestGeneratedText does the same with the text forms of the types that read
// text: good ones with a few letters changed.
func TestGeneratedText(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(*seed, 1))}
	compareGenerated(t, 5, func() parityCase {
		kind := pick(g, "int", "float", "bool", "bytes", "bits", "path", "dict", "dict", "dict", "dict")
		spec, args := map[string]any{"x": map[string]any{"type": kind}}, map[string]any{"x": g.text(kind)}
		return parityCase{Spec: encode(t, spec), Args: encode(t, args)}
	})
}

func encode(t *testing.T, value any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// compareGenerated compares as many cases as the flag says. Of these, least
// percent must be accepted and refused each, or the comparison would be empty.
func compareGenerated(t *testing.T, least int, next func() parityCase) {
	t.Helper()
	setParityEnvironment(t)
	var cases []parityCase
	for range *generated {
		cases = append(cases, next())
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
		if values := answers[i].Values; strings.HasPrefix(values, "no JSON") || strings.Contains(values, "Infinity") || strings.Contains(values, "NaN") {
			continue // the deliberate differences "not finite" and "literal types"
		}
		if problem := compare(t, c, answers[i]); problem != "" {
			t.Errorf("spec %s\nrules %s\nargs %s\n%s", c.Spec, c.Rules, c.Args, problem)
			if wrong++; wrong == 10 {
				t.Fatal("further differences are not shown")
			}
		}
	}
	t.Logf("%d cases against ansible-core %s, %d of them accepted", len(cases), version, accepted)
	if share := accepted * 100 / len(cases); share < least || share > 100-least {
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
	return parityCase{encode(t, spec), encode(t, rules), encode(t, g.args(spec))}
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
