// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/mutate"
)

// messagesSpec has something of everything that a message names.
func messagesSpec() Spec {
	return Spec{
		Options: map[string]Option{
			"path":     {Type: "path", Required: true, Aliases: []string{"dest", "file"}, DeprecatedAliases: []DeprecatedAlias{{Name: "file", Version: "2.0.0", CollectionName: "hardened.docker"}}},
			"state":    {Default: "present", Choices: []any{"present", "absent"}},
			"log-opts": {Type: "dict", Options: &Spec{Options: map[string]Option{"max-size": {Type: "bytes"}, "old": {RemovedAtDate: "2027-01-31"}}}},
			"users": {Type: "list", Elements: "dict", Options: &Spec{
				Options:     map[string]Option{"name": {Required: true}, "id": {Type: "int"}, "gid": {Type: "int"}},
				Constraints: Constraints{RequiredTogether: [][]string{{"id", "gid"}}},
			}},
			"ports": {Type: "list", Elements: "int"},
			"a":     {Type: "bool", RemovedInVersion: "3.0.0", RemovedFrom: "hardened.docker"},
			"b":     {Type: "dict"},
			"c":     {Type: "float"},
		},
		Constraints: Constraints{
			MutuallyExclusive: [][]string{{"a", "b"}},
			RequiredOneOf:     [][]string{{"path", "c"}},
			RequiredIf:        []RequiredIf{{Option: "state", Value: "absent", Options: []string{"b", "c"}}, {Option: "a", Value: true, Options: []string{"b", "c"}, Any: true}},
			RequiredBy:        map[string][]string{"b": {"c"}},
		},
	}
}

func TestMessages(t *testing.T) {
	tests := []struct {
		args string
		want []string
	}{
		{`{"path": "x"}`, nil},
		{`{}`, []string{`missing required option "path"`, `missing option, one of "path", "c" is required`}},
		{`{"path": "x", "sate": 1, "zzzzz": 1}`, []string{
			`unknown option "sate", did you mean "state"?`,
			`unknown option "zzzzz", known are a, b, c, log-opts, path, ports, state, users`}},
		{`{"path": "x", "state": "gone"}`, []string{`invalid value "gone" for option "state", expected one of present, absent`}},
		{`{"path": "x", "log_opts": {}}`, []string{`unknown option "log_opts", did you mean "log-opts"?`}},
		{`{"path": "x", "log-opts": {"max_size": 1}}`, []string{`unknown option "log-opts.max_size", did you mean "log-opts.max-size"?`}},
		{`{"path": "x", "log-opts": {"max-size": "1 MiB"}}`, []string{`invalid value "1 MiB" for option "log-opts.max-size", expected a size in bytes such as 512, 10K or 1.5 GB`}},
		{`{"path": "x", "log-opts": 5}`, []string{`invalid value 5 for option "log-opts", expected a dictionary, JSON or key=value`}},
		{`{"path": "x", "log-opts": "{max-size}"}`, []string{`invalid value "{max-size}" for option "log-opts", expected a dictionary: the text begins with { but is neither JSON nor a Python dictionary`}},
		{`{"path": "x", "users": [{"name": "x"}, {"id": "x"}]}`, []string{
			`missing required option "users[1].name"`,
			`invalid value "x" for option "users[1].id", expected an integer`,
			`missing option "users[1].gid", required together with "users[1].id"`}},
		{`{"path": "x", "users": "{\"name\": 1},{\"name\": 2}"}`, []string{`invalid value "{\"name\": 1},{\"name\": 2}" for option "users", expected a dictionary`}},
		{`{"path": "x", "ports": [1, "http", null]}`, []string{
			`invalid value "http" for option "ports[1]", expected an integer`,
			`invalid value null for option "ports[2]", expected an integer`}},
		{`{"path": "x", "a": "perhaps"}`, []string{`invalid value "perhaps" for option "a", expected a boolean such as true, false, yes or no`}},
		{`{"path": "x", "a": true, "b": {}}`, []string{
			`invalid combination of options "a" and "b", give one of them only`,
			`missing option "c", required by option "b"`}},
		{`{"path": "x", "state": "absent", "a": true}`, []string{
			`missing option "b", "c", required because option "state" is "absent"`,
			`missing option, one of "b", "c" is required because option "a" is true`}},
		{`{"path": "x", "c": "nan"}`, []string{`invalid value "nan" for option "c", expected a number`}},
		{`{"path": "x", "c": "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x"}`,
			[]string{`invalid value "0123456789012345678901234567890123456789012345678901234567890123456789012345678... for option "c", expected a number`}},
	}
	for _, test := range tests {
		args, ok := parseJSON(test.args).(map[string]any)
		if !ok {
			t.Fatalf("args %s are no JSON object", test.args)
		}
		var got []string
		for _, err := range messagesSpec().Validate(args).Errors {
			got = append(got, err.Error())
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("Validate(%s).Errors (-want +got):\n%s", test.args, diff)
		}
	}
}

func TestWarningsAndDeprecations(t *testing.T) {
	args := map[string]any{"path": "x", "dest": "y", "file": "z", "a": false, "log-opts": map[string]any{"old": "1"}}
	got := messagesSpec().Validate(args)
	if len(got.Errors) > 0 || got.Values["path"] != "z" {
		t.Errorf("Validate() = %v, path %v; want no errors and path z", got.Errors, got.Values["path"])
	}
	wantWarnings := []string{
		`option "path" and its alias "dest" are both given, the alias counts`,
		`option "path" and its alias "file" are both given, the alias counts`,
	}
	if diff := cmp.Diff(wantWarnings, got.Warnings); diff != "" {
		t.Errorf("Warnings (-want +got):\n%s", diff)
	}
	text, err := json.Marshal(got.Deprecations)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"msg":"option \"file\" is a deprecated alias, use \"path\"","version":"2.0.0","collection_name":"hardened.docker"},` +
		`{"msg":"option \"a\" is deprecated","version":"3.0.0","collection_name":"hardened.docker"},` +
		`{"msg":"option \"log-opts.old\" is deprecated","date":"2027-01-31"}]`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("Deprecations (-want +got):\n%s", diff)
	}
}

// TestSecretsOfRefusedArguments shows that a mistake elsewhere does not uncover
// a secret.
func TestSecretsOfRefusedArguments(t *testing.T) {
	spec := Spec{Options: map[string]Option{
		"key":  {NoLog: true},
		"pins": {Type: "list", Elements: "int", NoLog: true, Default: []int{1234}},
		"auth": {Type: "dict", Options: &Spec{Options: map[string]Option{"word": {NoLog: true, Default: "preset"}, "n": {Type: "int"}}}},
	}}
	got := spec.Validate(map[string]any{"key": "k1", "auth": "word=w1 n=x", "foo": "open"})
	if len(got.Errors) != 2 {
		t.Errorf("Errors = %v; want the unknown option and the wrong integer", got.Errors)
	}
	if diff := cmp.Diff([]string{"1234", "k1", "w1"}, got.Secrets); diff != "" {
		t.Errorf("Secrets (-want +got):\n%s", diff)
	}
}

// FuzzValidate feeds arbitrary arguments to a spec with every type: nothing may
// panic, equal arguments give equal results, and what is valid can be bound,
// written as JSON and validated again.
func FuzzValidate(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"name": "x", "count": "2.0", "size": "1.5 MB", "sub": "name=x, id=5"}`,
		`{"name": "x", "settings": "{'a': [1, (2,), -3e5, r'\\n' \"x\"]}"}`, `{"nom": 1, "keys": "~,$HOME/${X}", "free": [1e400]}`,
		`{"name": null, "subs": [{"id": 1}, "id=2", "{\"name\": \"\\ud800\"}"], "token": ["a", {"b": 0}]}`,
		`{"name": "{", "ports": "1_0,0x1", "env": "a='1, 2'\\", "items": "{'a': '\\N{X}'}"}`,
	} {
		f.Add(seed)
	}
	spec, err := Of(reflect.TypeFor[declared]())
	if err != nil {
		f.Fatal(err)
	}
	mutate.Fuzz(f, func(t *testing.T, text string) {
		args, ok := parseJSON(text).(map[string]any)
		if !ok {
			return
		}
		before := pythonJSON(args)
		first, second := spec.Validate(args), spec.Validate(args)
		if after := pythonJSON(args); after != before {
			t.Errorf("Validate(%s) changed its arguments to %s", before, after)
		}
		if diff := cmp.Diff(messages(first), messages(second)); diff != "" {
			t.Errorf("Validate(%s) differs from itself:\n%s", text, diff)
		}
		if len(first.Errors) > 0 {
			return
		}
		var raw map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &raw); err != nil {
			t.Fatal(err)
		}
		var params declared
		// A number that is too large for its field is an error of its own.
		if err := Bind(first.Values, raw, spec, &params); err != nil && !strings.HasPrefix(err.Error(), "invalid value ") {
			t.Errorf("Bind(%s) = %v", text, err)
		}
		if _, err := json.Marshal(first.Values); err != nil {
			t.Errorf("json.Marshal(Values of %s) = %v; want no error", text, err)
		}
	})
}

// messages makes a Result comparable.
func messages(r Result) map[string]any {
	var texts []string
	for _, err := range r.Errors {
		texts = append(texts, err.Error())
	}
	return map[string]any{"errors": texts, "values": r.Values, "unknown": r.Unknown, "secrets": r.Secrets, "warnings": r.Warnings}
}
