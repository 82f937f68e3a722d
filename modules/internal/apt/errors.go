// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// symptoms are tried in order; the first whose words occur in what apt printed
// names the cause. Sources: apt's messages of 1.6 to 3.0.
func symptoms() []pkgmgr.Symptom {
	return []pkgmgr.Symptom{
		{Cause: pkgmgr.CauseDisk, Text: "the disk is full; free some space (apt-get clean helps) and run again, it goes on where it stopped",
			Words: []string{"No space left on device", "don't have enough free space", "Disk quota exceeded"}},
		{Cause: pkgmgr.CauseRoot, Text: "it needs root; run the task with become: true",
			Words: []string{"are you root?", "requires superuser privilege", "open (13: Permission denied)", "Acquire (13: Permission denied)"}},
		{Cause: pkgmgr.CauseInterrupted, Text: "dpkg was interrupted before; run again, this module then finishes its work first",
			Words: []string{"dpkg was interrupted"}},
		{Cause: pkgmgr.CauseLocked, Text: "another package manager holds the lock; wait until it ends, or give lock_timeout more time",
			Words: []string{"Could not get lock", "Unable to acquire the dpkg frontend lock", "Unable to lock", "is locked by another process"}},
		{Cause: pkgmgr.CauseSignedBy, Text: "two entries of apt's sources name the same repository with different keys or options; remove one of them (docker_repository does so for Docker's)",
			Words: []string{"Conflicting values set for option"}},
		{Cause: pkgmgr.CauseKey, Text: "the key that the host trusts for the repository has expired or was revoked; give the one that the repository's owner publishes now",
			Words: []string{"EXPKEYSIG", "KEYEXPIRED", "REVKEYSIG", "key is not live", "key is revoked"}},
		{Cause: pkgmgr.CauseKey, Text: "the repository is signed with another key than the one that the host trusts for it; give the key that the repository's owner publishes",
			Words: []string{"NO_PUBKEY", "Missing key", "unsupported filetype"}},
		{Cause: pkgmgr.CauseKey, Text: "the repository's signature is wrong: its index is not what its owner signed; somebody or something on the way, such as a proxy, may have changed it",
			Words: []string{"BADSIG", "signatures were invalid", "OpenPGP signature verification failed", "GPG error", "invalid for signing", "Splitting up", "NODATA"}},
		{Cause: pkgmgr.CauseKey, Text: "the repository was signed when the host last looked, and is not now; if its owner took the signature away, remove the host's index of it from /var/lib/apt/lists and give trusted: true, else somebody or something on the way took it away",
			Words: []string{"no longer has a Release file", "is no longer signed"}},
		{Cause: pkgmgr.CauseKey, Text: "the repository has no signature; give trusted: true if it is a place that only root may write to",
			Words: []string{"is not signed"}},
		{Cause: pkgmgr.CauseExpired, Text: "the repository's index has expired or is from the future; check the host's clock, and whether a mirror is still updated",
			All: true, Words: []string{"Release file", "is expired", "is not valid yet"}},
		{Cause: pkgmgr.CauseCertificate, Text: "the host cannot verify the repository's TLS certificate; install the package ca-certificates, or for a certificate authority of your own its certificate",
			Words: []string{"No system certificates available", "ertificate verification failed", "certificate is NOT trusted", "server certificate verification"}},
		{Cause: pkgmgr.CauseVersion, Text: pkgmgr.OldLists,
			All: true, Words: []string{".deb", "404  Not Found", "404 Not Found"}},
		{Cause: pkgmgr.CauseSuite, Text: "the address answers, but has no repository for this suite; check url and suite",
			Words: []string{"does not have a Release file", "404  Not Found", "404 Not Found", "Unable to find expected entry"}},
		{Cause: pkgmgr.CauseUnreachable, Text: "the repository cannot be reached; check its address, the network, DNS and proxy of the host",
			Words: []string{"Could not resolve", "failure resolving", "Could not connect", "Unable to connect", "annot initiate the connection", "Connection refused", "Connection timed out", "Connection failed", "Network is unreachable", "No route to host", "File not found - ", "Failed to fetch", "Some index files failed to download"}},
		{Cause: pkgmgr.CauseVersion, Text: "no repository of the host has the package, or not in this version",
			Words: []string{"was not found", "has no installation candidate", "Unable to locate package", "No packages found"}},
		{Cause: pkgmgr.CauseUnmet, Text: "the packages' dependencies cannot be satisfied together",
			Words: []string{"unmet dependencies", "held broken packages", "Unable to correct problems", "Unable to satisfy dependencies", "pkgProblemResolver"}},
		{Cause: pkgmgr.CauseScript, Text: "dpkg failed on a package; the host can be finished by the next run once its cause is away",
			Words: []string{"returned an error code", "error processing"}},
	}
}

// failure makes an Error of what apt or dpkg printed.
func failure(out host.Output, err error) error {
	text := string(out.Stderr) + "\n" + string(out.Stdout)
	return pkgmgr.Diagnose("apt", text, err, symptoms(), complaints(text))
}

// complaints returns apt's and dpkg's errors and, where there are none, its
// warnings; with the lines that explain unmet dependencies.
func complaints(text string) []string {
	var found, warnings []string
	explain := false
	for _, line := range strings.Split(text, "\n") {
		if strings.Contains(line, "   ") && strings.HasPrefix(line, "E: ") {
			line = strings.Join(strings.Fields(line), " ") // sqv breaks its lines, and apt joins them
		}
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
