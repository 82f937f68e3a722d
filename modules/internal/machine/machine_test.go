// SPDX-License-Identifier: GPL-3.0-or-later

package machine

import (
	"os/exec"
	"strings"
	"testing"

	"hardened.docker/modules/internal/host"
)

// The programs of the host say the same.
func TestReadKernel(t *testing.T) {
	k := ReadKernel()
	for flag, got := range map[string]string{"-r": k.Release, "-m": k.Architecture, "-n": k.Hostname} {
		out, err := exec.Command("uname", flag).Output()
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.TrimSpace(string(out)); got != want {
			t.Errorf("uname %s = %q; want %q", flag, got, want)
		}
	}
}

func TestReadFilesystem(t *testing.T) {
	h := host.New(t.TempDir())
	f, err := ReadFilesystem(h, "/not/there/yet")
	if err != nil || f.Type == "" || f.Size == 0 || f.Free > f.Size {
		t.Errorf("ReadFilesystem = %+v, %v; want the file system of the directory above", f, err)
	}
	if _, err := ReadFilesystem(host.New("/dev/null"), "/x"); err == nil {
		t.Error("ReadFilesystem below a file = nil; want an error")
	}
}

func TestTypeName(t *testing.T) {
	for magic, want := range map[int64]string{0xEF53: "ext", 0x58465342: "xfs", -0x6edc97c2: "btrfs", 0x01021994: "tmpfs", 1: "unknown"} {
		if got := typeName(magic); got != want {
			t.Errorf("typeName(%#x) = %q; want %q", magic, got, want)
		}
	}
}
