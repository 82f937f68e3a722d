// SPDX-License-Identifier: GPL-3.0-or-later

package dnf

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/mutate"
	"hardened.docker/modules/internal/pkgmgr"
)

// recorded reads what a real dnf printed, 4.14 or 5.4, on a host whose packages
// were made by molecule/openeuler/files/mkrpms.
func recorded(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestChanges(t *testing.T) {
	have := Installed{
		"containerd":    {"1.6.22-15.oe2203"},
		"runc":          {"1.1.8-18.oe2203"},
		"podman":        {"1:3.4.4-3.oe2203"},
		"cri-tools":     {"1.24.2-1.oe2203"},
		"docker-engine": {"2:18.09.0-316.oe2203"},
	}
	gone := func(name string) pkgmgr.Change { return pkgmgr.Change{Name: name, Before: have.Version(name)} }
	tests := []struct {
		name, text string
		have       Installed
		want       []pkgmgr.Change
	}{
		{"dependents", recorded(t, "remove-dependents"), have, []pkgmgr.Change{gone("podman"), gone("runc")}},
		{"replacing", recorded(t, "install-replacing"), have, []pkgmgr.Change{
			gone("containerd"), {Name: "containerd.io", After: "1.6.28-3.1.el8"}, {Name: "docker-ce", After: "3:24.0.9-1.el8"}, {Name: "docker-ce-cli", After: "1:24.0.9-1.el8"}, gone("runc")}},
		{"shell", recorded(t, "shell-test"), Installed{}, []pkgmgr.Change{
			gone("containerd"), gone("cri-tools"), {Name: "docker-engine", After: "2:18.09.0-200.oe2203"}, gone("podman"), gone("runc")}},
		{"swap", recorded(t, "shell-swap"), Installed{"docker-engine": {"2:18.09.0-200.oe2203"}}, []pkgmgr.Change{
			{Name: "containerd.io", After: "1.6.28-3.1.el8"}, {Name: "docker-ce", After: "3:24.0.7-1.el8"}, {Name: "docker-ce-cli", After: "1:24.0.7-1.el8"}, {Name: "docker-engine", Before: "2:18.09.0-200.oe2203"}}},
		{"downgrade", recorded(t, "downgrade"), have, []pkgmgr.Change{{Name: "docker-engine", Before: "2:18.09.0-316.oe2203", After: "2:18.09.0-200.oe2203"}}},
		{"upgrade", recorded(t, "shell-upgrade"), Installed{"docker-engine": {"2:18.09.0-200.oe2203"}}, []pkgmgr.Change{{Name: "docker-engine", Before: "2:18.09.0-200.oe2203", After: "2:18.09.0-316.oe2203"}}},
		{"long names", `Installing:
 a-package-with-a-name-as-long-as-its-column
                       x86_64  0:1-1.el9         repository-of-a-long-name
                                                                         1.2 M
 b                     noarch  2-1               r                      12 k
Transaction Summary
 c                     noarch  2-1               r                      12 k
`, Installed{}, []pkgmgr.Change{{Name: "a-package-with-a-name-as-long-as-its-column", After: "1-1.el9"}, {Name: "b", After: "2-1"}}},
		{"dnf5", "Package   Arch   Version  Repository  Size\nUpgrading:\n a        x86_64 1:2-1    r       1.0 MiB\n   replacing a x86_64 1:1-1 r  1.0 MiB\nInstalling:\n b        x86_64 0:2-1    r       1.0 MiB\n   replacing c x86_64 1-1 r  1.0 MiB\n\nTransaction Summary:\n Installing: 1 package\n",
			Installed{"a": {"1:1-1"}, "c": {"1-1"}}, []pkgmgr.Change{{Name: "a", Before: "1:1-1", After: "1:2-1"}, {Name: "b", After: "2-1"}, {Name: "c", Before: "1-1"}}},
		{"dnf5 swap", recorded(t, "dnf5-swap"), have, []pkgmgr.Change{
			gone("containerd"), gone("cri-tools"), {Name: "docker-engine", Before: "2:18.09.0-316.oe2203", After: "2:18.09.0-200.oe2203"}, gone("podman"), gone("runc")}},
		{"nothing", "Nothing to do.\nComplete!\n", have, nil},
	}
	for _, test := range tests {
		rows, skipped := parseTransaction(test.text)
		if diff := cmp.Diff(test.want, changes(rows, test.have)); diff != "" || skipped {
			t.Errorf("%s: skipped %v, changes (-want +got):\n%s", test.name, skipped, diff)
		}
	}
	if _, skipped := parseTransaction(recorded(t, "unmet")); !skipped {
		t.Error("parseTransaction(unmet) did not see that a package is skipped")
	}
}

func TestFailure(t *testing.T) {
	exit := &host.CommandError{Argv: []string{"dnf"}, Output: host.Output{Code: 1}}
	tests := []struct {
		name, text string
		want       pkgmgr.Cause
		line       string
	}{
		{"conflict", recorded(t, "conflict"), pkgmgr.CauseUnmet, "conflicts with docker provided by docker-engine-2:18.09.0-200"},
		{"file conflict", recorded(t, "file-conflict"), pkgmgr.CauseConflict, "file /usr/bin/runc from install of docker-engine"},
		{"unmet", recorded(t, "unmet"), pkgmgr.CauseUnmet, "nothing provides /bin/sh"},
		{"version", "Error: Unable to find a match: docker-engine-2:18.09.0-300.oe2203", pkgmgr.CauseVersion, "300.oe2203"},
		{"file repository", "Errors during downloading metadata for repository 'local':\n  - Curl error (37): Couldn't read a file:// file for file:///srv/rpms/openeuler/repodata/repomd.xml [Couldn't open file]\nError: Failed to download metadata for repo 'local': Cannot download repomd.xml", pkgmgr.CauseSuite, "Couldn't read a file"},
		{"dns", "  - Curl error (6): Couldn't resolve host name for https://d/repodata/repomd.xml [Could not resolve host: d]\nError: Failed to download metadata for repo 'd'", pkgmgr.CauseUnreachable, "resolve host"},
		{"package gone", "[MIRROR] x.rpm: Status code: 404 for https://d/x.rpm (IP: 1.2.3.4)\nError: Error downloading packages:\n  Cannot download x.rpm: All mirrors were tried", pkgmgr.CauseVersion, "cache_valid_time: 0"},
		{"404", "  - Status code: 404 for https://d/repodata/repomd.xml (IP: 1.2.3.4)\nError: Failed to download metadata for repo 'd'", pkgmgr.CauseSuite, "404"},
		{"certificate", "  - Curl error (60): SSL peer certificate or SSH remote key was not OK for https://d [SSL certificate problem]", pkgmgr.CauseCertificate, ""},
		{"expired key", "error: Verifying a signature using certificate 4B30 (owner <owner@example.com>):\n  1. Certificate 3C3F invalid: certificate is not alive\n      because: Expired on 2024-01-02T00:00:00Z\nPublic key for t-1-1.x86_64.rpm is not trusted. Failing package is: t-1-1.x86_64\nError: GPG check FAILED", pkgmgr.CauseKey, "has expired or was revoked"},
		{"old copy of the key", "The GPG keys listed for the \"t\" repository are already installed but they are not correct for this package.\nError: GPG check FAILED", pkgmgr.CauseKey, "remove RPM's old copy"},
		{"key", "Public key for docker-ce-24.0.7-1.el9.x86_64.rpm is not installed. Failing package is: docker-ce\nError: GPG check FAILED", pkgmgr.CauseKey, "Public key for docker-ce"},
		{"disk", "Error: Transaction test error:\n  installing package docker-ce-3:24 needs 81MB more space on the / filesystem\n\nError Summary\n-------------\nDisk Requirements:\n   At least 81MB more space needed on the / filesystem.", pkgmgr.CauseDisk, "At least 81MB"},
		{"disk, dnf5", "Transaction failed: Rpm transaction failed.\n  - installing package docker-ce-3:24.0.7-1.el8.x86_64 needs 8MB more space on the /usr/share/docker-ce filesystem", pkgmgr.CauseDisk, "needs 8MB"},
		{"file conflict, dnf5", "Transaction failed: Rpm transaction failed.\n  - file /usr/bin/runc from install of docker-engine-2:18.09.0-316.oe2203.x86_64 conflicts with file from package runc-0:1.1.8-18.oe2203.x86_64", pkgmgr.CauseConflict, "file /usr/bin/runc"},
		{"lock", "Error: Failed to obtain the transaction lock (logged in as: root).", pkgmgr.CauseLocked, ""},
		{"root", "Error: This command has to be run with superuser privileges (under the root user on most systems).", pkgmgr.CauseRoot, ""},
		{"script", "error: %prein(docker-ce-3:24) scriptlet failed, exit status 1\nError: Transaction failed", pkgmgr.CauseScript, "scriptlet failed"},
		{"other", "Error: The moon is full", pkgmgr.CauseOther, "The moon is full"},
		{"garbage", "nothing", pkgmgr.CauseOther, ""},
	}
	for _, test := range tests {
		err := failure(host.Output{Stdout: []byte(test.text), Code: 1}, exit)
		var got *pkgmgr.Error
		if !errors.As(err, &got) || got.Cause != test.want || !strings.Contains(got.Error(), test.line) {
			t.Errorf("%s: failure = %v; want cause %s, with %q", test.name, err, test.want, test.line)
		}
	}
}

// TestCommand: what installs and removes in one transaction depends on the
// generation.
func TestCommand(t *testing.T) {
	r := Request{Install: []string{"new-1-1"}, Remove: []string{"a", "b"}}
	tests := []struct {
		generation int
		request    Request
		end, stdin string
	}{
		{3, r, " shell /dev/stdin", "remove a b\ninstall new-1-1\nrun\n"},
		{4, r, " shell /dev/stdin", "remove a b\ninstall new-1-1\nrun\n"},
		{5, r, " do --allowerasing --action=remove a b --action=install new-1-1", ""},
		{5, Request{Install: r.Install}, " install new-1-1", ""},
		{5, Request{Remove: r.Remove}, " remove a b", ""},
	}
	for _, test := range tests {
		argv, stdin := Tool{Program: "dnf", Generation: test.generation}.command(test.request, "-y")
		if got := strings.Join(argv, " "); !strings.HasSuffix(got, " -y"+test.end) || stdin != test.stdin {
			t.Errorf("command(%+v) of generation %d = %q, %q; want %q at its end, %q", test.request, test.generation, got, stdin, test.end, test.stdin)
		}
	}
}

func TestVerdict(t *testing.T) {
	tests := map[string]bool{"shell-test": true, "shell-upgrade": true, "file-conflict": false, "unmet": false, "conflict": false}
	for name, want := range tests {
		err := verdict([]string{"dnf", "shell"}, host.Output{Stdout: []byte(recorded(t, name))}, nil)
		if (err == nil) != want {
			t.Errorf("verdict(%s) = %v; want success: %v", name, err, want)
		}
	}
}

func FuzzParseTransaction(f *testing.F) {
	for _, name := range []string{"install-replacing", "remove-dependents", "unmet", "shell-swap"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	mutate.Fuzz(f, func(t *testing.T, text string) {
		rows, _ := parseTransaction(text)
		for _, c := range changes(rows, Installed{"a": {"1"}}) {
			if c.Name == "" && c.After == "" && c.Before == "" {
				t.Errorf("an empty change in %q", text)
			}
		}
	})
}
