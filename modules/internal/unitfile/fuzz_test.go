// SPDX-License-Identifier: GPL-3.0-or-later

package unitfile

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"hardened.docker/modules/internal/mutate"
)

// memory is a host with one unit and one environment file.
type memory map[string]string

func (m memory) ReadFile(name string) ([]byte, error) {
	if text, ok := m[name]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}
func (m memory) ReadDir(string) ([]fs.DirEntry, error) { return nil, fs.ErrNotExist }
func (m memory) Readlink(string) (string, error)       { return "", fs.ErrInvalid }

// FuzzExecStart wants no panic, no word without a place, and no variable left
// over from a word that was one.
func FuzzExecStart(f *testing.F) {
	f.Add("[Service]\nEnvironmentFile=-/e\nExecStart=/usr/bin/dockerd -H fd:// $OPTIONS ${A}\\\n x\n", "OPTIONS='-D \"x y\"' # z\nA=\\\n1")
	f.Add("[Service]\nEnvironment=A=1 'B=x y'\nExecStart=\nExecStart=@-/bin/a b \\; ; /bin/c \"\\x41\"", "")
	f.Add("[A\nB", "\xff=\x00")
	mutate.Fuzz(f, func(t *testing.T, unitText, envText string) {
		files := memory{"/etc/systemd/system/docker.service": unitText, "/e": envText}
		unit, err := Load(files, "docker.service")
		if err != nil {
			t.Fatalf("Load fails on a file that is there: %v", err)
		}
		lines := strings.Count(unitText, "\n") + strings.Count(unitText, "\r") + strings.Count(unitText, "\x00") + 1
		for _, s := range unit.Settings {
			if s.Line < 1 || s.Line > lines || s.Section == "" && !strings.Contains(unitText, "[]") {
				t.Errorf("setting %+v has no place in the file", s)
			}
		}
		command, _, err := ExecStart(files, unit)
		if err != nil {
			if len(command.Words) > 0 || errors.Is(err, fs.ErrInvalid) {
				t.Errorf("ExecStart fails with %v and returns %v", err, command.Words)
			}
			return
		}
		if len(command.Words) == 0 {
			t.Error("ExecStart returns no words and no error")
		}
		for _, word := range command.Words {
			if word.File == "" || word.Line < 1 {
				t.Errorf("word %+v has no place", word)
			}
		}
	})
}

// FuzzParseEnvironmentFile wants names and values that a process may get, and
// places that exist; quoting a value must bring it back.
func FuzzParseEnvironmentFile(f *testing.F) {
	f.Add("A=1\nB=\"x \\\" y\"\nC='z'\n# D\nE=a\\\nb")
	f.Add("A=\"open")
	mutate.Fuzz(f, func(t *testing.T, text string) {
		for _, v := range ParseEnvironmentFile("f", []byte(text)) {
			if !isVariableName(v.Name) || !isVariableValue(v.Value) {
				t.Errorf("variable %q=%q cannot be in an environment", v.Name, v.Value)
			}
			if v.Line < 1 || v.Line > strings.Count(text, "\n")+1 {
				t.Errorf("variable %q has the line %d in %q", v.Name, v.Line, text)
			}
			quoted := v.Name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(v.Value) + `"`
			again := ParseEnvironmentFile("f", []byte(quoted))
			if len(again) != 1 || again[0].Value != v.Value {
				t.Errorf("ParseEnvironmentFile(%q) = %v; want the value %q", quoted, again, v.Value)
			}
		}
	})
}
