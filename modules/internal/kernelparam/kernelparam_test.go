// SPDX-License-Identifier: GPL-3.0-or-later

package kernelparam

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/mutate"
)

// tree makes a host of files.
func tree(t *testing.T, files map[string]string) *host.Host {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return host.New(root)
}

func TestSysctl(t *testing.T) {
	h := tree(t, map[string]string{
		"usr/lib/sysctl.d/50-default.conf": "# a comment\nkernel.sem = 1 2 3 4\n",
		"usr/lib/sysctl.d/60-masked.conf":  "kernel.sem = 9 9 9 9\n",
		"etc/sysctl.d/60-masked.conf":      "; nothing\n",
		"etc/sysctl.d/10-first.conf":       "-kernel/sem=5\t6  7 8\nkernel.semx = 1\nkernel.sem\n",
		"etc/sysctl.d/90-not-a-conf":       "kernel.sem = 0 0 0 0\n",
	})
	if err := os.Symlink("/dev/null", h.Path("/etc/sysctl.d/70-null.conf")); err != nil {
		t.Fatal(err)
	}
	got, err := Sysctl(h, "kernel.sem")
	want := []Setting{{"/etc/sysctl.d/10-first.conf", 1, "5 6 7 8"}, {"/usr/lib/sysctl.d/50-default.conf", 2, "1 2 3 4"}}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("Sysctl() = %v, %v; want %v", got, err, want)
	}
	if w := got[1].Where(); w != "/usr/lib/sysctl.d/50-default.conf:2" || !got[1].Later("/etc/sysctl.d/10-first.conf") || got[0].Later("/etc/sysctl.d/50-default.conf") {
		t.Errorf("Where() = %s, or the order of %v is not by name", w, got)
	}
}

func TestModuleOption(t *testing.T) {
	h := tree(t, map[string]string{
		"etc/modprobe.d/a.conf": "options overlay index=on redirect_dir=off redirect_dir=on\noptions other redirect_dir=on\n#options overlay redirect_dir=off\n",
		"proc/cmdline":          "root=/dev/vda overlay.redirect_dir=off quiet overlay.index\n",
	})
	got, err := ModuleOption(h, "overlay", "redirect_dir")
	if want := []Setting{{"/etc/modprobe.d/a.conf", 1, "on"}}; err != nil || !cmp.Equal(got, want) {
		t.Errorf("ModuleOption() = %v, %v; want %v", got, err, want)
	}
	if value, ok := CommandLine(h, "overlay", "redirect_dir"); value != "off" || !ok {
		t.Errorf("CommandLine() = %q, %t; want off", value, ok)
	}
	if value, ok := CommandLine(h, "overlay", "index"); ok {
		t.Errorf("CommandLine() = %q; want nothing", value)
	}
}

func TestParseRelease(t *testing.T) {
	tests := []struct {
		text         string
		major, minor int
		ok           bool
	}{
		{"6.1.0-56-amd64", 6, 1, true},
		{"4.19.90-2003.4.0.0036.oe1.x86_64", 4, 19, true},
		{"3.10.0-1160.el7.x86_64", 3, 10, true},
		{"6.12-rc1", 6, 12, true},
		{"", 0, 0, false},
		{"6", 0, 0, false},
		{"6.", 0, 0, false},
		{"x.y", 0, 0, false},
		{"-1.2", 0, 0, false},
	}
	for _, test := range tests {
		r, err := ParseRelease(test.text)
		if (err == nil) != test.ok || r.Major != test.major || r.Minor != test.minor {
			t.Errorf("ParseRelease(%q) = %v, %v; want %d.%d", test.text, r, err, test.major, test.minor)
		}
	}
	r := Release{Major: 4, Minor: 10}
	if !r.AtLeast(4, 10) || !r.AtLeast(3, 99) || r.AtLeast(4, 11) || r.AtLeast(5, 0) {
		t.Errorf("AtLeast of %v is wrong", r)
	}
}

func TestParseBool(t *testing.T) {
	for text, want := range map[string][2]bool{
		"Y": {true, true}, "1": {true, true}, "on": {true, true}, "true": {true, true},
		"N": {false, true}, "0": {false, true}, "off": {false, true}, "": {}, "o": {}, "maybe": {}, "2": {},
	} {
		if on, ok := ParseBool(text); on != want[0] || ok != want[1] {
			t.Errorf("ParseBool(%q) = %t, %t; want %v", text, on, ok, want)
		}
	}
}

func TestSet(t *testing.T) {
	h := tree(t, map[string]string{"sys/p": "N\n"})
	if _, err := (Set{Name: "/sys/p", Before: "N", After: "Y"}).Do(context.Background(), h); err != nil {
		t.Fatal(err)
	}
	if got, found, err := Read(h, "/sys/p"); got != "Y" || !found || err != nil {
		t.Errorf("Read() = %q, %t, %v; want Y", got, found, err)
	}
	if _, err := (Set{Name: "/sys/q", After: "Y"}).Do(context.Background(), h); err == nil || h.Exists("/sys/q") {
		t.Errorf("Set of a missing parameter = %v; want an error and no file", err)
	}
	if err := CheckWritable(h, "/sys/p"); err != nil {
		t.Errorf("CheckWritable() = %v", err)
	}
	if err := CheckWritable(h, "/sys/q"); err == nil {
		t.Error("CheckWritable of a missing parameter = nil")
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"kernel.sem = 1 2 3 4", "-kernel/sem=1", "options overlay redirect_dir=on", "#", "=", ""} {
		f.Add(seed)
	}
	mutate.Fuzz(f, func(t *testing.T, line string) {
		if value, ok := parseSysctl(line, "kernel.sem"); ok && !strings.Contains(line, "=") {
			t.Errorf("parseSysctl(%q) = %q", line, value)
		}
		if value, ok := parseOption(line, "overlay", "redirect_dir"); ok && !strings.Contains(line, "redirect_dir") {
			t.Errorf("parseOption(%q) = %q", line, value)
		}
		ParseBool(line)
		if r, err := ParseRelease(line); err == nil && (r.Major < 0 || r.Minor < 0) {
			t.Errorf("ParseRelease(%q) = %v", line, r)
		}
	})
}
