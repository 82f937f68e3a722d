// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parityCase is one call of a validator, in ansible-core's own form.
type parityCase struct {
	Spec  json.RawMessage `json:"spec"`
	Rules json.RawMessage `json:"rules,omitempty"`
	Args  json.RawMessage `json:"args"`
}

// parityGroup is an entry of the files below testdata/parity: many arguments
// for one spec.
type parityGroup struct {
	About string            `json:"about"`
	Spec  json.RawMessage   `json:"spec"`
	Rules json.RawMessage   `json:"rules"`
	Args  []json.RawMessage `json:"args"`
	// Differs names one of the deliberate differences. Every case of the group
	// must then be judged differently, so that no exception outlives its reason.
	Differs string `json:"differs"`
	// Since is the ansible-core that the group holds from; older ones differ.
	Since string `json:"since"`
}

// deliberate has the reason of each difference that the package comment lists.
func deliberate() map[string]string {
	return map[string]string{
		"sorted keys":     "a Go map does not know the order of the user's keys",
		"not finite":      "JSON cannot carry NaN and infinity, and ansible-core ends in a traceback for an infinite int",
		"ascii digits":    "numbers with the digits of other scripts are typing errors",
		"decimal triple":  "an int as [sign, digits, exponent] is an accident of decimal.Decimal",
		"literal types":   "JSON has no bytes, sets, complex numbers and keys that are tuples; names of characters need a large table",
		"secret defaults": "ansible-core ends in a traceback for a no_log default that is a list or a dict",
	}
}

// TestParity compares Validate with ansible-core's ArgumentSpecValidator over
// the cases of testdata/parity.
func TestParity(t *testing.T) {
	setParityEnvironment(t)
	files, err := filepath.Glob("testdata/parity/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("Glob() = %v, %v; want the case files", files, err)
	}
	var cases []parityCase
	var groups []parityGroup
	used := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []parityGroup
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&list); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, group := range list {
			used[group.Differs] = true
			for _, args := range group.Args {
				groups = append(groups, group)
				cases = append(cases, parityCase{group.Spec, group.Rules, args})
			}
		}
	}
	if len(cases) < 250 {
		t.Errorf("%d cases; want at least 250", len(cases))
	}
	for name := range deliberate() {
		if !used[name] {
			t.Errorf("no case proves the deliberate difference %q", name)
		}
	}
	version, answers := askReference(t, cases)
	t.Logf("%d cases against ansible-core %s", len(cases), version)
	for i, c := range cases {
		group := groups[i]
		if older(version, group.Since) || older(version, "2.19") && !answers[i].OK {
			continue // older ones refuse more, see the package comment
		}
		problem := compare(t, c, answers[i])
		reason, listed := deliberate()[group.Differs]
		switch {
		case group.Differs == "" && problem != "":
			t.Errorf("%s: args %s\n%s", group.About, c.Args, problem)
		case group.Differs != "" && !listed:
			t.Errorf("%s: unknown difference %q", group.About, group.Differs)
		case group.Differs != "" && problem == "":
			t.Errorf("%s: args %s: no difference any more; want one because %s", group.About, c.Args, reason)
		}
	}
}

// compare returns what Validate and the reference disagree on, "" for nothing.
func compare(t *testing.T, c parityCase, want reference) string {
	t.Helper()
	spec := readSpec(t, c.Spec, c.Rules)
	args, ok := parseJSON(string(c.Args)).(map[string]any)
	if !ok {
		t.Fatalf("args %s: want a JSON object", c.Args)
	}
	before := pythonJSON(args)
	got := spec.Validate(args)
	if after := pythonJSON(args); after != before {
		return "Validate changed its arguments to " + after
	}
	refused := len(got.Errors) > 0
	if want.Crash != "" {
		if refused {
			return "" // a refusal with a message in place of a traceback
		}
		return "Validate accepts; ansible-core ends in " + want.Crash
	}
	var problems []string
	add := func(what string, got, want any) {
		if diff := cmp.Diff(want, got); diff != "" {
			problems = append(problems, what+" (-ansible-core +Validate):\n"+diff)
		}
	}
	add("accepted", !refused, want.OK)
	if got.Unknown == nil {
		got.Unknown = []string{}
	}
	add("unknown options", got.Unknown, want.Unknown)
	add("failed options", failedOptions(got.Errors), want.Failed)
	if want.OK && !refused {
		add("values", pythonJSON(got.Values), want.Values)
	}
	extra := map[string]bool{}
	convertedSecrets(spec, got.Values, extra)
	for _, secret := range want.Secrets {
		if secret != "" && !slices.Contains(got.Secrets, secret) {
			problems = append(problems, "not secret: "+secret)
		}
	}
	for _, secret := range got.Secrets {
		if want.OK && !slices.Contains(want.Secrets, secret) && !extra[secret] {
			problems = append(problems, "secret only here: "+secret)
		}
	}
	if len(problems) == 0 {
		return ""
	}
	problems = append(problems, "errors:")
	for _, err := range got.Errors {
		problems = append(problems, "\t"+err.Error())
	}
	return strings.Join(problems, "\n")
}

// convertedSecrets collects what Secrets may have beyond ansible-core's.
func convertedSecrets(spec Spec, values map[string]any, into map[string]bool) {
	for name, option := range spec.Options {
		value := values[name]
		if option.NoLog {
			addStrings(into, value)
		}
		if !option.hasSubOptions() {
			continue
		}
		items, isList := value.([]any)
		if !isList {
			items = []any{value}
		}
		for _, item := range items {
			if sub, ok := item.(map[string]any); ok {
				convertedSecrets(*option.Options, sub, into)
			}
		}
	}
}

// failedOptions reduces error texts to what testdata/reference.py tells of
// ansible-core's: the kind and the option.
func failedOptions(errs []error) []string {
	found := map[string]bool{}
	position := regexp.MustCompile(`\[\d+\]`)
	quoted := regexp.MustCompile(`"([^"]*)"`)
	for _, err := range errs {
		text := err.Error()
		if strings.HasSuffix(text, ", expected a dictionary") {
			continue // ansible-core's NoLogError, which names no option
		}
		rule, isRule := "", true
		switch {
		case strings.HasPrefix(text, "invalid combination of options"):
			rule = "exclusive"
		case strings.Contains(text, "required together with"):
			rule = "together"
		case strings.Contains(text, "required because option"):
			rule = "if"
		case strings.HasPrefix(text, "missing option, one of"):
			rule = "one of"
		case strings.Contains(text, "required by option"):
			rule = "by"
		default:
			isRule = false
		}
		switch i := strings.LastIndex(text, " for option \""); {
		case isRule:
			name := quoted.FindStringSubmatch(text)[1]
			prefix := name[:strings.LastIndex(name, ".")+1]
			found["rule "+rule+" "+position.ReplaceAllString(prefix, "")] = true
		case strings.HasPrefix(text, "missing required option"):
			found["required "+position.ReplaceAllString(quoted.FindStringSubmatch(text)[1], "")] = true
		case strings.HasPrefix(text, "invalid value") && i > 0:
			kind := "invalid "
			if strings.Contains(text[i:], ", expected one of ") {
				kind = "choice "
			}
			found[kind+position.ReplaceAllString(quoted.FindStringSubmatch(text[i:])[1], "")] = true
		}
	}
	names := sorted(found)
	if names == nil {
		names = []string{}
	}
	return names
}
