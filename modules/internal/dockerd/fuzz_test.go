// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"strings"
	"testing"

	"hardened.docker/modules/internal/mutate"
)

// FuzzProcess: a process can have any name, with brackets and line breaks in it.
func FuzzProcess(f *testing.F) {
	f.Add("42 (dockerd) S 1 42 42 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 12 0 12345 1 1")
	f.Add("42 (a) (b)\n) S 1")
	mutate.Fuzz(f, func(t *testing.T, text string) {
		if p, err := parseStat(text); err == nil && p.PID < 0 {
			t.Errorf("parseStat(%q) = %+v", text, p)
		}
	})
}

// FuzzReason: a journal can have any lines, and the reason is from one of them.
func FuzzReason(f *testing.F) {
	f.Add("failed to start daemon: error initializing graphdriver: overlay2: no space\nx")
	f.Add(`level=fatal msg="a \"b\" c"`)
	f.Add("unable to configure the Docker daemon with file /etc/docker/daemon.json: invalid character '}'")
	mutate.Fuzz(f, func(t *testing.T, text string) {
		if got := Reason(strings.Split(text, "\n")); len(got) > 4*len(text)+200 {
			t.Errorf("Reason(%q) = %q, which is longer than the journal", text, got)
		}
	})
}
