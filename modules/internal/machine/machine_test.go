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

func TestMounts(t *testing.T) {
	mounts := ParseMounts("22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n" +
		"23 22 0:20 / /a\\040b rw,nosuid master:1 shared:2 - tmpfs tmpfs rw,size=1\n" +
		"24 23 0:21 / /a\\040b ro - xfs /dev/vdb rw\nbroken line\n25 22 0:1 / /x rw -\n")
	if len(mounts) != 3 {
		t.Fatalf("ParseMounts() = %v; want three mounts", mounts)
	}
	for dir, want := range map[string]string{"/": "ext4", "/a b": "xfs", "/a b/c": "xfs", "/a bc": "ext4", "/x": "ext4"} {
		if got := MountOf(mounts, dir).Type; got != want {
			t.Errorf("MountOf(%s) = %s; want %s", dir, got, want)
		}
	}
	if m := MountOf(mounts, "/a b"); !m.Has("ro") || m.Has("nosuid") {
		t.Errorf("options = %v; want those of the last mount", m.Options)
	}
}

func TestEntryTypes(t *testing.T) {
	entry := func(kind byte, name string) []byte {
		length := (19 + len(name) + 1 + 7) / 8 * 8
		raw := make([]byte, length)
		raw[16], raw[18] = byte(length), kind
		copy(raw[19:], name)
		return raw
	}
	dots := append(entry(4, "."), entry(4, "..")...)
	for want, buf := range map[DType][]byte{
		Unknown: dots,
		Present: append(append([]byte{}, dots...), entry(8, "file")...),
		Missing: append(append([]byte{}, dots...), entry(0, "file")...),
	} {
		if got := entryTypes(buf); got != want {
			t.Errorf("entryTypes() = %d; want %d", got, want)
		}
	}
	if got := entryTypes([]byte{19: 0, 16: 5, 30: 0}); got != Unknown {
		t.Errorf("entryTypes() of garbage = %d; want %d", got, Unknown)
	}
}
