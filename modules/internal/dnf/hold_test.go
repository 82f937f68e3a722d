// SPDX-License-Identifier: GPL-3.0-or-later

package dnf

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/mutate"
)

func TestHoldsByExclusion(t *testing.T) {
	tests := []struct{ name, before, held, released string }{
		{"none", "[main]\ngpgcheck=1\n", "[main]\ngpgcheck=1\nexcludepkgs=a b\n", "[main]\ngpgcheck=1\n"},
		{"no file", "", "[main]\nexcludepkgs=a b\n", "[main]\n"},
		{"others", "# x\n\n[main]\nexclude=kernel*, mine\n  more\nbest=1\n\n[repo]\nexclude=a\n", "# x\n\n[main]\nexclude=kernel* mine more a b\nbest=1\n\n[repo]\nexclude=a\n", "# x\n\n[main]\nexclude=kernel* mine more\nbest=1\n\n[repo]\nexclude=a\n"},
		{"before a section", "[main]\nbest=1\n\n[repo]\nx=1\n", "[main]\nbest=1\nexcludepkgs=a b\n\n[repo]\nx=1\n", "[main]\nbest=1\n\n[repo]\nx=1\n"},
		// What stands before the first heading is in no section, and stays so.
		{"no section", "exclude=x\nbest=1", "exclude=x\nbest=1\n[main]\nexcludepkgs=a b\n", "exclude=x\nbest=1\n[main]\n"},
		{"another section alone", "exclude=x\n[repo]\nx=1\n", "exclude=x\n[repo]\nx=1\n[main]\nexcludepkgs=a b\n", "exclude=x\n[repo]\nx=1\n[main]\n"},
		// A comment does not end a value.
		{"continued after a comment", "[main]\nexclude=x\n# c\n y\nbest=1\n", "[main]\nexclude=x y a b\n# c\nbest=1\n", "[main]\nexclude=x y\n# c\nbest=1\n"},
		{"continued after an empty line", "[main]\nexclude=x\n\n y\n", "[main]\nexclude=x y a b\n\n", "[main]\nexclude=x y\n\n"},
	}
	versions := map[string]string{"a": "1-1", "b": "2:1-1"}
	for _, test := range tests {
		h := write(t, map[string]string{"etc/dnf/dnf.conf": test.before})
		for _, on := range []bool{true, true, false, false} {
			o, err := Tool{Program: "dnf", Generation: 4}.ReadHolds(h)
			if err != nil {
				t.Fatal(err)
			}
			if err := o.Set(t.Context(), h, versions, on); err != nil {
				t.Fatal(err)
			}
			want := test.released
			if on {
				want = test.held
			}
			got, err := h.ReadFile("/etc/dnf/dnf.conf")
			if err != nil || string(got) != want {
				t.Errorf("%s: after Set(%v) the file has %q, %v; want %q", test.name, on, got, err, want)
			}
			o, err = Tool{Program: "dnf", Generation: 4}.ReadHolds(h)
			if err != nil || o.Held("a", "1-1") != on || o.Mentions("b") != on || o.Held("c", "1") {
				t.Errorf("%s: Held after Set(%v) = %v, %v", test.name, on, o.Held("a", "1-1"), err)
			}
		}
	}
}

func TestHoldsByVersionlock(t *testing.T) {
	const list = "# by hand\n!a-0:9-9.*\nkernel*-0:5-1.*\na-0:0.9-1.*\n"
	files := map[string]string{
		"usr/lib/python3.9/site-packages/dnf-plugins/versionlock.py": "",
		"etc/dnf/plugins/versionlock.conf":                           "[main]\nenabled = 1\nlocklist = /etc/dnf/plugins/versionlock.list\n",
		"etc/dnf/plugins/versionlock.list":                           list,
		"etc/dnf/dnf.conf":                                           "[main]\n",
	}
	h := write(t, files)
	set := func(on bool, want string) {
		t.Helper()
		o, err := Tool{Program: "dnf", Generation: 4}.ReadHolds(h)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Set(t.Context(), h, map[string]string{"a": "2:1-1.oe", "b": "3-1"}, on); err != nil {
			t.Fatal(err)
		}
		got, err := h.ReadFile("/etc/dnf/plugins/versionlock.list")
		if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
			t.Errorf("after Set(%v): %v (-want +got)\n%s", on, err, diff)
		}
	}
	const others = "# by hand\n!a-0:9-9.*\nkernel*-0:5-1.*\n"
	set(true, others+"a-2:1-1.oe.*\nb-0:3-1.*\n")
	o, err := Tool{Program: "dnf", Generation: 4}.ReadHolds(h)
	if err != nil || !o.Held("a", "2:1-1.oe") || o.Held("a", "2:2-1.oe") || !o.Held("b", "3-1") {
		t.Errorf("Held after Set: %v, %v, %v, %v; want the locked versions only", o.Held("a", "2:1-1.oe"), o.Held("a", "2:2-1.oe"), o.Held("b", "3-1"), err)
	}
	set(false, others)
	if text, err := h.ReadFile("/etc/dnf/dnf.conf"); err != nil || string(text) != "[main]\n" {
		t.Errorf("dnf.conf has %q, %v; want it untouched", text, err)
	}

	// A plugin that is off keeps nothing back.
	files["etc/dnf/plugins/versionlock.conf"] = "[main]\nenabled = 0\n"
	h = write(t, files)
	if o, err := (Tool{Program: "dnf", Generation: 4}).ReadHolds(h); err != nil || o.list != "" || o.Held("a", "0.9-1") {
		t.Errorf("ReadHolds with the plugin off = %+v, %v; want nothing of its list", o, err)
	}
}

func TestParseLock(t *testing.T) {
	tests := []struct{ line, name, version string }{
		{"docker-ce-3:24.0.7-1.el9.*", "docker-ce", "3:24.0.7-1.el9"},
		{"docker-ce-cli-0:24.0.7-1.el9.x86_64", "docker-ce-cli", "24.0.7-1.el9"},
		{"0:docker-ce-18.09.5-3.el7.*", "docker-ce", "18.09.5-3.el7"},
		{"2:docker-engine-18.09.0-3.*", "docker-engine", "2:18.09.0-3"},
		{"!docker-ce-3:24.0.7-1.el9.*", "", ""},
		{"docker*-3:24-1.*", "", ""},
		{"# Added lock on Sun Nov 22", "", ""},
		{"docker-ce", "", ""},
		{"", "", ""},
	}
	for _, test := range tests {
		name, version, ok := parseLock(test.line)
		if name != test.name || version != test.version || ok != (test.name != "") {
			t.Errorf("parseLock(%q) = %q, %q, %v; want %q, %q", test.line, name, version, ok, test.name, test.version)
		}
	}
}

func FuzzSections(f *testing.F) {
	f.Add("[main]\nexclude=a,\n b\n\n[x]\n", "exclude")
	mutate.Fuzz(f, func(t *testing.T, text, key string) {
		joined := ""
		for _, s := range Sections(text) {
			joined += s.Text
			_ = s.Words(key)
		}
		if joined != text {
			t.Errorf("Sections(%q) are together %q", text, joined)
		}
	})
}

func TestRepositoryWithout(t *testing.T) {
	const text = "# top\n[other]\nbaseurl=https://o/\n\n[docker-ce-stable]\nbaseurl=https://d/linux/centos/$releasever/$basearch/stable\ngpgcheck=1\n\n[docker]\nbaseurl=https://else\n"
	r := Repository{ID: "docker", URL: "http://d/linux/centos/$releasever/$basearch/stable/"}
	kept, removed, rest := r.Without(text)
	if want := "# top\n[other]\nbaseurl=https://o/\n\n"; kept != want || removed != 2 || !rest {
		t.Errorf("Without = %q, %d, %v; want %q, 2, true", kept, removed, rest, want)
	}
	if _, removed, rest := r.Without("[docker]\n"); removed != 1 || rest {
		t.Errorf("Without of the repository alone = %d, %v; want 1, false", removed, rest)
	}
}
