// SPDX-License-Identifier: GPL-3.0-or-later

// Package moduletest runs a module's test scripts: testdata/*.txtar, in the
// language of github.com/rogpeppe/go-internal/testscript. It is for tests
// only; no module imports it.
//
// Two commands are added to that language:
//
//	module [-check] [-diff] [-args JSON] NAME [FILE]
//
// runs the module with the arguments in FILE (a JSON object; {} without it) as
// Ansible would, and prints its result indented, without invocation. It fails,
// as "! module" expects, when the module failed.
//
//	fake NAME
//
// makes the script file NAME of the archive executable and puts it on PATH as
// the host's command of that name.
//
// The host's root directory is $WORK/root: the archive's files below root/ are
// the host's files, and those below api/ the answers of its Docker daemon.
package moduletest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
)

// Main is the TestMain of a module's package. The others are there to be called as
// well. With FAKE=api it is the daemon whose answers are below api/, as a process
// of its own.
func Main(m *testing.M, name string, module ansible.Runner, others ...ansible.Entry) {
	if root := os.Getenv("ROOT"); os.Getenv("FAKE") == "api" {
		if err := ServeAPI(root, answers(filepath.Join(filepath.Dir(root), "api"))); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	table := append(ansible.Table{{Name: name, Module: module}}, others...)
	testscript.Main(m, map[string]func(){
		"module": func() { os.Exit(command(table, os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// Scripts runs the scripts below testdata of the calling package.
func Scripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireUniqueNames:  true,
		RequireExplicitExec: false,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("ROOT", filepath.Join(env.WorkDir, "root"))
			// Modules run some commands as another user, fakes among them.
			for _, dir := range []string{env.WorkDir, filepath.Dir(env.WorkDir)} {
				if err := os.Chmod(dir, 0o755); err != nil {
					return err
				}
			}
			bin := filepath.Join(env.WorkDir, "bin")
			env.Setenv("PATH", bin+":"+env.Getenv("PATH"))
			// A program with the race detector waits a second before it ends, to
			// let others report; a script runs hundreds that have no others.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			for _, dir := range []string{"root", "bin"} {
				if err := os.MkdirAll(filepath.Join(env.WorkDir, dir), 0o755); err != nil {
					return err
				}
			}
			return serveAPI(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fake": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) == 0 {
					ts.Fatalf("usage: fake NAME...")
				}
				for _, name := range args {
					script := ts.ReadFile(name)
					to := ts.MkAbs(filepath.Join("bin", filepath.Base(name)))
					ts.Check(os.WriteFile(to, []byte(script), 0o755))
				}
			},
		},
	})
}

// Run runs a module on the host whose files lie below root, with arguments
// that are the text of a JSON object, and returns its result.
func Run(t *testing.T, module ansible.Runner, root, args string) map[string]any {
	t.Helper()
	var out bytes.Buffer
	ansible.Main(ansible.Table{{Name: "module", Module: module}}, ansible.Process{
		Args: []string{"module"}, Stdin: bytes.NewReader([]byte(args)), Stdout: &out, Stderr: io.Discard, Host: host.New(root),
	})
	var result map[string]any
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatalf("the module did not print one JSON object: %v\n%s", err, out.Bytes())
	}
	return result
}

// Tree lists what lies below root: for each file its mode and content, so that
// a test can tell whether anything was changed.
func Tree(t *testing.T, root string) map[string]string {
	t.Helper()
	tree := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content = string(data)
		case info.Mode()&os.ModeSymlink != 0:
			if content, err = os.Readlink(path); err != nil {
				return err
			}
		}
		name, err := filepath.Rel(root, path)
		tree[name] = info.Mode().String() + " " + content
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func command(table ansible.Table, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("module", flag.ContinueOnError)
	check := flags.Bool("check", false, "run in check mode")
	diff := flags.Bool("diff", false, "ask for the diff")
	inline := flags.String("args", "", "the arguments, in place of a file")
	if err := flags.Parse(args); err != nil || flags.NArg() < 1 {
		fmt.Fprintln(stderr, "usage: module [-check] [-diff] [-args JSON] NAME [FILE]")
		return 2
	}
	text := []byte("{}")
	if *inline != "" {
		text = []byte(*inline)
	}
	if flags.NArg() > 1 {
		data, err := os.ReadFile(flags.Arg(1))
		if err != nil {
			fmt.Fprintln(stderr, err)
			return 2
		}
		text = data
	}
	// The root that a script's options name is the host's own: paths in
	// arguments are as a playbook has them.
	input := withInternal(text, *check, *diff)
	var out bytes.Buffer
	code := ansible.Main(table, ansible.Process{
		Args:    []string{"hardened-docker", flags.Arg(0)},
		Stdin:   bytes.NewReader(input),
		Stdout:  &out,
		Stderr:  stderr,
		Host:    host.New(os.Getenv("ROOT")),
		Version: "test",
	})
	var result map[string]json.RawMessage
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		fmt.Fprintf(stderr, "the module did not print one JSON object: %v\n%s\n", err, out.Bytes())
		return 2
	}
	delete(result, "invocation")
	encoder := json.NewEncoder(stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(result); err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	return code
}

// withInternal adds Ansible's own arguments to a JSON object and leaves the
// rest of its text as it is, so that scripts can test invalid input too.
func withInternal(text []byte, check, diff bool) []byte {
	text = bytes.TrimSpace(text)
	if len(text) < 2 || text[0] != '{' {
		return text
	}
	own := fmt.Sprintf(`"_ansible_check_mode": %t, "_ansible_diff": %t`, check, diff)
	if rest := bytes.TrimSpace(text[1:]); len(rest) > 0 && rest[0] != '}' {
		own += ", "
	}
	return append([]byte("{"+own), text[1:]...)
}
