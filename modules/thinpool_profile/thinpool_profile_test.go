// SPDX-License-Identifier: GPL-3.0-or-later

package thinpool_profile

import (
	"strings"
	"testing"

	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/moduletest"
)

func TestMain(m *testing.M) { moduletest.Main(m, "thinpool_profile", Module) }

func TestScripts(t *testing.T) { moduletest.Scripts(t) }

func TestCheck(t *testing.T) {
	good := Params{Name: "docker-thinpool", Threshold: 80, Percent: 20, Autoextend: true, State: "present"}
	text := func(s string) *string { return &s }
	tests := []struct {
		name   string
		change func(*Params)
		want   string // part of the error, "" for none
	}{
		{"the source document's", func(*Params) {}, ""},
		{"the least threshold", func(p *Params) { p.Threshold = 50 }, ""},
		{"less", func(p *Params) { p.Threshold = 49 }, `"autoextend_threshold": 49: LVM takes 50 to 100`},
		{"more than all", func(p *Params) { p.Threshold = 101 }, `"autoextend_threshold": 101`},
		{"both 100", func(p *Params) { p.Threshold, p.Percent = 100, 100 }, "must not both be 100"},
		{"both 100 by switching off", func(p *Params) { p.Percent, p.Autoextend = 100, false }, "must not both be 100"},
		{"threshold 100 alone", func(p *Params) { p.Threshold = 100 }, ""},
		{"percent 100 alone", func(p *Params) { p.Percent = 100 }, ""},
		{"percent 0", func(p *Params) { p.Percent = 0 }, `"autoextend_percent": 0`},
		{"percent 150", func(p *Params) { p.Percent = 150 }, ""},
		{"percent 1001", func(p *Params) { p.Percent = 1001 }, `"autoextend_percent": 1001`},
		{"a name with a slash", func(p *Params) { p.Name = "../lvm" }, `invalid value of option "name": "../lvm"`},
		{"no name", func(p *Params) { p.Name = "" }, `invalid value of option "name"`},
		{"a name like an option", func(p *Params) { p.Name = "-x" }, `invalid value of option "name"`},
		{"a group with a slash", func(p *Params) { p.VolumeGroup = text("a/b") }, `invalid value of option "volume_group"`},
		{"what goes may have any numbers", func(p *Params) { p.Threshold, p.State = 1, "absent" }, ""},
	}
	for _, test := range tests {
		p := good
		test.change(&p)
		err := check(p)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: check() = %v; want %q", test.name, err, test.want)
		}
	}
}

func TestContent(t *testing.T) {
	p := Params{Threshold: 70, Percent: 10, Autoextend: true}
	tests := []struct{ name, before, want string }{
		{"the same, written otherwise", "activation/thin_pool_autoextend_threshold = 70 # why\nactivation { thin_pool_autoextend_percent=10 }", "activation/thin_pool_autoextend_threshold = 70 # why\nactivation { thin_pool_autoextend_percent=10 }"},
		{"other settings stay", "allocation {\n\tthin_pool_chunk_size=512\n}\nactivation {\n\t# ours\n\tthin_pool_autoextend_threshold=80 # full\n}\n",
			"allocation {\n\tthin_pool_chunk_size=512\n}\nactivation {\n\t# ours\n\tthin_pool_autoextend_threshold=70 # full\n\tthin_pool_autoextend_percent=10\n}\n"},
		{"empty", "", "activation {\n\tthin_pool_autoextend_threshold=70\n\tthin_pool_autoextend_percent=10\n}\n"},
	}
	for _, test := range tests {
		got, err := p.content(file.State{Path: "/p", Exists: true, Content: []byte(test.before)})
		if err != nil || string(got) != test.want {
			t.Errorf("%s: content() = %q, %v; want %q", test.name, got, err, test.want)
		}
	}
	if _, err := p.content(file.State{Path: "/p", Exists: true, Content: []byte("activation {\n\nx\n")}); err == nil || !strings.Contains(err.Error(), "/p: invalid LVM configuration at line 4: missing =") {
		t.Errorf("content() of a broken profile: %v; want an error with the line", err)
	}
}
