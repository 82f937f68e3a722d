// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// goFiles parses the project's Go files, by path; tests or all others.
func goFiles(t *testing.T, tests bool) map[string]*ast.File {
	t.Helper()
	parsed := map[string]*ast.File{}
	for _, name := range files(t) {
		if !strings.HasPrefix(name, "modules/") || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") != tests {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), "../"+name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed[name] = file
	}
	return parsed
}

// TestParsersAreFuzzed wants a fuzz target beside every parser: a function that
// makes something else of a text, by its name.
func TestParsersAreFuzzed(t *testing.T) {
	fuzzed := map[string]bool{}
	for name, file := range goFiles(t, true) {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Fuzz") {
				fuzzed[path.Dir(name)] = true
			}
		}
	}
	if len(fuzzed) < 20 {
		t.Fatalf("only %d packages have fuzz targets: this test does not see them", len(fuzzed))
	}
	parses := regexp.MustCompile(`^(?i:parse|decode|unquote|unescape|unmarshal)`)
	for name, file := range goFiles(t, false) {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !parses.MatchString(f.Name.Name) || fuzzed[path.Dir(name)] || !takesText(f) {
				continue
			}
			t.Errorf("%s: %s reads a text, and its package has no fuzz target", name, f.Name.Name)
		}
	}
}

func takesText(f *ast.FuncDecl) bool {
	return slices.ContainsFunc(f.Type.Params.List, func(p *ast.Field) bool {
		switch kind := p.Type.(type) {
		case *ast.Ident:
			return kind.Name == "string"
		case *ast.ArrayType:
			element, ok := kind.Elt.(*ast.Ident)
			return ok && element.Name == "byte"
		}
		return false
	})
}

// TestWritesGoThroughFile lists what creates or renames a file without package
// file, which does so atomically, follows no link and refuses places where
// everybody may write. Each has a reason to do it itself.
func TestWritesGoThroughFile(t *testing.T) {
	allowed := map[string]string{
		"modules/docker_isolation/close.go":            "a switch of the kernel",
		"modules/internal/kernelparam/kernelparam.go":  "a switch of the kernel",
		"modules/docker_package/dnf.go":                "a note in /var/lib/hardened.docker, which is root's, of a transaction",
		"modules/docker_package/firststart.go":         "a mark in a directory of root's below /run, while a package manager runs",
		"modules/docker_repair/state.go":               "moves damaged state inside the data-root",
		"modules/docker_storage_switch/archive.go":     "gigabytes that come over a socket, into a directory that it has found to be root's alone",
		"modules/docker_unit/systemd.go":               "a directory of mode 0700 that it has just made, for systemd-analyze",
		"modules/thinpool_profile/rules.go":            "a directory of mode 0700 that it has just made, for lvmconfig",
		"modules/internal/dockerd/snapshot.go":         "in /run, in a directory that it has found to be root's alone",
		"modules/internal/apt/preview.go":              "a directory of mode 0700 that it has just made, for a prediction",
		"modules/internal/pkgmgr/preview.go":           "a directory of mode 0700 that it has just made, for a prediction",
		"modules/internal/pkgmgr/transaction.go":       "a log in /run that root alone may read",
		"modules/internal/treecopy/treecopy.go":        "copies a tree, entry by entry, without following links",
		"modules/internal/file/file.go":                "package file",
		"modules/internal/file/backup.go":              "package file",
		"modules/docker_data_root/docker_data_root.go": "opens a directory",
		"modules/docker_files/access.go":               "opens a file to change its mode",
		"modules/internal/host/host.go":                "opens a file to read",
		"modules/internal/doctor/bolt.go":              "opens a file to read",
		"modules/internal/treecopy/compare.go":         "opens files to read",
		"modules/internal/moduletest/moduletest.go":    "a tool of the tests",
	}
	writes := []string{"WriteFile", "Create", "CreateTemp", "OpenFile", "Rename", "Symlink", "Link"}
	found := map[string]bool{}
	for name, file := range goFiles(t, false) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := call.X.(*ast.Ident); ok && pkg.Name == "os" && slices.Contains(writes, call.Sel.Name) {
				found[name] = true
				if allowed[name] == "" {
					t.Errorf("%s calls os.%s: use package file, or give the reason here", name, call.Sel.Name)
				}
			}
			return true
		})
	}
	for _, name := range slices.Sorted(maps.Keys(allowed)) {
		if !found[name] {
			t.Errorf("%s is listed and writes nothing itself", name)
		}
	}
}

// TestWorkflows wants workflows to call targets of the Makefile and nothing
// else, and to name what they take from others by its digest.
func TestWorkflows(t *testing.T) {
	targets := read(t, "Makefile")
	seen := 0
	for _, name := range files(t) {
		if !strings.HasPrefix(name, ".github/workflows/") {
			continue
		}
		for line := range strings.Lines(read(t, name)) {
			key, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "- "), ": ")
			value = strings.TrimSpace(value)
			switch key {
			case "run":
				seen++
				target, ok := strings.CutPrefix(value, "make ")
				if !ok || !strings.Contains(targets, "\n"+target+":") {
					t.Errorf("%s: %q is no target of the Makefile", name, value)
				}
			case "uses":
				if !regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40}\s+# v\d`).MatchString(value) {
					t.Errorf("%s: %q is not pinned to a commit, with its release behind it", name, value)
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no workflow runs anything")
	}
}
