// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hardened.docker/modules/internal/host"
)

// environment keeps every program that apt runs from asking questions and from
// restarting services that have nothing to do with the transaction.
func environment() []string {
	return []string{
		"DEBIAN_FRONTEND=noninteractive",
		"DEBIAN_PRIORITY=critical",
		"APT_LISTCHANGES_FRONTEND=none",
		"NEEDRESTART_MODE=l",
		"NEEDRESTART_SUSPEND=1",
		"UCF_FORCE_CONFFOLD=1",
	}
}

// RunDir is where a transaction keeps what it needs while it runs.
const RunDir = "/run/hardened.docker"

// Transaction is one call of a program that writes packages.
type Transaction struct {
	// Argv is apt-get with its arguments, or dpkg with its.
	Argv []string
	// Prologue is shell text that runs in the process that then becomes the
	// program; $$ is its process id. Dir is the program's working directory.
	Prologue string
	Dir      string
	// LockTimeout is how long to wait for another package manager.
	LockTimeout time.Duration
}

// AptGet returns the arguments of a non-interactive apt-get. Configuration
// files that somebody has changed are kept; the others follow the package.
func AptGet(args ...string) []string {
	return slices.Concat([]string{
		"apt-get", "-y", "-q",
		"-o", "Dpkg::Options::=--force-confdef",
		"-o", "Dpkg::Options::=--force-confold",
		"-o", "Dpkg::Use-Pty=false",
		"-o", "Acquire::Retries=2",
	}, args)
}

// Run waits for the locks and carries the transaction out. Once begun it is
// not ended by the end of ctx: dpkg, killed half-way, leaves packages that are
// neither old nor new. The program does not write to this process but to a
// file, so that it can finish alone if this process is killed.
//
// Run returns for whom it waited, if for anybody.
func (t Transaction) Run(ctx context.Context, h *host.Host) (waited string, err error) {
	waited, err = Wait(ctx, h, t.LockTimeout)
	if err != nil {
		return waited, err
	}
	log, err := newLog(h)
	if err != nil {
		return waited, err
	}
	argv := t.Argv
	if argv[0] == "apt-get" {
		// For somebody who takes the lock between the wait and the start.
		argv = slices.Insert(slices.Clone(argv), 1, "-o", fmt.Sprintf("DPkg::Lock::Timeout=%d", int(t.LockTimeout.Seconds())))
	}
	script := "exec </dev/null >'" + strings.ReplaceAll(h.Path(log), "'", `'\''`) + "' 2>&1\n" + t.Prologue + "\nexec \"$@\"\n"
	_, err = h.Run(context.WithoutCancel(ctx), host.Command{
		Argv: append([]string{"sh", "-c", script, "sh"}, argv...),
		Env:  environment(),
		Dir:  t.Dir,
	})
	text, _, readErr := h.ReadRegular(log, 16<<20)
	if err == nil {
		if err := os.Remove(h.Path(log)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return waited, fmt.Errorf("cannot remove %s: %w", log, err)
		}
		_ = os.Remove(h.Path(RunDir)) // unless something else is in it
		return waited, nil
	}
	var command *host.CommandError
	if readErr == nil && errors.As(err, &command) {
		out := host.Output{Stdout: text, Code: command.Output.Code}
		err = &host.CommandError{Argv: argv, Output: out, Err: command.Err}
		return waited, failure(out, err)
	}
	return waited, err
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
		f, err := os.CreateTemp(dir, "packages-*.log")
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

// Download fetches the packages of a transaction beforehand. What can fail at
// leisure, the network, fails here, where ctx can end it and nothing has
// changed yet.
func Download(ctx context.Context, h *host.Host, lockTimeout time.Duration, args []string) (waited string, err error) {
	waited, err = Wait(ctx, h, lockTimeout)
	if err != nil {
		return waited, err
	}
	out, err := h.Run(ctx, host.Command{Argv: AptGet(slices.Concat([]string{"-d"}, args)...), Env: environment()})
	if err != nil {
		return waited, failure(out, err)
	}
	return waited, nil
}
