// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// A package manager that was killed leaves dpkg and its scripts: as long as
// these hold the lock, systemd's condition keeps the engine from starting.
func TestHeldBackAfterKill(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	h := tree(t, map[string]string{"run/systemd/system/": "", "var/lib/dpkg/": ""})

	asked, held := 0, false
	locked := func() *pkgmgr.Holder {
		asked++
		switch asked {
		case 1:
			return nil // nobody is at work before it begins
		case 2:
			held = heldBack(t, h)
			return &pkgmgr.Holder{File: "/var/lib/dpkg/lock", PID: 1, Command: "dpkg"}
		default:
			held = held && heldBack(t, h)
			return nil
		}
	}
	killed := pkgmgr.Transaction{
		Backend:     pkgmgr.Backend{Locked: locked, TurnDir: "/var/lib/dpkg", Failure: func(_ host.Output, err error) error { return err }},
		Argv:        []string{"sh", "-c", "kill -9 $$"},
		LockTimeout: time.Minute,
	}
	if _, err := withoutStart(context.Background(), h, killed); err == nil {
		t.Fatal("withoutStart = nil; want the error of a program that was killed")
	}
	if !held || asked != 3 {
		t.Errorf("while dpkg went on, the engine's start was held back: %v, asked %d times; want true, 3", held, asked)
	}
	if left := blocked(h); left != nil {
		t.Errorf("blocked() = %q when all has ended; want none", left)
	}
}

// heldBack asks what systemd would, of the kernel's own /proc.
func heldBack(t *testing.T, h *host.Host) bool {
	t.Helper()
	text, err := h.ReadFile(dockerd.FirstStart(dockerd.Service))
	if err != nil {
		t.Errorf("the drop-in is gone: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), dockerd.NotWhile); ok {
			if _, err := os.Stat(path); err == nil {
				return true
			}
		}
	}
	return false
}

// An engine that is about to start runs for a transaction: held back, it would
// stay down when the packages' scripts restart it.
func TestEngineActive(t *testing.T) {
	const show = "Id=docker.service\nLoadState=loaded\n"
	for name, test := range map[string]struct {
		answer string // of systemctl is-active
		code   int
		show   string
		want   bool
	}{
		"active":           {"active", 0, "", true},
		"inactive":         {"inactive", 3, "", false},
		"failed":           {"failed", 3, "", false},
		"not there":        {"unknown", 4, "", false},
		"reloading":        {"reloading", 3, "", true},
		"stopping":         {"deactivating", 3, "", false},
		"starting":         {"activating", 3, show + "ActiveState=activating\nSubState=start\nNRestarts=0\n", true},
		"waits to restart": {"activating", 3, show + "ActiveState=activating\nSubState=auto-restart\nNRestarts=0\n", false},
		"crashes":          {"activating", 3, show + "ActiveState=activating\nSubState=start\nNRestarts=4\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			script := fmt.Sprintf("#!/bin/sh\ncase $1 in is-active) echo %s; exit %d ;; show) printf '%s' ;; esac\n", test.answer, test.code, test.show)
			if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
			if got := engineActive(t.Context(), host.New(t.TempDir())); got != test.want {
				t.Errorf("engineActive = %v; want %v", got, test.want)
			}
		})
	}
}
