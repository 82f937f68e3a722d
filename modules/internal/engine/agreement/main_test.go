// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strings"
	"testing"

	"hardened.docker/modules/internal/engine"
)

// TestCompare makes sure that a disagreement and a missing answer cannot pass
// for agreement.
func TestCompare(t *testing.T) {
	for _, test := range []struct {
		name           string
		start          bool
		cases, answers string
		agree          int
		out, err       string // parts; "" wants none
	}{
		{"both accept", false, "\x1f{}\n", "ok\tconfiguration OK\n", 1, "", ""},
		{"both reject", false, "\x1f{\"x\":1}\n", "rejected\tno such option\n", 1, "", ""},
		{"by a flag", false, "-D\x1f{\"debug\":true}\n", "rejected\tboth\n", 1, "", ""},
		{"the engine rejects", false, "\x1f{}\n\x1f{}\n", "ok\t\nrejected\tno room\n", 1, "engine: no room", ""},
		{"the table rejects", false, "\x1f{\"x\":1}\n", "ok\t\n", 0, `table:  unknown key "x"`, ""},
		{"only a start shows it", false, "\x1f{\"bip\":\"foo\"}\n", "ok\t\n", 1, "", ""},
		{"a start shows it", true, "\x1f{\"bip\":\"foo\"}\n", "down\t\n", 1, "", ""},
		{"a start shows that it works", true, "\x1f{\"bip\":\"foo\"}\n", "up\t\n", 0, "says up, the table says down", ""},
		{"the engine did not answer", false, "\x1f{}\n\x1f{}\n", "ok\t\n", 0, "", "2 cases with 1 answers"},
		{"there was nothing to ask", false, "", "", 0, "", "0 cases"},
		{"a case without flags' separator", false, "{}\n", "ok\t\n", 0, "", "separator"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			agree, _, err := compare(&out, test.start, engine.Version{Major: 26, Minor: 1, Patch: 5}, test.cases, test.answers)
			if agree != test.agree {
				t.Errorf("compare() = %d; want %d", agree, test.agree)
			}
			if test.out == "" && out.Len() > 0 || !strings.Contains(out.String(), test.out) {
				t.Errorf("compare() printed %q; want %q", out.String(), test.out)
			}
			text := ""
			if err != nil {
				text = err.Error()
			}
			if test.err == "" && text != "" || !strings.Contains(text, test.err) {
				t.Errorf("compare() error = %q; want %q", text, test.err)
			}
		})
	}
}
