// SPDX-License-Identifier: GPL-3.0-or-later

package docker_data_root

import (
	"strings"
	"testing"

	"hardened.docker/modules/internal/machine"
	"hardened.docker/modules/internal/moduletest"
)

func TestMain(m *testing.M) { moduletest.Main(m, "docker_data_root", Module) }

func TestScripts(t *testing.T) { moduletest.Scripts(t) }

func TestJudgeFilesystem(t *testing.T) {
	tests := []struct {
		kind          string
		options       string
		problem, warn string
	}{
		{"ext4", "rw,relatime", "", ""},
		{"xfs", "rw", "", ""},
		{"tmpfs", "rw", "gone after a reboot", ""},
		{"nfs4", "rw", "network or user-space", ""},
		{"fuse.sshfs", "rw", "network or user-space", ""},
		{"overlay", "rw", "does not work on another overlay", ""},
		{"btrfs", "rw", "use ext4 or xfs, or add it to the option filesystem", ""},
		{"ext4", "rw,noexec", "mounted with noexec", ""},
		{"ext4", "ro", "read-only", ""},
		{"ext4", "rw,nosuid", "", "mounted with nosuid"},
		{"ext4", "rw,nodev", "", "mounted with nodev"},
	}
	for _, test := range tests {
		f := found{mount: machine.Mount{Point: "/data", Type: test.kind, Options: strings.Split(test.options, ",")}}
		f.judgeType(Params{Filesystem: []string{"ext4", "xfs"}})
		f.judgeOptions()
		if got := strings.Join(f.problems, "; "); (test.problem == "") != (got == "") || !strings.Contains(got, test.problem) {
			t.Errorf("%s %s: problems %q; want %q", test.kind, test.options, got, test.problem)
		}
		if got := strings.Join(f.warnings, "; "); (test.warn == "") != (got == "") || !strings.Contains(got, test.warn) {
			t.Errorf("%s %s: warnings %q; want %q", test.kind, test.options, got, test.warn)
		}
	}
}
