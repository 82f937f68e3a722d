// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// madeOnHosts returns the scenario that makes the fault of a check and wants it
// to be found. The first one counts of several.
func madeOnHosts(t *testing.T) map[string]string {
	t.Helper()
	made := map[string]string{}
	for _, file := range []struct{ scenario, name, key string }{
		{"doctor", "vars/faults.yml", "find"}, {"doctor", "prepare.yml", "deserved"},
		{"doctor_kernel", "vars/overlay.yml", "find"}, {"doctor_kernel", "vars/pool.yml", "find"},
		{"firewalld", "tasks/firewalld.yml", "checks"}, {"openeuler", "tasks/doctor.yml", "checks"},
	} {
		text, err := os.ReadFile("../../../molecule/" + file.scenario + "/" + file.name)
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range regexp.MustCompile(file.key+`: \[([a-z_,\s]+)\]`).FindAllStringSubmatch(string(text), -1) {
			for id := range strings.SplitSeq(list[1], ",") {
				id = strings.TrimSpace(id)
				if _, ok := Find(id); !ok {
					t.Errorf("molecule/%s wants %q to be found; there is no such check", file.scenario, id)
				}
				if made[id] == "" {
					made[id] = file.scenario
				}
			}
		}
	}
	return made
}

// TestOnData: every check is in the tables of this package's tests, whether a
// host has its fault or not.
func TestOnData(t *testing.T) {
	var all strings.Builder
	names, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, c := range Checks() {
		id := c.ID
		if !regexp.MustCompile(`"` + id + `:(info|warning|error)"`).MatchString(all.String()) {
			t.Errorf("%s: no test of this package finds it", id)
		}
	}
}
