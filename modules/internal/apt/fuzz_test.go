// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import "testing"

// FuzzOutput: what apt-cache and apt-get print is read whatever it is.
func FuzzOutput(f *testing.F) {
	f.Add("docker-ce:\n  Installed: (none)\n  Candidate: 5:26.1\n  Version table:\n     5:26.1 500\n        500 https://d/linux/debian bookworm/stable amd64 Packages\n")
	f.Add("Inst docker-ce [5:24.0] (5:26.1 Docker CE:bookworm [amd64]) []\nRemv runc [1.0]\n")
	f.Add("deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] https://d/linux/debian bookworm stable # x\n")
	f.Fuzz(func(t *testing.T, text string) {
		parsePolicy([]byte(text))
		for _, change := range parseSimulation([]byte(text)) {
			if change.Name == "" {
				t.Errorf("a change without a package in %q", text)
			}
		}
		parseLine(text)
	})
}

// FuzzCompare: versions are in one order, whichever is asked about first.
func FuzzCompare(f *testing.F) {
	f.Add("5:26.1.5-1~debian.12~bookworm", "5:26.1.5-1")
	f.Add("1:2~", "1:2")
	f.Add("0999999999999999999999", "1000000000000000000000")
	f.Fuzz(func(t *testing.T, a, b string) {
		if Compare(a, b) != -Compare(b, a) || Compare(a, a) != 0 {
			t.Errorf("Compare(%q, %q) = %d, the other way round %d, with itself %d", a, b, Compare(a, b), Compare(b, a), Compare(a, a))
		}
	})
}
