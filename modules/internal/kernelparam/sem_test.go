// SPDX-License-Identifier: GPL-3.0-or-later

package kernelparam

import (
	"testing"

	"hardened.docker/modules/internal/mutate"
)

func TestParseSem(t *testing.T) {
	for text, want := range map[string]Sem{
		"32000\t1024000000\t500\t32000\n": {32000, 1024000000, 500, 32000},
		" 250 32000  32 128":              {250, 32000, 32, 128},
		"":                                {},
		"250 32000 32":                    {},
		"250 32000 32 128 1":              {},
		"250 32000 32 -1":                 {},
		"250 32000 32 many":               {},
	} {
		if got, ok := ParseSem(text); got != want || ok != (want != Sem{}) {
			t.Errorf("ParseSem(%q) = %v, %v; want %v", text, got, ok, want)
		}
	}
	if got := (Sem{250, 32000, 32, 1024}).String(); got != "250 32000 32 1024" {
		t.Errorf("String() = %q", got)
	}
}

func FuzzParseSem(f *testing.F) {
	f.Add("250\t32000\t32\t128")
	mutate.Fuzz(f, func(t *testing.T, text string) {
		sem, ok := ParseSem(text)
		if !ok {
			return
		}
		if again, ok := ParseSem(sem.String()); !ok || again != sem || sem[SemSets] < 0 {
			t.Errorf("ParseSem(%q) = %v, and of that %v, %v", text, sem, again, ok)
		}
	})
}
