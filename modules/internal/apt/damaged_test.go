// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRemoveDamaged(t *testing.T) {
	const index = "-----BEGIN PGP SIGNED MESSAGE-----\n\nOrigin: d\nSHA256:\n" +
		" 00aa       5 main/binary-amd64/Packages\n 00bb 0 contrib/binary-amd64/Packages\n 00cc 3 main/i18n/Translation-en\n" +
		"-----BEGIN PGP SIGNATURE-----\n=x\n-----END PGP SIGNATURE-----\n"
	const dir = "var/lib/apt/lists/"
	files := map[string]string{
		dir + "lock": "",
		// Whole, and one that is rightly empty.
		dir + "d_dists_a_InRelease":                      index,
		dir + "d_dists_a_main_binary-amd64_Packages":     "12345",
		dir + "d_dists_a_contrib_binary-amd64_Packages":  "",
		dir + "d_dists_a_main_binary-arm64_Packages.lz4": "x",
		// Empty and too short, and one compressed by apt itself.
		dir + "d_dists_b_InRelease":                      index,
		dir + "d_dists_b_main_binary-amd64_Packages":     "",
		dir + "d_dists_b_main_i18n_Translation-en":       "12",
		dir + "d_dists_b_main_binary-arm64_Packages.lz4": "",
		// The index itself, empty and in parts: then its lists are not judged.
		dir + "d_dists_c_InRelease":                  "",
		dir + "d_dists_c_main_binary-amd64_Packages": "1",
		dir + "d_dists_e_InRelease":                  index[:len(index)/2],
		// Of another scheme: no signed index in one file.
		dir + "d_dists_f_Release":                    "",
		dir + "d_dists_f_main_binary-amd64_Packages": "1",
	}
	h := write(t, files)
	for range 2 {
		if err := RemoveDamaged(h); err != nil {
			t.Fatal(err)
		}
		var gone []string
		for name := range files {
			if _, err := os.Lstat(h.Path("/" + name)); err != nil {
				gone = append(gone, filepath.Base(name))
			}
		}
		slices.Sort(gone)
		want := []string{"d_dists_b_main_binary-amd64_Packages", "d_dists_b_main_binary-arm64_Packages.lz4", "d_dists_b_main_i18n_Translation-en", "d_dists_c_InRelease", "d_dists_e_InRelease"}
		if diff := cmp.Diff(want, gone); diff != "" {
			t.Errorf("RemoveDamaged removed (-want +got):\n%s", diff)
		}
	}
	if err := RemoveDamaged(write(t, nil)); err != nil {
		t.Errorf("RemoveDamaged on a host without lists = %v", err)
	}
}
