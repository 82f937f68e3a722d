// SPDX-License-Identifier: GPL-3.0-or-later

// Package pkgmgr has what package managers have in common: what repositories
// offer and what a transaction changes (this file), waiting for others' locks
// (lock.go) and for other tasks of this collection (turn.go), running a
// transaction that outlives its module (transaction.go), and errors by their
// cause (errors.go). Packages apt and dnf have what each has for itself.
package pkgmgr

import (
	"slices"
	"time"
)

// Available is a version that a repository of the host has.
type Available struct {
	Version string
	Source  string // "https://download.docker.com/linux/debian bookworm/stable amd64 Packages"
}

// Offers is what the host's repositories have of some packages.
type Offers struct {
	// Available has, for each package, its versions, the newest first.
	Available map[string][]Available
	// Candidate has, for each package, the version that the package
	// manager would install, pins taken into account.
	Candidate map[string]string
}

// Versions returns the versions of a package, the newest first, each once.
func (o Offers) Versions(name string) []string {
	var versions []string
	for _, a := range o.Available[name] {
		if !slices.Contains(versions, a.Version) {
			versions = append(versions, a.Version)
		}
	}
	return versions
}

// Has reports whether a repository has the package in that version.
func (o Offers) Has(name, version string) bool {
	return slices.Contains(o.Versions(name), version)
}

// Change is what a transaction does to one package. Before is "" for a package
// that comes, After is "" for one that goes.
type Change struct {
	Name, Before, After string
	Purge               bool
}

// Lists says of what time the host's package lists are.
type Lists struct {
	// Updated is when they were last fetched; zero if there are none.
	Updated time.Time
	// Outdated is set when a file that names repositories is newer.
	Outdated bool
}

// Stamp is the time to give lists of which one part alone was fetched: the rest
// is as old as it was, or is not there.
func (l Lists) Stamp() time.Time {
	if l.Updated.IsZero() {
		return time.Unix(1, 0)
	}
	return l.Updated
}
