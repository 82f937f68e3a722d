// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"gopkg.in/yaml.v3"
)

// These tests are the house rules: what CONTRIBUTING.md asks for and a program
// can check. The rules about documentation are in docs_test.go, those about
// roles, playbooks and the files of the repository in house_test.go.

// names returns the names in the table of main.go.
func names() []string {
	var all []string
	for _, entry := range modules() {
		all = append(all, entry.Name)
	}
	return all
}

// read returns a file of the repository; the path begins at its root.
func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// decode reads YAML strictly: a key that into does not have is an error, and so
// is a key that is there twice.
func decode(t *testing.T, where, text string, into any) {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("invalid YAML in %s: %v", where, err)
	}
}

func TestTableHasEveryFolderInOrder(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, entry := range entries {
		if entry.IsDir() && entry.Name() != "internal" {
			folders = append(folders, entry.Name()) // ReadDir sorts
		}
	}
	if diff := cmp.Diff(folders, names()); diff != "" {
		t.Errorf("the table in main.go is not the sorted list of the folders beside it (-folders +table):\n%s", diff)
	}
}

func TestModuleHasItsFiles(t *testing.T) {
	for _, name := range names() {
		for _, file := range []string{name + ".go", name + ".py", name + "_test.go"} {
			if _, err := os.Stat(filepath.Join(name, file)); err != nil {
				t.Errorf("missing file of module %s: %v", name, err)
			}
		}
	}
}

// TestModuleScripts wants of each module scripts that show what it does in check
// mode, with a diff, and when it is run again.
func TestModuleScripts(t *testing.T) {
	checks := regexp.MustCompile(`^module .*-check\b`)
	diffs := regexp.MustCompile(`^module .*-diff\b`)
	flags := regexp.MustCompile(` -diff\b`)
	unchanged := regexp.MustCompile(`"changed":\s*false`)
	for _, name := range names() {
		scripts, err := filepath.Glob(filepath.Join(name, "testdata", "*.txtar"))
		if err != nil {
			t.Fatal(err)
		}
		var check, diff, again bool
		for _, path := range scripts {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(string(archive.Comment), "\n")
			if !strings.HasPrefix(lines[0], "# ") {
				t.Errorf("%s: missing comment in its first line; say there which behaviour the script pins", path)
			}
			runs := make(map[string]bool)
			repeated := false
			for _, line := range lines {
				line = strings.Join(strings.Fields(line), " ")
				check = check || checks.MatchString(line)
				diff = diff || diffs.MatchString(line)
				if strings.HasPrefix(line, "module ") && !checks.MatchString(line) {
					command := flags.ReplaceAllString(line, "")
					repeated = repeated || runs[command]
					runs[command] = true
				}
			}
			again = again || repeated && unchanged.MatchString(read(t, filepath.Join("modules", path)))
		}
		for _, want := range []struct {
			found bool
			what  string
		}{
			{check, "runs `module -check`"},
			{diff, "runs `module -diff`"},
			{again, `runs the same command again and expects "changed": false`},
		} {
			if !want.found {
				t.Errorf("module %s: missing script in testdata that %s", name, want.what)
			}
		}
	}
}

// TestRuntime keeps meta/runtime.yml small. A module needs no line there: make
// stage gives it an action plugin of its own name, which strategies load once.
// A route to a common plugin is followed in every task's process, 10 ms each.
func TestRuntime(t *testing.T) {
	var runtime struct {
		RequiresAnsible string                    `yaml:"requires_ansible"`
		ActionGroups    map[string][]string       `yaml:"action_groups"`
		PluginRouting   map[string]map[string]any `yaml:"plugin_routing"`
	}
	decode(t, "meta/runtime.yml", read(t, "meta/runtime.yml"), &runtime)
	for _, name := range names() {
		for _, kind := range []string{"modules", "action"} {
			if _, routed := runtime.PluginRouting[kind][name]; routed {
				t.Errorf("meta/runtime.yml routes %s in plugin_routing.%s; remove it: modules need no route", name, kind)
			}
		}
	}
	for group, members := range runtime.ActionGroups {
		slices.Sort(members)
		if diff := cmp.Diff(names(), members); diff != "" {
			t.Errorf("action group %s of meta/runtime.yml does not have every module (-want +got):\n%s", group, diff)
		}
	}
}

// TestDeps keeps the binary small and its attack surface known.
func TestDeps(t *testing.T) {
	forbidden := map[string]string{
		"crypto/sha1":   "it brings the library's FIPS 140 module, 0.17 MB of self-tests and ciphers, and 33 MB of empty memory",
		"crypto/sha256": "as crypto/sha1",
		"crypto/tls":    "modules do not talk to the internet; it comes with net/http",
		"encoding/gob":  "the protocol is JSON; gob keeps every method of every type alive",
		"html/template": "it calls methods by name, so that the linker can drop none; use fmt",
		"log":           "standard output and error belong to the protocol; return an error or a warning",
		"net":           "it doubles the binary, and the engine is reached over its socket without it (internal/dockerapi)",
		"net/http":      "it adds 3.9 MB; the engine is reached without it (internal/dockerapi)",
		"os/user":       "without cgo it reads /etc/passwd only, and misses users of other sources without saying so",
		"plugin":        "it needs cgo, and the binary is static",
		"testing":       "test machinery in production",
		"text/template": "it calls methods by name, so that the linker can drop none; use fmt",
	}
	list := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}} {{.Standard}}", ".")
	list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v", list, err)
	}
	for line := range strings.Lines(string(out)) {
		path, standard, _ := strings.Cut(strings.TrimSpace(line), " ")
		if why, found := forbidden[path]; found {
			t.Errorf("the binary imports %s: %s", path, why)
		}
		if standard != "true" && !strings.HasPrefix(path, "hardened.docker/") {
			t.Errorf("the binary imports %s: only the standard library may be in it", path)
		}
	}
}

// walkGo calls visit with every Go file below modules/ that is no test.
func walkGo(t *testing.T, visit func(path string, files *token.FileSet, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "moduletest"):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		visit(path, files, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestErrorStrings holds error texts to one grammar. Sentinels, which are
// variables of a package named Err or err, stand behind somebody else's colon
// and are causes: "cannot read x: it is a directory".
func TestErrorStrings(t *testing.T) {
	grammar := regexp.MustCompile(`^(cannot|unknown|missing|invalid) |^%[wsv]`)
	// Beginnings of texts that complete another one, and of which.
	completes := map[string]string{
		"expected ":                              "invalid value x for option y, ",
		"the group ":                             "invalid constraints of x: ",
		"option ":                                "invalid constraints of x: ",
		"there is no option ":                    "invalid constraints of x: ",
		"the argument spec has the unknown type": "invalid value x for option y, ",
		"it ":                                    "cannot run x: ",
		"a condition of its unit is not met":     "cannot start x: ",
		"dockerd ":                               "cannot reload docker.service: ",
	}
	check := func(files *token.FileSet, at ast.Node, text string) {
		for beginning := range completes {
			if strings.HasPrefix(text, beginning) {
				return
			}
		}
		if !grammar.MatchString(text) {
			t.Errorf("%s: the error %q does not begin with cannot, unknown, missing or invalid", files.Position(at.Pos()), text)
		}
		if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "\n") {
			t.Errorf("%s: the error %q ends with a full stop or a newline", files.Position(at.Pos()), text)
		}
	}
	walkGo(t, func(_ string, files *token.FileSet, file *ast.File) {
		sentinels := make(map[ast.Node]bool)
		for _, decl := range file.Decls {
			general, ok := decl.(*ast.GenDecl)
			if !ok || general.Tok != token.VAR {
				continue
			}
			for _, spec := range general.Specs {
				spec := spec.(*ast.ValueSpec)
				for i, value := range spec.Values {
					if strings.HasPrefix(strings.ToLower(spec.Names[i].Name), "err") {
						sentinels[value] = true
					}
				}
			}
		}
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 || sentinels[node] {
				return true
			}
			function, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Errorf", "fail"}, function.Sel.Name) && !isErrorsNew(function) {
				return true
			}
			if literal, ok := call.Args[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				check(files, literal, text)
			}
			return true
		})
	})
}

func isErrorsNew(function *ast.SelectorExpr) bool {
	base, ok := function.X.(*ast.Ident)
	return ok && base.Name == "errors" && function.Sel.Name == "New"
}

// TestNoInit keeps the table in main.go the only place that says what is linked.
func TestNoInit(t *testing.T) {
	walkGo(t, func(path string, _ *token.FileSet, file *ast.File) {
		for _, decl := range file.Decls {
			if function, ok := decl.(*ast.FuncDecl); ok && function.Recv == nil && function.Name.Name == "init" {
				t.Errorf("%s has an init function; let the caller call what it needs", path)
			}
		}
	})
}
