// SPDX-License-Identifier: GPL-3.0-or-later

package docker_unit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/systemd"
)

// manager is what systemd says of docker.service.
type manager struct {
	loads   bool // systemd runs and knows the unit: it has to read files again
	running bool // dockerd runs
	socket  bool // docker.socket holds the API's socket
	stale   bool // systemd has not read what is on the disk
	dropIns []string
	version int // of systemd, 0 if unknown
	// warnings say what could not be found out.
	warnings []string
}

// askSystemd asks systemd about docker.service. A host without it, such as an
// image that is being made, is no error.
func askSystemd(ctx context.Context, h *host.Host, p Params) (manager, error) {
	var m manager
	units, err := systemd.Show(ctx, h, dockerd.Service, dockerd.Socket)
	switch {
	case errors.Is(err, systemd.ErrNotRunning):
		m.warnings = append(m.warnings, "systemd does not run on this host; it reads the drop-in when it starts")
	case err != nil:
		return m, err
	default:
		service := units[0]
		m.loads = service.Exists()
		m.running = service.MainPID > 0
		m.stale = service.NeedDaemonReload
		m.dropIns = service.DropIns
		m.socket = units[1].ActiveState == "active"
	}
	// Systemd 231 and newer give a unit that ran an ID, and need not be asked.
	modern := len(units) > 0 && units[0].InvocationID != ""
	if (p.StartLimitBurst != nil || p.StartLimitInterval != nil) && !modern {
		m.version = systemdVersion(ctx, h)
	}
	return m, nil
}

// systemdVersion returns the number in "systemd 252 (252.39-1)", 0 if it
// cannot be found out.
func systemdVersion(ctx context.Context, h *host.Host) int {
	out, err := h.Run(ctx, host.Command{Argv: []string{"systemctl", "--version"}, Limit: systemd.Limit})
	fields := strings.Fields(string(out.Stdout))
	if err != nil || len(fields) < 2 || fields[0] != "systemd" {
		return 0
	}
	number, _ := strconv.Atoi(strings.TrimRight(fields[1], "abcdefghijklmnopqrstuvwxyz~-."))
	return number
}

// old reports whether systemd takes start limits in [Service] only.
func (m manager) old() bool { return m.version > 0 && m.version < 230 }

// pending reports whether systemd has yet to read the drop-in, as after a run
// that was interrupted.
func (f found) pending(c change) bool {
	loaded := slices.ContainsFunc(f.systemd.dropIns, func(name string) bool { return path.Clean(name) == f.path })
	if len(c.settings) == 0 {
		return loaded
	}
	return f.systemd.loads && (f.systemd.stale || !loaded)
}

func reload() ansible.Act {
	return systemd.DaemonReload{Why: "drop-ins of docker.service changed"}
}

// replace is file.Replace that collects the names of backups and shows no
// passwords.
type replace struct {
	file.Replace
	backups *[]string
}

// Diff implements [ansible.Act].
func (r replace) Diff() []ansible.Diff {
	diffs := r.Replace.Diff()
	for i := range diffs {
		diffs[i].Before, diffs[i].After = withoutSecrets(diffs[i].Before), withoutSecrets(diffs[i].After)
	}
	return diffs
}

// Do implements [ansible.Act].
func (r replace) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	result, err := r.Replace.Do(ctx, h)
	return collect(result, r.backups), err
}

// remove is file.Remove, the same way.
type remove struct {
	file.Remove
	backups *[]string
}

// Diff implements [ansible.Act].
func (r remove) Diff() []ansible.Diff {
	diffs := r.Remove.Diff()
	for i := range diffs {
		diffs[i].Before = withoutSecrets(diffs[i].Before)
	}
	return diffs
}

// Do implements [ansible.Act].
func (r remove) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	result, err := r.Remove.Do(ctx, h)
	return collect(result, r.backups), err
}

// collect turns the backup_file of one act into backup_files of all.
func collect(result map[string]any, backups *[]string) map[string]any {
	if name, ok := result["backup_file"].(string); ok {
		delete(result, "backup_file")
		*backups = append(*backups, name)
		result["backup_files"] = slices.Clone(*backups)
	}
	return result
}

// withoutSecrets hides the passwords in addresses, as in
// http://user:password@proxy, and variables that are called as if they had
// one.
func withoutSecrets(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		assignment, found := strings.CutPrefix(line, "Environment=")
		if !found {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(assignment, `"`), "=")
		for _, word := range []string{"PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL"} {
			if strings.Contains(strings.ToUpper(name), word) {
				lines[i] = fmt.Sprintf("Environment=\"%s=********\"\n", name)
			}
		}
		if before, rest, ok := strings.Cut(lines[i], "://"); ok {
			if at := strings.LastIndexByte(rest, '@'); at >= 0 {
				lines[i] = before + "://********" + rest[at:]
			}
		}
	}
	return strings.Join(lines, "")
}

// write writes the drop-in.
type write struct {
	replace
	service dropin.Service
}

// verified is an act that is done after systemd-analyze had a look at the
// drop-in. It is the task's first one: a drop-in that is refused when
// daemon.json has the values of its flags already would leave them in both
// places, and dockerd does not start so.
type verified struct {
	ansible.Act
	dropIn write
}

// Do implements [ansible.Act].
func (v verified) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	if err := v.dropIn.verify(ctx, h); err != nil {
		return nil, err
	}
	return v.Act.Do(ctx, h)
}

// configWrite writes daemon.json and, as docker_daemon_json does, keeps what
// the running daemon has read of it for a way back.
type configWrite struct{ replace }

// Do implements [ansible.Act].
func (w configWrite) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	// A failure costs that way back and nothing else.
	_ = dockerd.Remember(h, w.Before.Path)
	return w.replace.Do(ctx, h)
}

// verify lets systemd-analyze judge a copy of the unit with the new drop-in.
// What it says without the drop-in too is not the drop-in's fault.
func (w write) verify(ctx context.Context, h *host.Host) error {
	if _, there := h.Look("systemd-analyze"); !there || !w.service.Found {
		return nil
	}
	dir, err := os.MkdirTemp("", "hardened-docker-unit-")
	if err != nil {
		return fmt.Errorf("cannot make a copy of docker.service to check: %w", err)
	}
	defer os.RemoveAll(dir)
	copied := filepath.Join(dir, dockerd.Service)
	if err := os.Mkdir(copied+".d", 0o700); err != nil {
		return fmt.Errorf("cannot make a copy of docker.service to check: %w", err)
	}
	own := filepath.Join(copied+".d", path.Base(w.Before.Path))
	for from, to := range w.copies(copied) {
		content := w.Content
		if to != own {
			if content, err = h.ReadFile(from); err != nil {
				return fmt.Errorf("cannot read %s: %w", from, err)
			}
		}
		if err := os.WriteFile(to, content, 0o600); err != nil {
			return fmt.Errorf("cannot make a copy of docker.service to check: %w", err)
		}
	}
	with, err := analyze(ctx, h, copied)
	if err != nil || len(with) == 0 {
		return nil
	}
	if err := os.Remove(own); err != nil {
		return fmt.Errorf("cannot make a copy of docker.service to check: %w", err)
	}
	without, err := analyze(ctx, h, copied)
	if err != nil {
		return nil
	}
	var faults []string
	for _, line := range with {
		if !slices.Contains(without, line) {
			faults = append(faults, strings.ReplaceAll(line, own, w.Before.Path))
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("cannot write %s: systemd-analyze has something against it: %s", w.Before.Path, strings.Join(faults, "; "))
	}
	return nil
}

// copies maps the files of the service to their copies.
func (w write) copies(copied string) map[string]string {
	names := map[string]string{w.service.Fragment: copied}
	for _, name := range w.service.DropIns {
		names[name] = filepath.Join(copied+".d", path.Base(name))
	}
	return names
}

// analyze returns what systemd-analyze says of a unit file. Whether it found
// fault is for its lines to tell: without --recursive-errors, which systemd
// has since 250, the exit status is 0 also for unknown settings.
func analyze(ctx context.Context, h *host.Host, unit string) ([]string, error) {
	const limit = 30 * time.Second
	out, err := h.Run(ctx, host.Command{Argv: []string{"systemd-analyze", "--recursive-errors=no", "verify", unit}, Limit: limit})
	if strings.Contains(string(out.Stderr), "unrecognized option") {
		out, err = h.Run(ctx, host.Command{Argv: []string{"systemd-analyze", "verify", unit}, Limit: limit})
	}
	if out.Code < 0 {
		return nil, err
	}
	lines := host.Output{Stdout: out.Stderr}.Lines()
	slices.Sort(lines)
	return slices.Compact(lines), nil
}
