// SPDX-License-Identifier: GPL-3.0-or-later

package pkgmgr

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"hardened.docker/modules/internal/host"
)

func TestTakeTurn(t *testing.T) {
	h := host.New(t.TempDir())
	waited, release, err := TakeTurn(t.Context(), h, "/", 0)
	if waited != "" || err != nil {
		t.Fatalf("TakeTurn of a free host = %q, %v; want nothing", waited, err)
	}

	var e *Error
	if _, _, err := TakeTurn(t.Context(), h, "/", 0); !errors.As(err, &e) || e.Cause != CauseLocked || !strings.Contains(e.Text, fmt.Sprintf(", process %d (", os.Getpid())) {
		t.Errorf("TakeTurn(0) of a taken turn = %v; want an error with cause %v and this process", err, CauseLocked)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := TakeTurn(ctx, h, "/", time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("TakeTurn of an ended run = %v; want %v", err, context.Canceled)
	}

	time.AfterFunc(300*time.Millisecond, release)
	waited, release, err = TakeTurn(t.Context(), h, "/", time.Minute)
	if waited == "" || err != nil {
		t.Fatalf("TakeTurn = %q, %v; want that it waited", waited, err)
	}
	release()

	if _, release, err := TakeTurn(t.Context(), host.New(t.TempDir()), "/var/lib/dpkg", 0); err != nil {
		t.Errorf("TakeTurn of a host without dpkg = %v; want nothing", err)
	} else {
		release()
	}
}

// Two modules can be in a transaction at once: one that outlived its run, and
// the one of the next run. None may take the other's files away.
func TestTransactionsAtOnce(t *testing.T) {
	h := host.New(t.TempDir())
	gate := h.Path("/gate")
	first := make(chan error, 1)
	go func() {
		_, err := Transaction{Backend: nobody(), Argv: []string{"sh", "-c", `echo first; touch "$1.begun"; until test -e "$1"; do sleep 0.01; done`, "sh", gate}}.Run(context.Background(), h)
		first <- err
	}()
	for deadline := time.Now().Add(30 * time.Second); !h.Exists("/gate.begun"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the first transaction did not begin")
		}
	}
	if _, err := (Transaction{Backend: nobody(), Argv: []string{"touch", gate}}).Run(t.Context(), h); err != nil {
		t.Errorf("second Run = %v; want nil", err)
	}
	if err := <-first; err != nil {
		t.Errorf("first Run = %v; want nil", err)
	}
	if h.Exists(RunDir) {
		t.Errorf("%s is still there; want it removed", RunDir)
	}
}

// A failed transaction keeps what it said, until one of a later run succeeds.
func TestTransactionLog(t *testing.T) {
	h := host.New(t.TempDir())
	_, err := (Transaction{Backend: nobody(), Argv: []string{"sh", "-c", "echo why; exit 1"}}).Run(t.Context(), h)
	logs, globErr := h.Glob(RunDir + "/packages-*.log")
	if err == nil || globErr != nil || len(logs) != 1 || !strings.Contains(err.Error(), "all that it said is in "+logs[0]) {
		t.Fatalf("Run = %v, logs %v, %v; want an error that names the log", err, logs, globErr)
	}
	if text, err := h.ReadFile(logs[0]); err != nil || string(text) != "why\n" {
		t.Errorf("%s has %q, %v; want %q", logs[0], text, err, "why\n")
	}
	// As if the module that wrote it had ended: no process has this number.
	const left = RunDir + "/packages-4194305-1.log"
	if err := os.Rename(h.Path(logs[0]), h.Path(left)); err != nil {
		t.Fatal(err)
	}
	if _, err := (Transaction{Backend: nobody(), Argv: []string{"true"}}).Run(t.Context(), h); err != nil || h.Exists(RunDir) {
		t.Errorf("Run = %v, %s exists: %v; want it removed with what was left in it", err, RunDir, h.Exists(RunDir))
	}
}

func TestTransactionWithoutPrivilege(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	h := host.New(t.TempDir())
	if err := os.MkdirAll(h.Path(RunDir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(h.Path(RunDir), 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(h.Path(RunDir), 0o700) })
	if _, err := (Transaction{Backend: nobody(), Argv: []string{"true"}}).Run(t.Context(), h); err == nil || !strings.Contains(err.Error(), "become: true") {
		t.Errorf("Run without the right to write = %v; want a hint at become", err)
	}
}

// nobody is the backend of a package manager that nobody else uses.
func nobody() Backend {
	return Backend{Locked: func() *Holder { return nil }, Failure: func(_ host.Output, err error) error { return err }}
}
