// SPDX-License-Identifier: GPL-3.0-or-later

package docker_service

import (
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
)

// action is what is done with the daemon, the least disruptive first.
type action int

const (
	none action = iota
	start
	reload
	restart
	stop
	rolledBack
)

func (a action) String() string {
	return [...]string{"none", "start", "reload", "restart", "stop", "rolled_back"}[a]
}

// decision is what to do and why.
type decision struct {
	action  action
	reasons []string
	// pending is what the disk's configuration still needs after the action, and
	// waits why, where nothing else tells the user.
	pending action
	waits   []string
	// liveFirst: a reload before the restart turns live-restore on, so that
	// the restart leaves the containers running.
	liveFirst bool
	// withheld: the user does not want what is needed now.
	withheld bool
	warnings []string
}

// decide says what the state that the user asked for needs.
func decide(f *found, p Params) (decision, error) {
	unit := f.daemon.Service
	if !unit.Exists() {
		if p.State == "stopped" {
			return decision{reasons: []string{"there is no Docker daemon to stop"}}, nil
		}
		return decision{action: start, reasons: []string{"the daemon is not installed yet"}}, nil
	}
	if masked, runtime := unit.Masked(); masked && p.State != "stopped" {
		return decision{}, maskError(runtime)
	}
	if unit.LoadState == "error" || unit.LoadState == "bad-setting" {
		return decision{}, fmt.Errorf("cannot use %s: systemd cannot load it (%s); look at systemctl status %s", unit.Name, unit.LoadState, unit.Name)
	}
	differs := difference(f)
	need, reasons := differs.need, differs.reasons
	var d decision
	switch p.State {
	case "stopped":
		return stopping(f), nil
	case "started":
		d = decision{pending: need, reasons: pendingReasons(need, reasons), waits: reasons}
		if !f.daemon.Running() {
			d = starting(f)
		}
	case "restarted":
		d = decision{action: restart, reasons: []string{"state is restarted"}}
	case "reloaded":
		if !f.daemon.Running() {
			d = starting(f)
			break
		}
		d = decision{action: reload, reasons: []string{"state is reloaded"}}
		if need == restart {
			d.pending, d.reasons, d.waits = need, append(d.reasons, pendingReasons(need, reasons)...), reasons
		}
	case "converged":
		d = decision{action: need, reasons: reasons}
		if !f.daemon.Running() {
			d = starting(f)
		}
	}
	if len(differs.kept) > 0 {
		d.warnings = append(d.warnings, fmt.Sprintf("%s: dockerd leaves the default bridge as it is while containers run under live-restore; stop them and run this task again", strings.Join(differs.kept, ", ")))
	}
	if len(differs.unproven) > 0 && d.action == none && p.State == "converged" {
		return d, fmt.Errorf("cannot put the settings in force: %s, also after a restart; see journalctl -u %s", strings.Join(differs.unproven, "; "), dockerd.Service)
	}
	d, err := finish(f, p, d)
	if len(differs.kept) > 0 && d.pending == none {
		d.pending = restart
		if d.action == none {
			d.reasons = append(d.reasons, differs.kept...)
		}
	}
	return d, err
}

// finish holds a decision against what else the user said.
func finish(f *found, p Params, d decision) (decision, error) {
	if d.action == restart && f.daemon.Running() {
		if !p.AllowRestart {
			d.waits = d.reasons
			d.reasons = append([]string{"a restart is needed, and allow_restart is false"}, d.reasons...)
			d.action, d.pending, d.withheld = none, restart, true
			return d, nil
		}
		if len(f.running) > 0 && !f.keepsContainers() {
			d.liveFirst = f.turnsLiveRestoreOn()
			if !d.liveFirst {
				d.warnings = append(d.warnings, fmt.Sprintf("live-restore is off, so the restart of dockerd stops the running containers: %s", names(f.running)))
			}
		}
	}
	if d.action == none && d.pending == none && p.State == "converged" && f.apiErr != nil {
		return d, fmt.Errorf("cannot prove that the daemon's settings are in force: %w", f.apiErr)
	}
	// A file that dockerd cannot read is never handed to it.
	if f.configErr != nil && d.action != none && d.action != stop {
		return d, fmt.Errorf("cannot %s %s: %w; mend the file and run the task again", d.action, dockerd.Service, f.configErr)
	}
	return d, nil
}

func starting(f *found) decision {
	d := decision{action: start, reasons: []string{"dockerd is not running"}}
	switch f.daemon.Service.ActiveState {
	case "failed":
		d.reasons = []string{"dockerd has failed (" + f.daemon.Service.Result + ")"}
	case "activating":
		// Between two tries of a daemon that does not come up, or slowly on its
		// way: starting it waits for the end of either.
		d.reasons = []string{"dockerd is not up yet (" + f.daemon.Service.SubState + ")"}
		if f.daemon.Process != nil && configDifference(f).need != none {
			d.action, d.reasons = restart, append(d.reasons, "it started with another configuration than the disk has now")
		}
	}
	return d
}

func stopping(f *found) decision {
	active := func(state string) bool { return state != "inactive" && state != "failed" && state != "" }
	if active(f.daemon.Service.ActiveState) || active(f.daemon.Socket.ActiveState) {
		d := decision{action: stop, reasons: []string{"dockerd or its socket is running"}}
		if len(f.running) > 0 && !f.keepsContainers() {
			d.warnings = append(d.warnings, fmt.Sprintf("live-restore is off, so stopping dockerd stops the running containers: %s", names(f.running)))
		}
		return d
	}
	return decision{reasons: []string{"dockerd is not running"}}
}

// diff is where the running dockerd and the disk differ.
type diff struct {
	need    action
	reasons []string
	// kept are settings of the default bridge that a restart does not apply
	// while containers run, and unproven those that the last restart did not
	// put in force, though it should.
	kept, unproven []string
}

// difference compares what the running dockerd has with the disk.
func difference(f *found) diff {
	if !f.daemon.Running() {
		return diff{}
	}
	d := configDifference(f)
	for _, why := range f.unit.differences {
		d.need, d.reasons = restart, append(d.reasons, why)
	}
	if f.replaced {
		d.need, d.reasons = restart, append(d.reasons, "dockerd's program was replaced since it started")
	}
	return d
}

func configDifference(f *found) diff {
	if f.configErr != nil {
		// Whether it differs cannot be told; finish makes an error of it.
		return diff{need: restart, reasons: []string{f.configErr.Error()}}
	}
	if !f.loaded.Known {
		return diff{need: restart, reasons: []string{f.loaded.From}}
	}
	old, err := dockerd.ParseSettings(f.loaded.Config)
	if err != nil {
		return diff{need: restart, reasons: []string{"the daemon.json that dockerd started with cannot be read"}}
	}
	need, changes := engine.Apply(old.Document(), f.settings.Document(), f.version)
	var d diff
	changed := make(map[string]bool)
	for _, c := range changes {
		d.reasons = append(d.reasons, c.Text)
		changed[c.Key] = true
		if f.holdsBridge() && dockerd.KeptByContainers(c.Key) {
			d.kept = append(d.kept, c.Key+" of daemon.json changed")
		}
	}
	// The file is the one that dockerd has read, and yet the daemon works with
	// something else: it was reloaded by hand in between, or started before
	// the clock was set.
	for _, m := range f.notInForce() {
		switch {
		case changed[m.Key]:
		case f.holdsBridge() && dockerd.KeptByContainers(m.Key):
			d.kept = append(d.kept, m.String())
		case f.snapshot.Of(f.daemon.Process) && slices.Contains(f.snapshot.Unproven, m.Key):
			d.unproven = append(d.unproven, m.String())
		default:
			more, _ := engine.Apply(map[string]any{}, map[string]any{m.Key: f.settings.Document()[m.Key]}, f.version)
			need = max(need, more)
			d.reasons = append(d.reasons, m.String())
		}
	}
	d.need = fromNeed(need)
	return d
}

// notInForce compares daemon.json with what the daemon shows of itself.
func (f *found) notInForce() []dockerd.Mismatch {
	if f.apiErr != nil || f.info.ServerVersion == "" {
		return nil // it was not asked
	}
	return dockerd.NotInForce(f.settings, f.info, f.bridge)
}

// holdsBridge reports whether running containers keep the default bridge as it
// is through a restart, also through one before which live-restore is turned on.
func (f *found) holdsBridge() bool {
	return len(f.running) > 0 && (f.keepsContainers() || f.turnsLiveRestoreOn())
}

func fromNeed(n engine.Need) action {
	switch n {
	case engine.None:
		return none
	case engine.Reload:
		return reload
	}
	return restart
}

// turnsLiveRestoreOn reports whether a reload of daemon.json would turn
// live-restore on in the running daemon.
func (f *found) turnsLiveRestoreOn() bool {
	return f.configErr == nil && f.apiErr == nil && string(f.settings["live-restore"]) == "true" && !f.info.LiveRestoreEnabled
}

func maskError(runtime bool) error {
	where := "/etc/systemd/system"
	if runtime {
		where = "/run/systemd/system"
	}
	return fmt.Errorf("cannot start %s: it is masked in %s, which only an administrator does, to keep it from starting; if it shall start, run systemctl unmask %s first", dockerd.Service, where, dockerd.Service)
}

func pendingReasons(need action, reasons []string) []string {
	if need == none {
		return nil
	}
	return append([]string{"pending, not done in this state: " + need.String()}, reasons...)
}

func names(list []container) string {
	var texts []string
	for _, c := range list {
		text := c.Name
		if text == "" {
			text = c.ID
		}
		if len(texts) == 10 {
			texts = append(texts, fmt.Sprintf("and %d more", len(list)-10))
			break
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}
