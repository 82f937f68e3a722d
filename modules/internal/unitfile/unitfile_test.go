// SPDX-License-Identifier: GPL-3.0-or-later

package unitfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// tree is a host's file system below a directory.
type tree string

func (t tree) ReadFile(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(t), name))
}
func (t tree) ReadDir(name string) ([]fs.DirEntry, error) {
	return os.ReadDir(filepath.Join(string(t), name))
}
func (t tree) Readlink(name string) (string, error) {
	return os.Readlink(filepath.Join(string(t), name))
}

// unpack makes a tree of an archive: "path" is a file, "path -> target" a
// link. It returns the tree and what the archive says to expect.
func unpack(t *testing.T, archive *txtar.Archive) (tree, string) {
	t.Helper()
	root, want := t.TempDir(), ""
	for _, file := range archive.Files {
		if file.Name == "want" {
			want = string(file.Data)
			continue
		}
		name, target, isLink := strings.Cut(file.Name, " -> ")
		full := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if isLink {
			err = os.Symlink(target, full)
		} else {
			err = os.WriteFile(full, file.Data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return tree(root), want
}

// describe writes a command down: a line for each word with its place, then
// the warnings or the error.
func describe(command Command, warnings []string, err error) string {
	var b strings.Builder
	for _, word := range command.Words {
		fmt.Fprintf(&b, "%q %s\n", word.Text, word.Origin())
	}
	for _, warning := range warnings {
		fmt.Fprintf(&b, "warning: %s\n", warning)
	}
	if err != nil {
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	return b.String()
}

// TestExecStart computes the command of docker.service for each tree in
// testdata.
func TestExecStart(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("Glob = %v, %v; want some archives", archives, err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files, want := unpack(t, archive)
			unit, err := Load(files, "docker.service")
			var got string
			if err != nil {
				got = describe(Command{}, nil, err)
			} else {
				got = describe(ExecStart(files, unit))
			}
			got = strings.ReplaceAll(got, string(files), "")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%sexpected and computed command differ (-want +got):\n%s", archive.Comment, diff)
			}
		})
	}
}

// TestRecorded compares with what systemd 257 executed for 150 units and
// environment files of random syntax: the arguments, or null where it refused
// the unit. 252 differs only in what follows a comment that ends in a
// backslash.
func TestRecorded(t *testing.T) {
	data, err := os.ReadFile("testdata/recorded.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Unit, Env string
		Argv      []string
	}
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) < 100 {
		t.Fatalf("recorded.json has %d cases, %v; want at least 100", len(cases), err)
	}
	for _, test := range cases {
		files := memory{"/usr/lib/systemd/system/docker.service": test.Unit, "/etc/default/docker": test.Env}
		unit, err := Load(files, "docker.service")
		if err != nil {
			t.Fatal(err)
		}
		command, _, err := ExecStart(files, unit)
		if (err != nil) != (test.Argv == nil) {
			t.Errorf("ExecStart of %q with %q fails with %v; want %q", test.Unit, test.Env, err, test.Argv)
			continue
		}
		got := []string{}
		for _, word := range command.Args() {
			got = append(got, word.Text)
		}
		if diff := cmp.Diff(test.Argv, got); diff != "" && test.Argv != nil {
			t.Errorf("ExecStart of %q with %q differs (-want +got):\n%s", test.Unit, test.Env, diff)
		}
	}
}

func TestLoadReportsMissingUnit(t *testing.T) {
	if _, err := Load(tree(t.TempDir()), "docker.service"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load of a unit that is not there = %v; want fs.ErrNotExist", err)
	}
}

func TestReadErrorHintsAtBecome(t *testing.T) {
	err := readError("drop-in /a.conf", &fs.PathError{Op: "open", Path: "/a.conf", Err: syscall.EACCES})
	const want = "cannot read drop-in /a.conf: permission denied; run the task with become: true"
	if err.Error() != want || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("readError() = %q; want %q", err, want)
	}
}

func TestLastAndAll(t *testing.T) {
	settings, _ := Parse("u", []byte("[Service]\nA=1\nA=\nA=2\nA=3\n[Unit]\nA=4\n"))
	unit := Unit{Settings: settings}
	var values []string
	for _, s := range unit.All("Service", "A") {
		values = append(values, s.Value)
	}
	if diff := cmp.Diff([]string{"2", "3"}, values); diff != "" {
		t.Errorf("All differs (-want +got):\n%s", diff)
	}
	if last, ok := unit.Last("Service", "A"); !ok || last.Value != "3" || last.Line != 5 {
		t.Errorf("Last = %+v, %v; want 3 of line 5", last, ok)
	}
	if _, ok := unit.Last("Service", "B"); ok {
		t.Error("Last found a setting that is not there")
	}
}

func TestAllWords(t *testing.T) {
	for _, test := range []struct {
		text string
		mode splitMode
		want []string
		bad  bool
	}{
		{text: `a b`, want: []string{"a", "b"}},
		{text: `a"b c"d`, want: []string{"ab cd"}},
		{text: `"" ''`, want: []string{"", ""}},
		{text: `'a\x41' "b\tc"`, want: []string{"aA", "b\tc"}},
		{text: `\s \101 \u00e9 \U0001F433`, want: []string{" ", "A", "\u00e9", "\U0001F433"}},
		{text: `\q \xzz \x00`, want: []string{`\q`, `\xzz`, `\x00`}},
		{text: `"open`, bad: true},
		{text: `end\`, want: []string{`end\`}},
		{text: `"end\`, bad: true},
		{text: `a \q b`, mode: strictWords, bad: true},
		{text: `a \t b\`, mode: strictWords, bad: true},
		{text: `a '\t b'`, mode: strictWords, want: []string{"a", "\t b"}},
		{text: `a "b c" 'd'e`, mode: variableWords, want: []string{"a", "b c", "de"}},
		{text: `"open here`, mode: variableWords, want: []string{"open here"}},
		{text: `a\ b \n end\`, mode: variableWords, want: []string{"a b", "n", "end"}},
		{text: "  \t ", want: nil},
	} {
		got, err := allWords(test.text, test.mode)
		if (err != nil) != test.bad {
			t.Errorf("allWords(%q) fails with %v; want failure: %v", test.text, err, test.bad)
		}
		if diff := cmp.Diff(test.want, got); diff != "" && !test.bad {
			t.Errorf("allWords(%q) differs (-want +got):\n%s", test.text, diff)
		}
	}
}

func TestParseEnvironmentFile(t *testing.T) {
	for _, test := range []struct {
		name, content, want string
	}{
		{"plain", "A=1\nB=2 3\n", "A=1@1 B=2 3@2"},
		{"double quotes", `A="x y"`, "A=x y@1"},
		{"single quotes keep backslashes", `A='x\ny'`, `A=x\ny@1`},
		{"escapes in double quotes", `A="\$x \"q\" \n \\"`, `A=$x "q" \n \@1`},
		{"no shell expansion", "A=$(id) `id` ${B}", "A=$(id) `id` ${B}@1"},
		{"trailing blanks go", "A=1 \t \n", "A=1@1"},
		{"blanks after equals go", "A=   1", "A=1@1"},
		{"quotes inside a value stay", `A=x"y z"`, `A=x"y z"@1`},
		{"text after quotes is joined", `A="x" y"z"`, `A=xy"z"@1`},
		{"quotes after quotes", `A="x"'y'`, "A=xy@1"},
		{"continuation", "A=1 \\\n  2\nB=3", "A=1   2@1 B=3@3"},
		{"newline in quotes", "A=\"1\n2\"\nB=3", "A=1\n2@1 B=3@3"},
		{"continuation in double quotes", "A=\"1\\\n2\"", "A=12@1"},
		{"comments", "# A=1\n; B=2\n  # C=3\nD=4 # 5\n", "D=4 # 5@4"},
		{"comment does not continue", "# x \\\nA=1\n", "A=1@2"},
		{"export is part of the name", "export A=1\nB=2", "B=2@2"},
		{"line without equals", "nonsense\nA=1", "A=1@2"},
		{"blank before equals", "A =1", "A=1@1"},
		{"empty", "A=\nB=''\n", "A=@1 B=@2"},
		{"bad names", "1A=1\nA-B=2\n=3\nC=4", "C=4@4"},
		{"CRLF", "A=1\r\nB=2\r\n", "A=1@1 B=2@2"},
		{"open quote ends with the file", `A="x y`, "A=x y@1"},
		{"escaped blank at the end stays", "A=1\\ \n", "A=1 @1"},
		{"control characters", "A=a\x01b\x7f\nB=2", "A=a\x01b\x7f@1 B=2@2"},
		{"bad UTF-8 and NUL", "A=a\xff\nC=\x00\nB=2", "B=2@3"},
		{"carriage return in quotes", "A=\"a\rb\"", "A=a\rb@1"},
		{"last assignment of a name", "A=1\nA=2", "A=1@1 A=2@2"},
		{"no final newline after name", "A", ""},
	} {
		var got []string
		for _, v := range ParseEnvironmentFile("f", []byte(test.content)) {
			got = append(got, fmt.Sprintf("%s=%s@%d", v.Name, v.Value, v.Line))
		}
		if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: ParseEnvironmentFile(%q) differs (-want +got):\n%s", test.name, test.content, diff)
		}
	}
}

func TestParse(t *testing.T) {
	for _, test := range []struct {
		name, content, want string
	}{
		{"comments and blanks", "# x\n\n; y\n[A]\n  # z\nB=1\n", "[A]B=1@6"},
		{"continuation joins with blanks", "[A]\nB=1 \\\n   2 \\\n3\n", "[A]B=1     2  3@2"},
		{"comment inside a continuation", "[A]\nB=1 \\\n# x\n  2\nC=3", "[A]B=1    2@2 [A]C=3@5"},
		{"empty line ends a continuation", "[A]\nB=1 \\\n\nC=3", "[A]B=1@2 [A]C=3@4"},
		{"escaped backslash does not continue", "[A]\nB=1\\\\\nC=2", `[A]B=1\\@2 [A]C=2@3`},
		{"continuation at the end", "[A]\nB=1 \\\n", "[A]B=1@2"},
		{"blanks around equals", "[A]\n  B  =  1 = 2  \n", "[A]B=1 = 2@2"},
		{"BOM", "\xef\xbb\xbf[A]\nB=1", "[A]B=1@2"},
		{"CRLF", "[A]\r\nB=1\r\n", "[A]B=1@2"},
		{"no section", "B=1\n[A]\nC=2", "[A]C=2@3 !f:1"},
		{"no equals", "[A]\nB\nC=2", "[A]C=2@3 !f:2"},
		{"open section", "[A]\nB=1\n[C\nD=2", "!f:3"},
		{"bad UTF-8", "[A]\nB=\xff\nC=2", "[A]C=2@3 !f:2"},
		{"percent and dollar stay", "[A]\nB=%% $x", "[A]B=%% $x@2"},
	} {
		settings, warnings := Parse("f", []byte(test.content))
		var got []string
		for _, s := range settings {
			got = append(got, fmt.Sprintf("[%s]%s=%s@%d", s.Section, s.Name, s.Value, s.Line))
		}
		for _, warning := range warnings {
			place, _, _ := strings.Cut(warning, ": ")
			got = append(got, "!"+place)
		}
		if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: Parse(%q) differs (-want +got):\n%s", test.name, test.content, diff)
		}
	}
}
