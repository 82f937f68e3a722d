// SPDX-License-Identifier: GPL-3.0-or-later

package docker_service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/systemd"
)

// pollEvery is the time between two looks at a daemon that is on its way.
const pollEvery = 100 * time.Millisecond

// apply is the act that starts, stops, restarts or reloads the daemon.
type apply struct {
	found    *found
	decision decision
	rollback bool
	wait     time.Duration
}

// Describe implements [ansible.Act].
func (a apply) Describe() string {
	if a.decision.liveFirst {
		return "reload, then restart " + dockerd.Service
	}
	return a.decision.action.String() + " " + dockerd.Service
}

// Diff implements [ansible.Act].
func (a apply) Diff() []ansible.Diff {
	before := "stopped"
	if a.found.daemon.Running() {
		before = "running"
	}
	switch why := strings.Join(a.decision.reasons, "; "); a.decision.action {
	case stop:
		return stateDiff(before, "stopped")
	case start:
		return stateDiff(before, "running")
	default:
		return stateDiff(before, "running, after a "+a.decision.action.String()+": "+why)
	}
}

// Do implements [ansible.Act].
func (a apply) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	switch {
	case a.decision.action == stop:
		return a.stop(ctx, h)
	case a.decision.action == reload:
		return a.reload(ctx, h)
	case a.decision.liveFirst:
		// What the reload cannot apply the restart does; a file that the running
		// daemon refuses on reload would have kept the next one from starting.
		if result, err := a.reload(ctx, h); err != nil {
			return result, err
		}
	}
	result := map[string]any{}
	m := a.mark(ctx, h)
	verb := "start"
	if a.decision.action == restart {
		verb = "restart"
	}
	if a.resetStartLimit(ctx, h) {
		result["start_limit_reset"] = true
	}
	err := a.begin(ctx, h, verb)
	if err == nil {
		err = a.up(ctx, h, m)
	}
	if err != nil {
		// Nothing to recover from: the run ends, was not allowed to do it, or is early.
		var nothing *ansible.NothingDone
		if ctx.Err() != nil || errors.As(err, &nothing) || errors.Is(err, dockerd.HeldBackError{}) {
			return result, err
		}
		return a.recover(ctx, h, m, fmt.Errorf("cannot %s dockerd: %w", verb, err), result)
	}
	now, err := a.prove(ctx, h)
	a.remember(h, now)
	result["running_after"] = now.running
	return result, err
}

// begin has systemd start or restart dockerd, as soon as that is possible.
func (a apply) begin(ctx context.Context, h *host.Host, verb string) error {
	if err := dockerd.WaitWhileHeldBack(ctx, h, a.wait); err != nil {
		return err
	}
	return systemd.Call(ctx, h, systemd.Limit, "--no-block", verb, "--", dockerd.Service)
}

// mark is a moment before an act, to tell later what is new since.
type mark struct {
	time   time.Time
	cursor string // in the journal
	pid    int
	ticks  uint64
}

func (a apply) mark(ctx context.Context, h *host.Host) mark {
	m := mark{time: time.Now(), cursor: systemd.Cursor(ctx, h, dockerd.Service)}
	// A dockerd that is on its way already is the one to wait for.
	if p := a.found.daemon.Process; p != nil && a.found.daemon.Running() {
		m.pid, m.ticks = p.PID, p.Ticks
	}
	return m
}

// news returns what the journal has since the mark.
func (m mark) news(ctx context.Context, h *host.Host) []string {
	if m.cursor == "" {
		return systemd.Journal(ctx, h, dockerd.Service, m.time, 200)
	}
	return systemd.JournalAfter(ctx, h, dockerd.Service, m.cursor)
}

// resetStartLimit makes systemd forget the recent starts when they could add
// up to the unit's start limit, or already did: systemd counts each start,
// also the wanted ones, and refuses the one too many.
func (a apply) resetStartLimit(ctx context.Context, h *host.Host) bool {
	service, socket := a.found.daemon.Service, a.found.daemon.Socket
	recent := service.StartLimitBurst > 0 && service.StartedWithin(service.StartLimitInterval)
	if !recent && service.ActiveState != "failed" && socket.ActiveState != "failed" && service.SubState != "auto-restart" {
		return false
	}
	units := []string{dockerd.Service}
	if socket.Exists() {
		units = append(units, dockerd.Socket)
	}
	// If this fails then the start does, with the better error.
	return systemd.ResetFailed(ctx, h, units...) == nil
}

// errDown is a dockerd that systemd has given up on.
var errDown = errors.New("it did not come up")

// down tells of the end of a dockerd that did not come up. In its next try the
// unit counts as a success already.
func down(u systemd.Unit) error {
	if u.Result == "success" || u.Result == "" {
		return errDown
	}
	return fmt.Errorf("%w (%s)", errDown, u.Result)
}

// up waits until a new dockerd is up and its API answers.
func (a apply) up(ctx context.Context, h *host.Host, m mark) error {
	ctx, cancel := context.WithTimeoutCause(ctx, a.wait, fmt.Errorf("it did not answer within %v (option wait)", a.wait))
	defer cancel()
	var apiErr error
	var t tries
	again := false
	for {
		d, err := dockerd.Read(ctx, h)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if p := d.Process; err == nil && d.Running() && (p.PID != m.pid || p.Ticks != m.ticks) {
			settings := a.found.settings
			if apiErr = d.Client(h, settings, 2*time.Second).Ping(ctx); apiErr == nil {
				return nil
			}
		}
		if s := d.Service; err == nil && s.Job == 0 && (s.ActiveState == "failed" || s.ActiveState == "inactive") {
			if !s.ConditionFailed {
				return down(s)
			}
			if again && !dockerd.HeldBack(h) {
				return fmt.Errorf("a condition of its unit is not met; see systemctl status %s", dockerd.Service)
			}
			// An installation may have begun between our look and the start,
			// and be over by now.
			again = true
			if err := a.begin(ctx, h, "start"); err != nil {
				return err
			}
			continue
		}
		if err == nil && t.count(d.Service) && a.hopeless(ctx, h, m, t) {
			return down(d.Service)
		}
		select {
		case <-ctx.Done():
			if apiErr != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("%w: %w", context.Cause(ctx), apiErr)
			}
			return context.Cause(ctx)
		case <-time.After(pollEvery):
		}
	}
}

// tries counts how often a dockerd that systemd starts again and again ended.
type tries struct{ ended int }

// count takes a look at the unit into account and reports whether dockerd ended
// once more. A job that waits belongs to the try that is still to come.
func (t *tries) count(u systemd.Unit) bool {
	ended := u.Restarts
	if u.SubState == "auto-restart" && u.Job == 0 {
		ended++
	}
	more := ended > t.ended
	t.ended = ended
	return more
}

// hopeless reports whether to go back to what worked before systemd gives up:
// a file that dockerd refuses it refuses each time, and what keeps it from
// coming up twice is no chance. Each further try is downtime. Without a way
// back the tries are the only hope.
func (a apply) hopeless(ctx context.Context, h *host.Host, m mark, t tries) bool {
	if acts, _ := a.wayBack(h); len(acts) == 0 {
		return false
	}
	return t.ended > 1 || refusal(m.news(ctx, h)) != ""
}

// stop stops the daemon, and the socket that would start it again.
func (a apply) stop(ctx context.Context, h *host.Host) (map[string]any, error) {
	units := []string{"stop", "--"}
	if a.found.daemon.Socket.Exists() {
		units = append(units, dockerd.Socket)
	}
	// dockerd waits for its containers to end, by default 15 seconds.
	err := systemd.Call(ctx, h, 2*a.wait+time.Minute, append(units, dockerd.Service)...)
	if err != nil {
		return nil, err
	}
	d, err := dockerd.Read(ctx, h)
	if err != nil {
		return nil, err
	}
	if d.Running() {
		return nil, fmt.Errorf("cannot stop %s: systemd stopped it and something started it again; look for what uses the Docker socket", dockerd.Service)
	}
	return map[string]any{"running_after": orphans(h)}, nil
}
