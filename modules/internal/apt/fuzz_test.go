// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"slices"
	"strings"
	"testing"

	"hardened.docker/modules/internal/mutate"
)

// FuzzOutput: what apt-cache and apt-get print is read whatever it is.
func FuzzOutput(f *testing.F) {
	f.Add("docker-ce:\n  Installed: (none)\n  Candidate: 5:26.1\n  Version table:\n     5:26.1 500\n        500 https://d/linux/debian bookworm/stable amd64 Packages\n")
	f.Add("Inst docker-ce [5:24.0] (5:26.1 Docker CE:bookworm [amd64]) []\nRemv runc [1.0]\n")
	f.Add("deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] https://d/linux/debian bookworm stable # x\n")
	f.Add("E: Could not get lock\nW: GPG error: x\ndpkg: error processing\n a\nThe following packages have unmet dependencies:\n b : Depends: c\n")
	mutate.Fuzz(f, func(t *testing.T, text string) {
		parsePolicy([]byte(text))
		for _, change := range parseSimulation([]byte(text)) {
			if change.Name == "" {
				t.Errorf("a change without a package in %q", text)
			}
		}
		found := complaints(text)
		if len(found) > 9 {
			t.Errorf("complaints(%q) = %d lines; nobody reads so many", text, len(found))
		}
		for _, line := range found {
			// What apt broke into lines is one line again.
			if line != "..." && !strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(line), " ")) {
				t.Errorf("complaints(%q) has %q, which apt did not say", text, line)
			}
		}
	})
}

// FuzzStatus: dpkg's database is read whatever it has, and a package in it is
// found by its name.
func FuzzStatus(f *testing.F) {
	f.Add("Package: docker.io\nStatus: hold ok installed\nArchitecture: amd64\nVersion: 26.1\nDepends: a (>= 1) | b:any, c\n", "runc")
	f.Add("Package: \n\nPackage: a\nStatus: x\n\n\n", "")
	mutate.Fuzz(f, func(t *testing.T, text, name string) {
		s := Status{packages: make(map[string]Package)}
		s.add([]byte(text))
		s.Interrupted()
		for have, p := range s.packages {
			if have == "" || have != p.Name {
				t.Errorf("a package %+v under the name %q", p, have)
			}
			for _, d := range p.Depends {
				if d == "" || strings.ContainsAny(d, " ,|") {
					t.Errorf("%s depends on %q", have, d)
				}
			}
		}
		if name == "" || strings.ContainsAny(name, "\n") {
			return
		}
		s = Status{packages: make(map[string]Package)}
		s.add([]byte("Package: other\nStatus: install ok installed\n\nPackage: " + name + "\nStatus: hold ok installed\nVersion: 1\n"))
		if !s.Held(name) || s.Installed(name) != "1" {
			t.Errorf("the package %q is %+v; want it held", name, s.Get(name))
		}
	})
}

// FuzzWithout: a repository that was taken out of a file is not in it; what
// else was there is there as it was; and taking it out twice is taking it out
// once.
func FuzzWithout(f *testing.F) {
	f.Add("deb [signed-by=/k] http://d/linux/debian bookworm stable\n# deb x\ndeb http://o/ a main", "https://d/linux/debian", "bookworm", false)
	f.Add("Types: deb\nURIs: http://d/ http://o/\nSuites: bookworm\nComponents: a\n\n\nTypes: deb\nURIs: http://d\nSuites: bookworm\n trixie\n# c\n", "http://d", "bookworm", true)
	f.Add("Suites: a\nURIs: d:/\nEnabled: no\n\n Suites: a\n", "d:/", "a/", true)
	mutate.Fuzz(f, func(t *testing.T, text, url, suite string, deb822 bool) {
		name, r := "x.list", Repository{URL: url, Suite: suite, Components: []string{"stable"}, SignedBy: "/k"}
		own := r.Line()
		if deb822 {
			name, own = "x.sources", r.Deb822()
		}
		kept, removed, rest, err := r.Without(name, text)
		if err != nil {
			return
		}
		if removed == 0 && kept != text {
			t.Errorf("Without(%q) took nothing out and gave %q", text, kept)
		}
		if removed == 0 && rest != (rest && strings.TrimSpace(text) != "") {
			t.Errorf("Without(%q) says that something is left of nothing", text)
		}
		again, more, _, err := r.Without(name, kept)
		if err != nil || more != 0 || again != kept {
			t.Errorf("Without(%q) = %q; once more it is %q with %d taken out, %v", text, kept, again, more, err)
		}
		// One word each, as checkURL of docker_repository wants them.
		if !slices.Equal(strings.Fields(url), []string{url}) || !slices.Equal(strings.Fields(suite), []string{suite}) || strings.ContainsAny(url+suite, "#[]\r\n\t\v\f \u0085\u00a0") || kept != "" && !strings.HasSuffix(kept, "\n\n") {
			return
		}
		with, removed, _, err := r.Without(name, kept+own)
		if err != nil || removed != 1 || with != kept {
			t.Errorf("Without(%q) = %q, %d, %v; want what was there before %q came: %q", kept+own, with, removed, err, own, kept)
		}
	})
}

// FuzzCompare: versions are in one order, whichever is asked about first.
func FuzzCompare(f *testing.F) {
	f.Add("5:26.1.5-1~debian.12~bookworm", "5:26.1.5-1")
	f.Add("1:2~", "1:2")
	f.Add("0999999999999999999999", "1000000000000000000000")
	mutate.Fuzz(f, func(t *testing.T, a, b string) {
		if Compare(a, b) != -Compare(b, a) || Compare(a, a) != 0 {
			t.Errorf("Compare(%q, %q) = %d, the other way round %d, with itself %d", a, b, Compare(a, b), Compare(b, a), Compare(a, a))
		}
	})
}
