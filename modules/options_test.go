// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/ansible/argspec"
)

// shape is an option as both the code and the documentation have it.
type shape struct {
	Type, Elements string
	Default        string // as JSON; empty without one
	Choices        string
	Required       bool
	Aliases        []string
	Options        map[string]shape
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func shapesOfSpec(t *testing.T, spec argspec.Spec) map[string]shape {
	shapes := make(map[string]shape)
	for name, option := range spec.Options {
		s := shape{Type: option.Type, Elements: option.Elements, Required: option.Required, Aliases: slices.Sorted(slices.Values(option.Aliases))}
		if option.Default != nil {
			s.Default = asJSON(t, option.Default)
		}
		if option.Choices != nil {
			s.Choices = asJSON(t, option.Choices)
		}
		if option.Options != nil {
			s.Options = shapesOfSpec(t, *option.Options)
		}
		shapes[name] = s
	}
	return shapes
}

func shapesOfDocs(t *testing.T, options map[string]documented) map[string]shape {
	shapes := make(map[string]shape)
	for name, option := range options {
		s := shape{Type: option.Type, Elements: option.Elements, Required: option.Required, Aliases: slices.Sorted(slices.Values(option.Aliases))}
		if !option.Default.IsZero() {
			var value any
			if err := option.Default.Decode(&value); err != nil {
				t.Fatal(err)
			}
			s.Default = asJSON(t, value)
		}
		if option.Choices != nil {
			s.Choices = asJSON(t, option.Choices)
		}
		if option.Suboptions != nil {
			s.Options = shapesOfDocs(t, option.Suboptions)
		}
		shapes[name] = s
	}
	return shapes
}

func TestOptionsAreDocumented(t *testing.T) {
	var described func(t *testing.T, at string, spec argspec.Spec, options map[string]documented)
	described = func(t *testing.T, at string, spec argspec.Spec, options map[string]documented) {
		for _, name := range slices.Sorted(maps.Keys(options)) {
			text := strings.Join(options[name].Description, " ")
			if text == "" {
				t.Errorf("missing description of option %s%s", at, name)
			}
			option := spec.Options[name]
			if option.NoLog && !strings.Contains(text, "secret") {
				t.Errorf("the option %s%s is no_log; say in its description that it is a secret, and so never shown", at, name)
			}
			if option.Options != nil {
				described(t, at+name+".", *option.Options, options[name].Suboptions)
			}
		}
	}
	eachModule(t, func(t *testing.T, _ string, _ ansible.Runner, spec argspec.Spec, d docs) {
		if diff := cmp.Diff(shapesOfSpec(t, spec), shapesOfDocs(t, d.Options)); diff != "" {
			t.Errorf("DOCUMENTATION's options are not those of Params (-Params +DOCUMENTATION):\n%s", diff)
		}
		described(t, "", spec, d.Options)
	})
}
