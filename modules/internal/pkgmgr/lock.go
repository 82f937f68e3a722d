// SPDX-License-Identifier: GPL-3.0-or-later

package pkgmgr

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"hardened.docker/modules/internal/host"
)

// Holder is a process that keeps package managers out.
type Holder struct {
	File    string // the lock
	PID     int    // 0 if it is not visible from here
	Command string // its command line
}

func (h Holder) String() string {
	if h.PID == 0 {
		return "a process outside of this container, on " + h.File
	}
	return fmt.Sprintf("process %d (%s), on %s", h.PID, h.Command, h.File)
}

// HolderOf returns who has the named file locked in the way of fcntl(2), or
// nil. Asking does not take a lock and writes nothing.
func HolderOf(h *host.Host, name string) *Holder {
	f, err := os.Open(h.Path(name))
	if err != nil {
		return nil // not there: nobody has ever locked it
	}
	defer f.Close()
	lock := syscall.Flock_t{Type: syscall.F_WRLCK}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil || lock.Type == syscall.F_UNLCK {
		return nil
	}
	// The kernel gives 0, or -1, for a process of another pid namespace.
	holder := &Holder{File: name, PID: max(int(lock.Pid), 0)}
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", holder.PID)); err == nil {
		holder.Command = strings.TrimSpace(strings.ReplaceAll(string(text), "\x00", " "))
	}
	if holder.Command == "" {
		holder.Command = "it has just ended"
	}
	return holder
}

// Wait waits until locked returns nobody. It returns for whom it waited, "" if
// for nobody, and an error that names the holder if limit passes first.
func Wait(ctx context.Context, locked func() *Holder, limit time.Duration) (string, error) {
	start := time.Now()
	waited := ""
	for {
		holder := locked()
		if holder == nil {
			return waited, nil
		}
		waited = fmt.Sprintf("waited for %s", holder)
		if time.Since(start) >= limit {
			return waited, &Error{Cause: CauseLocked, Text: fmt.Sprintf("the package manager is locked by %s, for longer than the %v that lock_timeout allows; wait until it ends, or give more time", holder, limit)}
		}
		select {
		case <-ctx.Done():
			return waited, fmt.Errorf("cannot wait longer for %s: %w", holder, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}
