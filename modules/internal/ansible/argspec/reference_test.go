// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// reference is what testdata/reference.py answers.
type reference struct {
	Crash   string   `json:"crash"`
	OK      bool     `json:"ok"`
	Values  string   `json:"values"`
	Unknown []string `json:"unknown"`
	Secrets []string `json:"secrets"`
	Failed  []string `json:"failed"`
}

// askReference runs all cases through one Python process.
func askReference(t *testing.T, cases []parityCase) (version string, answers []reference) {
	t.Helper()
	python := parityPython(t)
	var input bytes.Buffer
	for _, c := range cases {
		line, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		input.Write(append(line, '\n'))
	}
	cmd := exec.Command(python, "testdata/reference.py")
	cmd.Stdin, cmd.Stderr = &input, os.Stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s testdata/reference.py: %v", python, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(output))
	if err := decoder.Decode(&version); err != nil {
		t.Fatalf("the reference's version: %v", err)
	}
	for range cases {
		var answer reference
		if err := decoder.Decode(&answer); err != nil {
			t.Fatalf("the reference's answer %d: %v", len(answers), err)
		}
		answers = append(answers, answer)
	}
	return version, answers
}

// parityPython returns a Python that has ansible-core. Without one the test is
// skipped, but fails where CI=true.
func parityPython(t *testing.T) string {
	t.Helper()
	var tried []string
	for _, python := range []string{os.Getenv("HARDENED_DOCKER_PYTHON"), "python3"} {
		if python == "" {
			continue
		}
		output, err := exec.Command(python, "-c", "import ansible.module_utils.common.arg_spec").CombinedOutput()
		if err == nil {
			return python
		}
		tried = append(tried, python+": "+err.Error()+" "+strings.TrimSpace(string(output)))
	}
	report := t.Skipf
	if os.Getenv("CI") == "true" {
		report = t.Fatalf
	}
	report("NOT COMPARED WITH ansible-core: no Python has it; set HARDENED_DOCKER_PYTHON, or run make test. Tried: %s", strings.Join(tried, "; "))
	return ""
}

// setParityEnvironment gives both sides the variables that path options expand.
func setParityEnvironment(t *testing.T) {
	t.Helper()
	t.Setenv("HOME", "/home/ann/")
	t.Setenv("ARGSPEC_DIR", "/srv/$HOME")
	t.Setenv("ARGSPEC_EMPTY", "")
}

// older reports whether version is below since, both such as "2.19.14".
func older(version, since string) bool {
	if since == "" {
		return false
	}
	number := func(s string) string {
		parts := strings.SplitN(s+".0", ".", 3)
		return strings.Repeat("0", max(0, 4-len(parts[1]))) + parts[1]
	}
	return number(version) < number(since)
}
