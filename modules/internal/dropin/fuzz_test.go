// SPDX-License-Identifier: GPL-3.0-or-later

package dropin

import (
	"testing"

	"hardened.docker/modules/internal/mutate"
	"hardened.docker/modules/internal/unitfile"
)

// FuzzSetVariable: a variable that was set is read back, and those that were
// there stay as they were.
func FuzzSetVariable(f *testing.F) {
	f.Add("A=1\n# c\nDOCKER_OPTS=\"-H x \\\n y\"\n", "DOCKER_OPTS", "--icc=false")
	f.Add("A='1\n2'", "B", "a\\b\"c $d `e`")
	mutate.Fuzz(f, func(t *testing.T, content, name, value string) {
		edited, err := SetVariable("file", []byte(content), name, value)
		if err != nil {
			return
		}
		before, after := map[string]string{}, map[string]string{}
		for _, v := range unitfile.ParseEnvironmentFile("file", []byte(content)) {
			before[v.Name] = v.Value
		}
		for _, v := range unitfile.ParseEnvironmentFile("file", edited) {
			after[v.Name] = v.Value
		}
		for key, was := range before {
			if key != name && after[key] != was {
				t.Errorf("SetVariable(%q, %q, %q) = %q: %s was %q and is %q", content, name, value, edited, key, was, after[key])
			}
		}
	})
}

// FuzzSpan: a span that is read is no error, and no time is before now.
func FuzzSpan(f *testing.F) {
	for _, text := range []string{"5min", "1h 30s", "infinity", "300", "1.5s", "999999999999999y", "-1", "5 min 2"} {
		f.Add(text)
	}
	mutate.Fuzz(f, func(t *testing.T, text string) {
		if span, err := ParseSpan(text); err == nil && span < 0 {
			t.Errorf("ParseSpan(%q) = %v; want no negative time", text, span)
		}
		ParseLimit(text)
	})
}
