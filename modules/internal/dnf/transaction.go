// SPDX-License-Identifier: GPL-3.0-or-later

package dnf

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// Backend is how dnf's and rpm's programs are run on a host.
func Backend(h *host.Host) pkgmgr.Backend {
	b := pkgmgr.Backend{Locked: func() *pkgmgr.Holder { return Locked(h) }, Failure: failure, TurnDir: "/var/lib/rpm",
		Verdict: func(argv []string, out host.Output) error { return verdict(argv, out, nil) }}
	if !h.Exists(b.TurnDir) {
		b.TurnDir = "/usr/lib/sysimage/rpm"
	}
	return b
}

// Test fetches the packages of a request, imports their keys and has RPM
// simulate the transaction. What can fail without harm fails here: the network,
// a signature, the disk's space, files that two packages bring.
func (t Tool) Test(ctx context.Context, h *host.Host, r Request) error {
	argv, stdin := t.command(r, "-y", "--setopt=tsflags=test")
	out, err := h.Run(ctx, host.Command{Argv: argv, Stdin: []byte(stdin)})
	return verdict(argv, out, err)
}

// verdict is the error of a run of dnf, also of one whose exit status does not
// tell.
func verdict(argv []string, out host.Output, err error) error {
	_, skipped := parseTransaction(string(out.Stdout))
	if err == nil && !skipped && len(errorLines(string(out.Stdout)+"\n"+string(out.Stderr))) == 0 {
		return nil
	}
	if err == nil {
		err = &host.CommandError{Argv: argv, Output: out}
	}
	return failure(out, err)
}

// Transaction is the run that carries a request out, and the shell text that
// gives it its standard input.
func (t Tool) Transaction(r Request) (argv []string, prologue string) {
	argv, stdin := t.command(r, "-y")
	if stdin == "" {
		return argv, ""
	}
	return argv, "exec <<'REQUEST'\n" + stdin + "REQUEST\n"
}

// Reinstall is the run that installs packages once more, with their scripts.
func (t Tool) Reinstall(names []string) []string {
	return append(t.argv("-y", "reinstall"), names...)
}

// Fetch fetches the metadata of the host's repositories, or of one. It fails if
// one of them cannot be reached, also where dnf is told to go on without it.
func (t Tool) Fetch(ctx context.Context, h *host.Host, only string, lockTimeout time.Duration) (waited string, err error) {
	waited, err = pkgmgr.Wait(ctx, func() *pkgmgr.Holder { return Locked(h) }, lockTimeout)
	if err != nil {
		return waited, err
	}
	stamp, patterns := time.Now, repodata()
	var options []string
	if only != "" {
		// It says nothing of the other repositories' metadata.
		before, err := ReadLists(h)
		if err != nil {
			return waited, err
		}
		stamp, patterns = before.Stamp, repodataOf(only)
		options = append(options, "--disablerepo=*", "--enablerepo="+only)
	}
	if t.Generation != 3 {
		options = append(options, "--refresh")
	}
	if err := t.makecache(ctx, h, options...); err != nil {
		return waited, err
	}
	// Metadata that has not changed keeps its time; ReadLists needs this one's.
	for _, pattern := range patterns {
		found, err := h.Glob(pattern)
		if err != nil {
			return waited, err
		}
		for _, name := range found {
			names := []string{path.Dir(name)}
			if only != "" {
				names = append(names, name)
			}
			for _, name := range names {
				if err := os.Chtimes(h.Path(name), stamp(), stamp()); err != nil {
					return waited, fmt.Errorf("cannot note the time of the update: %w", err)
				}
			}
		}
	}
	return waited, nil
}

// makecache fetches metadata. It fails if that of one repository cannot be
// fetched, also where dnf is told to go on without it.
func (t Tool) makecache(ctx context.Context, h *host.Host, options ...string) error {
	argv := t.argv(slices.Concat([]string{"--setopt=*.skip_if_unavailable=False"}, options, []string{"makecache"})...)
	out, err := h.Run(ctx, host.Command{Argv: argv})
	if err == nil && strings.Contains(string(out.Stdout)+string(out.Stderr), "Ignoring repositories") {
		err = &host.CommandError{Argv: argv, Output: out}
	}
	if err != nil {
		return failure(out, err)
	}
	return nil
}
