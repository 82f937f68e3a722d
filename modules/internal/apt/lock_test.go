// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// TestMain is also the program that takes a lock for these tests: a process
// does not see its own.
func TestMain(m *testing.M) {
	name := os.Getenv("TEST_LOCK")
	if name == "" {
		os.Exit(m.Run())
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err == nil {
		err = syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK})
	}
	fmt.Println(err)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// lockIn has another process lock a file until release is called.
func lockIn(t *testing.T, path string) (pid int, release func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "apt-get", "upgrade")
	cmd.Env = append(os.Environ(), "TEST_LOCK="+path)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "<nil>\n" {
		t.Fatalf("cannot lock %s: %q, %v", path, line, err)
	}
	release = func() {
		stdin.Close()
		_ = cmd.Wait()
	}
	t.Cleanup(release)
	return cmd.Process.Pid, release
}

func TestWait(t *testing.T) {
	h := write(t, map[string]string{"var/lib/dpkg/lock-frontend": "", "var/lib/apt/lists/lock": ""})
	if waited, err := Wait(t.Context(), h, 0); waited != "" || err != nil {
		t.Errorf("Wait without a lock = %q, %v; want nothing", waited, err)
	}
	for _, name := range []string{"/var/lib/dpkg/lock-frontend", "/var/lib/apt/lists/lock"} {
		pid, release := lockIn(t, h.Path(name))
		who := fmt.Sprintf("process %d (%s apt-get upgrade), on %s", pid, os.Args[0], name)

		var e *pkgmgr.Error
		_, err := Wait(t.Context(), h, 0)
		if !errors.As(err, &e) || e.Cause != pkgmgr.CauseLocked || !strings.Contains(e.Text, who) {
			t.Errorf("Wait(0) = %v; want an error that names %s", err, who)
		}

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Wait(ctx, h, time.Minute); !errors.Is(err, context.Canceled) {
			t.Errorf("Wait of an ended run = %v; want %v", err, context.Canceled)
		}

		time.AfterFunc(300*time.Millisecond, release)
		if waited, err := Wait(t.Context(), h, time.Minute); err != nil || waited != "waited for "+who {
			t.Errorf("Wait = %q, %v; want for %s", waited, err, who)
		}
	}
	if holder := Locked(host.New(t.TempDir())); holder != nil {
		t.Errorf("Locked of a host without apt = %v; want nil", holder)
	}
}
