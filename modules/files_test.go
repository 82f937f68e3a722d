// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// files returns the files of the repository without what is built, with paths
// from its root.
func files(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		switch {
		case entry.IsDir() && slices.Contains([]string{".git", "build", "__pycache__", ".ansible"}, name):
			return fs.SkipDir
		case name == ".git": // in a further working tree it is a file
		case entry.Type().IsRegular():
			all = append(all, strings.TrimPrefix(path, "../"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLicenceLine(t *testing.T) {
	// Files that have no comments, or whose text is not ours.
	without := regexp.MustCompile(`^LICENSE$|^\.gitignore$|^go\.(mod|sum)$|\.(json|jsonl|txtar|txt|tsv|png|svg)$`)
	code := regexp.MustCompile(`\.(go|py|sh|yml|yaml|md)$`)
	for _, path := range files(t) {
		if without.MatchString(path) || strings.Contains(path, "/testdata/") && !code.MatchString(path) {
			continue
		}
		head := strings.Join(strings.SplitN(read(t, path), "\n", 4)[:min(3, strings.Count(read(t, path), "\n"))], "\n")
		if !strings.Contains(head, "SPDX-License-Identifier: GPL-3.0-or-later") {
			t.Errorf("%s: missing SPDX-License-Identifier: GPL-3.0-or-later in its first three lines", path)
		}
	}
}

// TestHosts wants each host that a file names in an address to be one that is
// meant: a mirror or registry belongs to a machine's own configuration.
func TestHosts(t *testing.T) {
	address := regexp.MustCompile(`https?://([A-Za-z0-9.-]*[A-Za-z0-9])`)
	allowed := regexp.MustCompile(`(?i)^(` + strings.Join([]string{
		`www\.w3\.org`,          // names of XML namespaces, which nobody asks
		`download\.docker\.com`, // Docker's documented repository
		`docs\.docker\.com`, `docs\.ansible\.com`, `github\.com`, `galaxy\.ansible\.com`,
		`(www\.)?(gnu|fsf)\.org`, `keepachangelog\.com`, `go\.dev`, `bugs\.debian\.org`,
		`(.*\.)?example(\.(com|net|org))?`, `(.*\.)?(test|invalid|internal)`, `[a-z0-9-]+`, `[0-9.]+`,
	}, "|") + `)$`)
	// What distributions say of themselves in os-release, and the licence.
	quoted := regexp.MustCompile(`^LICENSE$|^modules/internal/distro/testdata/`)
	for _, path := range files(t) {
		if quoted.MatchString(path) {
			continue
		}
		for _, match := range address.FindAllStringSubmatch(read(t, path), -1) {
			if !allowed.MatchString(match[1]) {
				t.Errorf("%s names %s; if it is meant, add the host to this test", path, match[0])
			}
		}
	}
}

// TestNoLocalPaths looks for where this clone is and who works in it.
func TestNoLocalPaths(t *testing.T) {
	clone, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	local := []string{clone}
	// root's home is a good path on any host.
	if home := os.Getenv("HOME"); home != "/root" {
		local = append(local, home)
	}
	for _, path := range files(t) {
		text := read(t, path)
		for _, prefix := range local {
			if strings.Count(prefix, "/") > 1 && strings.Contains(text, prefix+"/") {
				t.Errorf("%s names %s, a path of this machine", path, prefix)
			}
		}
	}
}

// TestNobodyLeavesAPipeEarly: grep -q and grep -m leave at a match, head when
// it has its lines. What still writes to it then dies of SIGPIPE, and with
// pipefail the pipeline fails although the line is there, now and then, on a
// busy machine. Where || true follows, only the output counts.
func TestNobodyLeavesAPipeEarly(t *testing.T) {
	quiet := regexp.MustCompile(`(?m)^[^#\n]*[^|]\|\s*(grep\s+-\w*[qm]|head\b).*$`)
	for _, path := range files(t) {
		text := read(t, path)
		if !strings.Contains(text, "set -euo pipefail\n") && path != "Makefile" && !strings.HasPrefix(path, "molecule/shared/lib/") {
			continue
		}
		for _, line := range quiet.FindAllString(text, -1) {
			if strings.Contains(line, "|| true") {
				continue
			}
			t.Errorf("%s: %s: compare the output instead, [[ $(command) == *text* ]], or read to the end, sed -n 1p", path, strings.TrimSpace(line))
		}
	}
}

func collectionVersion(t *testing.T) string {
	t.Helper()
	match := regexp.MustCompile(`(?m)^version: (\d+\.\d+\.\d+)$`).FindStringSubmatch(read(t, "galaxy.yml"))
	if match == nil {
		t.Fatal("missing version in galaxy.yml")
	}
	return match[1]
}

// TestVersionIsInOnePlace: a release changes galaxy.yml and the changelog, no
// more.
func TestVersionIsInOnePlace(t *testing.T) {
	version := regexp.MustCompile(`(^|[^0-9.=])` + regexp.QuoteMeta(collectionVersion(t)) + `($|[^0-9.]|\.($|[^0-9]))`)
	since := regexp.MustCompile(`version_added: ["']`)
	elsewhere := regexp.MustCompile(`^galaxy\.yml$|^CHANGELOG\.rst$|^changelogs/|^go\.(mod|sum)$|/testdata/|_test\.go$|^requirements.*\.txt$|^LICENSE$`)
	for _, path := range files(t) {
		if elsewhere.MatchString(path) {
			continue
		}
		for number, line := range strings.Split(read(t, path), "\n") {
			if version.MatchString(line) && !since.MatchString(line) {
				t.Errorf("%s:%d has the version, which belongs to galaxy.yml alone: %s", path, number+1, line)
			}
		}
	}
}

// targets returns the documented targets of the Makefile.
func targets(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, match := range regexp.MustCompile(`(?m)^([a-z-]+):.*## `).FindAllStringSubmatch(read(t, "Makefile"), -1) {
		all = append(all, match[1])
	}
	slices.Sort(all)
	return all
}

func markdown(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(files(t), func(path string) bool { return filepath.Ext(path) != ".md" })
}

func TestMakeTargetsInDocs(t *testing.T) {
	named := regexp.MustCompile("(?m)(?:^|`|\\$ )make ([a-z-]+)")
	var all []string
	for _, path := range markdown(t) {
		for _, match := range named.FindAllStringSubmatch(read(t, path), -1) {
			if !slices.Contains(targets(t), match[1]) {
				t.Errorf("%s: unknown target in `make %s`; `make help` lists those that exist", path, match[1])
			}
			all = append(all, match[1])
		}
	}
	for _, target := range targets(t) {
		if target != "help" && !slices.Contains(all, target) {
			t.Errorf("the target %s is in no .md file; say in README.md or CONTRIBUTING.md what it is for", target)
		}
	}
}

func TestWorkflowsCallMakeOnly(t *testing.T) {
	run := regexp.MustCompile(`(?m)^\s*(?:- )?run: (.*)$`)
	uses := regexp.MustCompile(`(?m)^\s*(?:- )?uses: (\S+)`)
	pinned := regexp.MustCompile(`@[0-9a-f]{40}$`)
	for _, path := range files(t) {
		if !strings.HasPrefix(path, ".github/workflows/") {
			continue
		}
		text := read(t, path)
		for _, match := range run.FindAllStringSubmatch(text, -1) {
			target, ours := strings.CutPrefix(match[1], "make ")
			ours = ours && slices.Contains(targets(t), strings.Fields(target)[0])
			if !ours && match[1] != ".ci/run" {
				t.Errorf("%s runs %q; it may call make targets and .ci/run only, so that everybody can run what CI runs", path, match[1])
			}
		}
		for _, match := range uses.FindAllStringSubmatch(text, -1) {
			if !pinned.MatchString(match[1]) {
				t.Errorf("%s: %s is not pinned by its commit", path, match[1])
			}
		}
		if !strings.Contains(text, "permissions:\n  contents: read\n") {
			t.Errorf("%s: missing read-only permissions", path)
		}
	}
}

func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
	for _, path := range markdown(t) {
		for _, match := range link.FindAllStringSubmatch(read(t, path), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			target := filepath.Join("..", filepath.Dir(path), match[1])
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which does not exist", path, match[1])
			}
		}
	}
}

// TestReadmeTables compares the README's two tables with what they are about.
func TestReadmeTables(t *testing.T) {
	readme := read(t, "README.md")
	var listed []string
	for _, match := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [^`]").FindAllStringSubmatch(readme, -1) {
		listed = append(listed, match[1])
	}
	if diff := cmp.Diff(names(), listed); diff != "" {
		t.Errorf("the README does not list the modules that exist (-modules +README):\n%s", diff)
	}
	options := make(map[string]roleOption)
	for _, role := range roles(t) {
		for name, option := range roleOptions(t, role) {
			options[name] = option
		}
	}
	rows := regexp.MustCompile("(?m)^\\| `(docker_[a-z_]+)` \\| `(.+?)` \\|").FindAllStringSubmatch(readme, -1)
	if len(rows) == 0 {
		t.Errorf("missing table of variables in the README: | `variable` | `default` | ...")
	}
	for _, row := range rows {
		option, ok := options[row[1]]
		if !ok {
			t.Errorf("the README names the variable %s, which no role has", row[1])
			continue
		}
		want, err := json.Marshal(option.Default)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Trim(string(want), `"`) != row[2] {
			t.Errorf("the README says that the default of %s is %s; it is %s", row[1], row[2], want)
		}
	}
}
