// SPDX-License-Identifier: GPL-3.0-or-later

package dnf

import (
	"slices"
	"strings"
	"testing"

	"hardened.docker/modules/internal/mutate"
)

// FuzzOutput: what rpm, dnf and yum print is read whatever it is.
func FuzzOutput(f *testing.F) {
	f.Add("docker-engine\t0:18.09.0-3\nrunc\t(none):1.0-2\n")
	f.Add("error: Failed dependencies:\n\trunc is needed by (installed) podman-1:3.4.4-3.oe2203.x86_64\n")
	f.Add("docker-ce\t3:24.0-1\tx86_64\tstable\n")
	f.Add("Available Packages\ndocker-ce.x86_64   3:18.09.0-3.el7   stable\na-very-long-name.noarch\n   1-1   @installed\n")
	mutate.Fuzz(f, func(t *testing.T, text string) {
		for name, versions := range parseInstalled([]byte(text)) {
			if name == "" || !slices.IsSortedFunc(versions, func(a, b string) int { return Compare(b, a) }) {
				t.Errorf("parseInstalled(%q): %q has %q", text, name, versions)
			}
		}
		for _, by := range parseNeeded(text) {
			if strings.Contains(by, "\n") {
				t.Errorf("parseNeeded(%q) has %q", text, by)
			}
		}
		for _, list := range [][]offer{parseRepoquery(text), parseList(text)} {
			for name, candidate := range offers(list).Candidate {
				if !offers(list).Has(name, candidate) {
					t.Errorf("the candidate %s of %s is not offered in %q", candidate, name, text)
				}
			}
		}
		for _, line := range append(complaints(text), errorLines(text)...) {
			if line != "..." && !strings.Contains(text, line) {
				t.Errorf("%q is not what dnf said in %q", line, text)
			}
		}
	})
}

// FuzzLock: a package that is locked is read back as locked, by either tool's
// line, and no other line is read as one that could not be written.
func FuzzLock(f *testing.F) {
	f.Add("docker-ce-3:24.0.7-1.el9.*", "docker-ce-cli", "24.0.7", "1.el9")
	f.Add("0:docker-ce-18.09.5-3.el7.*", "a", "1", "2")
	mutate.Fuzz(f, func(t *testing.T, line, name, version, release string) {
		if name, version, ok := parseLock(line); ok && (strings.ContainsAny(name, "*?[") || !strings.Contains(version, "-")) {
			t.Errorf("parseLock(%q) = %q, %q", line, name, version)
		}
		// RPM's names and versions: rpm-spec(5).
		valid := func(s, more string) bool {
			return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+"+more) == "" && !strings.HasPrefix(s, "-")
		}
		if !valid(name, "-") || !valid(version, "~^") || !valid(release, "~^") {
			return
		}
		for _, generation := range []int{3, 4} {
			for _, epoch := range []string{"", "2:"} {
				full := epoch + version + "-" + release
				text := Holds{tool: Tool{Generation: generation}}.lock(name, full)
				if gotName, gotVersion, ok := parseLock(text); !ok || gotName != name || gotVersion != full {
					t.Errorf("parseLock(%q) = %q, %q, %v; want %q, %q", text, gotName, gotVersion, ok, name, full)
				}
			}
		}
	})
}

// FuzzRepository: a repository that was taken out of a file is not in it, and
// what dnf.conf excludes is what it was told to, with all else as it was.
func FuzzRepository(f *testing.F) {
	f.Add("# top\n[other]\nbaseurl=https://o/\n\n[docker]\nbaseurl=https://d/\n https://e/\n", "docker", "https://d")
	f.Add("[main]\nexclude=a,\n b\nexcludepkgs = c\n\n[x]\n", "x", "")
	f.Add("excludepkgs=a", "x", "")
	f.Add("[main]\nexcludepkgs=a\n# c\n b\n", "x", "")
	mutate.Fuzz(f, func(t *testing.T, text, id, url string) {
		r := Repository{ID: id, Name: id, URL: url}
		kept, removed, _ := r.Without(text)
		if removed == 0 && kept != text {
			t.Errorf("Without(%q) took nothing out and gave %q", text, kept)
		}
		if again, more, _ := r.Without(kept); more != 0 || again != kept {
			t.Errorf("Without(%q) = %q; once more it is %q with %d taken out", text, kept, again, more)
		}
		words := []string{"docker-ce", "runc"}
		edited := setMain(text, "excludepkgs", words)
		var got []string
		for _, s := range Sections(edited) {
			if s.Name == "main" {
				got = s.Words("excludepkgs")
				break
			}
		}
		if !slices.Equal(got, words) {
			t.Errorf("setMain(%q) = %q, which excludes %q", text, edited, got)
		}
		if twice := setMain(edited, "excludepkgs", words); twice != edited {
			t.Errorf("setMain(%q) = %q, and once more %q", text, edited, twice)
		}
	})
}
