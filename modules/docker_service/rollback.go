// SPDX-License-Identifier: GPL-3.0-or-later

package docker_service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/systemd"
)

// recover is called when the daemon did not take the configuration. It puts
// the last one that worked back, if there is another one, and starts that. The
// task fails in each case, and says why dockerd did not come up.
func (a apply) recover(ctx context.Context, h *host.Host, m mark, cause error, result map[string]any) (map[string]any, error) {
	if why := dockerd.Reason(m.news(ctx, h)); why != "" && !strings.Contains(cause.Error(), why) {
		cause = fmt.Errorf("%w: %s", cause, why)
	}
	acts, why := a.wayBack(h)
	if len(acts) == 0 {
		return result, fmt.Errorf("%w; %s", cause, why)
	}
	var backups []string
	for _, act := range acts {
		returned, err := act.Do(ctx, h)
		if err != nil {
			// Not %w: that nothing was written is not that nothing was done.
			return result, fmt.Errorf("%w; and the previous configuration cannot be restored: %v", cause, err)
		}
		if kept, ok := returned["backup_file"].(string); ok {
			backups = append(backups, kept)
		}
	}
	err := a.revive(ctx, h)
	if errors.Is(err, errDown) && ctx.Err() == nil {
		// The configuration was not the cause, so it is not to be blamed for it.
		if undone := undo(ctx, h, acts, backups); undone != nil {
			return result, fmt.Errorf("%w; dockerd does not come up with the previous configuration either: %v; and the files cannot be put back: %v", cause, err, undone)
		}
		return result, fmt.Errorf("%w; dockerd does not come up with the previous configuration either, so the files are as they were: %v", cause, err)
	}
	restored := fmt.Sprintf("the previous configuration is restored (%s)", steps(acts))
	kept := ""
	if len(backups) > 0 {
		result["backup_file"] = backups[0]
		kept = "; what was rejected is kept as " + strings.Join(backups, ", ")
	}
	result["action"], result["pending"] = rolledBack.String(), none.String()
	if err != nil {
		return result, fmt.Errorf("%w; %s%s; but dockerd is not up with it yet: %v", cause, restored, kept, err)
	}
	back := a
	back.decision.action = rolledBack // nothing is to be proven but that it runs
	now, err := back.prove(ctx, h)
	result["running_after"] = now.running
	if err != nil {
		return result, fmt.Errorf("%w; %s%s: %w", cause, restored, kept, err)
	}
	back.remember(h, now)
	return result, fmt.Errorf("%w; %s and dockerd runs with it%s", cause, restored, kept)
}

// revive makes a daemon run with the restored configuration: by a reload if it
// still runs, else by a start.
func (a apply) revive(ctx context.Context, h *host.Host) error {
	d, err := dockerd.Read(ctx, h)
	if err != nil {
		return err
	}
	m := a.mark(ctx, h)
	if p := a.found.daemon.Process; d.Running() && p != nil && d.Process.Ticks == p.Ticks {
		// It refused a reload and goes on. Engines before 25 may have taken over a part of the refused file.
		return systemd.Call(ctx, h, systemd.Limit, "reload", "--", dockerd.Service)
	}
	units := []string{dockerd.Service}
	if d.Socket.Exists() {
		units = append(units, dockerd.Socket)
	}
	_ = systemd.ResetFailed(ctx, h, units...)
	if err := systemd.Call(ctx, h, systemd.Limit, "--no-block", "restart", "--", dockerd.Service); err != nil {
		return err
	}
	if err := a.up(ctx, h, m); err != nil {
		if why := dockerd.Reason(m.news(ctx, h)); why != "" {
			return fmt.Errorf("%w: %s", err, why)
		}
		return err
	}
	return nil
}

// wayBack returns the acts that restore the last configuration that worked, or
// why there are none.
func (a apply) wayBack(h *host.Host) ([]ansible.Act, string) {
	if !a.rollback {
		return nil, "nothing was rolled back, as rollback is false"
	}
	f := a.found
	good, known := f.loaded.Config, f.loaded.Known
	if !known && f.snapshot != nil && f.snapshot.ConfigFile == f.configFile {
		good, known = f.snapshot.Config, true
	}
	if !known {
		return nil, fmt.Sprintf("there is nothing to go back to: no configuration of %s is known to have worked", f.configFile)
	}
	var acts []ansible.Act
	state, err := file.Read(h, f.configFile, 16<<20)
	if err != nil {
		return nil, err.Error()
	}
	switch {
	case good == nil && state.Exists:
		acts = append(acts, file.Remove{Before: state, Backup: true})
	case good != nil && (!state.Exists || string(state.Content) != *good):
		// Of a file that is gone nobody knows who could read it, and its proxies
		// may have passwords, so only root can.
		acts = append(acts, file.Replace{Before: state, Content: []byte(*good), Mode: 0o600, Backup: true})
	}
	more, err := unitWayBack(h, f)
	if err != nil {
		return nil, err.Error()
	}
	acts = append(acts, more...)
	if len(acts) == 0 {
		return nil, "the configuration is the one that worked before, so there is nothing to go back to"
	}
	return acts, ""
}

// unitWayBack returns the acts that restore the unit's drop-ins and
// environment files as the snapshot has them.
func unitWayBack(h *host.Host, f *found) ([]ansible.Act, error) {
	if f.snapshot == nil || f.snapshot.Files == nil {
		return nil, nil
	}
	if f.daemon.Process != nil && !f.snapshot.Of(f.daemon.Process) {
		return nil, nil // somebody restarted it, with other files perhaps
	}
	names := make([]string, 0, len(f.snapshot.Files))
	for name := range f.snapshot.Files {
		names = append(names, name)
	}
	for name := range f.unit.files {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var acts []ansible.Act
	for _, name := range names {
		state, err := file.Read(h, name, 1<<20)
		if err != nil {
			return nil, err
		}
		good, known := f.snapshot.Files[name]
		switch {
		case known && (!state.Exists || string(state.Content) != good):
			acts = append(acts, file.Replace{Before: state, Content: []byte(good), Mode: 0o600, Backup: true})
		case !known && state.Exists:
			acts = append(acts, file.Remove{Before: state, Backup: true})
		}
	}
	if len(acts) > 0 {
		acts = append(acts, systemd.DaemonReload{Why: "unit files were restored"})
	}
	return acts, nil
}

// undo takes the acts of a rollback back, and their backups away.
func undo(ctx context.Context, h *host.Host, acts []ansible.Act, backups []string) error {
	for _, act := range acts {
		var before file.State
		switch a := act.(type) {
		case file.Replace:
			before = a.Before
		case file.Remove:
			before = a.Before
		default:
			if _, err := act.Do(ctx, h); err != nil {
				return err
			}
			continue
		}
		now, err := file.Read(h, before.Path, 16<<20)
		if err == nil && before.Exists {
			_, err = file.Replace{Before: now, Content: before.Content, Mode: before.Mode}.Do(ctx, h)
		} else if err == nil && now.Exists {
			_, err = file.Remove{Before: now}.Do(ctx, h)
		}
		if err != nil {
			return err
		}
	}
	for _, name := range backups {
		state, err := file.Read(h, name, 16<<20)
		if err == nil && state.Exists {
			_, err = file.Remove{Before: state}.Do(ctx, h)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// steps joins what acts do.
func steps(acts []ansible.Act) string {
	var texts []string
	for _, act := range acts {
		texts = append(texts, act.Describe())
	}
	return strings.Join(texts, ", ")
}
