// SPDX-License-Identifier: GPL-3.0-or-later

package dnf

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/mutate"
	"hardened.docker/modules/internal/pkgmgr"
)

func TestCompare(t *testing.T) {
	// In order, the oldest first.
	order := []string{"xyz10", "xyz10.1", "1.0~rc1", "1.0~rc2", "1.0", "1.0^git1", "1.0.a", "1.0.1", "1.5", "1.10", "2.0-1", "2.0-1.el8", "2.0-1.1", "2.0-10", "1:0.1", "3:18.09.0-200.oe2203", "3:18.09.0-316.oe2203"}
	for i, a := range order {
		for j, b := range order {
			if got := Compare(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("Compare(%q, %q) = %d; want the sign of %d", a, b, got, i-j)
			}
		}
	}
	for _, same := range [][2]string{{"1.0", "1_0"}, {"1.05", "1.5"}, {"0:1-1", "1-1"}, {"24.0", "24.0-1.el9"}} {
		if got := Compare(same[0], same[1]); got != 0 {
			t.Errorf("Compare(%q, %q) = %d; want 0", same[0], same[1], got)
		}
	}
}

func FuzzCompare(f *testing.F) {
	f.Add("1:1.0~rc1-1.el8", "1.0^git-2")
	mutate.Fuzz(f, func(t *testing.T, a, b string) {
		if x, y := Compare(a, b), Compare(b, a); (x < 0) != (y > 0) || (x == 0) != (y == 0) {
			t.Errorf("Compare(%q, %q) = %d, but the other way round %d", a, b, x, y)
		}
	})
}

func TestMatches(t *testing.T) {
	const version = "3:24.0.7-1.el9"
	for pattern, want := range map[string]bool{
		version: true, "24.0.7-1.el9": true, "24.0.7": true, "24.0": true, "24": true, "3:24.0.*": true, "24.0.*": true,
		"24.0.7-1.el8": false, "24.1": false, "2": false, "24.0.71": false, "5:24.0.*": false, "[": false, "": false,
	} {
		if got := pkgmgr.Matches(pattern, version); got != want {
			t.Errorf("Matches(%q, %q) = %v; want %v", pattern, version, got, want)
		}
	}
}

func TestParseInstalled(t *testing.T) {
	got := parseInstalled([]byte("docker-engine\t2:18.09.0-316.oe2203\nrunc\t(none):1.1.8-18\nruncx\t0:1-1\nrunc\t(none):1.1.10-1\n\ngarbage\n"))
	want := Installed{"docker-engine": {"2:18.09.0-316.oe2203"}, "runc": {"1.1.10-1", "1.1.8-18"}, "runcx": {"1-1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parseInstalled: (-want +got)\n%s", diff)
	}
}

func TestParseNeeded(t *testing.T) {
	const text = "error: Failed dependencies:\n\trunc is needed by (installed) podman-1:3.4.4-3.oe2203.x86_64\n\trunc >= 1 is needed by (installed) a-b-c-1-2.noarch\n\trunc is needed by (installed) podman-1:3.4.4-3.oe2203.x86_64\n"
	if diff := cmp.Diff([]string{"a-b-c", "podman"}, parseNeeded(text)); diff != "" {
		t.Errorf("parseNeeded: (-want +got)\n%s", diff)
	}
}

func TestOffers(t *testing.T) {
	// dnf 4 ends each record with a newline of its own.
	queried := "docker-ce\t3:20.10.24-3.el8\tx86_64\tce\n\ndocker-ce\t3:24.0.9-1.el8\tx86_64\tce\n\ndocker-ce\t3:24.0.9-1.el8\ti686\tce\n\nrunc\t0:1.1.8-18\tx86_64\tOS\n\n"
	// yum 3 writes three columns (yum.8, "list").
	listed := "Loaded plugins: fastestmirror\nInstalled Packages\nrunc.x86_64     1.1.8-18    @OS\ndocker-engine.x86_64  1-1   installed\nAvailable Packages\ndocker-ce.x86_64\n                 3:20.10.24-3.el8      ce\ndocker-ce.x86_64     3:24.0.9-1.el8    ce\n"
	want := pkgmgr.Offers{
		Available: map[string][]pkgmgr.Available{
			"docker-ce": {{Version: "3:24.0.9-1.el8", Source: "ce"}, {Version: "3:20.10.24-3.el8", Source: "ce"}},
			"runc":      {{Version: "1.1.8-18", Source: "OS"}},
		},
		Candidate: map[string]string{"docker-ce": "3:24.0.9-1.el8", "runc": "1.1.8-18"},
	}
	for name, got := range map[string]pkgmgr.Offers{"repoquery": offers(parseRepoquery(queried)), "list": offers(parseList(listed))} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

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

func TestReadLists(t *testing.T) {
	h := write(t, map[string]string{"etc/yum.repos.d/OS.repo": ""})
	if l, err := ReadLists(h); err != nil || !l.Updated.IsZero() {
		t.Errorf("ReadLists without metadata = %+v, %v; want no time", l, err)
	}
	h = write(t, map[string]string{"etc/yum.repos.d/OS.repo": "", "var/cache/dnf/OS-83388d6e81404440/repodata/repomd.xml": ""})
	future := time.Now().Add(time.Hour)
	if err := os.Chtimes(h.Path("/var/cache/dnf/OS-83388d6e81404440/repodata"), future, future); err != nil {
		t.Fatal(err)
	}
	if l, err := ReadLists(h); err != nil || l.Outdated || !l.Updated.Equal(future.Truncate(0)) && l.Updated.Sub(future).Abs() > time.Second {
		t.Errorf("ReadLists = %+v, %v; want the directory's time", l, err)
	}
	later := future.Add(time.Hour)
	if err := os.Chtimes(h.Path("/etc/yum.repos.d/OS.repo"), later, later); err != nil {
		t.Fatal(err)
	}
	if l, err := ReadLists(h); err != nil || !l.Outdated {
		t.Errorf("ReadLists with a newer repository = %+v, %v; want outdated", l, err)
	}
}

func TestLocked(t *testing.T) {
	h := write(t, map[string]string{"var/lib/dnf/rpmdb_lock.pid": "99999999", "run/yum.pid": "garbage", "var/lib/rpm/.rpm.lock": ""})
	if holder := Locked(h); holder != nil {
		t.Errorf("Locked by a process that is gone = %v; want nil", holder)
	}
	if err := os.WriteFile(h.Path("/var/lib/dnf/rpmdb_lock.pid"), []byte("1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if holder := Locked(h); holder == nil || holder.PID != 1 || holder.File != "/var/lib/dnf/rpmdb_lock.pid" {
		t.Errorf("Locked by process 1 = %v; want it named", holder)
	}
}
