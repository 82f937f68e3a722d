// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repair

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/doctor"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/moduletest"
)

func TestMain(m *testing.M) {
	if os.Getenv("WORLD") == "module" {
		os.Args[0] = "module" // testscript runs the command of that name
	}
	moduletest.Main(m, "docker_repair", Module)
}

func TestScripts(t *testing.T) { moduletest.Scripts(t) }

// Every check that says it can be mended has a repair, and no other.
func TestRepairsAreTheTables(t *testing.T) {
	var want, got []string
	for _, c := range doctor.Checks() {
		if c.Repairs {
			want = append(want, c.ID)
		}
	}
	have := map[string]bool{}
	for _, r := range repairs() {
		have[r.id] = true
	}
	for _, c := range doctor.Checks() {
		if have[c.ID] {
			got = append(got, c.ID)
			delete(have, c.ID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(have) > 0 {
		t.Errorf("repairs differ from the table (-table +repairs), unknown %v:\n%s", have, diff)
	}
}

func TestFreeRange(t *testing.T) {
	tests := []struct {
		taken []string
		want  string
	}{
		{nil, "172.17.0.1/16"},
		{[]string{"172.17.5.1/24"}, "172.18.0.1/16"},
		{[]string{"172.16.0.1/12"}, "192.168.0.1/20"},
		{[]string{"172.16.0.1/12", "192.168.1.1/24"}, ""},
		{[]string{"garbage"}, "172.17.0.1/16"},
	}
	for _, test := range tests {
		s := &doctor.Snapshot{Links: []doctor.Link{{Name: "docker0", Addr: []string{"172.17.0.1/16"}}, {Name: "eth0", Addr: test.taken}}}
		got, err := freeRange(s)
		if (err != nil) != (test.want == "") || err == nil && got.String() != test.want {
			t.Errorf("freeRange(%v) = %v, %v; want %q", test.taken, got, err, test.want)
		}
	}
}

func TestWithBip(t *testing.T) {
	for text, want := range map[string]string{"": `"bip": "10.0.0.1/24"`, `{"debug": true}`: `"debug": true, "bip"`} {
		got, err := withBip(file.State{Path: "f", Content: []byte(text)}, "10.0.0.1/24")
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("withBip(%q) = %q, %v; want %q in it", text, got, err, want)
		}
	}
	if _, err := withBip(file.State{Path: "f", Content: []byte("{,}")}, "x"); err == nil {
		t.Error("withBip of invalid JSON = nil; want an error")
	}
}
