// SPDX-License-Identifier: GPL-3.0-or-later

package docker_daemon_json

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
)

// TestInstalled asks for the version where nothing answers on the socket: what
// docker_service noted counts as long as that very process runs its program,
// and the program counts otherwise.
func TestInstalled(t *testing.T) {
	const pid, ticks = 7, 1234
	tests := []struct {
		name  string
		noted *dockerd.Snapshot
		exe   string
		want  string
	}{
		{"noted", &dockerd.Snapshot{PID: pid, Ticks: ticks, Version: "26.1.5"}, "/usr/sbin/dockerd", "26.1.5"},
		{"another process", &dockerd.Snapshot{PID: pid, Ticks: ticks + 1, Version: "26.1.5"}, "/usr/sbin/dockerd", "28.0.1"},
		{"upgraded since", &dockerd.Snapshot{PID: pid, Ticks: ticks, Version: "26.1.5"}, "/usr/sbin/dockerd (deleted)", "28.0.1"},
		{"noted by an older release", &dockerd.Snapshot{PID: pid, Ticks: ticks}, "/usr/sbin/dockerd", "28.0.1"},
		{"not noted", nil, "/usr/sbin/dockerd", "28.0.1"},
	}
	bin := t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	place(t, filepath.Join(bin, "dockerd"), "#!/bin/sh\necho 'Docker version 28.0.1, build 1'\n", 0o700)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			h := host.New(root)
			place(t, filepath.Join(root, "run/docker.pid"), fmt.Sprintln(pid), 0o600)
			place(t, filepath.Join(root, "proc/7/stat"), fmt.Sprintf("%d (dockerd) S 1 7 7 0 -1 0 0 0 0 0 1 1 0 0 20 0 9 0 %d 1 1\n", pid, ticks), 0o600)
			place(t, filepath.Join(root, "proc/7/cmdline"), "dockerd\x00-H\x00fd://\x00", 0o600)
			if err := os.Symlink(test.exe, filepath.Join(root, "proc/7/exe")); err != nil {
				t.Fatal(err)
			}
			if test.noted != nil {
				if err := test.noted.Save(h); err != nil {
					t.Fatal(err)
				}
			}
			process := dockerd.FromPIDFile(h)
			got := installed(t.Context(), h, process, dockerd.Daemon{Process: process}.Client(h, nil, apiLimit))
			if got == nil || *got != test.want {
				t.Errorf("installed() = %v; want %s", got, test.want)
			}
		})
	}
}

func place(t *testing.T, name, content string, mode os.FileMode) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(name), 0o700)
	if err == nil {
		err = os.WriteFile(name, []byte(content), mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}
