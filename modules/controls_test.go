// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// control is an entry of roles/hardening/controls.yml.
type control struct {
	ID, Title, Variable   string
	Source, CIS           []string
	Breaks, Proof, Reason string
}

type controls struct {
	Controls, Optional, Met, Waivers, Auditors []control
	Bench                                      []control // what docker-bench-security says of each recommendation
}

func readControls(t *testing.T) controls {
	t.Helper()
	var c controls
	const path = "roles/hardening/controls.yml"
	decode(t, path, read(t, path), &c)
	return c
}

// roleOf returns the role that has a variable, and the variable.
func roleOf(t *testing.T, variable string) (string, roleOption) {
	t.Helper()
	for _, role := range roles(t) {
		if option, ok := roleOptions(t, role)[variable]; ok {
			return role, option
		}
	}
	t.Fatalf("unknown variable %s in roles/hardening/controls.yml", variable)
	return "", roleOption{}
}

// benchmark returns the recommendations of the CIS Docker Benchmark 1.6.0 about
// host, daemon and files.
func benchmark() []string {
	// The setting of 4.5 is in no image, but with users.
	all := []string{"1.2.1", "1.2.2", "4.5"}
	for _, part := range []struct {
		prefix string
		count  int
	}{{"1.1.", 18}, {"2.", 18}, {"3.", 24}} {
		for i := range part.count {
			all = append(all, part.prefix+strconv.Itoa(i+1))
		}
	}
	slices.Sort(all)
	return all
}

// TestControls holds the page of controls to its data, the data to the roles,
// and both to the benchmark: nothing of it is left out without a word.
func TestControls(t *testing.T) {
	c := readControls(t)
	for _, lists := range [][][]control{{c.Controls, c.Optional, c.Met, c.Waivers}, {c.Bench}} {
		covered := numbers(lists...)
		slices.Sort(covered)
		if diff := cmp.Diff(benchmark(), covered); diff != "" {
			t.Errorf("recommendations that are missing or there twice (-benchmark +controls.yml):\n%s", diff)
		}
	}
	// What an auditor warns of is there with its reason.
	waived := numbers(c.Optional, c.Waivers)
	for _, one := range c.Bench {
		for _, number := range one.CIS {
			if one.Title == "WARN" && !slices.Contains(waived, number) {
				t.Errorf("docker-bench-security warns of %s, which is neither a waiver nor optional", number)
			}
		}
	}
	for _, one := range c.Controls {
		if one.ID == "" || one.Title == "" || one.Breaks == "" || one.Proof == "" || len(one.Source)+len(one.CIS) == 0 && one.ID != "logs" {
			t.Errorf("the control %q lacks an id, a title, breaks, proof or a source", one.ID)
		}
	}
	for _, list := range [][]control{c.Optional, c.Met, c.Waivers, c.Auditors, c.Bench} {
		for _, one := range list {
			if one.Reason == "" {
				t.Errorf("missing reason for %v", one.CIS)
			}
		}
	}
	const page = "docs/controls.md"
	want := controlsPage(t, c)
	if os.Getenv("UPDATE_SCRIPTS") != "" {
		if err := os.WriteFile("../"+page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, read(t, page)); diff != "" {
		t.Errorf("%s is not what controls.yml says; make it anew with UPDATE_SCRIPTS=1 (-data +page):\n%s", page, diff)
	}
}

// numbers returns the recommendations of all lists.
func numbers(lists ...[]control) []string {
	var all []string
	for _, list := range lists {
		for _, one := range list {
			all = append(all, one.CIS...)
		}
	}
	return all
}

func controlsPage(t *testing.T, c controls) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprint(&b, `<!-- SPDX-License-Identifier: GPL-3.0-or-later -->
# Controls

What `+"`playbooks/install.yml`"+` puts in force, and what of the CIS Docker Benchmark 1.6.0 it leaves out. Each control is one
variable. This page is made of `+"`roles/hardening/controls.yml`"+` (`+"`UPDATE_SCRIPTS=1 go test ./modules -run TestControls`"+`).
Sources in italics are sections of the document about installing Docker that the collection follows.

| Control | Variable, default | Source | What it breaks | Proof |
|---|---|---|---|---|
`)
	for _, one := range c.Controls {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", one.Title, variableCell(t, one.Variable), sourceCell(one), one.Breaks, one.Proof)
	}
	fmt.Fprint(&b, "\n## One variable away\n\n| What | Variable, default | Source | Why it is off |\n|---|---|---|---|\n")
	for _, one := range c.Optional {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", one.Title, variableCell(t, one.Variable), sourceCell(one), one.Reason)
	}
	fmt.Fprint(&b, "\n## Met without a control\n\n| Recommendation | Why |\n|---|---|\n")
	for _, one := range c.Met {
		fmt.Fprintf(&b, "| %s | %s |\n", sourceCell(one), one.Reason)
	}
	fmt.Fprint(&b, "\n## Waivers\n\nAn auditor will find these.\n\n| Recommendation | Why |\n|---|---|\n")
	for _, one := range c.Waivers {
		fmt.Fprintf(&b, "| %s | %s |\n", sourceCell(one), one.Reason)
	}
	fmt.Fprint(&b, lynisSection(t))
	fmt.Fprint(&b, "\n## What docker-bench-security says\n\nOf each recommendation, on a host that `playbooks/install.yml` made (Debian 13, a virtual machine). Its tests (1.6) were\n"+
		"read, and the same commands run by hand.\n\n| Verdict | Recommendations | Why |\n|---|---|---|\n")
	for _, one := range c.Bench {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", one.Title, strings.Join(one.CIS, ", "), one.Reason)
	}
	fmt.Fprint(&b, "\n## Where auditors differ\n\nFrom the tests of docker-bench-security 1.6 and docker-bench (its definitions of the benchmark 1.6.0), which were read: neither\n"+
		"can be had where ours run. A script of ours asks there what the benchmark asks (`molecule/shared/audit/cis`). Two auditors of\n"+
		"hosts were run once by hand on Debian 13; of Docker they found these, user namespaces, and the host's missing AppArmor.\n\n"+
		"| Auditor | Recommendation | What it says |\n|---|---|---|\n")
	for _, one := range c.Auditors {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", one.Title, sourceCell(one), one.Reason)
	}
	return b.String()
}

// lynisSection says what Lynis finds on a hardened host, and why it stays.
func lynisSection(t *testing.T) string {
	t.Helper()
	const path = "molecule/shared/audit/waivers.yml"
	var waivers []struct {
		Tests        []string
		Only, Reason string
	}
	decode(t, path, read(t, path), &waivers)
	var b strings.Builder
	fmt.Fprint(&b, `
## What Lynis says

Lynis is the auditor that Debian has, and is run here: all its tests on containers that are hosts (scenario `+"`hardening`"+`), and in
virtual machines with Debian 12 and 13 all but those that scenario `+"`audit`"+` names as slow and not about Docker. What it finds beside these ends the
test, and so does anything that it says of containers. The list is `+"`molecule/shared/audit/waivers.yml`"+`.

| Tests | Why it stays |
|---|---|
`)
	for _, one := range waivers {
		if one.Reason == "" || len(one.Tests) == 0 {
			t.Errorf("missing reason or tests in %s: %v", path, one)
		}
		where := ""
		if one.Only != "" {
			where = " (only in a " + one.Only + ")"
		}
		fmt.Fprintf(&b, "| %s%s | %s |\n", strings.Join(one.Tests, ", "), where, one.Reason)
	}
	return b.String()
}

// variableCell names a variable with its default, which is the role's.
func variableCell(t *testing.T, variable string) string {
	t.Helper()
	role, option := roleOf(t, variable)
	text, err := json.Marshal(option.Default)
	if err != nil {
		t.Fatal(err)
	}
	if option.Default == nil {
		text = []byte("none")
	}
	return fmt.Sprintf("`%s` (%s): `%s`", variable, role, text)
}

func sourceCell(c control) string {
	var parts []string
	for _, section := range c.Source {
		parts = append(parts, "*"+section+"*")
	}
	if len(c.CIS) > 0 {
		parts = append(parts, "CIS "+strings.Join(c.CIS, ", "))
	}
	return strings.Join(parts, "; ")
}
