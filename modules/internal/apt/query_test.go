// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
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
	want := pkgmgr.Offers{
		Available: map[string][]pkgmgr.Available{
			"docker-ce": {
				{Version: "5:24.0.7-1~debian", Source: "https://d/linux/debian buster/stable amd64 Packages"},
				{Version: "5:24.0.7-1~debian", Source: "file:/srv/repo buster/stable amd64 Packages"},
				{Version: "5:19.03.15~3-0~debian", Source: "https://d/linux/debian buster/stable amd64 Packages"},
			},
			"runc": {{Version: "1.1.5+ds1-1", Source: "http://deb.example.org/debian bookworm/main amd64 Packages"}},
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
	want := []pkgmgr.Change{
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

func TestReadLists(t *testing.T) {
	lists := func(files map[string]string, older string) pkgmgr.Lists {
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

func TestParseMadison(t *testing.T) {
	got := parseMadison([]byte(`docker-ce | 5:20.10.24~3-0 | https://a bookworm/stable amd64 Packages
 docker-ce | 5:24.0.7-1 | https://a bookworm/stable amd64 Packages
      runc | 1.1.5 | http://b bookworm/main amd64 Packages
      runc | 1.1.5 | http://c bookworm-security/main amd64 Packages
      runc | 1.1.5 | http://b bookworm/main Sources
half a | line
N: Unable to locate package x
`))
	want := pkgmgr.Offers{Available: map[string][]pkgmgr.Available{
		"docker-ce": {{Version: "5:24.0.7-1", Source: "https://a bookworm/stable amd64 Packages"}, {Version: "5:20.10.24~3-0", Source: "https://a bookworm/stable amd64 Packages"}},
		"runc":      {{Version: "1.1.5", Source: "http://b bookworm/main amd64 Packages"}, {Version: "1.1.5", Source: "http://c bookworm-security/main amd64 Packages"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parseMadison (-want +got)\n%s", diff)
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
