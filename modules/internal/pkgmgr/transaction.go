// SPDX-License-Identifier: GPL-3.0-or-later

package pkgmgr

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
)

// RunDir is where a transaction keeps what it needs while it runs.
const RunDir = "/run/hardened.docker"

// Backend is what differs between package managers when they are run.
type Backend struct {
	// Env is added to the environment.
	Env []string
	// Locked returns who keeps the package manager out, or nil.
	Locked func() *Holder
	// Failure makes an error of what a program of it printed.
	Failure func(out host.Output, err error) error
	// Verdict, if not nil, is the error of a program that ended well and yet
	// says that it failed.
	Verdict func(argv []string, out host.Output) error
	// TurnDir is a directory that is there wherever the package manager is, and
	// that nothing of it takes flock(2) on: see [TakeTurn].
	TurnDir string
}

// Transaction is one call of a program that writes packages.
type Transaction struct {
	Backend
	// Argv is the program, apt-get or dnf, with its arguments.
	Argv []string
	// Prologue is shell text that runs in the process that then becomes the
	// program; $$ is its process id. Dir is the program's working directory.
	Prologue string
	Dir      string
	// LockTimeout is how long to wait for another package manager.
	LockTimeout time.Duration
}

// Run waits for the locks and carries the transaction out. Once begun it is
// not ended by the end of ctx: a package manager, killed half-way, leaves packages that are
// neither old nor new. The program does not write to this process but to a
// file, so that it can finish alone if this process is killed.
//
// Run returns for whom it waited, if for anybody.
func (t Transaction) Run(ctx context.Context, h *host.Host) (waited string, err error) {
	waited, err = Wait(ctx, t.Locked, t.LockTimeout)
	if err != nil {
		return waited, &ansible.NothingDone{Err: err}
	}
	log, err := newLog(h)
	if err != nil {
		return waited, err
	}
	script := "exec </dev/null >'" + strings.ReplaceAll(h.Path(log), "'", `'\''`) + "' 2>&1\n" + t.Prologue + "\nexec \"$@\"\n"
	_, err = h.Run(context.WithoutCancel(ctx), host.Command{
		Argv: append([]string{"sh", "-c", script, "sh"}, t.Argv...),
		Env:  t.Env,
		Dir:  t.Dir,
	})
	text, _, readErr := h.ReadRegular(log, 16<<20)
	if err == nil && t.Verdict != nil && readErr == nil {
		if err := t.Verdict(t.Argv, host.Output{Stdout: text}); err != nil {
			return waited, withLog(err, log)
		}
	}
	if err == nil {
		if err := os.Remove(h.Path(log)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return waited, fmt.Errorf("cannot remove %s: %w", log, err)
		}
		RemoveLeft(h)
		return waited, nil
	}
	var command *host.CommandError
	if readErr == nil && errors.As(err, &command) {
		out := host.Output{Stdout: text, Code: command.Output.Code}
		err = &host.CommandError{Argv: t.Argv, Output: out, Err: command.Err}
		return waited, withLog(t.Failure(out, err), log)
	}
	return waited, err
}

// withLog says where a failed transaction's words are, of which the error has
// a few lines. They stay until a transaction succeeds, or the host is booted.
func withLog(err error, log string) error {
	return fmt.Errorf("%w; all that it said is in %s", err, log)
}

// RemoveLeft takes away the logs of transactions whose modules have ended, and
// the directory if nothing else is in it.
func RemoveLeft(h *host.Host) {
	logs, _ := h.Glob(RunDir + "/packages-*.log")
	for _, name := range logs {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(name), "packages-"), "-")
		if _, err := os.Stat("/proc/" + pid); errors.Is(err, fs.ErrNotExist) {
			_ = os.Remove(h.Path(name))
		}
	}
	_ = os.Remove(h.Path(RunDir))
}

// newLog makes an empty file for what a transaction says, and returns its path
// on the host. Each transaction has its own: one whose module was killed may
// still be writing when the next run begins.
func newLog(h *host.Host) (string, error) {
	dir := h.Path(RunDir)
	for {
		err := os.MkdirAll(dir, 0o755)
		if errors.Is(err, fs.ErrPermission) {
			return "", fmt.Errorf("cannot make %s: permission denied; run the task with become: true", RunDir)
		}
		if err != nil {
			return "", fmt.Errorf("cannot make %s: %w", RunDir, err)
		}
		f, err := os.CreateTemp(dir, fmt.Sprintf("packages-%d-*.log", os.Getpid()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // the end of another transaction removed the directory
		}
		if errors.Is(err, fs.ErrPermission) {
			return "", fmt.Errorf("cannot make a file in %s: permission denied; run the task with become: true", RunDir)
		}
		if err != nil {
			return "", fmt.Errorf("cannot make a file in %s: %w", RunDir, err)
		}
		if err := f.Close(); err != nil {
			return "", fmt.Errorf("cannot make a file in %s: %w", RunDir, err)
		}
		return RunDir + "/" + filepath.Base(f.Name()), nil
	}
}
