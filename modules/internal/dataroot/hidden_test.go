// SPDX-License-Identifier: GPL-3.0-or-later

package dataroot

import (
	"strings"
	"testing"
)

func TestHiddenByDriver(t *testing.T) {
	const web = "containers/" + idWeb + "/config.v2.json"
	overlay := map[string]string{
		web: `{"Name":"/web","Driver":"overlay2"}`, "overlay2/l/": "", "volumes/data/_data/": "",
		"image/overlay2/repositories.json": `{"Repositories":{"a":{"a:1":"sha256:` + idWeb + `"}}}`,
	}
	with := func(files map[string]string, more ...string) map[string]string {
		all := map[string]string{}
		for name, content := range files {
			all[name] = content
		}
		for _, name := range more {
			all[name] = ""
		}
		return all
	}
	tests := []struct {
		name      string
		files     map[string]string
		was, will string
		want      string
	}{
		{"no change", overlay, "overlay2", "overlay2", "nothing"},
		{"another driver", overlay, "overlay2", "vfs", "1 container (web), 1 image (a:1)"},
		{"the default written out", overlay, "", "overlay2", "nothing"},
		{"the setting taken out", overlay, "overlay2", "", "nothing"},
		{"from the default to another one", overlay, "", "btrfs", "1 container (web), 1 image (a:1)"},
		{"back from a driver that made nothing", overlay, "vfs", "overlay2", "nothing"},
		{"what an earlier driver left is hidden already", with(overlay, "btrfs/subvolumes/"), "btrfs", "vfs", "nothing"},
		{"vfs is never found by itself", map[string]string{web: `{"Name":"/web","Driver":"vfs"}`, "vfs/dir/": ""}, "vfs", "", "1 container (web)"},
		{"user namespaces too", map[string]string{
			"100000.100000/" + web: `{"Name":"/web","Driver":"overlay2"}`, "100000.100000/overlay2/l/": "",
		}, "overlay2", "vfs", "1 container (web)"},
		{"no data-root", nil, "overlay2", "vfs", "nothing"},
	}
	for _, test := range tests {
		got, err := HiddenByDriver(tree(t, test.files), Default, test.was, test.will)
		if err != nil || got.String() != test.want {
			t.Errorf("%s: HiddenByDriver(%q, %q) = %v, %v; want %s", test.name, test.was, test.will, got, err, test.want)
		}
	}
	got, err := HiddenByDriver(tree(t, with(overlay, "devicemapper/metadata/")), Default, "overlay2", "")
	if err == nil || !strings.Contains(err.Error(), "devicemapper and overlay2") {
		t.Errorf("HiddenByDriver() with files of two drivers = %v, %v; want an error that names both", got, err)
	}
}

func TestAll(t *testing.T) {
	got, err := All(tree(t, map[string]string{
		"volumes/a/_data/": "", "100000.100000/volumes/b/_data/": "", "100000.100000/containers/" + idWeb + "/": "",
	}), Default)
	if want := "1 container (aaaaaaaaaaaa), 2 volumes (a, b)"; err != nil || got.String() != want {
		t.Errorf("All() = %v, %v; want %s", got, err, want)
	}
}
