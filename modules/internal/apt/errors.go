// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"hardened.docker/modules/internal/host"
)

// Cause is why apt failed, as far as a user would act on it differently.
type Cause string

// The causes.
const (
	CauseOther       Cause = "other"
	CauseLocked      Cause = "locked"
	CauseInterrupted Cause = "interrupted"
	CauseDisk        Cause = "disk"
	CauseKey         Cause = "key"
	CauseCertificate Cause = "certificate"
	CauseExpired     Cause = "expired"
	CauseSignedBy    Cause = "signed-by"
	CauseSuite       Cause = "suite"
	CauseUnreachable Cause = "unreachable"
	CauseVersion     Cause = "version"
	CauseUnmet       Cause = "unmet"
	CauseScript      Cause = "script"
	CauseRoot        Cause = "root"
)

// Error is a failure of apt or dpkg.
type Error struct {
	Cause Cause
	// Text says what is wrong and what to do.
	Text string
	// Lines are apt's own words.
	Lines []string
	Err   error
}

func (e *Error) Error() string {
	if len(e.Lines) == 0 {
		return e.Text
	}
	return e.Text + " (apt says: " + strings.Join(e.Lines, " / ") + ")"
}

func (e *Error) Unwrap() error { return e.Err }

// symptom is what apt prints for a cause, and what to tell the user of it.
type symptom struct {
	cause Cause
	text  string
	words []string
}

// symptoms are tried in order; the first whose words occur in what apt printed
// names the cause. Sources: apt's messages of 1.6 to 3.0.
func symptoms() []symptom {
	return []symptom{
		{CauseDisk, "the disk is full; free some space (apt-get clean helps) and run again, it goes on where it stopped",
			[]string{"No space left on device", "don't have enough free space", "Disk quota exceeded"}},
		{CauseRoot, "it needs root; run the task with become: true",
			[]string{"are you root?", "requires superuser privilege", "open (13: Permission denied)", "Acquire (13: Permission denied)"}},
		{CauseInterrupted, "dpkg was interrupted before; run again, this module then finishes its work first",
			[]string{"dpkg was interrupted"}},
		{CauseLocked, "another package manager holds the lock; wait until it ends, or give lock_timeout more time",
			[]string{"Could not get lock", "Unable to acquire the dpkg frontend lock", "Unable to lock", "is locked by another process"}},
		{CauseSignedBy, "two entries of apt's sources name the same repository with different keys or options; remove one of them (docker_repository does so for Docker's)",
			[]string{"Conflicting values set for option"}},
		{CauseKey, "the key that the host trusts for the repository has expired or was revoked; give the one that the repository's owner publishes now",
			[]string{"EXPKEYSIG", "KEYEXPIRED", "REVKEYSIG", "not live because", "key is revoked"}},
		{CauseKey, "the repository is signed with another key than the one that the host trusts for it; give the key that the repository's owner publishes",
			[]string{"NO_PUBKEY", "Missing key", "unsupported filetype"}},
		{CauseKey, "the repository's signature is wrong: its index is not what its owner signed; somebody or something on the way, such as a proxy, may have changed it",
			[]string{"BADSIG", "signatures were invalid", "OpenPGP signature verification failed", "GPG error", "invalid for signing", "Splitting up", "NODATA"}},
		{CauseKey, "the repository has no signature; give trusted: true if it is a place that only root may write to",
			[]string{"is not signed"}},
		{CauseExpired, "the repository's index has expired or is from the future; check the host's clock, and whether a mirror is still updated",
			[]string{"Release file", "is expired", "is not valid yet"}},
		{CauseCertificate, "the host cannot verify the repository's TLS certificate; install the package ca-certificates, or for a certificate authority of your own its certificate",
			[]string{"No system certificates available", "ertificate verification failed", "certificate is NOT trusted", "server certificate verification"}},
		{CauseSuite, "the address answers, but has no repository for this suite; check url and suite",
			[]string{"does not have a Release file", "404  Not Found", "404 Not Found", "Unable to find expected entry"}},
		{CauseUnreachable, "the repository cannot be reached; check its address, the network, DNS and proxy of the host",
			[]string{"Could not resolve", "failure resolving", "Could not connect", "Unable to connect", "annot initiate the connection", "Connection refused", "Connection timed out", "Connection failed", "Network is unreachable", "No route to host", "File not found - ", "Failed to fetch", "Some index files failed to download"}},
		{CauseVersion, "no repository of the host has the package, or not in this version",
			[]string{"was not found", "has no installation candidate", "Unable to locate package", "No packages found"}},
		{CauseUnmet, "the packages' dependencies cannot be satisfied together",
			[]string{"unmet dependencies", "held broken packages", "Unable to correct problems", "Unable to satisfy dependencies", "pkgProblemResolver"}},
		{CauseScript, "dpkg failed on a package; the host can be finished by the next run once its cause is away",
			[]string{"returned an error code", "error processing"}},
	}
}

// failure makes an Error of a command's output. All words of CauseExpired's
// first entry are common: they count only together.
func failure(out host.Output, err error) error {
	text := string(out.Stderr) + "\n" + string(out.Stdout)
	e := &Error{Cause: CauseOther, Err: err, Lines: complaints(text)}
	if errors.Is(err, host.ErrNotFound) {
		e.Text = err.Error()
		return e
	}
	var command *host.CommandError
	if errors.As(err, &command) && command.Err != nil && out.Code < 0 {
		e.Cause, e.Lines = CauseInterrupted, nil
		e.Text = fmt.Sprintf("%s was ended before it had finished (%v); run again, what it began is finished first", command.Argv[0], command.Err)
		return e
	}
	has := func(word string) bool { return strings.Contains(text, word) }
	for _, s := range symptoms() {
		match := slices.ContainsFunc(s.words, has)
		if s.cause == CauseExpired {
			match = has(s.words[0]) && slices.ContainsFunc(s.words[1:], has)
		}
		if match {
			e.Cause, e.Text = s.cause, s.text
			return e
		}
	}
	if len(e.Lines) == 0 {
		e.Text = err.Error()
		return e
	}
	e.Text = "apt failed"
	return e
}

// complaints returns apt's and dpkg's errors and, where there are none, its
// warnings; with the lines that explain unmet dependencies.
func complaints(text string) []string {
	var found, warnings []string
	explain := false
	for _, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "E: Some index files failed"), strings.HasPrefix(line, "W: Some index files failed"):
			// What came before it says which, and why.
		case strings.HasPrefix(line, "E: "), strings.HasPrefix(line, "dpkg: error"), strings.HasPrefix(line, "dpkg: unrecoverable"):
			explain = strings.HasPrefix(line, "dpkg: error")
			found = append(found, strings.TrimPrefix(line, "E: "))
		case strings.HasPrefix(line, "W: GPG error"), strings.HasPrefix(line, "W: An error occurred during the signature"), strings.HasPrefix(line, "W: OpenPGP"):
			found = append(found, strings.TrimPrefix(line, "W: "))
		case strings.HasPrefix(line, "W: "):
			warnings = append(warnings, strings.TrimPrefix(line, "W: "))
		case strings.Contains(line, "unmet dependencies:"):
			explain = true
		case explain && strings.HasPrefix(line, " ") && trimmed != "":
			found = append(found, trimmed)
		default:
			explain = false
		}
	}
	if len(found) == 0 {
		found = warnings
	}
	found = slices.Compact(found)
	const most = 8
	if len(found) > most {
		found = append(found[:most:most], "...")
	}
	return found
}

func notThere(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
