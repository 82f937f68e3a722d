// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"bytes"
	"encoding/json"
	"testing"
)

// optionJSON is an option in the form of ansible-core's argument_spec.
type optionJSON struct {
	Type              string                       `json:"type"`
	Elements          string                       `json:"elements"`
	Default           any                          `json:"default"`
	Required          bool                         `json:"required"`
	Choices           []any                        `json:"choices"`
	Aliases           []string                     `json:"aliases"`
	NoLog             bool                         `json:"no_log"`
	Options           map[string]json.RawMessage   `json:"options"`
	ApplyDefaults     bool                         `json:"apply_defaults"`
	RemovedInVersion  string                       `json:"removed_in_version"`
	RemovedAtDate     string                       `json:"removed_at_date"`
	RemovedFrom       string                       `json:"removed_from_collection"`
	DeprecatedAliases []map[string]json.RawMessage `json:"deprecated_aliases"`
	rulesJSON
}

type rulesJSON struct {
	MutuallyExclusive [][]string          `json:"mutually_exclusive,omitempty"`
	RequiredTogether  [][]string          `json:"required_together,omitempty"`
	RequiredOneOf     [][]string          `json:"required_one_of,omitempty"`
	RequiredIf        [][]any             `json:"required_if,omitempty"`
	RequiredBy        map[string][]string `json:"required_by,omitempty"`
}

// readSpec makes a Spec of ansible-core's form.
func readSpec(t *testing.T, options, rules json.RawMessage) Spec {
	t.Helper()
	var list map[string]json.RawMessage
	decodeStrictly(t, options, &list)
	var r rulesJSON
	if len(rules) > 0 {
		decodeStrictly(t, rules, &r)
	}
	return specFrom(t, list, r)
}

func specFrom(t *testing.T, list map[string]json.RawMessage, r rulesJSON) Spec {
	t.Helper()
	spec := Spec{Options: map[string]Option{}}
	for name, text := range list {
		var o optionJSON
		decodeStrictly(t, text, &o)
		option := Option{
			Type: o.Type, Elements: o.Elements, Default: o.Default, Required: o.Required, Choices: o.Choices,
			Aliases: o.Aliases, NoLog: o.NoLog, ApplyDefaults: o.ApplyDefaults,
			RemovedInVersion: o.RemovedInVersion, RemovedAtDate: o.RemovedAtDate, RemovedFrom: o.RemovedFrom,
		}
		if o.Options != nil {
			sub := specFrom(t, o.Options, o.rulesJSON)
			option.Options = &sub
		}
		spec.Options[name] = option
	}
	spec.MutuallyExclusive = r.MutuallyExclusive
	spec.RequiredTogether = r.RequiredTogether
	spec.RequiredOneOf = r.RequiredOneOf
	spec.RequiredBy = r.RequiredBy
	for _, rule := range r.RequiredIf {
		names, _ := rule[2].([]any)
		var required []string
		for _, name := range names {
			required = append(required, name.(string))
		}
		anyOf := len(rule) > 3 && rule[3] == true
		spec.RequiredIf = append(spec.RequiredIf, RequiredIf{Option: rule[0].(string), Value: rule[1], Options: required, Any: anyOf})
	}
	return spec
}

func decodeStrictly(t *testing.T, text json.RawMessage, into any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("spec %s: %v", text, err)
	}
}
