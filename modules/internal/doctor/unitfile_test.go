// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// The unit of a package is compared with the digest that its manager keeps.
func TestUnitFile(t *testing.T) {
	const text, file, other = "[Service]\n", "/lib/systemd/system/docker.service", "4e45a38a9f31d2b37e4ec30a74f21b31"
	dump := file + " 10 1700000000 aa 0100644 root root 0 0 0 X\n"
	for name, test := range map[string]struct {
		files map[string]string
		rpm   string
		ill   bool
		none  bool
	}{
		"dpkg":              {map[string]string{"/var/lib/dpkg/status": "", file: text, "/var/lib/dpkg/info/docker.io.md5sums": "aa  usr/bin/dockerd\n" + sum(text) + "  lib/systemd/system/docker.service\n"}, "", false, false},
		"dpkg, edited":      {map[string]string{"/var/lib/dpkg/status": "", file: text, "/var/lib/dpkg/info/docker.io.md5sums": other + "  lib/systemd/system/docker.service\n"}, "", true, false},
		"rpm, edited":       {map[string]string{"/usr" + file: text, "/var/lib/rpm/rpmdb.sqlite": ""}, "/usr" + dump, true, false},
		"no package has it": {map[string]string{"/usr" + file: text}, "", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "rpm"), []byte("#!/bin/sh\nprintf '%s' '"+test.rpm+"'\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
			s := healthy()
			put, err := readUnitFile(t.Context(), files(t, test.files), s)
			if err != nil {
				t.Fatal(err)
			}
			if put != nil {
				put(s)
			}
			v := unitEdited(s)
			if got := len(v.Ills) > 0; got != test.ill || (v.NotApplicable != "") != test.none {
				t.Errorf("unitEdited() = %+v; want an ill: %v, not applicable: %v", v, test.ill, test.none)
			}
		})
	}
}

// sum is the MD5 digest of a text.
func sum(text string) string {
	return fmt.Sprintf("%x", md5.Sum([]byte(text)))
}
