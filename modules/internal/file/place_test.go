// SPDX-License-Identifier: GPL-3.0-or-later

package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hardened.docker/modules/internal/host"
)

// TestPlacesWhereEverybodyWrites: what others could replace is not used, and is
// left as it is.
func TestPlacesWhereEverybodyWrites(t *testing.T) {
	const foreign = 4711
	tests := []struct {
		name  string
		make  func(t *testing.T, root string)
		path  string
		owner bool   // takes root, to give a file away
		want  string // "" is no error
	}{
		{name: "a directory of root's", path: "/etc/config"},
		{name: "no directory", path: "/no/such/config"},
		{name: "everybody's directory", path: "/etc/config", make: mode("etc", 0o777),
			want: "cannot use /etc/config: everybody may write to the directory /etc and put another file there; take that right away (chmod o-w /etc)"},
		{name: "everybody's directory above", path: "/etc/config", make: mode(".", 0o777), want: "everybody may write to the directory / and"},
		{name: "everybody's directory above one that is not there", path: "/etc/a/b/config", make: mode("etc", 0o777), want: "everybody may write to the directory /etc and"},
		{name: "a link to everybody's directory", path: "/link/config", want: "everybody may write to the directory /link and",
			make: func(t *testing.T, root string) {
				mode("open/d", 0o777)(t, root)
				if err := os.Symlink("open/d", filepath.Join(root, "link")); err != nil {
					t.Fatal(err)
				}
			}},
		{name: "a link into everybody's directory", path: "/link/config", want: "everybody may write to the directory /open and",
			make: func(t *testing.T, root string) {
				mode("open/d", 0o755)(t, root)
				mode("open", 0o777)(t, root)
				if err := os.Symlink("open/d", filepath.Join(root, "link")); err != nil {
					t.Fatal(err)
				}
			}},
		{name: "our file in a sticky directory", path: "/etc/config", make: mode("etc", 0o777|os.ModeSticky)},
		{name: "a new file in a sticky directory", path: "/etc/new", make: mode("etc", 0o777|os.ModeSticky)},
		{name: "another's file in a sticky directory", path: "/etc/config", owner: true,
			make: func(t *testing.T, root string) {
				mode("etc", 0o777|os.ModeSticky)(t, root)
				if err := os.Chown(filepath.Join(root, "etc/config"), foreign, foreign); err != nil {
					t.Fatal(err)
				}
			},
			want: "cannot use /etc/config: /etc/config belongs to uid 4711, and everybody may write to the directory /etc; use another directory, or remove it"},
		{name: "another's directory in a sticky directory", path: "/etc/d/config", owner: true,
			make: func(t *testing.T, root string) {
				mode("etc/d", 0o755)(t, root)
				mode("etc", 0o777|os.ModeSticky)(t, root)
				if err := os.Chown(filepath.Join(root, "etc/d"), foreign, foreign); err != nil {
					t.Fatal(err)
				}
			},
			want: "/etc/d belongs to uid 4711"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.owner && os.Geteuid() != 0 {
				t.Skip("only root can give a file away")
			}
			h, config := tree(t)
			root := filepath.Dir(filepath.Dir(config))
			if test.make != nil {
				test.make(t, root)
			}
			_, err := Read(h, test.path, 1<<20)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("Read(%s) = %v; want %q", test.path, err, test.want)
			}
		})
	}
}

// TestPlaceThatOpensMeanwhile: the place is looked at again before it is
// written to.
func TestPlaceThatOpensMeanwhile(t *testing.T) {
	h, config := tree(t)
	before := read(t, h, "/etc/config")
	mode("etc", 0o777)(t, filepath.Dir(filepath.Dir(config)))
	if _, err := (Replace{Before: before, Content: []byte("new\n")}).Do(t.Context(), h); err == nil || !strings.Contains(err.Error(), "everybody may write") {
		t.Errorf("Replace.Do = %v; want a refusal", err)
	}
	if content, err := host.New("/").ReadFile(config); string(content) != "old\n" {
		t.Errorf("the file is %q, %v; want it as it was", content, err)
	}
}

// mode makes a directory below root, and gives it a mode.
func mode(dir string, mode os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, root string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(root, dir), mode); err != nil {
			t.Fatal(err)
		}
	}
}
