// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_unit declares one drop-in of docker.service: start time and
// start limits, environment, resource limits, and a command line without the
// flags that daemon.json is to set.
//
// A tour. settings.go turns options into settings and finds out whether they
// win over those of other drop-ins; flags.go takes flags off the command line
// and their values to daemon.json, and brings them back; systemd.go has the
// parts that ask systemd.
//
// The module does not restart dockerd. docker_service with state=converged
// does, where the result apply says that it is needed.
package docker_unit

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/unitfile"
)

// Module is docker_unit.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the module's options.
type Params struct {
	Name               string         `arg:"name" default:"50-hardened"`
	StartTimeout       *string        `arg:"start_timeout"`
	StartLimitBurst    *int           `arg:"start_limit_burst"`
	StartLimitInterval *string        `arg:"start_limit_interval"`
	Environment        map[string]any `arg:"environment" type:"dict" default:"{}"`
	LimitNproc         *string        `arg:"limit_nproc"`
	LimitNofile        *string        `arg:"limit_nofile"`
	Flags              []string       `arg:"flags" default:"[]"`
	KeepValues         bool           `arg:"keep_values" default:"true"`
	Backup             bool           `arg:"backup" default:"true"`
	State              string         `arg:"state" choices:"present,absent" default:"present"`
}

// folder has the drop-ins that an administrator makes.
const folder = "/etc/systemd/system/docker.service.d"

// maxSize is how large the files that the module changes may be, in bytes.
const maxSize = 1 << 20

// found is the host as the module found it.
type found struct {
	path    string // of the drop-in
	before  file.State
	service dropin.Service // as it is
	base    dropin.Service // as it would be without the drop-in
	systemd manager
}

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	if err := checkName(p.Name); err != nil {
		return nil, err
	}
	wanted, warnings, err := settingsOf(h, p)
	if err != nil {
		return nil, err
	}
	f, err := look(ctx, h, p)
	if err != nil {
		return nil, err
	}
	if f.systemd.old() {
		wanted = forOldSystemd(wanted)
	}
	out := &ansible.Plan{Warnings: append(append(warnings, f.systemd.warnings...), withoutMeaning(h, p)...)}
	var c change
	switch {
	case f.service.Found:
		if c, err = decide(h, p, f, wanted); err != nil {
			return nil, err
		}
		out.Warnings = append(out.Warnings, c.warnings...)
	default:
		c.settings = f.place(wanted)
		if len(p.Flags) > 0 && p.State == "present" {
			out.Warnings = append(out.Warnings, "cannot take flags off a command line that is not there yet: this host has no docker.service; install the engine and run this task again")
		}
	}
	var backups []string
	acts := c.files(p, &backups)
	own, err := f.write(h, p, c, &backups)
	if err != nil {
		return nil, err
	}
	acts = append(acts, own...)
	if len(own) > 0 {
		if drop, ok := own[len(own)-1].(write); ok {
			acts[0] = verified{acts[0], drop}
		}
	}
	if (len(own) > 0 || f.pending(c)) && f.systemd.loads {
		acts = append(acts, reload())
	}
	out.Acts = acts
	out.Result = map[string]any{
		"path": f.path, "apply": "none", "command": c.command, "flags_removed": c.removed, "flags_returned": c.returned,
	}
	if len(acts) > 0 && f.systemd.running && c.restart {
		out.Result["apply"] = "restart"
	}
	return out, nil
}

// checkName refuses names that are no file's, or that systemd does not read.
func checkName(name string) error {
	bad := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != ""
	if bad || name == "" || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".conf") {
		return fmt.Errorf("invalid value of option \"name\": %q: write the file's name without .conf, such as 50-hardened, of letters, digits, dot, dash and underscore", name)
	}
	return nil
}

// look reads the host.
func look(ctx context.Context, h *host.Host, p Params) (found, error) {
	f := found{path: path.Join(folder, p.Name+".conf")}
	var err error
	if f.before, err = file.Read(h, f.path, maxSize); err != nil {
		return f, err
	}
	if f.service, err = dropin.Read(h, dockerd.Service); err != nil {
		return f, err
	}
	f.base = f.service.Without(f.path)
	f.systemd, err = askSystemd(ctx, h, p)
	return f, err
}

// place gives settings the drop-in as their file.
func (f found) place(settings []unitfile.Setting) []unitfile.Setting {
	placed := slices.Clone(settings)
	for i := range placed {
		placed[i].File = f.path
	}
	return placed
}

// write returns the acts that make the drop-in say the settings, or remove it
// where there is nothing to say.
func (f found) write(h *host.Host, p Params, c change, backups *[]string) ([]ansible.Act, error) {
	if len(c.settings) == 0 {
		if !f.before.Exists {
			return nil, nil
		}
		return []ansible.Act{remove{file.Remove{Before: f.before, Backup: p.Backup}, backups}}, nil
	}
	mode := fs.FileMode(0o644)
	if len(p.Environment) > 0 {
		// Proxies have passwords. The environment of a running dockerd is for
		// root alone, too.
		mode = 0o600
	}
	now, faults := unitfile.Parse(f.path, f.before.Content)
	if f.before.Exists && len(faults) == 0 && sameMeaning(now, c.settings) && f.before.Mode&^mode == 0 {
		return nil, nil
	}
	before := f.before
	// Replace keeps the mode it finds, and a backup has it too: one that shows
	// secrets to everybody is not made.
	exposed := before.Exists && before.Mode&^mode != 0
	before.Mode &= mode
	acts, err := dropin.Parents(h, folder)
	if err != nil {
		return nil, err
	}
	return append(acts, write{
		replace: replace{file.Replace{Before: before, Content: render(c, f), Mode: mode, Backup: p.Backup && !exposed}, backups},
		service: c.next,
	}), nil
}

// render writes the drop-in.
func render(c change, f found) []byte {
	var b strings.Builder
	b.WriteString("# Written by docker_unit of hardened.docker, which will write it anew.\n")
	section := ""
	for _, s := range c.settings {
		if s.Section != section {
			fmt.Fprintf(&b, "\n[%s]\n", s.Section)
			section = s.Section
		}
		if s.Name == "ExecStart" && s.Value == "" {
			fmt.Fprintf(&b, "# The command line of %s without the flags that %s sets.\n", c.source, c.config)
		}
		fmt.Fprintf(&b, "%s=%s\n", s.Name, s.Value)
	}
	return []byte(b.String())
}
