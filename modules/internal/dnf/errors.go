// SPDX-License-Identifier: GPL-3.0-or-later

package dnf

import (
	"slices"
	"strings"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// symptoms are what dnf, yum and rpm print for a cause (dnf 4.14 and 4.23,
// 5.4, librepo 1.15, rpm 4.18 to 6.0; curl's numbers are in libcurl-errors(3)).
func symptoms() []pkgmgr.Symptom {
	return []pkgmgr.Symptom{
		{Cause: pkgmgr.CauseRoot, Text: "it needs root; run the task with become: true",
			Words: []string{"superuser privileges", "You need to be root"}},
		{Cause: pkgmgr.CauseDisk, Text: "the disk is full; free some space (dnf clean packages helps) and run again",
			Words: []string{"No space left on device", "more space needed on the", "more space on the", "needs more inodes", "Disk Requirements", "Disk quota exceeded", "Curl error (23)"}},
		{Cause: pkgmgr.CauseLocked, Text: "another package manager holds the lock; wait until it ends, or give lock_timeout more time",
			Words: []string{"Failed to obtain the transaction lock", "already locked by", "can't create transaction lock", "Existing lock", "is holding the lock"}},
		{Cause: pkgmgr.CauseInterrupted, Text: "RPM's database was damaged by an interruption; rpm --rebuilddb repairs it",
			Words: []string{"rpmdb open failed", "error: rpmdb", "damaged header"}},
		{Cause: pkgmgr.CauseConflict, Text: "two packages bring the same files; remove the one that is in the way",
			Words: []string{"conflicts with file from package", "conflicts between attempted installs"}},
		{Cause: pkgmgr.CauseKey, Text: "the key that the host trusts for the repository has expired or was revoked; give docker_repository the one that the repository's owner publishes now",
			Words: []string{"is not alive", "is not live", "is expired: ", "Expired on ", "is revoked"}},
		{Cause: pkgmgr.CauseKey, Text: "a package is not signed by the repository's key as RPM has it; give docker_repository the key that the repository's owner publishes; if it is that, remove RPM's old copy (rpm -qa 'gpg-pubkey*' lists them, rpm -e removes one) and run again",
			Words: []string{"already installed but they are not correct"}},
		{Cause: pkgmgr.CauseKey, Text: "a package is not signed by a key that the host trusts for its repository; give docker_repository the key that the repository's owner publishes",
			Words: []string{"Public key for", "is not signed", "keys listed for the", "GPG check FAILED", "Signature verification failed", "BAD, key", "key ID", "Key import failed", "Key imported successfully. Import of key(s) didn't help", "retrieval failed", "repomd.xml GPG signature"}},
		{Cause: pkgmgr.CauseCertificate, Text: "the host cannot verify the repository's TLS certificate; install the package ca-certificates, or for a certificate authority of your own its certificate",
			Words: []string{"Curl error (60)", "Curl error (35)", "Curl error (77)", "SSL certificate problem"}},
		{Cause: pkgmgr.CauseVersion, Text: pkgmgr.OldLists,
			All: true, Words: []string{".rpm", "Status code: 404"}},
		{Cause: pkgmgr.CauseSuite, Text: "the address answers, but has no repository there; check url",
			Words: []string{"Status code: 404", "Curl error (37)", "Curl error (22)", "HTTP Error 404"}},
		{Cause: pkgmgr.CauseUnreachable, Text: "the repository cannot be reached; check its address, the network, DNS and proxy of the host",
			Words: []string{"Curl error (", "Could not resolve", "Failed to download metadata", "Cannot download", "Cannot retrieve repository metadata", "No more mirrors to try", "All mirrors were tried", "Failed to synchronize cache", "Cannot find a valid baseurl"}},
		{Cause: pkgmgr.CauseUnmet, Text: "the packages' dependencies cannot be satisfied together",
			Words: []string{"nothing provides", "conflicting requests", "conflicts with", "cannot install both", "is filtered out by", "Requires:", "Failed dependencies", "broken dependencies", "protected packages"}},
		{Cause: pkgmgr.CauseVersion, Text: "no repository of the host has the package, or not in this version",
			Words: []string{"Unable to find a match", "No match for argument", "No package ", "No packages marked for"}},
		{Cause: pkgmgr.CauseScript, Text: "a package's own script failed; the host can be finished by the next run once its cause is away",
			Words: []string{"scriptlet failed", "Error in ", "error: unpacking of archive failed", "cpio:"}},
	}
}

// failure makes an error of what dnf or rpm printed.
func failure(out host.Output, err error) error {
	text := string(out.Stderr) + "\n" + string(out.Stdout)
	return pkgmgr.Diagnose("dnf", text, err, symptoms(), complaints(text))
}

// errorLines returns dnf's errors in a text. Where it asks whether to go on and
// hears no, it calls that an error too; and a repository without metadata is
// one that it goes on without.
func errorLines(text string) []string {
	var found []string
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "Error") && !strings.HasPrefix(line, "error: ") {
			continue
		}
		if strings.Contains(line, "Operation aborted") || strings.Contains(line, "Cache-only enabled") || strings.HasPrefix(line, "Errors during downloading") {
			continue
		}
		found = append(found, strings.TrimSpace(line))
	}
	return found
}

// complaints returns what of a text explains a failure.
func complaints(text string) []string {
	var found []string
	for _, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "Error:", strings.Contains(line, "Operation aborted"), strings.Contains(line, "Cache-only enabled"):
		case strings.HasPrefix(line, "Error"), strings.HasPrefix(line, "error: "), strings.HasPrefix(line, " Problem"), strings.HasPrefix(line, "  - "),
			strings.HasPrefix(line, "  file "), strings.HasPrefix(line, "Public key for"), strings.HasPrefix(line, "Failed to"), strings.HasPrefix(line, "Package ") && strings.Contains(line, "not signed"),
			strings.HasPrefix(line, "The GPG keys listed"), strings.HasPrefix(trimmed, "At least "), strings.HasPrefix(line, "warning: %"), strings.HasPrefix(line, "No package "):
			found = append(found, trimmed)
		}
	}
	found = slices.Compact(found)
	const most = 8
	if len(found) > most {
		found = append(found[:most:most], "...")
	}
	return found
}
