// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
)

// probe is a module whose plan the tests choose by its options.
type probe struct {
	Do     []string       `arg:"do" default:"[]"`
	Fail   string         `arg:"fail"`
	Panic  bool           `arg:"panic" default:"false"`
	Secret string         `arg:"secret" no_log:"true"`
	Nested *nested        `arg:"nested"`
	Result map[string]any `arg:"result"`
	Warn   []string       `arg:"warn"`
	Caveat []string       `arg:"caveat"`
	Facts  map[string]any `arg:"facts"`
}

type nested struct {
	Token string `arg:"token" no_log:"true"`
	Name  string `arg:"name"`
}

// step is an act that notes in a file that it was done. One named "fail:x"
// fails, one named "untouched:x" before it changed anything, "kill" sends the process a SIGTERM, "panic" panics.
type step struct{ name, log string }

func (s step) Describe() string { return "do " + s.name }
func (s step) Diff() []Diff {
	return []Diff{{BeforeHeader: s.name, AfterHeader: s.name, Before: "0\n", After: "1\n"}}
}
func (s step) Do(ctx context.Context, _ *host.Host) (map[string]any, error) {
	f, err := os.OpenFile(s.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fmt.Fprintln(f, s.name)
	switch {
	case strings.HasPrefix(s.name, "untouched:"):
		return nil, &NothingDone{Err: fmt.Errorf("cannot do %s", s.name)}
	case strings.HasPrefix(s.name, "fail:"):
		return map[string]any{"partly": s.name}, fmt.Errorf("cannot do %s", s.name)
	case s.name == "nothing":
		return nil, fmt.Errorf("cannot begin: %w", &NothingDone{errors.New("it is not there")})
	case s.name == "panic":
		panic("act")
	case s.name == "kill":
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Second):
			return nil, errors.New("cannot go on: the signal did not end the context")
		}
	}
	return map[string]any{"last": s.name}, nil
}

func probeModule(log string) Module[probe] {
	return Module[probe]{Plan: func(_ context.Context, _ *host.Host, p probe) (*Plan, error) {
		if p.Panic {
			panic("plan " + p.Secret)
		}
		if p.Fail != "" {
			return &Plan{Warnings: p.Warn}, &Failure{Err: errors.New(p.Fail), Result: p.Result}
		}
		plan := &Plan{Result: p.Result, Warnings: p.Warn, Caveats: p.Caveat, Facts: p.Facts}
		for _, name := range p.Do {
			plan.Acts = append(plan.Acts, step{name, log})
		}
		return plan, nil
	}}
}

// runProbe runs the module and returns its result, what was done and the exit
// status. It fails the test unless standard output has exactly one object.
func runProbe(t *testing.T, args string) (result map[string]any, done []string, code int) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "done")
	var stdout, stderr bytes.Buffer
	code = Main(Table{{"probe", probeModule(log)}}, Process{
		Args: []string{"hardened-docker", "probe"}, Stdin: strings.NewReader(args), Stdout: &stdout, Stderr: &stderr, Host: host.New(t.TempDir()),
	})
	decoder := json.NewDecoder(&stdout)
	if err := decoder.Decode(&result); err != nil {
		t.Fatalf("standard output is not a JSON object: %v", err)
	}
	if decoder.More() {
		t.Fatalf("standard output has more than one JSON value")
	}
	if data, err := os.ReadFile(log); err == nil {
		done = strings.Fields(string(data))
	}
	return result, done, code
}

func TestRun(t *testing.T) {
	one := map[string]any{"before_header": "a", "after_header": "a", "before": "0\n", "after": "1\n"}
	tests := []struct {
		name, args string
		want       map[string]any // without invocation
		done       []string
		code       int
	}{
		{"nothing to do", `{}`, map[string]any{"changed": false, "actions": []any{}}, nil, 0},
		{"does", `{"do": ["a", "b"]}`, map[string]any{"changed": true, "actions": []any{"do a", "do b"}, "last": "b"}, []string{"a", "b"}, 0},
		{"check mode does nothing and says the same", `{"do": ["a", "b"], "_ansible_check_mode": true}`,
			map[string]any{"changed": true, "actions": []any{"do a", "do b"}}, nil, 0},
		{"diff", `{"do": ["a"], "_ansible_diff": true, "_ansible_check_mode": true}`,
			map[string]any{"changed": true, "actions": []any{"do a"}, "diff": one}, nil, 0},
		{"diff of no change", `{"_ansible_diff": true}`,
			map[string]any{"changed": false, "actions": []any{}, "diff": map[string]any{"before": "", "after": "", "before_header": "", "after_header": ""}}, nil, 0},
		{"a failed act ends the run and tells what was done", `{"do": ["a", "fail:b", "c"]}`,
			map[string]any{"changed": true, "failed": true, "msg": "cannot do fail:b", "actions": []any{"do a"}, "last": "a", "partly": "fail:b"}, []string{"a", "fail:b"}, 1},
		{"a first act that failed before it changed anything", `{"do": ["untouched:a", "b"]}`,
			map[string]any{"changed": false, "failed": true, "msg": "cannot do untouched:a", "actions": []any{}}, []string{"untouched:a"}, 1},
		{"a second one", `{"do": ["a", "untouched:b"]}`,
			map[string]any{"changed": true, "failed": true, "msg": "cannot do untouched:b", "actions": []any{"do a"}, "last": "a"}, []string{"a", "untouched:b"}, 1},
		{"a failed plan", `{"fail": "cannot plan", "result": {"near": [1]}, "warn": ["w"]}`,
			map[string]any{"changed": false, "failed": true, "msg": "cannot plan", "near": []any{1.0}, "warnings": []any{"w"}}, nil, 1},
		{"results, warnings, facts", `{"result": {"x": "é<>&"}, "warn": ["w"], "facts": {"f": 1}}`,
			map[string]any{"changed": false, "actions": []any{}, "x": "é<>&", "warnings": []any{"w"}, "ansible_facts": map[string]any{"f": 1.0}}, nil, 0},
		{"caveats in check mode", `{"warn": ["w"], "caveat": ["c"], "_ansible_check_mode": true}`,
			map[string]any{"changed": false, "actions": []any{}, "warnings": []any{"w", "c"}}, nil, 0},
		{"no caveats in a run", `{"caveat": ["c"]}`, map[string]any{"changed": false, "actions": []any{}}, nil, 0},
		{"arguments of a later ansible-core", `{"_ansible_something_new": {"a": 1}, "_ansible_verbosity": 3}`,
			map[string]any{"changed": false, "actions": []any{}}, nil, 0},
		{"unknown options that Ansible wants ignored", `{"nope": 1, "_ansible_ignore_unknown_opts": true}`,
			map[string]any{"changed": false, "actions": []any{}}, nil, 0},
		{"wrapped arguments", `{"ANSIBLE_MODULE_ARGS": {"do": ["a"]}}`,
			map[string]any{"changed": true, "actions": []any{"do a"}, "last": "a"}, []string{"a"}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, done, code := runProbe(t, test.args)
			delete(got, "invocation")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("run(%s) (-want +got):\n%s", test.args, diff)
			}
			if diff := cmp.Diff(test.done, done); diff != "" {
				t.Errorf("run(%s) did (-want +got):\n%s", test.args, diff)
			}
			if code != test.code {
				t.Errorf("run(%s) = exit status %d; want %d", test.args, code, test.code)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	tests := []struct{ name, args, want string }{
		{"no arguments", ``, "missing arguments: standard input is empty"},
		{"not JSON", `do: a`, "invalid arguments in standard input"},
		{"not an object", `["do"]`, "invalid arguments in standard input"},
		{"null", `null`, ""},
		{"half an object", `{"do": ["a"`, "invalid arguments in standard input"},
		{"unknown option", `{"doo": ["a"]}`, `unknown option "doo"`},
		{"wrong type", `{"result": "a b"}`, `invalid value`},
		{"several at once", `{"doo": 1, "panic": "perhaps"}`, "; "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, done, code := runProbe(t, test.args)
			if test.want == "" {
				if got["failed"] != nil {
					t.Errorf("run(%s) = %v; want success", test.args, got)
				}
				return
			}
			msg, _ := got["msg"].(string)
			if got["failed"] != true || code != 1 || !strings.Contains(msg, test.want) {
				t.Errorf("run(%s) = %v, exit status %d; want a failure with %q", test.args, got, code, test.want)
			}
			if len(done) > 0 {
				t.Errorf("run(%s) did %v; want nothing done", test.args, done)
			}
		})
	}
}

// TestNothingDone: an act that could not begin leaves changed as it was.
func TestNothingDone(t *testing.T) {
	for args, want := range map[string]bool{`{"do": ["nothing"]}`: false, `{"do": ["a", "nothing"]}`: true, `{"do": ["fail:a"]}`: true} {
		result, _, code := runProbe(t, args)
		if result["changed"] != want || code == 0 {
			t.Errorf("%s: changed = %v, exit status %d; want %v and a failure", args, result["changed"], code, want)
		}
	}
}

func TestPanicIsAResult(t *testing.T) {
	for _, args := range []string{`{"panic": true, "secret": "hunter2"}`, `{"do": ["a", "panic"], "secret": "hunter2"}`} {
		got, _, code := runProbe(t, args)
		msg, _ := got["msg"].(string)
		trace, _ := got["exception"].(string)
		if got["failed"] != true || code != 1 || !strings.HasPrefix(msg, "cannot finish probe") || !strings.Contains(trace, "goroutine") {
			t.Errorf("run(%s) = %v; want a failure with an exception", args, got)
		}
		if strings.Contains(msg+trace, "hunter2") {
			t.Errorf("run(%s) shows the secret: %s", args, msg)
		}
	}
	if got, _, _ := runProbe(t, `{"do": ["panic"]}`); got["changed"] != true {
		t.Errorf("changed = %v; want true, since an act had begun", got["changed"])
	}
}

func TestSignalEndsBetweenActs(t *testing.T) {
	got, done, code := runProbe(t, `{"do": ["a", "kill", "c"]}`)
	msg, _ := got["msg"].(string)
	if diff := cmp.Diff([]string{"a", "kill"}, done); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if got["failed"] != true || got["changed"] != true || code != 1 || !strings.HasPrefix(msg, "cannot do c: the run was ended by a signal") {
		t.Errorf("result = %v; want a failure that names the signal", got)
	}
}

func TestMask(t *testing.T) {
	tests := []struct {
		name, args string
		leaks      []string
		want       map[string]any // some of the result's values
	}{
		{"whole value", `{"secret": "s3cret", "result": {"x": "s3cret"}}`, []string{"s3cret"}, map[string]any{"x": noLogMark}},
		{"inside a value", `{"secret": "s3cret", "result": {"x": "user:s3cret@host"}}`, []string{"s3cret"}, map[string]any{"x": "user:********@host"}},
		{"in a key and a list", `{"secret": "s3cret", "result": {"x": {"s3cret-key": ["as3cretb"]}}}`, []string{"s3cret"},
			map[string]any{"x": map[string]any{"********-key": []any{"a********b"}}}},
		{"a number", `{"secret": "4711", "result": {"x": 47110, "y": 12}}`, []string{"4711"}, map[string]any{"x": noLogMark, "y": 12.0}},
		{"in an error", `{"secret": "s3cret", "fail": "cannot log in with s3cret"}`, []string{"s3cret"}, map[string]any{"msg": "cannot log in with ********"}},
		{"in a warning and a fact", `{"secret": "s3cret", "warn": ["s3cret?"], "facts": {"f": "s3cret!"}}`, []string{"s3cret"},
			map[string]any{"warnings": []any{"********?"}}},
		{"in the diff and the actions", `{"secret": "s3cret", "do": ["s3cret"], "_ansible_diff": true}`, []string{"s3cret"}, map[string]any{"actions": []any{"do ********"}}},
		{"quoted in a text", `{"secret": "a\"b\\c", "result": {"x": "{\"k\": \"a\\\"b\\\\c\"}"}}`, []string{`a\\\"b`}, map[string]any{"x": `{"k": "********"}`}},
		{"lines of a key, indented", `{"secret": "first-line\nsecond-line\n", "result": {"x": "  first-line\n  second-line"}}`, []string{"first-line", "second-line"}, nil},
		{"a sub-option", `{"nested": {"token": "t0ken", "name": "n"}, "result": {"x": "t0ken"}}`, []string{"t0ken"}, map[string]any{"x": noLogMark}},
		{"in a rejected argument", `{"secret": "s3cret", "panic": "s3cret"}`, []string{"s3cret"}, nil},
		{"an address in an error", `{"fail": "invalid mirror \"https://me:s3cret@mirror/\""}`, nil,
			map[string]any{"msg": `invalid mirror "https://********@mirror/"`}},
		{"the longest first", `{"secret": "abc", "nested": {"token": "abcdef"}, "result": {"x": "-abcdef-"}}`, []string{"abc", "def"}, map[string]any{"x": "-********-"}},
		{"the protocol's own words stay", `{"secret": "changed", "do": ["a"]}`, nil, map[string]any{"changed": true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, _, _ := runProbe(t, test.args)
			text, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			for _, leak := range test.leaks {
				if strings.Contains(string(text), leak) {
					t.Errorf("run(%s) leaks %q: %s", test.args, leak, text)
				}
			}
			for key, want := range test.want {
				if diff := cmp.Diff(want, got[key]); diff != "" {
					t.Errorf("run(%s)[%q] (-want +got):\n%s", test.args, key, diff)
				}
			}
		})
	}
}

func TestInvocation(t *testing.T) {
	got, _, _ := runProbe(t, `{"secret": "s3cret", "do": "a", "result": {"HTTP_PROXY": "http://user:pass@proxy:1", "list": ["https://user@x/"]}}`)
	invocation, _ := got["invocation"].(map[string]any)
	args, _ := invocation["module_args"].(map[string]any)
	want := map[string]any{"secret": noLogMark, "do": []any{"a"}, "panic": false, "fail": nil, "nested": nil, "result": map[string]any{"HTTP_PROXY": "http://********@proxy:1", "list": []any{"https://********@x/"}}, "warn": nil, "caveat": nil, "facts": nil}
	if diff := cmp.Diff(want, args); diff != "" {
		t.Errorf("invocation.module_args (-want +got):\n%s", diff)
	}
}

func TestCommandLine(t *testing.T) {
	table := Table{{"probe", probeModule("")}}
	tests := []struct {
		args       []string
		name, file string
		ok         bool
	}{
		{[]string{"/x/hardened-docker", "probe"}, "probe", "", true},
		{[]string{"/x/hardened-docker", "probe", "-"}, "probe", "", true},
		{[]string{"/x/hardened-docker", "probe", "args.json"}, "probe", "args.json", true},
		{[]string{"./probe"}, "probe", "", true},
		{[]string{"./probe", "args.json"}, "probe", "args.json", true},
		{[]string{"/tmp/AnsiballZ_probe", "/tmp/args"}, "probe", "/tmp/args", true},
		{[]string{"hardened-docker"}, "", "", false},
		{[]string{"hardened-docker", "--help"}, "--help", "", false},
		{[]string{"hardened-docker", "probe", "a", "b"}, "", "", false},
		{nil, "", "", false},
	}
	for _, test := range tests {
		name, file, ok := command(table, test.args)
		if ok != test.ok || ok && (name != test.name || file != test.file) {
			t.Errorf("command(%q) = %q, %q, %v; want %q, %q, %v", test.args, name, file, ok, test.name, test.file, test.ok)
		}
	}
}

func TestUsage(t *testing.T) {
	tests := []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"hardened-docker"}, 2, "", "  probe\n"},
		{[]string{"hardened-docker", "nope"}, 2, "", `unknown module "nope"`},
		{[]string{"hardened-docker", "--version"}, 0, "hardened.docker 1.2.3\n", ""},
	}
	for _, test := range tests {
		var stdout, stderr bytes.Buffer
		code := Main(Table{{"probe", probeModule("")}}, Process{Args: test.args, Stdin: strings.NewReader("{}"), Stdout: &stdout, Stderr: &stderr, Version: "1.2.3"})
		if code != test.code || stdout.String() != test.stdout || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("Main(%q) = %d, %q, %q; want %d, %q, ...%q...", test.args, code, stdout.String(), stderr.String(), test.code, test.stdout, test.stderr)
		}
	}
}

func TestArgumentsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "args.json")
	if err := os.WriteFile(file, []byte(`{"do": ["a"], "_ansible_check_mode": true}`), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, int) {
		var stdout bytes.Buffer
		code := Main(Table{{"probe", probeModule("")}}, Process{Args: args, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stdout, Host: host.New("/")})
		return stdout.String(), code
	}
	if out, code := run("probe", file); code != 0 || !strings.Contains(out, `"do a"`) {
		t.Errorf("Main(probe, file) = %s, %d; want success", out, code)
	}
	if out, code := run("probe", file+".not"); code != 1 || !strings.Contains(out, "cannot read the module's arguments") {
		t.Errorf("Main(probe, no file) = %s, %d; want a failed result", out, code)
	}
}

// fullDisk is a standard output that cannot be written to.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestResultThatCannotBeWritten(t *testing.T) {
	var stderr bytes.Buffer
	code := Main(Table{{"probe", probeModule("")}}, Process{Args: []string{"probe"}, Stdin: strings.NewReader("{}"), Stdout: fullDisk{}, Stderr: &stderr, Host: host.New("/")})
	if code != 1 || !strings.Contains(stderr.String(), "cannot write the result") {
		t.Errorf("Main = %d, %q; want 1 and the reason", code, stderr.String())
	}
}
