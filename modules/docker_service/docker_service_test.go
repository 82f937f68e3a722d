// SPDX-License-Identifier: GPL-3.0-or-later

package docker_service

import (
	"os"
	"testing"

	"hardened.docker/modules/internal/moduletest"
)

// TestMain runs the module's scripts, and in a process of its own each of the
// host's programs that stand in for systemd and dockerd there (fake_test.go).
func TestMain(m *testing.M) {
	switch os.Getenv("FAKE") {
	case "systemctl":
		os.Exit(fakeSystemctl(os.Args[1:]))
	case "journalctl":
		os.Exit(fakeJournalctl(os.Args[1:]))
	case "dockerd":
		os.Exit(fakeDockerd())
	}
	moduletest.Main(m, "docker_service", Module)
}

func TestScripts(t *testing.T) { moduletest.Scripts(t) }
