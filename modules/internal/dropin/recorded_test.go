// SPDX-License-Identifier: GPL-3.0-or-later

package dropin

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/unitfile"
)

// TestWithoutOnRecordedUnits takes a flag out of command lines of which systemd
// itself has said what they mean. All other words must mean the same after it.
func TestWithoutOnRecordedUnits(t *testing.T) {
	data, err := os.ReadFile("../unitfile/testdata/recorded.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Unit, Env string
		Argv      []string
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	const own = "/etc/systemd/system/docker.service.d/own.conf"
	texts := func(s Service) []string {
		command, _, err := unitfile.ExecStart(s.Files, s.Unit)
		if err != nil {
			return nil
		}
		words := []string{}
		for _, word := range command.Args() {
			words = append(words, word.Text)
		}
		return words
	}
	cut, refused := 0, 0
	for _, test := range cases {
		s := service(t, map[string]string{fragment: test.Unit, "/etc/default/docker": test.Env})
		was := texts(s)
		all := s.All("Service", "ExecStart")
		if len(all) != 1 || !slices.Equal(was, test.Argv) {
			continue
		}
		with := func(value string) Service {
			return s.With(own, []unitfile.Setting{{Section: "Service", Name: "ExecStart", File: own}, {Section: "Service", Name: "ExecStart", Value: value, File: own}})
		}
		longer := with(all[0].Value + " --host unix:///cut --raw-logs")
		if !slices.Equal(texts(longer), append(slices.Clone(was), "--host", "unix:///cut", "--raw-logs")) {
			// The end of the line swallows what follows it.
			continue
		}
		line, err := ReadLine(longer)
		if err != nil {
			refused++
			continue
		}
		got, err := line.Without(func(use engine.FlagUse) bool { return use.Value == "unix:///cut" })
		if err != nil || len(got.Removed) != 1 {
			// A word before it took it for its value.
			continue
		}
		cut++
		if now, want := texts(with(got.ExecStart)), append(slices.Clone(was), "--raw-logs"); !slices.Equal(now, want) {
			t.Errorf("Without() of %q with %q is %q, which means %q; want %q", longer.All("Service", "ExecStart")[0].Value, test.Env, got.ExecStart, now, want)
		}
	}
	t.Logf("%d of %d command lines cut, %d refused", cut, len(cases), refused)
	if cut < 50 {
		t.Errorf("%d command lines could be cut; want at least 50 of %d", cut, len(cases))
	}
}
