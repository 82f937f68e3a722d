// SPDX-License-Identifier: GPL-3.0-or-later

package pkgmgr

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"hardened.docker/modules/internal/host"
)

// TakeTurn waits until no other module on this host is in a transaction, and
// keeps others out until release is called or this process ends. A module goes
// on when the ansible-playbook that started it is killed, and must not meet
// the one of the next run half-way: between them, the package manager's locks are free.
//
// The lock is on turnDir, so that no file is left behind. Where that is not
// there, nor is the package manager. TakeTurn returns for whom it waited, if
// for anybody.
func TakeTurn(ctx context.Context, h *host.Host, turnDir string, limit time.Duration) (waited string, release func(), err error) {
	dir, err := os.Open(h.Path(turnDir))
	if errors.Is(err, fs.ErrNotExist) {
		return "", func() {}, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("cannot open %s: %w", turnDir, err)
	}
	defer func() {
		if err != nil {
			dir.Close()
		}
	}()
	start := time.Now()
	for {
		err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return waited, func() { dir.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return waited, nil, fmt.Errorf("cannot lock %s: %w", turnDir, err)
		}
		who := "a task of another run" + turnOf(dir)
		waited = "waited for " + who
		if time.Since(start) >= limit {
			return waited, nil, &Error{Cause: CauseLocked, Text: fmt.Sprintf("the package manager is locked by %s, for longer than the %v that lock_timeout allows; wait until it ends, or give more time", who, limit)}
		}
		select {
		case <-ctx.Done():
			return waited, nil, fmt.Errorf("cannot wait longer for another run: %w", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// turnOf says which process has locked a directory in the way of flock(2), as
// far as it is visible from here (proc_locks(5)).
func turnOf(dir *os.File) string {
	info, err := dir.Stat()
	if err != nil {
		return ""
	}
	text, err := os.ReadFile("/proc/locks")
	if err != nil {
		return ""
	}
	inode := fmt.Sprintf(":%d", info.Sys().(*syscall.Stat_t).Ino)
	for _, line := range strings.Split(string(text), "\n") {
		// 3: FLOCK  ADVISORY  WRITE 1234 fe:01:4711 0 EOF
		f := strings.Fields(line)
		if len(f) < 6 || f[1] != "FLOCK" || !strings.HasSuffix(f[5], inode) {
			continue
		}
		if cmdline, err := os.ReadFile("/proc/" + f[4] + "/cmdline"); err == nil {
			return fmt.Sprintf(", process %s (%s)", f[4], strings.TrimSpace(strings.ReplaceAll(string(cmdline), "\x00", " ")))
		}
	}
	return ""
}
