// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// counting is a host with a command that prints how often it ran.
func counting(t *testing.T) *Host {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\necho x >>%[1]s/runs\nwc -l <%[1]s/runs\n[ \"$1\" != fail ]\n", dir)
	if err := os.WriteFile(filepath.Join(dir, "count"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return New("/")
}

// TestMemory runs a command as several modules would. Each step is a question
// (its answer counts the runs), "next" module, "forget", or time that passes.
func TestMemory(t *testing.T) {
	tests := []struct{ name, steps, want string }{
		{"without a batch", "plain plain", "1 2"},
		{"a second module is told what the first read", "ask next ask next ask", "1 1 1"},
		{"a module that asks again gets an answer of its own", "ask ask", "1 2"},
		{"so does a later one", "ask next ask ask next ask", "1 1 2 2"},
		{"nothing outlives a change", "ask forget ask next ask", "1 2 3"},
		{"not what was read between two changes", "forget ask next ask next ask", "1 2 2"},
		{"not what an earlier module read", "ask next forget ask", "1 2"},
		{"other arguments are another question", "ask next other next ask", "1 2 1"},
		{"a failure is no answer", "fail next fail", "1 2"},
		{"a command that is not shared", "own next own next ask", "1 2 3"},
		{"an old answer", "ask next later ask", "1 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plain := counting(t)
			h := plain.Remembering()
			var got []string
			ask := func(h *Host, shared bool, argv ...string) {
				out, _ := h.Run(context.Background(), Command{Argv: append([]string{"count"}, argv...), Shared: shared})
				got = append(got, strings.TrimSpace(string(out.Stdout)))
			}
			for _, step := range strings.Fields(tt.steps) {
				switch step {
				case "next":
					h.Next()
				case "forget":
					h.Forget()
				case "later":
					for key, one := range h.memory.earlier {
						one.at = one.at.Add(-fresh - time.Second)
						h.memory.earlier[key] = one
					}
				case "plain":
					ask(plain, true)
					plain.Next()
				case "own":
					ask(h, false)
				case "ask":
					ask(h, true)
				default:
					ask(h, true, step)
				}
			}
			if text := strings.Join(got, " "); text != tt.want {
				t.Errorf("%s: the command's runs were %s; want %s", tt.steps, text, tt.want)
			}
		})
	}
}
