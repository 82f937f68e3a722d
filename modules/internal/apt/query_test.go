// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
)

func TestParsePolicy(t *testing.T) {
	const text = `docker-ce:
  Installed: 5:24.0.6-1~debian
  Candidate: 5:24.0.7-1~debian
  Package pin: 5:24.0.7-1~debian
  Version table:
     5:19.03.15~3-0~debian 500 (phased 20%)
        500 https://d/linux/debian buster/stable amd64 Packages
     5:24.0.7-1~debian 1001
        500 https://d/linux/debian buster/stable amd64 Packages
        500 file:/srv/repo buster/stable amd64 Packages
 *** 5:24.0.6-1~debian 100
        100 /var/lib/dpkg/status
docker.io:
  Installed: (none)
  Candidate: (none)
  Version table:
runc:
  Installed: 1.1.5+ds1-1
  Candidate: 1.1.5+ds1-1
  Version table:
 *** 1.1.5+ds1-1 500
        500 http://deb.example.org/debian bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
N: Unable to locate package x
`
	o := parsePolicy([]byte(text))
	want := Offers{
		Available: map[string][]Available{
			"docker-ce": {
				{"5:24.0.7-1~debian", "https://d/linux/debian buster/stable amd64 Packages"},
				{"5:24.0.7-1~debian", "file:/srv/repo buster/stable amd64 Packages"},
				{"5:19.03.15~3-0~debian", "https://d/linux/debian buster/stable amd64 Packages"},
			},
			"runc": {{"1.1.5+ds1-1", "http://deb.example.org/debian bookworm/main amd64 Packages"}},
		},
		Candidate: map[string]string{"docker-ce": "5:24.0.7-1~debian", "runc": "1.1.5+ds1-1"},
	}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Errorf("parsePolicy: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"5:24.0.7-1~debian", "5:19.03.15~3-0~debian"}, o.Versions("docker-ce")); diff != "" {
		t.Errorf("Versions(docker-ce): (-want +got)\n%s", diff)
	}
	if o.Has("docker-ce", "24.0.7") || !o.Has("docker-ce", "5:24.0.7-1~debian") || o.Has("x", "") {
		t.Error("Has takes exact versions of packages that are there only")
	}
}

func TestParseSimulation(t *testing.T) {
	const text = `NOTE: This is only a simulation!
Reading package lists...
The following packages will be REMOVED:
  docker.io
Remv docker.io [20.10.24-1] [podman:amd64 ]
Purg runc [1.1.5-1] []
Inst containerd.io (1.6.28-1 Docker:bookworm [amd64]) []
Inst docker-ce [5:24.0.7-1] (5:24.0.9-1 Docker:bookworm, Other:1/stable [amd64]) [x:amd64 on y:amd64] [x:amd64 ]
Inst same [1] (1 Docker:bookworm [amd64])
Conf containerd.io (1.6.28-1 Docker:bookworm [amd64])
Conf docker-ce (5:24.0.9-1 Docker:bookworm [amd64])
`
	want := []Change{
		{Name: "containerd.io", After: "1.6.28-1"},
		{Name: "docker-ce", Before: "5:24.0.7-1", After: "5:24.0.9-1"},
		{Name: "docker.io", Before: "20.10.24-1"},
		{Name: "runc", Before: "1.1.5-1", Purge: true},
		{Name: "same", Before: "1", After: "1"},
	}
	if diff := cmp.Diff(want, parseSimulation([]byte(text))); diff != "" {
		t.Errorf("parseSimulation: (-want +got)\n%s", diff)
	}
}

// write makes files below a new root.
func write(t *testing.T, files map[string]string) *host.Host {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return host.New(root)
}

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

func TestReadLists(t *testing.T) {
	lists := func(files map[string]string, older string) Lists {
		h := write(t, files)
		if older != "" {
			past := time.Now().Add(-time.Hour)
			for _, dir := range []string{"var/lib/apt/lists", "var/lib/apt/lists/partial"} {
				if err := os.Chtimes(h.Path("/"+dir), past, past); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
			}
		}
		l, err := ReadLists(h)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l := lists(nil, ""); !l.Updated.IsZero() {
		t.Errorf("ReadLists of nothing = %v; want no time", l)
	}
	if l := lists(map[string]string{"var/lib/apt/lists/lock": "", "var/lib/apt/lists/partial/x": ""}, ""); !l.Updated.IsZero() {
		t.Errorf("ReadLists of an empty directory = %v; want no time", l)
	}
	have := map[string]string{"var/lib/apt/lists/a_InRelease": "", "etc/apt/sources.list.d/docker.sources": ""}
	if l := lists(have, "older"); l.Updated.IsZero() || !l.Outdated {
		t.Errorf("ReadLists with newer sources = %+v; want outdated", l)
	}
}

func TestFailure(t *testing.T) {
	exit := &host.CommandError{Argv: []string{"apt-get"}, Output: host.Output{Code: 100}}
	tests := []struct {
		name, text string
		want       Cause
		line       string
	}{
		{"lock", "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (apt-get)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?", CauseLocked, "process 4711"},
		{"interrupted", "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem. ", CauseInterrupted, ""},
		{"disk", "E: You don't have enough free space in /var/cache/apt/archives/.", CauseDisk, ""},
		{"disk in dpkg", "dpkg: error processing archive x.deb (--unpack):\n cannot copy extracted data for './usr/bin/x' to '/usr/bin/x.dpkg-new': failed to write (No space left on device)\nE: Sub-process /usr/bin/dpkg returned an error code (1)", CauseDisk, "cannot copy extracted data"},
		{"missing key 2.6", "W: GPG error: https://d bookworm InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 7EA0A9C3F273FCD8\nE: The repository 'https://d bookworm InRelease' is not signed.", CauseKey, "signed with another key"},
		{"missing key 3.0", "Err:1 file:/srv bookworm InRelease\n  Sub-process /usr/bin/sqv returned an error code (1), error message is: Missing key 182B, which is needed to verify signature.\nE: The repository 'file:/srv bookworm InRelease' is not signed.", CauseKey, ""},
		{"expired key 2.6", "W: GPG error: https://d bookworm InRelease: The following signatures were invalid: EXPKEYSIG 7EA0A9C3F273FCD8 Docker\nE: The repository 'https://d bookworm InRelease' is not signed.", CauseKey, "has expired or was revoked"},
		{"bad signature", "W: GPG error: https://d bookworm InRelease: The following signatures were invalid: BADSIG 7EA0A9C3F273FCD8 Docker\nE: The repository 'https://d bookworm InRelease' is not signed.", CauseKey, "is not what its owner signed"},
		{"no signature", "E: The repository 'file:/srv ./ Release' is not signed.", CauseKey, "has no signature"},
		{"expired key 3.0", "error message is: Verifying signature: primary key is not live because: Expired on 2026-01-01", CauseKey, ""},
		{"signed-by", "E: Conflicting values set for option Signed-By regarding source https://d/ bookworm: /a != /b\nE: The list of sources could not be read.", CauseSignedBy, "/a != /b"},
		{"release expired", "E: Release file for https://d/InRelease is expired (invalid since 3d 1h). Updates for this repository will not be applied.", CauseExpired, ""},
		{"clock", "E: Release file for https://d/InRelease is not valid yet (invalid for another 2h).", CauseExpired, ""},
		{"no release", "E: The repository 'https://d nope Release' does not have a Release file.", CauseSuite, ""},
		{"dns", "W: Failed to fetch https://d/InRelease  Could not resolve 'd'\nW: Some index files failed to download. They have been ignored, or old ones used instead.", CauseUnreachable, "Could not resolve"},
		{"refused", "E: Failed to fetch https://d/x.deb  Could not connect to d:443 (1.2.3.4). - connect (111: Connection refused)", CauseUnreachable, ""},
		{"certificate", "Err:1 https://d\n  No system certificates available. Try installing ca-certificates.", CauseCertificate, ""},
		{"version", "E: Version '5:24' for 'docker-ce' was not found", CauseVersion, ""},
		{"candidate", "E: Package 'docker-ce' has no installation candidate", CauseVersion, ""},
		{"unmet", "The following packages have unmet dependencies:\n docker-ce : Depends: containerd.io (>= 1.4.1) but it is not installable\nE: Unable to correct problems, you have held broken packages.", CauseUnmet, "docker-ce : Depends"},
		{"script", "dpkg: error processing package docker-ce (--configure):\n installed docker-ce package post-installation script subprocess returned error exit status 1\nE: Sub-process /usr/bin/dpkg returned an error code (1)", CauseScript, "post-installation"},
		{"root", "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?", CauseRoot, ""},
		{"garbage", "something else", CauseOther, ""},
		{"new error", "E: The moon is full", CauseOther, "The moon is full"},
	}
	for _, test := range tests {
		err := failure(host.Output{Stderr: []byte(test.text), Code: 100}, exit)
		var got *Error
		if !errors.As(err, &got) {
			t.Fatalf("%s: failure = %T; want *Error", test.name, err)
		}
		if got.Cause != test.want || !strings.Contains(got.Error(), test.line) {
			t.Errorf("%s: failure = %s, %v; want %s, with %q", test.name, got.Cause, got, test.want, test.line)
		}
	}
}

func TestCacheOptions(t *testing.T) {
	const src, pkg = "/var/cache/apt/srcpkgcache.bin", "/var/cache/apt/pkgcache.bin"
	both := []string{"-o", "Dir::Cache::srcpkgcache=", "-o", "Dir::Cache::pkgcache="}
	tests := []struct {
		name  string
		newer string // than the caches
		want  []string
	}{
		{"all is older", "", nil},
		{"dpkg ran", "/var/lib/dpkg/status", both[2:]},
		{"another pin", "/etc/apt/preferences.d", both[2:]},
		{"new lists", "/var/lib/apt/lists", both},
		{"another repository", "/etc/apt/sources.list.d/x.sources", both},
	}
	for _, test := range tests {
		h := write(t, map[string]string{
			src: "", pkg: "",
			"var/lib/dpkg/status": "", "var/lib/apt/lists/x": "", "etc/apt/preferences.d/x": "", "etc/apt/sources.list.d/x.sources": "", "etc/apt/sources.list": "",
		})
		now := time.Now()
		for _, name := range []string{"/var/lib/dpkg/status", "/var/lib/apt/lists", "/etc/apt/preferences.d", "/etc/apt/sources.list.d", "/etc/apt/sources.list.d/x.sources", "/etc/apt/sources.list"} {
			at := now.Add(-time.Hour)
			if name == test.newer {
				at = now.Add(time.Hour)
			}
			if err := os.Chtimes(h.Path(name), at, at); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(test.want, cacheOptions(h)); diff != "" {
			t.Errorf("%s: cacheOptions (-want +got)\n%s", test.name, diff)
		}
	}
	if diff := cmp.Diff(both, cacheOptions(host.New(t.TempDir()))); diff != "" {
		t.Errorf("without caches: cacheOptions (-want +got)\n%s", diff)
	}
}
