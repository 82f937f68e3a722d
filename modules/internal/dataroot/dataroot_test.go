// SPDX-License-Identifier: GPL-3.0-or-later

package dataroot

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
)

const (
	idWeb = "aaaaaaaaaaaa1111111111111111111111111111111111111111111111111111"
	idDB  = "bbbbbbbbbbbb2222222222222222222222222222222222222222222222222222"
)

// tree makes a host with these files below the default data-root; a name with
// a trailing slash is a directory.
func tree(t *testing.T, files map[string]string) *host.Host {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		to := filepath.Join(root, Default, name)
		dir := filepath.Dir(to)
		if strings.HasSuffix(name, "/") {
			dir = to
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if dir == to {
			continue
		}
		if err := os.WriteFile(to, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return host.New(root)
}

func TestHoldings(t *testing.T) {
	repositories := `{"Repositories":{"busybox":{"busybox:1.36":"sha256:` + idWeb + `","busybox@sha256:cc":"sha256:` + idWeb +
		`"},"alpine":{"alpine@sha256:dd":"sha256:` + idDB + `"}}}`
	tests := []struct {
		name  string
		files map[string]string
		want  Contents
	}{
		{"no data-root", nil, Contents{}},
		{"an engine that was started once", map[string]string{
			"containers/": "", "volumes/metadata.db": "x", "volumes/backingFsBlockDev": "", "overlay2/l/": "",
			"image/overlay2/repositories.json": `{"Repositories":{}}`, "image/overlay2/imagedb/content/sha256/": "", "vfs/": "",
		}, Contents{Drivers: []string{"overlay2"}}},
		{"two containers, a tag, a digest, an image without name, volumes", map[string]string{
			"containers/" + idWeb + "/config.v2.json":             `{"ID":"` + idWeb + `","Name":"/web","Driver":"overlay2"}`,
			"containers/" + idDB + "/config.v2.json":              `{"ID":"` + idDB + `","Name":"/db","Driver":"vfs","Config":{"Env":null}}`,
			"image/overlay2/repositories.json":                    repositories,
			"image/overlay2/imagedb/content/sha256/" + idWeb:      "{}",
			"image/overlay2/imagedb/content/sha256/" + idDB:       "{}",
			"image/vfs/imagedb/content/sha256/dddddddddddd333333": "{}",
			"volumes/data/_data/":                                 "", "overlay2/l/": "", "vfs/dir/": "",
		}, Contents{
			Drivers:    []string{"overlay2", "vfs"},
			Containers: []Container{{"db", "vfs"}, {"web", "overlay2"}},
			Images:     []Image{{"alpine@sha256:dd", "overlay2"}, {"busybox:1.36", "overlay2"}, {"dddddddddddd", "vfs"}},
			Volumes:    []string{"data"},
		}},
		{"damaged files count as what they were", map[string]string{
			"containers/" + idWeb + "/config.v2.json":        `{"ID":"aaaa`,
			"containers/" + idDB + "/":                       "",
			"containers/stray":                               "no directory",
			"image/overlay2/repositories.json":               "\x00\x00\x00",
			"image/overlay2/imagedb/content/sha256/" + idWeb: "",
		}, Contents{
			Containers: []Container{{Name: "aaaaaaaaaaaa"}, {Name: "bbbbbbbbbbbb"}},
			Images:     []Image{{"aaaaaaaaaaaa", "overlay2"}},
		}},
		{"the containerd image store leaves the driver in the containers", map[string]string{
			"containers/" + idWeb + "/config.v2.json": `{"Name":"/web","Driver":"overlayfs"}`,
			"rootfs/overlayfs/" + idWeb + "/":         "",
		}, Contents{Drivers: []string{"overlayfs"}, Containers: []Container{{"web", "overlayfs"}}}},
		{"user namespaces have roots of their own", map[string]string{
			"100000.100000/containers/" + idWeb + "/": "", "1.x/": "", "100000.100001": "a file",
		}, Contents{Remapped: []string{Default + "/100000.100000"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Holdings(tree(t, test.files), Default)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Holdings() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHoldingsOfWhatIsNoDirectory(t *testing.T) {
	for _, name := range []string{"containers", "image", "image/overlay2/imagedb/content/sha256", "volumes"} {
		got, err := Holdings(tree(t, map[string]string{name: "a file"}), Default)
		if err == nil || !strings.HasPrefix(err.Error(), "cannot tell what is in "+Default+"/"+name+": ") {
			t.Errorf("Holdings() with the file %s = %v, %v; want an error that names it", name, got, err)
		}
	}
}

func TestWithout(t *testing.T) {
	all := Contents{
		Drivers:    []string{"overlay2", "vfs"},
		Containers: []Container{{"damaged", ""}, {"db", "vfs"}, {"web", "overlay2"}},
		Images:     []Image{{"a:1", "overlay2"}, {"a:1", "vfs"}},
		Volumes:    []string{"data"},
	}
	want := Contents{Drivers: []string{"overlay2"}, Containers: []Container{{"damaged", ""}, {"web", "overlay2"}}, Images: []Image{{"a:1", "overlay2"}}}
	if diff := cmp.Diff(want, all.Without("vfs")); diff != "" {
		t.Errorf("Without(\"vfs\") (-want +got):\n%s", diff)
	}
	if got := (Contents{Volumes: []string{"data"}}).Without("vfs"); !got.Empty() {
		t.Errorf("Without(\"vfs\") of a volume = %v; want nothing, as a volume has no driver", got)
	}
}

func TestShown(t *testing.T) {
	all := Contents{Containers: []Container{{"damaged", ""}, {"db", "vfs"}, {"web", "overlay2"}, {"worker", "overlay2"}}}
	for driver, want := range map[string]int{"overlay2": 2, "vfs": 1, "btrfs": 0} {
		if got := all.Shown(driver); got != want {
			t.Errorf("Shown(%q) = %d; want %d", driver, got, want)
		}
	}
}

func TestString(t *testing.T) {
	many := Contents{}
	for i := range 12 {
		many.Volumes = append(many.Volumes, fmt.Sprintf("v%d", i))
	}
	tests := []struct {
		contents Contents
		want     string
	}{
		{Contents{Drivers: []string{"vfs"}}, "nothing"},
		{Contents{Containers: []Container{{"db", "vfs"}, {"web", "vfs"}}, Images: []Image{{"a:1", "overlay2"}, {"a:1", "vfs"}}},
			"2 containers (db, web), 1 image (a:1)"},
		{many, "12 volumes (v0, v1, v2, v3, v4, v5, v6, v7, v8, v9 and 2 more)"},
	}
	for _, test := range tests {
		if got := test.contents.String(); got != test.want {
			t.Errorf("String() = %q; want %q", got, test.want)
		}
	}
}
