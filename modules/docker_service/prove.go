// SPDX-License-Identifier: GPL-3.0-or-later

package docker_service

import (
	"context"
	"fmt"
	"strings"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
)

// prove reads the daemon again and compares what it works with to daemon.json.
func (a apply) prove(ctx context.Context, h *host.Host) (*found, error) {
	now, err := observe(ctx, h)
	if err != nil {
		return &found{running: []container{}}, err
	}
	if !now.daemon.Running() {
		return now, fmt.Errorf("cannot prove that dockerd runs: it came up, answered, and ended again; see journalctl -u %s", dockerd.Service)
	}
	if now.apiErr != nil {
		return now, fmt.Errorf("cannot prove that the settings are in force: %w", now.apiErr)
	}
	if now.configErr != nil {
		return now, fmt.Errorf("cannot prove that the settings are in force: %w", now.configErr)
	}
	if a.decision.action == reload && a.partial() || a.decision.action == rolledBack {
		return now, nil
	}
	var texts []string
	for _, m := range now.notInForce() {
		if now.holdsBridge() && dockerd.KeptByContainers(m.Key) {
			continue // the plan warned of it
		}
		texts = append(texts, m.String())
		now.unproven = append(now.unproven, m.Key)
	}
	switch {
	case len(texts) == 0:
		return now, nil
	case a.changedMeanwhile(now):
		// The daemon has not refused what it may never have read.
		return now, fmt.Errorf("cannot put the settings in force: somebody else changed %s while dockerd came up; run the task again", now.configFile)
	default:
		return now, fmt.Errorf("cannot put the settings in force: after the %s %s; see journalctl -u %s", a.decision.action, strings.Join(texts, "; "), dockerd.Service)
	}
}

// changedMeanwhile reports whether somebody else changed daemon.json since the plan.
// Nobody can say which of the two the daemon has read.
func (a apply) changedMeanwhile(now *found) bool {
	planned, is := a.found.config, now.config
	same := planned == is || planned != nil && is != nil && *planned == *is
	return !same && a.decision.action != rolledBack
}

// remember keeps what was proven, for the next run to compare with. Without it
// the next change costs a restart where a reload would do, which is no reason
// to fail a change that is in force. Of a file that changed meanwhile nothing is
// kept: the next run goes by its time.
func (a apply) remember(h *host.Host, now *found) {
	if now.daemon.Process == nil || now.configErr != nil || now.apiErr != nil || a.changedMeanwhile(now) {
		return
	}
	s := now.unit.snapshot()
	if a.decision.action == reload {
		// What the unit says was not taken over now.
		s.Service, s.Variables, s.Files = nil, nil, nil
		if old := a.found.snapshot; old.Of(now.daemon.Process) {
			s.Service, s.Variables, s.Files, s.Accepted = old.Service, old.Variables, old.Files, old.Accepted
		}
	} else {
		s.Accepted = now.unit.differences
	}
	s.Unproven = now.unproven
	s.PID, s.Ticks, s.Version = now.daemon.Process.PID, now.daemon.Process.Ticks, now.info.ServerVersion
	s.ConfigFile, s.Config = now.configFile, now.config
	if a.decision.action == reload && a.partial() {
		// The reload took over a part of the file. The next run must still see
		// the rest, so the daemon counts as one with the old file.
		if !a.found.loaded.Known {
			return
		}
		s.Config = a.found.loaded.Config
	}
	_ = s.Save(h)
}

// partial reports whether a reload that the user asked for leaves a part of
// the file for a restart.
func (a apply) partial() bool { return difference(a.found).need == restart }
