// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestEdit runs testdata/edit: "before" is changed by "remove" (a path a line),
// "merge" and "replace", in this order; "after" is the text then, "diff" the
// changed paths.
func TestEdit(t *testing.T) {
	files, err := filepath.Glob("testdata/edit/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := map[string]string{}
			for _, f := range txtar.Parse(data).Files {
				parts[f.Name] = string(f.Data)
			}
			d := parse(t, parts["before"])
			for _, s := range strings.Fields(parts["remove"]) {
				path, found, err := d.Resolve(s)
				if err != nil {
					t.Fatal(err)
				}
				if got := d.Remove(path...); got != found {
					t.Errorf("Remove(%q) = %v; want %v", path, got, found)
				}
			}
			if s, ok := parts["merge"]; ok {
				d.Merge(parse(t, s))
			}
			if s, ok := parts["replace"]; ok {
				d.Replace(parse(t, s))
			}
			if diff := cmp.Diff(parts["after"], d.String()); diff != "" {
				t.Errorf("wrong text (-want +got):\n%s", diff)
			}
			checkText(t, d, "edit")
			got := strings.Join(Diff(parse(t, parts["before"]), d), "\n")
			if diff := cmp.Diff(strings.TrimSpace(parts["diff"]), got); diff != "" {
				t.Errorf("wrong Diff (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMergeStyle has what testdata cannot show: line ends, and texts of one line.
func TestMergeStyle(t *testing.T) {
	for _, test := range []struct{ name, text, settings, want string }{
		{"new file", "{}\n", `{"a":{"b":[1]}}`, "{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  }\n}\n"},
		{"no newline at the end", "{\n  \"a\": 1\n}", `{"b":2}`, "{\n  \"a\": 1,\n  \"b\": 2\n}"},
		{"empty without newline", "{}", `{"b":2}`, "{\n  \"b\": 2\n}"},
		{"empty on two lines", "{\n}\n\n", `{"b":2}`, "{\n  \"b\": 2\n}\n\n"},
		{"empty with CRLF", "{}\r\n", `{"b":2}`, "{\r\n  \"b\": 2\r\n}\r\n"},
		{"CRLF", "{\r\n\t\"a\": 1\r\n}\r\n", `{"b":[2]}`, "{\r\n\t\"a\": 1,\r\n\t\"b\": [\r\n\t\t2\r\n\t]\r\n}\r\n"},
		{"CRLF and blank line", "{\r\n \"a\":1,\r\n\r\n \"b\":1\r\n}", `{"c":2}`, "{\r\n \"a\":1,\r\n\r\n \"b\":1,\r\n \"c\":2\r\n}"},
		{"compact", `{"a":1}`, `{"b":[1, 2], "c":{"d":3, "e":{}}}`, `{"a":1,"b":[1,2],"c":{"d":3,"e":{}}}`},
		{"compact nested", `{"a":{"b":{}}}`, `{"a":{"b":{"c":1}}}`, `{"a":{"b":{"c":1}}}`},
		{"spaced", `{"a": 1}`, `{"b": [1, 2]}`, `{"a": 1, "b": [1, 2]}`},
		{"Python's default", `{"a": 1, "b": 2}`, `{"c": [1, 2]}`, `{"a": 1, "b": 2, "c": [1, 2]}`},
		{"padded", `{ "a" : 1 }`, `{"b": {"c": {}}}`, `{ "a" : 1, "b" : { "c" : {} } }`},
		{"comma without space", `{"a": [1,2]}`, `{"b": [3, 4]}`, `{"a": [1,2],"b": [3,4]}`},
		{"indented as a whole", "  {\n    \"a\": 1\n  }\n", `{"b": {"c": 1}}`, "  {\n    \"a\": 1,\n    \"b\": {\n      \"c\": 1\n    }\n  }\n"},
		{"no indentation", "{\n\"a\": 1\n}\n", `{"b": {"c": 1}}`, "{\n\"a\": 1,\n\"b\": {\n\"c\": 1\n}\n}\n"},
		{"own lines from the second on", "{\"a\": 1,\n \"b\": 2}", `{"c": 3}`, "{\"a\": 1,\n \"b\": 2,\n \"c\": 3}"},
		{"object begins behind its parent", "{\"a\": {\n  \"b\": 1\n}}", `{"a": {"c": {"d": 1}}}`, "{\"a\": {\n  \"b\": 1,\n  \"c\": {\n    \"d\": 1\n  }\n}}"},
		{"empty in a line", "{\n  \"a\": {\"b\": {}}\n}", `{"a": {"b": {"c": 1}}}`, "{\n  \"a\": {\"b\": {\"c\": 1}}\n}"},
		{"aligned colons", "{\n  \"a\":     1,\n  \"bb\": 2,\n  \"cc\": 2,\n  \"d\":     1\n}", `{"e": 1}`, "{\n  \"a\":     1,\n  \"bb\": 2,\n  \"cc\": 2,\n  \"d\":     1,\n  \"e\": 1\n}"},
		{"strings and numbers", `{}`, `{"a": "\u00e9\u0001\/\t\"\\", "b": 1.50E+3, "c": 12345678901234567890123}`,
			"{\n  \"a\": \"é\\u0001/\\t\\\"\\\\\",\n  \"b\": 1.50E+3,\n  \"c\": 12345678901234567890123\n}"},
	} {
		d := parse(t, test.text)
		if !d.Merge(parse(t, test.settings)) {
			t.Errorf("%s: Merge = false; want true", test.name)
		}
		if diff := cmp.Diff(test.want, d.String()); diff != "" {
			t.Errorf("%s: wrong text (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestNew(t *testing.T) {
	d := New()
	if got := d.String(); got != "{}\n" {
		t.Errorf("New() = %q; want {} and a newline", got)
	}
	d, err := FromMap(map[string]any{"b": json.Number("1.0"), "a": map[string]any{"x": []string{"<&>"}}})
	if err != nil {
		t.Fatal(err)
	}
	const want = "{\n  \"a\": {\n    \"x\": [\n      \"<&>\"\n    ]\n  },\n  \"b\": 1.0\n}\n"
	if diff := cmp.Diff(want, d.String()); diff != "" {
		t.Errorf("FromMap: wrong text (-want +got):\n%s", diff)
	}
	if _, err := FromMap(map[string]any{"a": func() {}}); err == nil || !strings.HasPrefix(err.Error(), "cannot write the settings as JSON: ") {
		t.Errorf("FromMap of a function: %v; want an error", err)
	}
}

func TestSet(t *testing.T) {
	const text = "{\n    \"a\": {\"b\": 1},\n    \"s\": \"x\"\n}\n"
	other, _ := parse(t, `{"v": {"w": 1.0}}`).Get("v")
	for _, test := range []struct {
		path    []string
		value   any
		want    string // "" if text
		wantErr string
	}{
		{path: []string{"s"}, value: "x"},
		{path: []string{"a", "b"}, value: 1.0},
		{path: []string{"s"}, value: "y", want: "{\n    \"a\": {\"b\": 1},\n    \"s\": \"y\"\n}\n"},
		{path: []string{"a"}, value: other, want: "{\n    \"a\": {\"w\": 1.0},\n    \"s\": \"x\"\n}\n"},
		{path: []string{"a", "c", "d.e"}, value: nil, want: "{\n    \"a\": {\"b\": 1, \"c\": {\"d.e\": null}},\n    \"s\": \"x\"\n}\n"},
		{path: []string{"n", "m"}, value: json.RawMessage(`[ 1 ]`), want: "{\n    \"a\": {\"b\": 1},\n    \"s\": \"x\",\n    \"n\": {\n        \"m\": [\n            1\n        ]\n    }\n}\n"},
		{path: nil, value: 1, wantErr: "missing path: name the key to set"},
		{path: []string{"\xff"}, value: 1, wantErr: `invalid key "\xff": it is not UTF-8; save the text as UTF-8`},
		{path: make([]string, 201), value: 1, wantErr: "invalid path of 201 keys: objects may be nested 200 deep; use fewer"},
		{path: []string{"x"}, value: json.RawMessage(strings.Repeat("[", 200) + strings.Repeat("]", 200)),
			wantErr: "cannot use the value of x: invalid JSON at line 1, column 200: objects and arrays are nested deeper than 200 levels; flatten them"},
		{path: []string{"s", "t", "u"}, value: 1, wantErr: "cannot set s.t.u: s is a string, not an object; remove it first"},
		{path: []string{"a"}, value: make(chan int), wantErr: "cannot write the value of a as JSON: json: unsupported type: chan int"},
		{path: []string{"a"}, value: json.RawMessage(`{"x":1,"x":2}`), wantErr: "cannot use the value of a: invalid JSON at line 1, column 8: duplicate key x, first set at line 1, column 2; keep one of the two (dockerd silently uses the last)"},
	} {
		d := parse(t, text)
		changed, err := d.Set(test.path, test.value)
		if got := errorText(err); got != test.wantErr {
			t.Errorf("Set(%q): error %q; want %q", test.path, got, test.wantErr)
		}
		want := test.want
		if want == "" {
			want = text
		}
		if diff := cmp.Diff(want, d.String()); diff != "" || changed != (want != text) {
			t.Errorf("Set(%q) = %v; wrong text (-want +got):\n%s", test.path, changed, diff)
		}
	}
}

func TestRemoveFromOneLine(t *testing.T) {
	for _, test := range []struct {
		text, path, want string
	}{
		{`{"a": 1, "b": 2, "c": 3}`, "a", `{"b": 2, "c": 3}`},
		{`{"a": 1, "b": 2, "c": 3}`, "b", `{"a": 1, "c": 3}`},
		{`{ "a": 1, "b": 2, "c": 3 }`, "c", `{ "a": 1, "b": 2 }`},
		{"{ \"a\": 1 }\n", "a", "{}\n"},
		{"{\n  \"a\": 1\n}", "a", "{}"},
	} {
		d := parse(t, test.text)
		if !d.Remove(test.path) || d.String() != test.want {
			t.Errorf("Remove(%q) from %q: %q; want %q", test.path, test.text, d, test.want)
		}
	}
	d := parse(t, `{"a": [{"b": 1}]}`)
	if d.Remove() || d.Remove("b") || d.Remove("a", "b") || d.Remove("a", "0", "b") {
		t.Errorf("Remove of what is not there = true; want false")
	}
}

// TestEmptiedThenFilled: an object that lost everything is filled as it was.
func TestEmptiedThenFilled(t *testing.T) {
	d := parse(t, "{\n    \"a\": {\"x\": 1},\n    \"b\": {\n        \"x\": 1\n    }\n}\n")
	d.Remove("a", "x")
	d.Remove("b", "x")
	d.Merge(parse(t, `{"a": {"y": 1}, "b": {"y": 1}}`))
	const want = "{\n    \"a\": {\"y\": 1},\n    \"b\": {\n        \"y\": 1\n    }\n}\n"
	if diff := cmp.Diff(want, d.String()); diff != "" {
		t.Errorf("wrong text (-want +got):\n%s", diff)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
