// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGet(t *testing.T) {
	d := parse(t, `{"z": {"b": 1.50, "a.b": [1, {"c": null}]}, "a": "\u00e9", "t": true, "": {}}`)
	for _, test := range []struct {
		path []string
		kind Kind
		raw  string
		any  any
		keys []string
	}{
		{[]string{"z", "b"}, Number, "1.50", json.Number("1.50"), nil},
		{[]string{"z", "a.b"}, Array, `[1, {"c": null}]`, []any{json.Number("1"), map[string]any{"c": nil}}, nil},
		{[]string{"a"}, String, `"\u00e9"`, "é", nil},
		{[]string{"t"}, Bool, "true", true, nil},
		{[]string{""}, Object, "{}", map[string]any{}, nil},
		{[]string{"z"}, Object, `{"b": 1.50, "a.b": [1, {"c": null}]}`, map[string]any{"b": json.Number("1.50"), "a.b": []any{json.Number("1"), map[string]any{"c": nil}}}, []string{"b", "a.b"}},
	} {
		v, ok := d.Get(test.path...)
		if !ok {
			t.Errorf("Get(%q) found nothing", test.path)
			continue
		}
		if v.Kind() != test.kind || v.Raw() != test.raw {
			t.Errorf("Get(%q) = %v %s; want %v %s", test.path, v.Kind(), v.Raw(), test.kind, test.raw)
		}
		if diff := cmp.Diff(test.any, v.Any()); diff != "" {
			t.Errorf("Get(%q).Any(): (-want +got):\n%s", test.path, diff)
		}
		if diff := cmp.Diff(test.keys, v.Keys()); diff != "" {
			t.Errorf("Get(%q).Keys(): (-want +got):\n%s", test.path, diff)
		}
	}
	root, _ := d.Get()
	if diff := cmp.Diff([]string{"z", "a", "t", ""}, root.Keys()); diff != "" {
		t.Errorf("Get().Keys(): (-want +got):\n%s", diff)
	}
	for _, path := range [][]string{{"x"}, {"a", "b"}, {"z", "a", "b"}, {"z", "a.b", "1"}} {
		if v, ok := d.Get(path...); ok {
			t.Errorf("Get(%q) = %s; want nothing", path, v.Raw())
		}
	}
	var zero Value
	if zero.Kind() != Null || zero.Raw() != "null" || zero.Any() != nil || zero.Keys() != nil {
		t.Errorf("the zero Value is %v %s; want null", zero.Kind(), zero.Raw())
	}
}

// TestValueFollowsChanges: a value of an object shows what was done inside it.
func TestValueFollowsChanges(t *testing.T) {
	d := parse(t, `{"a": {"b": 1, "c": 2}}`)
	v, _ := d.Get("a")
	d.Remove("a", "b")
	if got := v.Raw(); got != `{"c": 2}` {
		t.Errorf("Raw() after Remove = %s; want the object without b", got)
	}
}

func TestEqual(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"1", "1.0", true}, {"1", "1e0", true}, {"100", "1E+2", true}, {"0.01", "1e-2", true}, {"-1.50", "-15e-1", true},
		{"0", "-0", true}, {"0e99", "0.000", true}, {"1", "-1", false}, {"1", "2", false}, {"10", "1", false},
		{"12345678901234567890123", "12345678901234567890123.0", true},
		{"12345678901234567890123", "12345678901234567890124", false},
		{"9007199254740993", "9007199254740992", false},
		{"0.1", "0.1000000000000000055511151231257827", false},
		{"1e999999999", "10e999999998", true}, {"1e999999999", "1e999999998", false},
		{"1e9999999999999999999999", "1e9999999999999999999999", true},
		{"1e9999999999999999999999", "10e9999999999999999999998", false}, // documented: beyond 10^18
		{"1", `"1"`, false}, {"null", "false", false}, {"null", "null", true}, {"true", "true", true}, {"true", "false", false},
		{`"\u00e9\/"`, `"é/"`, true}, {`"a"`, `"A"`, false},
		{"[1, 2]", "[1.0,2]", true}, {"[1, 2]", "[2, 1]", false}, {"[1]", "[1, 1]", false}, {"[]", "{}", false}, {"[]", "null", false},
		{`{"a": 1, "b": [{}]}`, `{"b":[{}],"\u0061":1e0}`, true}, {`{"a": 1}`, `{"b": 1}`, false}, {`{"a": null}`, `{}`, false},
		{`[{"a": {}}]`, `[{"a": []}]`, false}, {`[null]`, `[{}]`, false}, {`[0]`, `[""]`, false},
	} {
		d := parse(t, `{"a": `+test.a+`, "b": `+test.b+`}`)
		a, _ := d.Get("a")
		b, _ := d.Get("b")
		if got := a.Equal(b); got != test.want {
			t.Errorf("Equal(%s, %s) = %v; want %v", test.a, test.b, got, test.want)
		}
		if got := b.Equal(a); got != test.want {
			t.Errorf("Equal(%s, %s) = %v; want %v", test.b, test.a, got, test.want)
		}
	}
}

func TestDiff(t *testing.T) {
	for _, test := range []struct {
		old, new string
		want     []string
	}{
		{`{}`, `{ }`, nil},
		{`{"a": 1, "b": {}}`, `{"b": {}, "a": 1.0}`, nil},
		{`{"log-opts": {"max-size": "1m", "tag": "x"}}`, `{"log-opts": {"max-size": "2m", "tag": "x"}}`, []string{"log-opts.max-size"}},
		{`{"b": 1, "a": 1}`, `{"d": 1, "a": 2, "c": 1}`, []string{"b", "a", "d", "c"}},
		{`{"a": {"b": {"c": 1, "d": 2}}}`, `{}`, []string{"a.b.c", "a.b.d"}},
		{`{"a": {"b": 1}}`, `{"a": {}}`, []string{"a.b"}},
		{`{}`, `{"a": {}}`, []string{"a"}},
		{`{"a": {"b": 1}}`, `{"a": [1]}`, []string{"a"}},
		{`{"a": [1]}`, `{"a": [1, 2]}`, []string{"a"}},
		{`{"a": {"b.c": 1, "": 1, "d e": 1, "q\"": 1}}`, `{"a": {"b": {"c": 1}}}`, []string{`a."b.c"`, `a.""`, `a."d e"`, `a."q\""`, "a.b.c"}},
	} {
		got := Diff(parse(t, test.old), parse(t, test.new))
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("Diff(%s, %s): (-want +got):\n%s", test.old, test.new, diff)
		}
	}
}
