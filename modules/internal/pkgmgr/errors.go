// SPDX-License-Identifier: GPL-3.0-or-later

package pkgmgr

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"hardened.docker/modules/internal/host"
)

// Cause is why a package manager failed, as far as a user would act on it differently.
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
	CauseConflict    Cause = "conflict"
	CauseRoot        Cause = "root"
)

// Error is a failure of a package manager.
type Error struct {
	Cause Cause
	// Text says what is wrong and what to do.
	Text string
	// Lines are the own words of Program, apt or dnf.
	Lines   []string
	Program string
	Err     error
}

func (e *Error) Error() string {
	if len(e.Lines) == 0 {
		return e.Text
	}
	return e.Text + " (" + e.Program + " says: " + strings.Join(e.Lines, " / ") + ")"
}

func (e *Error) Unwrap() error { return e.Err }

// OldLists says what to do where a repository lacks a package that the host's
// lists name.
const OldLists = "a repository does not have a package that the host's lists name: they are old, or a mirror is just being updated; set cache_valid_time: 0 and run again"

// Symptom is what a package manager prints for a cause, and what to tell the
// user of it. Any of the words will do; All means that the first one must be
// there too, because the others are common.
type Symptom struct {
	Cause Cause
	Text  string
	Words []string
	All   bool
}

// Diagnose makes an Error of what a package manager printed. symptoms are
// tried in order; the first that is in text names the cause. lines are what of
// text a user should read.
func Diagnose(program, text string, err error, symptoms []Symptom, lines []string) error {
	e := &Error{Cause: CauseOther, Err: err, Program: program, Lines: lines}
	var path *fs.PathError
	var call *os.SyscallError
	if errors.Is(err, host.ErrNotFound) || errors.As(err, &path) || errors.As(err, &call) {
		// It was never started.
		e.Text, e.Lines = err.Error(), nil
		return e
	}
	var command *host.CommandError
	if errors.As(err, &command) && command.Err != nil && command.Output.Code < 0 {
		e.Cause, e.Lines = CauseInterrupted, nil
		e.Text = fmt.Sprintf("%s was ended before it had finished (%v); run again, what it began is finished first", command.Argv[0], command.Err)
		return e
	}
	has := func(word string) bool { return strings.Contains(text, word) }
	for _, s := range symptoms {
		words := s.Words
		if s.All {
			if !has(words[0]) {
				continue
			}
			words = words[1:]
		}
		if slices.ContainsFunc(words, has) {
			e.Cause, e.Text = s.Cause, s.Text
			return e
		}
	}
	if len(e.Lines) == 0 {
		e.Text = err.Error()
		return e
	}
	e.Text = program + " failed"
	return e
}
