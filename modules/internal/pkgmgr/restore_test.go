// SPDX-License-Identifier: GPL-3.0-or-later

package pkgmgr

import (
	"io/fs"
	"os"
	"syscall"
	"testing"

	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
)

func TestRestore(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	const uid, gid, mode = 12, 34, fs.FileMode(0o640)
	tests := []struct {
		name  string
		spoil func(path string) error
	}{
		{"changed", func(path string) error { return os.WriteFile(path, []byte("new"), 0) }},
		{"mode", func(path string) error { return os.Chmod(path, 0o666) }},
		{"owner", func(path string) error { return os.Chown(path, 0, 0) }},
		{"removed", os.Remove},
		{"untouched", func(string) error { return nil }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := host.New(t.TempDir())
			const name = "/list"
			path := h.Path(name)
			for _, err := range []error{os.WriteFile(path, []byte("old"), 0o600), os.Chown(path, uid, gid), os.Chmod(path, mode)} {
				if err != nil {
					t.Fatal(err)
				}
			}
			old, err := file.Read(h, name, 100)
			if err != nil {
				t.Fatal(err)
			}
			if err := test.spoil(path); err != nil {
				t.Fatal(err)
			}
			if err := Restore(t.Context(), h, []file.State{old, {Path: "/absent"}}); err != nil {
				t.Fatalf("Restore = %v; want nil", err)
			}
			data, err := os.ReadFile(path)
			if err != nil || string(data) != "old" {
				t.Fatalf("after Restore the file has %q, %v; want %q", data, err, "old")
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if stat := info.Sys().(*syscall.Stat_t); info.Mode() != mode || stat.Uid != uid || stat.Gid != gid {
				t.Errorf("after Restore: %v, uid %d, gid %d; want %v, %d, %d", info.Mode(), stat.Uid, stat.Gid, mode, uid, gid)
			}
		})
	}

	h := host.New(t.TempDir())
	if err := os.WriteFile(h.Path("/made"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Restore(t.Context(), h, []file.State{{Path: "/made"}}); err != nil || h.Exists("/made") {
		t.Errorf("Restore of a file that was not there = %v, it exists: %v; want it gone", err, h.Exists("/made"))
	}
}
