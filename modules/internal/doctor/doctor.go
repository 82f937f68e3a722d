// SPDX-License-Identifier: GPL-3.0-or-later

// Package doctor examines a Docker host: what is wrong with it, how that is
// known, and what mends it. It changes nothing.
//
// A tour. [Take] reads the host once, with a probe for each subject and a
// deadline for each probe (take.go; the probes are in the files probe_*.go),
// and returns a [Snapshot]. A [Check] is a pure function from the snapshot to
// what it found; all of them are in one table, [Checks] (table_*.go), each with
// the text that users read, and the functions are in files named after their
// subject (check_*.go). [Examine] runs the checks over the snapshot.
//
// A check whose probe failed is unknown, not passed: a host that could not be
// looked at is not healthy.
//
// The rules come from the two source documents of the project, as far as real
// engines behave as these say. Where they do not, the check says what the
// engine really does.
package doctor

import (
	"sort"
	"strings"

	"hardened.docker/modules/internal/ansible"
)

// Severity is how bad a finding is.
type Severity int

// The severities. Info: worth knowing, nothing is wrong. Warning: something
// works worse than it should, or will fail one day. Error: something fails now.
const (
	Info Severity = iota + 1
	Warning
	Error
)

func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return "none"
}

// Interruption is what a repair stops for a moment.
type Interruption string

// The interruptions.
const (
	Nothing    Interruption = "none"
	Daemon     Interruption = "daemon"     // dockerd; containers go on only with live-restore
	Containers Interruption = "containers" // containers, live-restore or not
)

// Check is one thing that the doctor looks for.
type Check struct {
	ID    string // stable: playbooks name it
	Group string
	Title string // what is wrong if it finds something
	// Severity is that of its findings; a finding can have another one.
	Severity Severity
	Remedy   string
	Source   string // where the rule comes from
	// Needs are the probes without which the check cannot judge.
	Needs []string
	// Repairs says that docker_repair mends it, and Interrupts what that stops.
	Repairs    bool
	Interrupts Interruption
	Judge      func(s *Snapshot) Verdict
}

// Groups returns the groups of checks, in the order of the report.
func Groups() []string {
	return []string{"packages", "configuration", "start", "service", "storage", "network", "firewall", "kernel", "processes", "state", "security"}
}

// Verdict is what a check found in a snapshot.
type Verdict struct {
	Ills []Ill
	// NotApplicable says why the check is about something that this host does
	// not have; Unknown why it could not judge.
	NotApplicable, Unknown string
}

// Ill is one thing that is wrong.
type Ill struct {
	Subject  string // what it is about: a path, a container, a device
	Evidence []string
	Severity Severity // 0 is the check's
	Remedy   string   // "" is the check's
	// Stops says that dockerd does not start as long as it is there.
	Stops bool
}

// Finding is an ill with all that users want to know about it.
type Finding struct {
	Check    Check
	Subject  string
	Severity Severity
	Evidence []string
	Remedy   string
	Stops    bool
}

// The states of a check after an examination.
const (
	Passed        = "passed"
	Found         = "found"
	Unknown       = "unknown"
	NotApplicable = "not_applicable"
)

// Outcome is the end of one check.
type Outcome struct {
	Check  Check
	Status string
	Note   string // why it is unknown or not applicable
}

// Report is the end of an examination.
type Report struct {
	Findings []Finding // the worst first
	Outcomes []Outcome // in the order of the checks
	// Blamed are findings that are left out because another one is their cause.
	Blamed []Finding
}

// maxEvidence is how many lines a finding shows of what may be thousands.
const maxEvidence = 50

// Examine runs the checks over a snapshot.
func Examine(s *Snapshot, checks []Check) Report {
	var r Report
	for _, c := range checks {
		v := c.judge(s)
		status, note := Passed, ""
		switch {
		case len(v.Ills) > 0:
			status = Found
		case v.Unknown != "":
			status, note = Unknown, v.Unknown
		case v.NotApplicable != "":
			status, note = NotApplicable, v.NotApplicable
		}
		r.Outcomes = append(r.Outcomes, Outcome{c, status, note})
		for _, ill := range v.Ills {
			r.Findings = append(r.Findings, c.finding(ill))
		}
	}
	r.blame(s)
	sort.SliceStable(r.Findings, func(i, j int) bool {
		a, b := r.Findings[i], r.Findings[j]
		if a.Severity != b.Severity {
			return a.Severity > b.Severity
		}
		if a.Check.ID != b.Check.ID {
			return a.Check.ID < b.Check.ID
		}
		return a.Subject < b.Subject
	})
	return r
}

// judge runs one check, unless what it needs could not be read.
func (c Check) judge(s *Snapshot) Verdict {
	for _, probe := range c.Needs {
		if why := s.Failed[probe]; why != "" {
			return Verdict{Unknown: why}
		}
	}
	return c.Judge(s)
}

func (c Check) finding(ill Ill) Finding {
	f := Finding{Check: c, Subject: ill.Subject, Severity: c.Severity, Evidence: ill.Evidence, Remedy: c.Remedy, Stops: ill.Stops}
	if ill.Severity != 0 {
		f.Severity = ill.Severity
	}
	if ill.Remedy != "" {
		f.Remedy = ill.Remedy
	}
	f.Subject = clean(f.Subject)
	if len(f.Evidence) > maxEvidence {
		f.Evidence = append(f.Evidence[:maxEvidence-1:maxEvidence-1], "and "+number(len(f.Evidence)-maxEvidence+1)+" more")
	}
	for i, line := range f.Evidence {
		f.Evidence[i] = clean(line)
	}
	return f
}

// maxLine is how long a line of evidence may be, in bytes.
const maxLine = 1000

// clean makes a line of evidence valid text of bounded length, without the
// passwords of addresses, such as those of proxies.
func clean(line string) string {
	line = ansible.WithoutCredentials(strings.ToValidUTF8(strings.TrimSpace(line), "\uFFFD"))
	if len(line) > maxLine {
		line = strings.ToValidUTF8(line[:maxLine-3], "") + "..."
	}
	return line
}

// ill is one thing that is wrong, with how that is known.
func ill(subject string, evidence ...string) Ill { return Ill{Subject: subject, Evidence: evidence} }

// notApplicable is the verdict on something that the host does not have.
func notApplicable(why string) Verdict { return Verdict{NotApplicable: why} }

// consequence reports whether a finding only follows from one that keeps
// dockerd from starting.
func consequence(id string) bool { return id == daemonDown || id == startLimitID }

// blame takes out the findings that dockerd does not run, and that systemd gave
// up on it, where another one is the cause, and leaves what the journal says
// with that one: one illness is one finding.
func (r *Report) blame(s *Snapshot) {
	cause := false
	for _, f := range r.Findings {
		cause = cause || f.Stops && f.Check.ID != startLimitID
	}
	// Of the two, systemd's lock is the one that can be mended.
	locked := func(f Finding) bool { return f.Check.ID == daemonDown && r.has(startLimitID) }
	if s.Daemon != Down {
		return
	}
	var kept []Finding
	for _, f := range r.Findings {
		if cause && consequence(f.Check.ID) || locked(f) {
			r.Blamed = append(r.Blamed, f)
			continue
		}
		kept = append(kept, f)
	}
	r.Findings = kept
	for i, f := range kept {
		if !f.Stops {
			continue
		}
		if why := clean("dockerd does not run: " + s.Reason()); s.Reason() != "" {
			kept[i].Evidence = append(f.Evidence[:len(f.Evidence):len(f.Evidence)], why)
		}
		// systemd only gave up: what the daemon died of has to be mended first.
		if cause := Explain(s.Reason()); f.Check.ID == startLimitID && cause.Remedy != "" {
			kept[i].Evidence = append(kept[i].Evidence, cause.Text)
			kept[i].Remedy = cause.Remedy + " " + f.Remedy
		}
		for _, b := range r.Blamed {
			if b.Check.ID == startLimitID {
				kept[i].Evidence = append(kept[i].Evidence, "systemd has given up starting it: afterwards docker_repair with start_limit, or systemctl reset-failed docker.service docker.socket")
			}
		}
	}
	for i, o := range r.Outcomes {
		for _, b := range r.Blamed {
			if b.Check.ID == o.Check.ID {
				r.Outcomes[i].Status, r.Outcomes[i].Note = NotApplicable, "another finding is the reason"
			}
		}
	}
}

func (r *Report) has(id string) bool {
	for _, f := range r.Findings {
		if f.Check.ID == id {
			return true
		}
	}
	return false
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

// Worst returns the severity of the worst finding, 0 without any.
func (r Report) Worst() Severity {
	if len(r.Findings) == 0 {
		return 0
	}
	return r.Findings[0].Severity
}
