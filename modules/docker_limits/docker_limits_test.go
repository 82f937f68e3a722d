// SPDX-License-Identifier: GPL-3.0-or-later

package docker_limits

import (
	"strings"
	"testing"

	"hardened.docker/modules/internal/moduletest"
	"hardened.docker/modules/internal/mutate"
)

func TestMain(m *testing.M) { moduletest.Main(m, "docker_limits", Module) }

func TestScripts(t *testing.T) { moduletest.Scripts(t) }

func TestReplace(t *testing.T) {
	tests := []struct{ name, before, kind, want string }{
		{"an empty file", "", "soft", "*          soft    nproc     7\n"},
		{"its own place", "a soft nproc 1\n* soft nproc 1\nb soft nproc 1\n", "soft", "a soft nproc 1\n*          soft    nproc     7\nb soft nproc 1\n"},
		{"twice", "* soft nproc 1\n# why\n* soft nproc 2\n", "soft", "# why\n*          soft    nproc     7\n"},
		{"both kinds in one line", "* - nproc 1\n", "hard", "* - nproc 1\n*          hard    nproc     7\n"},
		{"both kinds after it", "* hard nproc 2\n* - nproc 1\n# end\n", "hard", "* - nproc 1\n*          hard    nproc     7\n# end\n"},
		{"other limits and comments", "* soft nofile 1\n#* soft nproc 1\n", "soft", "* soft nofile 1\n#* soft nproc 1\n*          soft    nproc     7\n"},
		{"no line end", "root soft nproc 1", "soft", "root soft nproc 1\n*          soft    nproc     7\n"},
		{"replaced without line end", "* soft nproc 1", "soft", "*          soft    nproc     7\n"},
	}
	for _, test := range tests {
		lines := strings.SplitAfter(test.before, "\n")
		got := replace(lines, "*", test.kind, limit{set: true, number: 7})
		if text := strings.Join(got, ""); text != test.want {
			t.Errorf("%s: replace() = %q; want %q", test.name, text, test.want)
		}
		if l := last(got, "*", test.kind); l.number != 7 {
			t.Errorf("%s: last() = %v after replace; want 7", test.name, l)
		}
	}
}

func TestOver(t *testing.T) {
	none, ten, twenty, unlimited := limit{}, limit{set: true, number: 10}, limit{set: true, number: 20}, limit{set: true, unlimited: true}
	tests := []struct {
		a, b limit
		want bool
	}{
		{ten, twenty, false}, {twenty, ten, true}, {ten, ten, false}, {unlimited, ten, true}, {ten, unlimited, false},
		{unlimited, unlimited, false}, {none, ten, false}, {twenty, none, false},
	}
	for _, test := range tests {
		if got := test.a.over(test.b); got != test.want {
			t.Errorf("%v over %v = %t; want %t", test.a, test.b, got, test.want)
		}
	}
}

func FuzzReplace(f *testing.F) {
	f.Add("* soft nproc 1\n* - nproc 2", "hard")
	f.Add("", "soft")
	mutate.Fuzz(f, func(t *testing.T, text, kind string) {
		if kind != "soft" && kind != "hard" {
			return
		}
		want := limit{set: true, number: 7}
		got := strings.Join(replace(strings.SplitAfter(text, "\n"), "*", kind, want), "")
		if l := last(strings.SplitAfter(got, "\n"), "*", kind); l != want {
			t.Errorf("replace(%q) = %q, of which %v counts", text, got, l)
		}
	})
}
