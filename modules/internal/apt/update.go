// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"hardened.docker/modules/internal/host"
)

// Update is one fetching of the package lists.
type Update struct {
	// Only is the one sources file whose lists are fetched; "" is all.
	Only        string
	LockTimeout time.Duration
}

// Fetch runs apt-get update. It returns for whom it waited.
func (u Update) Fetch(ctx context.Context, h *host.Host) (waited string, err error) {
	waited, err = Wait(ctx, h, u.LockTimeout)
	if err != nil {
		return waited, err
	}
	argv := []string{
		"apt-get", "update", "-q",
		"-o", fmt.Sprintf("DPkg::Lock::Timeout=%d", int(u.LockTimeout.Seconds())),
		"-o", "Acquire::Retries=2",
		// By default a list that cannot be fetched is a warning and success.
		"-o", "APT::Update::Error-Mode=any",
	}
	stamp := time.Now
	if u.Only != "" {
		before, err := ReadLists(h)
		if err != nil {
			return waited, err
		}
		// It says nothing of the other repositories' lists.
		stamp = before.Stamp
		argv = append(argv, "-o", "Dir::Etc::sourcelist="+u.Only, "-o", "Dir::Etc::sourceparts=-", "-o", "APT::Get::List-Cleanup=false",
			// A cache of this one file's repositories is of no use to anybody.
			"-o", "pkgCacheFile::Generate=false")
	}
	out, err := h.Run(ctx, host.Command{Argv: argv, Env: environment()})
	if err == nil && failed(out) {
		// apt before 2.3 does not know Error-Mode.
		err = &host.CommandError{Argv: argv, Output: out}
	}
	if err != nil {
		return waited, failure(out, err)
	}
	// An update that finds nothing new leaves no trace; ReadLists needs one. The
	// time of the lists' own directory stays: after a whole update, apt's caches
	// are younger than it, and a time after theirs would call them outdated.
	traces := []string{listsDir + "/partial", listsDir}
	if u.Only == "" && h.Exists(traces[0]) {
		traces = traces[:1]
	}
	for _, dir := range traces {
		if err := os.Chtimes(h.Path(dir), stamp(), stamp()); err != nil && !notThere(err) {
			return waited, fmt.Errorf("cannot note the time of the update: %w", err)
		}
	}
	return waited, nil
}

// failed reports whether apt-get update, which ended well, did not fetch
// everything.
func failed(out host.Output) bool {
	return slices.ContainsFunc([]string{"W: Failed to fetch", "W: GPG error", "W: Some index files failed", "W: An error occurred during the signature"}, func(s string) bool {
		return bytes.Contains(out.Stderr, []byte(s)) || bytes.Contains(out.Stdout, []byte(s))
	})
}
