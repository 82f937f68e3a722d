// SPDX-License-Identifier: GPL-3.0-or-later

// Package systemd reads units and changes their state.
//
// A tour. [Show] reads the properties of units, several in one systemctl call
// (each call takes about 10 ms). The acts are in acts.go: one for each verb of
// systemctl that modules use. [Journal] (journal.go) reads what a unit said in
// the journal, so that an error can quote the line that explains it.
//
// A unit that does not exist, or that is masked, is a [Unit] that says so, not
// an error. A host that does not run systemd is an error, [ErrNotRunning].
package systemd

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"hardened.docker/modules/internal/host"
)

// Limit is how long a question to systemd may take. The manager answers in
// milliseconds unless it is itself in trouble.
const Limit = 20 * time.Second

// ErrNotRunning is the cause of an error on a host whose services systemd does
// not manage, such as a container without an init.
var ErrNotRunning = errors.New("systemd does not manage this host")

// Unit is the state of a unit. The names are those of systemd's properties,
// org.freedesktop.systemd1(5).
type Unit struct {
	Name          string
	LoadState     string // loaded, not-found, masked, error, bad-setting
	ActiveState   string // active, reloading, inactive, failed, activating, deactivating
	SubState      string // running, dead, auto-restart, ...
	UnitFileState string // enabled, disabled, masked, masked-runtime, static, ...; "" if there is no file
	Result        string // success, exit-code, start-limit-hit, ...
	FragmentPath  string // the unit file
	DropIns       []string
	// MainPID is the service's process; 0 if it does not run.
	MainPID int
	// Started is when that process began, in the time since boot without
	// sleep (CLOCK_MONOTONIC).
	Started time.Duration
	// Restarts counts the automatic restarts since somebody started the unit.
	Restarts int
	// NeedDaemonReload is true if unit files changed since systemd read them.
	NeedDaemonReload bool
	// ConditionFailed is true if the last start was skipped because of a
	// Condition...= of the unit, and also before the first start.
	ConditionFailed bool
	// Job is the job that is queued or runs for the unit, 0 for none.
	Job int
	// A unit may be started StartLimitBurst times in StartLimitInterval; 0 for
	// either is no limit.
	StartLimitBurst    int
	StartLimitInterval time.Duration
	// InvocationID names this run of the unit in the journal. Systemd 231.
	InvocationID string
	// StartTimeout is how long a start may take; the longest span is no limit.
	StartTimeout time.Duration
	// Since is when the unit became active, and Began when its last start
	// began, both in the time since boot without sleep; 0 if it never did.
	Since, Began time.Duration
	// Listen has a socket unit's addresses, such as "/run/docker.sock (Stream)".
	Listen []string
}

// properties are what Show asks for.
const properties = "Id,LoadState,ActiveState,SubState,UnitFileState,Result,FragmentPath,DropInPaths,MainPID," +
	"ExecMainStartTimestampMonotonic,NRestarts,NeedDaemonReload,Job,StartLimitBurst,StartLimitIntervalUSec,StartLimitIntervalSec," +
	"InvocationID,Listen,ConditionResult,TimeoutStartUSec,ActiveEnterTimestampMonotonic,InactiveExitTimestampMonotonic"

// Exists reports whether the unit has a unit file; a masked one counts.
func (u Unit) Exists() bool { return u.LoadState != "not-found" && u.LoadState != "" }

// Masked reports whether the unit is masked, and whether only until reboot.
func (u Unit) Masked() (masked, runtime bool) {
	return u.LoadState == "masked" || strings.HasPrefix(u.UnitFileState, "masked"), u.UnitFileState == "masked-runtime"
}

// Enabled reports whether the unit starts at boot.
func (u Unit) Enabled() bool {
	switch u.UnitFileState {
	case "enabled", "enabled-runtime", "alias", "static", "generated", "indirect", "linked", "linked-runtime", "transient":
		return u.UnitFileState != "linked" && u.UnitFileState != "linked-runtime" && u.UnitFileState != "indirect"
	}
	return false
}

// Crashing reports whether systemd starts the unit after a crash, or waits
// until it does so.
func (u Unit) Crashing() bool {
	return u.ActiveState == "activating" && (u.Restarts > 0 || strings.HasPrefix(u.SubState, "auto-restart"))
}

// Show returns the state of the units, in the order of their names.
func Show(ctx context.Context, h *host.Host, names ...string) ([]Unit, error) {
	out, err := h.Run(ctx, host.Command{
		Argv:  append([]string{"systemctl", "show", "--no-pager", "--property=" + properties, "--"}, names...),
		Limit: Limit,
	})
	if err != nil {
		return nil, fmt.Errorf("cannot ask systemd about %s: %w", strings.Join(names, ", "), explain(err, out))
	}
	units := parse(string(out.Stdout))
	if len(units) != len(names) {
		return nil, fmt.Errorf("cannot ask systemd about %s: systemctl told of %d units, not %d: %q",
			strings.Join(names, ", "), len(units), len(names), head(string(out.Stdout)))
	}
	for i := range units {
		// The name that was asked for, also where it is an alias.
		units[i].Name = names[i]
	}
	return units, nil
}

// explain finds the reason for which systemctl failed in what it printed.
func explain(err error, out host.Output) error {
	text := string(out.Stderr)
	switch {
	case errors.Is(err, host.ErrNotFound):
		return fmt.Errorf("%w: systemctl is not installed; this module needs a host with systemd", ErrNotRunning)
	case strings.Contains(text, "not been booted with systemd"),
		strings.Contains(text, "Failed to connect to bus"),
		strings.Contains(text, "Failed to connect to system scope bus"):
		return fmt.Errorf("%w: %s", ErrNotRunning, strings.ReplaceAll(strings.TrimSpace(text), "\n", " "))
	case denied(out):
		return fmt.Errorf("%w; run the task with become: true", err)
	}
	return err
}

// denied reports whether systemctl was not allowed to do what it was run for.
func denied(out host.Output) bool {
	text := string(out.Stderr)
	return strings.Contains(text, "Access denied") || strings.Contains(text, "Interactive authentication required")
}

// parse reads the output of systemctl show: lines of Name=value, units apart
// by an empty line.
func parse(text string) []Unit {
	var units []Unit
	for _, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		u, any := Unit{}, false
		for _, line := range strings.Split(block, "\n") {
			name, value, ok := strings.Cut(line, "=")
			if ok && u.set(name, value) {
				any = true
			}
		}
		if any {
			units = append(units, u)
		}
	}
	return units
}

func (u *Unit) set(name, value string) bool {
	switch name {
	case "Id":
		u.Name = value
	case "LoadState":
		u.LoadState = value
	case "ActiveState":
		u.ActiveState = value
	case "SubState":
		u.SubState = value
	case "UnitFileState":
		u.UnitFileState = value
	case "Result":
		u.Result = value
	case "FragmentPath":
		u.FragmentPath = value
	case "DropInPaths":
		u.DropIns = strings.Fields(value)
	case "MainPID":
		u.MainPID, _ = strconv.Atoi(value)
	case "ExecMainStartTimestampMonotonic":
		u.Started = microseconds(value)
	case "ActiveEnterTimestampMonotonic":
		u.Since = microseconds(value)
	case "InactiveExitTimestampMonotonic":
		u.Began = microseconds(value)
	case "TimeoutStartUSec":
		u.StartTimeout = span(value)
	case "NRestarts":
		u.Restarts, _ = strconv.Atoi(value)
	case "NeedDaemonReload":
		u.NeedDaemonReload = value == "yes"
	case "ConditionResult":
		u.ConditionFailed = value == "no"
	case "Job":
		u.Job, _ = strconv.Atoi(value)
	case "StartLimitBurst":
		u.StartLimitBurst, _ = strconv.Atoi(value)
	case "StartLimitIntervalUSec", "StartLimitIntervalSec":
		u.StartLimitInterval = span(value)
	case "InvocationID":
		u.InvocationID = value
	case "Listen":
		u.Listen = append(u.Listen, value)
	default:
		return false
	}
	return true
}

func microseconds(text string) time.Duration {
	usec, _ := strconv.ParseInt(text, 10, 64)
	return time.Duration(usec) * time.Microsecond
}

// span reads a time span as systemctl prints it: "1min 30s", "10s", "500ms".
// What it cannot read, "infinity" too, is the longest one.
func span(text string) time.Duration {
	const longest = 1<<63 - 1
	var sum float64
	for _, part := range strings.Fields(text) {
		digits := strings.TrimRight(part, "abcdefghijklmnopqrstuvwxyzµ")
		number, err := strconv.ParseFloat(digits, 64)
		unit, ok := SpanUnit(part[len(digits):])
		if err != nil || !ok || number < 0 {
			return longest
		}
		sum += number * float64(unit)
	}
	if !(sum < longest) {
		return longest
	}
	return time.Duration(math.Round(sum))
}

// SpanUnit returns how long a unit of time of that name is (systemd.time(7)).
// No name is the second, which a number without a unit counts.
func SpanUnit(name string) (time.Duration, bool) {
	switch name {
	case "us", "usec", "µs", "μs":
		return time.Microsecond, true
	case "ms", "msec":
		return time.Millisecond, true
	case "", "s", "sec", "second", "seconds":
		return time.Second, true
	case "m", "min", "minute", "minutes":
		return time.Minute, true
	case "h", "hr", "hour", "hours":
		return time.Hour, true
	case "d", "day", "days":
		return 24 * time.Hour, true
	case "w", "week", "weeks":
		return 7 * 24 * time.Hour, true
	}
	return 0, false
}

// head is the beginning of an output, for a message.
func head(text string) string {
	const limit = 200
	if len(text) > limit {
		return text[:limit] + "..."
	}
	return text
}

// StartedWithin reports whether the unit's process began in the last span of
// time; the process may have ended since.
func (u Unit) StartedWithin(span time.Duration) bool {
	const clockMonotonic = 1
	var ts syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		return true
	}
	return u.Started > 0 && time.Duration(ts.Nano())-u.Started < span
}
