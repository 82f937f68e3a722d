// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"encoding/json"
	"strings"
	"testing"
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
	f.Fuzz(func(t *testing.T, text string, major, minor uint8) {
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
