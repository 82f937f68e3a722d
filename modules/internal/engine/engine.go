// SPDX-License-Identifier: GPL-3.0-or-later

// Package engine knows how dockerd of each release, 18.09 to 29, reads
// daemon.json and its command line. It reads no host: documents, versions and
// flags are handed in, so it answers as well for an engine that is only
// planned.
//
// The knowledge is one table, keys.go: each key with its type, its flag, the
// releases that accept it, those that read it on SIGHUP, and what a change can
// hide. Around it:
//
//   - Parse reads a version as packages write it.
//   - Check judges a document and tells apart what the engine rejects, what
//     it accepts and then does not start with, and what is merely dangerous.
//   - ParseFlags and Conflicts judge a command line against a document.
//   - Apply says what a change needs: nothing, a reload or a restart.
//   - DataHazards says what a change would hide or lose.
//
// A document is the decoded daemon.json: map[string]any with json.Number for
// numbers. Nothing converts a value silently: "true" is not true, as dockerd
// sees it, and the error says how to write it.
package engine

import (
	"strings"
)

// Flavor is who built the engine.
type Flavor int

// Moby covers docker-ce and the distributions' docker.io, which accept the
// same configuration; OpenEuler is docker-engine 18.09 of openEuler and
// EulerOS with its own options.
const (
	Moby Flavor = iota
	OpenEuler
)

func (f Flavor) String() string {
	if f == OpenEuler {
		return "openEuler docker-engine"
	}
	return "engine"
}

// Target is the engine that will read a document.
type Target struct {
	// Version of the engine. The zero Version reports only what every engine
	// in the table would say.
	Version Version
	Flavor  Flavor
	// Flags of the command line that will run beside the document: they
	// supply, for example, the TLS files that a document leaves out.
	Flags []FlagUse
}

func (t Target) name() string {
	if !t.Version.Known() {
		return "every known engine"
	}
	return t.Flavor.String() + " " + t.Version.String()
}

// hasFlag reports whether one of the flags that set key is on the command line.
func (t Target) hasFlag(key string) bool {
	for _, use := range t.Flags {
		for _, name := range use.Keys {
			if name == key {
				return true
			}
		}
	}
	return false
}

// Stage is when a problem comes to light.
type Stage int

const (
	// Rejected: the engine refuses the configuration, at start, on reload
	// and with --validate.
	Rejected Stage = iota
	// Fails: the configuration is accepted, and then the daemon does not
	// start with it, which no validation shows.
	Fails
	// Dangerous: the daemon starts. The setting has no effect, breaks
	// containers, or opens the host.
	Dangerous
)

func (s Stage) String() string {
	return [...]string{"rejected", "fails", "dangerous"}[s]
}

// Severity is what a caller should do about a problem.
type Severity int

// Warn leaves the decision to the user; Refuse means that writing this helps
// nobody.
const (
	Warn Severity = iota
	Refuse
)

func (s Severity) String() string {
	return [...]string{"warn", "refuse"}[s]
}

// Problem is one thing that is wrong with a document or a command line.
type Problem struct {
	// Path of the key, with a dot before nested names: "log-opts.max-file".
	Path     string
	Stage    Stage
	Severity Severity
	// Text is a whole error message: what, which engine, what to do.
	Text string

	// top is the top-level key, which may have dots of its own.
	top string
}

// Key returns the top-level key that the problem is about.
func (p Problem) Key() string {
	if p.top != "" {
		return p.top
	}
	key, _, _ := strings.Cut(p.Path, ".")
	return key
}

func (p Problem) Error() string { return p.Text }

// EngineRejects reports whether the engine would refuse the configuration
// itself, as dockerd --validate does where it exists.
func EngineRejects(problems []Problem) bool {
	for _, p := range problems {
		if p.Stage == Rejected {
			return true
		}
	}
	return false
}

// Refused returns the problems with which nothing should be written.
func Refused(problems []Problem) []Problem {
	var refused []Problem
	for _, p := range problems {
		if p.Severity == Refuse {
			refused = append(refused, p)
		}
	}
	return refused
}
