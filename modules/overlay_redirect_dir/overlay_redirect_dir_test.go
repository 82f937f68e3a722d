// SPDX-License-Identifier: GPL-3.0-or-later

package overlay_redirect_dir

import (
	"testing"

	"hardened.docker/modules/internal/moduletest"
	"hardened.docker/modules/internal/mutate"
)

func TestMain(m *testing.M) { moduletest.Main(m, "overlay_redirect_dir", Module) }

func TestScripts(t *testing.T) { moduletest.Scripts(t) }

func TestApply(t *testing.T) {
	tests := []struct {
		name    string
		daemon  daemon
		state   string
		changed bool
		want    string
	}{
		{"stopped", daemon{}, "enabled", true, "none"},
		{"changed", daemon{running: true, driver: "overlay2", native: true}, "enabled", true, "restart"},
		{"an earlier task's restart is still to come", daemon{running: true, driver: "overlay2", native: true}, "enabled", false, "restart"},
		{"noticed", daemon{running: true, driver: "overlay2"}, "enabled", false, "none"},
		{"switched off", daemon{running: true, driver: "overlay2"}, "disabled", true, "restart"},
		{"off as it was", daemon{running: true, driver: "overlay2", native: true}, "disabled", false, "none"},
		{"does not answer", daemon{running: true}, "enabled", true, "restart"},
		{"another driver", daemon{running: true, driver: "vfs"}, "enabled", true, "none"},
	}
	for _, test := range tests {
		if got := test.daemon.apply(Params{State: test.state}, test.changed); got != test.want {
			t.Errorf("%s: apply() = %s; want %s", test.name, got, test.want)
		}
	}
}

// entry is one of getdents64(2).
func entry(name string, kind byte) []byte {
	size := (19 + len(name) + 1 + 7) / 8 * 8
	e := make([]byte, size)
	e[16], e[18] = byte(size), kind
	copy(e[19:], name)
	return e
}

func TestTypesIn(t *testing.T) {
	join := func(entries ...[]byte) (all []byte) {
		for _, e := range entries {
			all = append(all, e...)
		}
		return all
	}
	tests := []struct {
		name    string
		entries []byte
		want    bool
	}{
		{"nothing", nil, true},
		{"an empty directory", join(entry(".", 4), entry("..", 4)), true},
		{"xfs with ftype=0", join(entry(".", 4), entry("..", 4), entry("file", 0)), false},
		{"ext4", join(entry(".", 4), entry("..", 4), entry("file", 8)), true},
		{"a type after one without", join(entry("a", 0), entry("...", 8)), true},
		{"cut off", entry("file", 0)[:20], true},
	}
	for _, test := range tests {
		if got := typesIn(test.entries); got != test.want {
			t.Errorf("%s: typesIn() = %t; want %t", test.name, got, test.want)
		}
	}
}

func FuzzTypesIn(f *testing.F) {
	f.Add(entry(".", 4))
	f.Add(entry("file", 0))
	mutate.Fuzz(f, func(t *testing.T, entries []byte) { typesIn(entries) })
}
