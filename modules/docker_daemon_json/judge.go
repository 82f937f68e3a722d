// SPDX-License-Identifier: GPL-3.0-or-later

package docker_daemon_json

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/jsonedit"
)

// change is what a task wants, decoded as the engine table takes it.
type change struct {
	Params
	old, edited map[string]any
	changed     []string // top-level keys whose value changes
	content     []byte   // the edited file
	version     engine.Version
	line        commandLine
	daemon      *dockerapi.Client // nil if none runs
}

// verdict is what the engine would make of a change.
type verdict struct {
	version  any    // the engine's version as it spells it, nil if there is none
	apply    string // none, reload or restart
	affected []string
	warnings []string
}

// apiLimit is how long the daemon may take for an answer. One that hangs
// answers nothing at all; one that is merely busy needs a second or two.
const apiLimit = 10 * time.Second

// judge asks the engine table, the unit and the engine itself about the edited
// file, and the running daemon about what applying it takes.
func judge(ctx context.Context, h *host.Host, p Params, old, edited *jsonedit.Document, changed []string, content []byte) (verdict, error) {
	v := verdict{apply: engine.None.String(), affected: []string{}}
	process := dockerd.FromPIDFile(h)
	c := change{Params: p, old: decode(old), edited: decode(edited), changed: topLevel(changed), content: content, daemon: client(h, process, old)}
	text := p.EngineVersion
	if text == nil {
		text = installed(ctx, h, process, c.daemon)
	}
	if text != nil {
		var err error
		c.version, err = engine.Parse(*text)
		if err != nil && p.EngineVersion != nil {
			return v, fmt.Errorf("invalid value of option \"engine_version\": %w", err)
		}
		if err != nil {
			v.warnings = append(v.warnings, fmt.Sprintf("cannot tell the version of the installed engine: %v; the file is checked for what every engine knows", err))
		}
		v.version = *text
	}
	c.line = readCommandLine(h, p.Path, c.version)
	if p.Validate {
		warnings, err := c.check()
		v.warnings = append(v.warnings, warnings...)
		if err != nil {
			return v, err
		}
		if err := c.checkRemap(ctx, h); err != nil {
			return v, err
		}
		if err := c.checkSwarm(h); err != nil {
			return v, err
		}
		if err := c.askEngine(ctx, h); err != nil {
			return v, err
		}
	}
	warnings, err := c.guardData(ctx, h)
	v.warnings = append(v.warnings, warnings...)
	if err != nil {
		return v, err
	}
	if c.daemon != nil {
		need, _ := engine.Apply(c.old, c.edited, c.version)
		v.apply = need.String()
		if need == engine.Restart {
			v.affected = stopped(ctx, c.daemon)
		}
	}
	return v, nil
}

// check returns what the engine table has against the file: an error for what
// must not be written, warnings for the rest.
//
// What the engine rejects counts wherever it stands, since one bad key keeps
// the daemon from starting. What is only dangerous counts where this task
// changes something; otherwise nobody could repair such a file step by step.
func (c change) check() (warnings []string, err error) {
	problems := engine.Check(c.edited, engine.Target{Version: c.version, Flavor: c.line.flavor, Flags: c.line.flags})
	problems = append(problems, engine.Conflicts(c.edited, c.line.flags, c.version)...)
	var refused []string
	for _, problem := range problems {
		mine := slices.Contains(c.changed, problem.Key())
		if c.TCP == "tls" && problem.Key() == "hosts" && problem.Severity == engine.Warn {
			refused = append(refused, problem.Text+", or set tcp: any")
			continue
		}
		if problem.Severity == engine.Refuse && (mine || problem.Stage != engine.Dangerous) {
			text := problem.Text
			if !mine && problem.Stage == engine.Rejected {
				text += fmt.Sprintf(" (it is in the file already; this task can take it out with remove: [%s])", problem.Path)
			}
			refused = append(refused, text)
			continue
		}
		warnings = append(warnings, problem.Text)
	}
	if len(refused) > 0 {
		return warnings, fmt.Errorf("cannot write %s: %s", c.Path, strings.Join(refused, "; "))
	}
	return warnings, nil
}

// decode returns a document as the engine table takes it.
func decode(d *jsonedit.Document) map[string]any {
	top, _ := d.Get()
	doc, _ := top.Any().(map[string]any)
	return doc
}

// topLevel are the top-level keys of the paths that the task changes.
func topLevel(changed []string) []string {
	var keys []string
	for _, name := range changed {
		if path, err := jsonedit.ParsePath(name); err == nil && !slices.Contains(keys, path[0]) {
			keys = append(keys, path[0])
		}
	}
	return keys
}

// client returns a client of the running daemon, nil if there is none. It asks
// no systemctl: this module runs also where nothing is to be done, and the PID
// file and /proc answer faster.
func client(h *host.Host, process *dockerd.Process, config *jsonedit.Document) *dockerapi.Client {
	if process == nil {
		return nil
	}
	content := config.String()
	settings, err := dockerd.ParseSettings(&content)
	if err != nil {
		settings = nil
	}
	return dockerd.Daemon{Process: process}.Client(h, settings, apiLimit)
}

// installed returns the version of the engine that will read the file next,
// nil if there is none: that of the running daemon, or else that of the program.
// After an upgrade without a restart they differ, and the program counts. The
// daemon is asked only if docker_service has not noted what it said: a
// connection makes threads, which are a third of the time of a run with
// nothing to do.
func installed(ctx context.Context, h *host.Host, process *dockerd.Process, daemon *dockerapi.Client) *string {
	if process != nil && !dockerd.Replaced(h, process.PID) {
		if s := dockerd.LoadSnapshot(h); s.Of(process) && s.Version != "" {
			return &s.Version
		}
		if version, err := daemon.ServerVersion(ctx); err == nil && version != "" {
			return &version
		}
	}
	version, err := dockerd.ProgramVersion(ctx, h)
	if errors.Is(err, host.ErrNotFound) {
		return nil
	}
	// One that does not tell has no version, which is warned of.
	return &version
}

// stopped returns the names of the containers that a restart of the daemon
// stops: the running ones, unless it lets them live.
func stopped(ctx context.Context, daemon *dockerapi.Client) []string {
	names := []string{}
	if info, err := daemon.Info(ctx); err != nil || info.LiveRestoreEnabled {
		return names
	}
	containers, err := daemon.Containers(ctx, false)
	if err != nil {
		return names
	}
	for _, c := range containers {
		names = append(names, c.Name())
	}
	slices.Sort(names)
	return names
}
