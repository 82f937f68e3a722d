// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/mutate"
)

var fuzzSeeds = []string{
	"{}", "{}\n", `{"a":1}`, "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": [\n      1,\n      2\n    ]\n  }\n}\n",
	"{\r\n\t\"a\": [],\r\n\t\"b\": {}\r\n}", `{ "a" : { "b" : 1e5, "c" : "x\ud83d\ude00" } }`, "{ \"a\": 1\n, \"b\": null\n}",
	`{"a":{"b":{"c":{}}},"a.b":true,"":"\u00e9\"\\\/"}`, `{"a":1.0,"b":-0,"c":10e-1}`, "{\n\n\"a\": {\n\"b\": 1}, \"c\": 2 }",
}

// refusal says why Parse may refuse a text that encoding/json accepts, judged
// with encoding/json alone.
func refusal(text string) string {
	if strings.TrimLeft(text, " \t\r\n")[0] != '{' {
		return "top level"
	}
	if !utf8.ValidString(text) {
		return "UTF-8"
	}
	type object struct {
		keys  map[string]bool // nil in an array
		value bool            // the next token is a value
	}
	var open []object
	replaced := 0
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		s, isString := token.(string)
		replaced += strings.Count(s, "\ufffd")
		if len(open) > 0 && open[len(open)-1].keys != nil && token != json.Delim('}') {
			top := &open[len(open)-1]
			if !top.value && isString {
				if top.keys[s] {
					return "duplicate key"
				}
				top.keys[s] = true
			}
			top.value = !top.value
		}
		switch token {
		case json.Delim('{'):
			open = append(open, object{keys: map[string]bool{}})
		case json.Delim('['):
			open = append(open, object{})
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		if len(open) > MaxDepth {
			return "depth"
		}
	}
	escapes := strings.ToLower(strings.ReplaceAll(text, `\\`, ``))
	if replaced > strings.Count(text, "\ufffd")+strings.Count(escapes, `\ufffd`) {
		return "surrogate"
	}
	return ""
}

// FuzzParse: Parse agrees with encoding/json but for the documented refusals,
// and Bytes gives the text back.
func FuzzParse(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add(s)
	}
	for _, test := range syntaxErrors {
		f.Add(test.text)
	}
	mutate.Fuzz(f, func(t *testing.T, text string) {
		d, err := Parse([]byte(text))
		valid := json.Valid([]byte(text))
		if err == nil {
			if !valid {
				t.Fatalf("Parse(%q) succeeded; json.Valid = false", text)
			}
			if why := refusal(text); why != "" {
				t.Errorf("Parse(%q) succeeded; want a refusal (%s)", text, why)
			}
			if got := string(d.Bytes()); got != text {
				t.Errorf("Parse(%q).Bytes() = %q", text, got)
			}
			return
		}
		if valid && refusal(text) == "" {
			t.Errorf("Parse(%q): %v; json.Valid = true", text, err)
		}
		var e *SyntaxError
		if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 || e.Msg == "" || e.Remedy == "" {
			t.Fatalf("Parse(%q): %#v; want a complete *SyntaxError", text, err)
		}
		lines := strings.Split(text, "\n")
		if e.Line > len(lines) || e.Column > utf8.RuneCountInString(lines[e.Line-1])+1 {
			t.Errorf("Parse(%q): %v; the position is outside of the text", text, err)
		}
	})
}

// mergeMaps is what Merge has to mean.
func mergeMaps(dst, src map[string]any) map[string]any {
	out := maps.Clone(dst)
	for k, v := range src {
		old, had := out[k]
		a, aIsMap := old.(map[string]any)
		b, bIsMap := v.(map[string]any)
		switch {
		case aIsMap && bIsMap:
			out[k] = mergeMaps(a, b)
		case !had || !equalAny(old, v):
			out[k] = v
		}
	}
	return out
}

// content decodes a document with encoding/json.
func content(t *testing.T, text string) map[string]any {
	t.Helper()
	m, ok := decode(text).(map[string]any)
	if !ok {
		t.Fatalf("%q is not an object", text)
	}
	return m
}

// checkText: the document's text is valid, and its tree is that of the text.
func checkText(t *testing.T, d *Document, did string) {
	t.Helper()
	again, err := Parse(d.Bytes())
	if err != nil {
		t.Fatalf("%s wrote invalid JSON: %v\n%s", did, err, d)
	}
	a, _ := d.Get()
	b, _ := again.Get()
	if diff := cmp.Diff(tree(a.n), tree(b.n)); diff != "" {
		t.Fatalf("%s: the tree differs from the text (-tree +text):\n%s\n%s", did, diff, d)
	}
}

// tree lists an object's parts as they are written.
func tree(n *node) any {
	if n.kind != Object {
		return n.text()
	}
	parts := []any{n.inner}
	for _, m := range n.members {
		parts = append(parts, m.before, m.name, m.key, m.colon, tree(m.value), m.after)
	}
	return parts
}

// FuzzMerge: Merge, Replace, Remove and Diff agree with the same work done on
// maps, keep what is not concerned, and do nothing the second time.
func FuzzMerge(f *testing.F) {
	for _, a := range fuzzSeeds {
		for _, b := range fuzzSeeds {
			f.Add(a, b)
		}
	}
	mutate.Fuzz(f, func(t *testing.T, text, with string) {
		old, err := Parse([]byte(text))
		if err != nil {
			return
		}
		if settings, err := Parse([]byte(with)); err == nil {
			checkEdits(t, old, settings)
		}
	})
}

// checkEdits changes copies of old in every way.
func checkEdits(t *testing.T, old, settings *Document) {
	text, with := old.String(), settings.String()
	was, want := content(t, text), content(t, with)

	d := parse(t, text)
	changed := d.Merge(settings)
	checkText(t, d, "Merge")
	if diff := cmp.Diff(mergeMaps(was, want), content(t, d.String())); diff != "" {
		t.Fatalf("Merge: wrong content (-want +got):\n%s", diff)
	}
	checkChange(t, "Merge", old, d, changed)
	if text := d.String(); d.Merge(settings) || d.String() != text {
		t.Errorf("Merge changed %q again", text)
	}

	d = parse(t, text)
	changed = d.Replace(settings)
	checkText(t, d, "Replace")
	if !equalAny(want, content(t, d.String())) {
		t.Fatalf("Replace: content %s; want %s", d, with)
	}
	checkChange(t, "Replace", old, d, changed)
	if text := d.String(); d.Replace(settings) || d.String() != text {
		t.Errorf("Replace changed %q again", text)
	}
	if settings.String() != with {
		t.Errorf("the settings were changed to %q", settings)
	}

	for name := range was {
		d, want := parse(t, text), maps.Clone(was)
		delete(want, name)
		if !d.Remove(name) || d.Remove(name) {
			t.Fatalf("Remove(%q) found no key, or found it twice", name)
		}
		checkText(t, d, "Remove")
		if diff := cmp.Diff(want, content(t, d.String())); diff != "" {
			t.Fatalf("Remove(%q): wrong content (-want +got):\n%s", name, diff)
		}
	}
}

// checkChange: a change was reported if and only if there is one, Diff names it,
// keys keep their order, and values that Diff does not name keep their spelling.
func checkChange(t *testing.T, did string, old, now *Document, changed bool) {
	t.Helper()
	paths := Diff(old, now)
	if changed != (old.String() != now.String()) || !changed && len(paths) > 0 {
		t.Fatalf("%s = %v; text before %q, after %q, Diff %q", did, changed, old, now, paths)
	}
	touched := map[string]bool{}
	for _, s := range paths {
		path, err := ParsePath(s)
		if err != nil || FormatPath(path) != s {
			t.Fatalf("ParsePath(%q) = %q, %v; want its inverse", s, path, err)
		}
		touched[path[0]] = true
	}
	before, _ := old.Get()
	after, _ := now.Get()
	var common []string
	for _, k := range before.Keys() {
		if v, ok := now.Get(k); ok {
			common = append(common, k)
			if w, _ := old.Get(k); !touched[k] && v.Raw() != w.Raw() {
				t.Fatalf("%s respelled %q from %q to %q", did, k, w.Raw(), v.Raw())
			}
		}
	}
	if got := after.Keys(); !slices.Equal(got[:min(len(common), len(got))], common) {
		t.Fatalf("%s: keys %q; want %q first", did, got, common)
	}
}

// FuzzPath: what ParsePath accepts is written and read back the same.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"a", "log-opts.max-size", `a."b.c"`, `"".x`, `"\u00e9 \n".ü`, "a..b", `a"b`} {
		f.Add(s)
	}
	mutate.Fuzz(f, func(t *testing.T, s string) {
		path, err := ParsePath(s)
		if err != nil {
			return
		}
		again, err := ParsePath(FormatPath(path))
		if err != nil || !slices.Equal(again, path) {
			t.Errorf("ParsePath(FormatPath(%q)) = %q, %v", path, again, err)
		}
		d := New()
		if _, err := d.Set(path, true); len(path) > MaxDepth && err != nil {
			return
		} else if err != nil {
			t.Fatalf("Set(%q): %v", path, err)
		}
		checkText(t, d, "Set")
		found, ok, err := d.Resolve(FormatPath(path))
		if err != nil || !ok || !slices.Equal(found, path) {
			t.Errorf("Resolve(%q) = %q, %v, %v", FormatPath(path), found, ok, err)
		}
	})
}
