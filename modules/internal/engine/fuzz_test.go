// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"encoding/json"
	"strings"
	"testing"

	"hardened.docker/modules/internal/mutate"
)

// FuzzCheck wants no panic on any JSON, verdicts that follow the grammar, and
// the same verdict each time.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		`{"default-ulimits": {"nofile": {"Soft": 1}}}`, `{"builder": {"gc": {"policy": [{"filter": ["a"]}]}}}`,
		`{"default-address-pools": [{"base": "x", "size": 1e9}]}`, `{"log-opts": {"max-size": null}}`,
		`{"hosts": ["[::1]:", "tcp://:"], "x": {"debug": 1}}`, `{"runtimes": {"a": {"path": 1}}, "": {}, "a.b": {"c": 1}}`,
	} {
		f.Add(seed, uint8(26), uint8(1))
	}
	mutate.Fuzz(f, func(t *testing.T, text string, major, minor uint8) {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var doc map[string]any
		if decoder.Decode(&doc) != nil {
			return
		}
		target := Target{Version: Version{Major: int(major), Minor: int(minor)}}
		problems := Check(doc, target)
		checkGrammar(t, problems)
		if again := Check(doc, target); len(again) != len(problems) {
			t.Errorf("Check gives %v, and then %v", problems, again)
		}
		for _, p := range problems {
			if _, ok := doc[p.Key()]; !ok && p.Path != "" && p.Stage != Fails && p.Stage != Dangerous {
				t.Errorf("problem %+v is about a key that is not there", p)
			}
		}
		if need, _ := Apply(doc, doc, target.Version); need != None {
			t.Errorf("Apply of no change = %v", need)
		}
		if hazards := DataHazards(doc, doc, target.Version); len(hazards) > 0 {
			t.Errorf("DataHazards of no change = %v", hazards)
		}
	})
}

// FuzzVersion: a version is read back as it is shown, however a distribution
// dresses it up, and has one place in the order.
func FuzzVersion(f *testing.F) {
	f.Add("5:19.03.15~3-0~ubuntu-bionic", "20.10.24+dfsg1")
	f.Add("v28.0", "18.09.0-327.oe2203")
	mutate.Fuzz(f, func(t *testing.T, a, b string) {
		v, err := Parse(a)
		if err != nil {
			return
		}
		if again, err := Parse("5:" + v.String() + "~3-0~x"); err != nil || again != v {
			t.Errorf("Parse(%q) = %v, which is read as %v, %v", a, v, again, err)
		}
		if w, err := Parse(b); err == nil && v.Compare(w) != -w.Compare(v) {
			t.Errorf("Compare of %v and %v depends on the order", v, w)
		}
	})
}
