// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hardened.docker/modules/internal/host"
)

// held returns a host on which packages are being installed, and what ends that.
func held(t *testing.T) (*host.Host, func()) {
	t.Helper()
	h := host.New(t.TempDir())
	dropin, marker := h.Path(FirstStart(Service)), h.Path("/run/marker")
	if err := os.MkdirAll(filepath.Dir(dropin), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{dropin: "[Unit]\n" + NotWhile + "/run/gone\n" + NotWhile + "/run/marker\n", marker: ""} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return h, func() {
		if err := os.Remove(marker); err != nil {
			t.Error(err)
		}
	}
}

func TestWaitWhileHeldBack(t *testing.T) {
	if err := WaitWhileHeldBack(t.Context(), host.New(t.TempDir()), 0); err != nil {
		t.Errorf("WaitWhileHeldBack = %v where nothing holds it back; want nil", err)
	}
	h, release := held(t)
	if err := WaitWhileHeldBack(t.Context(), h, 0); !errors.Is(err, HeldBackError{}) {
		t.Errorf("WaitWhileHeldBack = %v after its limit; want %v", err, HeldBackError{})
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := WaitWhileHeldBack(ended, h, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("WaitWhileHeldBack = %v when the run ends; want %v", err, context.Canceled)
	}
	time.AfterFunc(200*time.Millisecond, release)
	if err := WaitWhileHeldBack(t.Context(), h, time.Hour); err != nil || HeldBack(h) {
		t.Errorf("WaitWhileHeldBack = %v, held back %v; want nil when the packages are installed", err, HeldBack(h))
	}
}

// Nothing is started as long as that would be no start.
func TestStartWaits(t *testing.T) {
	bin := t.TempDir()
	asked := filepath.Join(bin, "asked")
	if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte("#!/bin/sh\necho \"$@\" >>"+asked+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	h, _ := held(t)
	ended, end := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer end()
	if _, _, err := (Daemon{}).Start(ended, h, nil, time.Second); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Start = %v while dockerd is held back; want %v", err, context.DeadlineExceeded)
	}
	if text, err := os.ReadFile(asked); err == nil {
		t.Errorf("Start called systemctl while dockerd is held back: %s", text)
	}
}
