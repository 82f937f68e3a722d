// SPDX-License-Identifier: GPL-3.0-or-later

package distro

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
)

// known is what the package says of a distribution. After "!" stands the end of
// an error's text.
type known struct {
	ID, Manager, Flavor, Dir, Suite string
}

func TestDistributions(t *testing.T) {
	tests := map[string]known{
		"almalinux-9":    {"almalinux", "dnf", "docker-ce", "centos", ""},
		"debian-10":      {"debian", "apt", "docker.io", "debian", "buster"},
		"debian-12":      {"debian", "apt", "docker.io", "debian", "bookworm"},
		"debian-13":      {"debian", "apt", "docker.io", "debian", "trixie"},
		"raspbian-11":    {"raspbian", "apt", "docker.io", "raspbian", "bullseye"},
		"ubuntu-18.04":   {"ubuntu", "apt", "docker.io", "ubuntu", "bionic"},
		"ubuntu-24.04":   {"ubuntu", "apt", "docker.io", "ubuntu", "noble"},
		"linuxmint-22":   {"linuxmint", "apt", "docker.io", "ubuntu", "noble"},
		"lmde-6":         {"linuxmint", "apt", "docker.io", "debian", "bookworm"},
		"zorin-16":       {"zorin", "apt", "docker.io", "ubuntu", "focal"},
		"kali-2025":      {"kali", "apt", "docker.io", "!give suite, such as bookworm or noble", ""},
		"parrot-4":       {"parrot", "apt", "docker.io", "!give suite, such as bookworm or noble", ""},
		"rhel-8":         {"rhel", "dnf", "docker-ce", "rhel", ""},
		"rocky-8":        {"rocky", "dnf", "docker-ce", "centos", ""},
		"centos-7":       {"centos", "dnf", "docker-ce", "centos", ""},
		"oracle-8":       {"ol", "dnf", "docker-ce", "centos", ""},
		"fedora-37":      {"fedora", "dnf", "moby-engine", "fedora", ""},
		"openeuler-24":   {"openEuler", "dnf", "docker-engine", "!name a repository with url", ""},
		"openeuler-2003": {"openEuler", "dnf", "docker-engine", "!name a repository with url", ""},
		"euleros-2":      {"euleros", "dnf", "docker-engine", "!name a repository with url", ""},
		"hce-2":          {"hce", "dnf", "docker-engine", "!name a repository with url", ""},
		"amazon-2":       {"amzn", "dnf", "docker", "!name a repository with url", ""},
		"sles-15":        {"sles", "!apt, dnf and yum", "!known for it", "!name a repository with url", ""},
		"alpine-3":       {"alpine", "!apt, dnf and yum", "!known for it", "!name a repository with url", ""},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			r := Parse(text)
			got := known{ID: r.ID}
			manager, err := r.Manager()
			got.Manager = or(string(manager), err, want.Manager)
			flavor, err := r.Flavor()
			got.Flavor = or(string(flavor), err, want.Flavor)
			dir, suite, err := r.Upstream()
			got.Dir, got.Suite = or(dir, err, want.Dir), suite
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Parse(%s): (-want +got)\n%s", name, diff)
			}
		})
	}
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := tests[f.Name()]; !ok {
			t.Errorf("testdata/%s has no row in the table", f.Name())
		}
	}
}

// or returns value, or the text of err cut to what want expects of its end.
func or(value string, err error, want string) string {
	if err == nil {
		return value
	}
	if end, ok := strings.CutPrefix(want, "!"); ok && strings.HasSuffix(err.Error(), end) {
		return want
	}
	return "!" + err.Error()
}

func TestParse(t *testing.T) {
	got := Parse([]byte("# ID=comment\r\nID='x y'\nNAME=\"a \\\"b\\\" \\$c\"\nnonsense\nVERSION_ID=1\n\n"))
	want := Release{ID: "x y", VersionID: "1", Pretty: `a "b" $c 1`}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b []string) bool { return len(a) == len(b) })); diff != "" {
		t.Errorf("Parse: (-want +got)\n%s", diff)
	}
}

func TestRead(t *testing.T) {
	tests := []struct {
		name, path, text, want, err string
	}{
		{"etc", "etc/os-release", "ID=debian\n", "debian", ""},
		{"usr", "usr/lib/os-release", "ID=debian\n", "debian", ""},
		{"none", "etc/other", "", "", "cannot tell the distribution"},
		{"no id", "etc/os-release", "NAME=x\n", "", "invalid /etc/os-release"},
		{"too large", "etc/os-release", strings.Repeat("x", 65<<10), "", "cannot read /etc/os-release"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			path := filepath.Join(root, test.path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(test.text), 0o644); err != nil {
				t.Fatal(err)
			}
			got, err := Read(host.New(root))
			if got.ID != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("Read = %q, %v; want %q, error with %q", got.ID, err, test.want, test.err)
			}
		})
	}
}

func TestHasPackagesOf(t *testing.T) {
	const dpkg, rpm, fedora = "var/lib/dpkg/status", "var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite"
	tests := []struct {
		name, id string
		files    []string
		want     Manager
	}{
		{"nothing", "debian", nil, ""},
		{"dpkg", "debian", []string{dpkg}, Apt},
		{"dpkg on what nobody knows", "strange", []string{dpkg}, Apt},
		{"rpm", "openEuler", []string{rpm}, Dnf},
		{"rpm in Fedora's place", "fedora", []string{fedora}, Dnf},
		{"debian with rpm", "debian", []string{dpkg, rpm}, Apt},
		{"openEuler with dpkg", "openEuler", []string{dpkg, rpm}, Dnf},
		{"dpkg's own with rpm on what nobody knows", "strange\n\nPackage: dpkg", []string{dpkg, rpm}, Apt},
		{"dpkg's own with rpm, without a release", "\nPackage: dpkg", []string{dpkg, rpm}, Apt},
		{"SUSE with dpkg", "opensuse-leap", []string{dpkg, fedora}, Dnf},
		{"rpm's with dpkg, without a release", "", []string{dpkg, rpm}, Dnf},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			files := test.files
			if test.id != "" && test.id[0] != '\n' {
				files = append(files, "etc/os-release")
			}
			for _, name := range files {
				path := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte("ID="+test.id+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got := HasPackagesOf(host.New(root)); got != test.want {
				t.Errorf("HasPackagesOf = %q, want %q", got, test.want)
			}
		})
	}
}
