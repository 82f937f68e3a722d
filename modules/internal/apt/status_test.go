// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
)

const statusText = `Package: docker.io
Status: hold ok installed
Architecture: amd64
Depends: adduser, containerd (>= 1.4~), libc6:any (>= 2.34),
Version: 20.10.24-1

Package: containerd
Status: install ok half-configured
Architecture: amd64
Pre-Depends: runc (>= 1.0) | crun
Version: 1.6.20-1
Conffiles:
 /etc/containerd/config.toml abc
 Package: not-a-field

Package: runc
Status: install reinstreq half-installed
Version: 1.1.5-1

Package: gone
Status: deinstall ok config-files
Version: 3

Package: libx
Status: install ok triggers-pending
Architecture: amd64
Version: 1

Package: libx
Status: install ok installed
Architecture: i386
Version: 2
`

func TestReadStatus(t *testing.T) {
	s, err := ReadStatus(write(t, map[string]string{"var/lib/dpkg/status": statusText}))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"docker.io": "20.10.24-1", "containerd": "1.6.20-1", "runc": "1.1.5-1", "gone": "", "libx": "1", "nothing": ""} {
		if got := s.Installed(name); got != want {
			t.Errorf("Installed(%s) = %q; want %q", name, got, want)
		}
	}
	if !s.Held("docker.io") || s.Held("containerd") || !s.Leftover("gone") || s.Leftover("nothing") {
		t.Error("Held or Leftover is wrong")
	}
	if diff := cmp.Diff([]string{"containerd", "runc"}, s.Interrupted()); diff != "" {
		t.Errorf("Interrupted: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"docker.io"}, s.Needed(map[string]bool{"containerd": true}, "containerd")); diff != "" {
		t.Errorf("Needed: (-want +got)\n%s", diff)
	}
	if got := s.Needed(map[string]bool{"docker.io": true}, "containerd"); len(got) > 0 {
		t.Errorf("Needed = %v; want nobody outside of the set", got)
	}
	if s.Pending {
		t.Error("Pending = true without a journal")
	}
}

func TestReadStatusJournal(t *testing.T) {
	s, err := ReadStatus(write(t, map[string]string{
		"var/lib/dpkg/status":        "Package: a\nStatus: install ok installed\nVersion: 1\n",
		"var/lib/dpkg/updates/0001":  "Package: a\nStatus: install ok unpacked\nVersion: 2\n",
		"var/lib/dpkg/updates/tmp.i": "####\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if !s.Pending || !s.Unfinished() || s.Installed("a") != "2" {
		t.Errorf("ReadStatus: Pending %v, Unfinished %v, a %q; want true, true, 2", s.Pending, s.Unfinished(), s.Installed("a"))
	}
	if _, err := ReadStatus(host.New(t.TempDir())); err == nil {
		t.Error("ReadStatus without dpkg: no error")
	}
}

func TestOwned(t *testing.T) {
	h := write(t, map[string]string{
		"var/lib/dpkg/info/runc.list":       "/.\n/usr/bin/runc\n",
		"var/lib/dpkg/info/libx:amd64.list": "/usr/lib/x\n",
	})
	if got := Owned(h, Package{Name: "runc"}, []string{"/usr/bin/runc", "/usr/bin/docker"}); len(got) != 1 || got[0] != "/usr/bin/runc" {
		t.Errorf("Owned(runc) = %v; want /usr/bin/runc", got)
	}
	if got := Owned(h, Package{Name: "libx", Arch: "amd64"}, []string{"/usr/lib/x"}); len(got) != 1 {
		t.Errorf("Owned(libx) = %v; want /usr/lib/x", got)
	}
}
