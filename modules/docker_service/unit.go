// SPDX-License-Identifier: GPL-3.0-or-later

package docker_service

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/unitfile"
)

// unitState is what the unit, as it is on the disk, says about dockerd, and
// where the running one differs.
type unitState struct {
	args      []string          // the command line that the unit starts
	variables []string          // names of the environment variables that it sets
	service   string            // its settings that only a start takes over
	files     map[string]string // its drop-ins and environment files
	dropIns   []string
	// differences are why the running daemon is not the unit's any more.
	differences []string
	warnings    []string
}

// readUnit computes what the unit would start now, and compares it with the
// running daemon.
func readUnit(h *host.Host, f *found) unitState {
	s := unitState{args: processArgs(f.daemon.Process)}
	if masked, _ := f.daemon.Service.Masked(); masked {
		return s
	}
	unit, err := unitfile.Load(h, dockerd.Service)
	if err != nil {
		s.warnings = append(s.warnings, err.Error())
		return s
	}
	s.dropIns = unit.DropIns
	s.service = startSettings(unit.Settings)
	s.files = readFiles(h, unit)
	command, _, err := unitfile.ExecStart(h, unit)
	if err != nil {
		s.warnings = append(s.warnings, err.Error())
		return s
	}
	s.args = nil
	for _, word := range command.Words {
		s.args = append(s.args, word.Text)
	}
	environment, _, err := unitfile.Environment(h, unit)
	if err != nil {
		s.warnings = append(s.warnings, err.Error())
		return s
	}
	values := make(map[string]string, len(environment))
	for name, variable := range environment {
		values[name] = variable.Value
		s.variables = append(s.variables, name)
	}
	slices.Sort(s.variables)
	if f.daemon.Running() {
		s.compare(h, f, values, unit)
	}
	return s
}

func processArgs(p *dockerd.Process) []string {
	if p == nil {
		return nil
	}
	return p.Args
}

// compare finds where the running daemon differs from the unit.
func (s *unitState) compare(h *host.Host, f *found, values map[string]string, unit unitfile.Unit) {
	process := f.daemon.Process
	known := f.snapshot.Of(process)
	var found []string
	if !slices.Equal(process.Args, s.args) {
		found = append(found, fmt.Sprintf("dockerd runs as %q and the unit starts %q", strings.Join(process.Args, " "), strings.Join(s.args, " ")))
	}
	if running, err := dockerd.Environment(h, process.PID); err == nil {
		var before []string
		if known {
			before = f.snapshot.Variables
		}
		for _, name := range optionVariables(unit) {
			delete(running, name)
			delete(values, name)
		}
		found = append(found, environmentDifferences(running, values, before)...)
	}
	switch {
	case known && f.snapshot.Service != nil:
		if *f.snapshot.Service != s.service {
			found = append(found, fmt.Sprintf("settings of %s that only a start takes over changed: %s", dockerd.Service, strings.Join(changedLines(*f.snapshot.Service, s.service), ", ")))
		}
	default:
		for _, file := range append([]string{unit.Fragment}, unit.DropIns...) {
			settings := slices.DeleteFunc(slices.Clone(unit.Settings), func(one unitfile.Setting) bool { return one.File != file })
			if startSettings(settings) != "" && dockerd.ChangedSince(h, file, process.Started()) {
				found = append(found, file+" changed after dockerd started")
			}
		}
	}
	for _, text := range found {
		// What a restart did not change is not the restart's to change: the unit
		// says it in a way that is not understood here.
		if !known || !slices.Contains(f.snapshot.Accepted, text) {
			s.differences = append(s.differences, text)
		}
	}
}

// environmentDifferences compares a running environment with the variables
// that the unit sets now, and that it was known to set before. It names no
// values: a proxy's may have a password.
func environmentDifferences(running, values map[string]string, before []string) []string {
	var changed, gone []string
	for name, value := range values {
		if now, ok := running[name]; !ok || now != value {
			changed = append(changed, name)
		}
	}
	for name := range running {
		_, set := values[name]
		// Systemd has variables of its own; these nobody else sets.
		if !set && (slices.Contains(before, name) || ownVariable(name)) {
			gone = append(gone, name)
		}
	}
	var texts []string
	for _, part := range []struct {
		names []string
		text  string
	}{{changed, "the unit sets the environment variables %s anew"}, {gone, "the unit does not set the environment variables %s any more"}} {
		if slices.Sort(part.names); len(part.names) > 0 {
			texts = append(texts, fmt.Sprintf(part.text, strings.Join(part.names, ", ")))
		}
	}
	return texts
}

// optionVariables are the variables that are made for the command line, which is
// compared by itself: those that the unit has there, and those that the units of
// packages had, which may be left over. dockerd does not read them.
func optionVariables(unit unitfile.Unit) []string {
	names := []string{"DOCKER_OPTS", "DOCKER_OPTIONS", "DOCKER_STORAGE_OPTIONS", "DOCKER_NETWORK_OPTIONS", "OPTIONS"}
	for _, s := range unit.All("Service", "ExecStart") {
		for _, part := range strings.Split(s.Value, "$")[1:] {
			name := strings.TrimPrefix(part, "{")
			end := strings.IndexFunc(name, func(r rune) bool {
				return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
			})
			if end >= 0 {
				name = name[:end]
			}
			if !ownVariable(name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// ownVariable reports whether dockerd reads a variable of that name.
func ownVariable(name string) bool {
	switch strings.ToUpper(name) {
	case "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "FTP_PROXY", "ALL_PROXY":
		return true
	}
	return strings.HasPrefix(name, "DOCKER_")
}

// startSettings joins the settings that a running service does not take over
// with a daemon-reload. Left out are those that are compared by their effect,
// and those that systemd itself follows, as for the next stop or restart.
func startSettings(settings []unitfile.Setting) string {
	var lines []string
	for _, s := range settings {
		if s.Section == "Service" && !followed(s.Name) {
			lines = append(lines, s.Name+"="+s.Value)
		}
	}
	return strings.Join(lines, "\n")
}

func followed(name string) bool {
	for _, prefix := range []string{"Exec", "Environment", "Restart", "Timeout", "StartLimit", "Kill", "Send", "Final", "Success", "FailureAction"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "UnsetEnvironment", "PassEnvironment", "Type", "NotifyAccess", "WatchdogSec", "RemainAfterExit", "PIDFile":
		return true
	}
	return false
}

// changedLines returns the names in lines that only one of two texts has.
func changedLines(a, b string) []string {
	before, after := strings.Split(a, "\n"), strings.Split(b, "\n")
	var names []string
	for _, pair := range [][2][]string{{before, after}, {after, before}} {
		for _, line := range pair[0] {
			name, _, _ := strings.Cut(line, "=")
			if line != "" && !slices.Contains(pair[1], line) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return []string{"their order"}
	}
	return names
}

// readFiles reads the drop-ins and environment files.
func readFiles(h *host.Host, unit unitfile.Unit) map[string]string {
	names := slices.Clone(unit.DropIns)
	for _, s := range unit.All("Service", "EnvironmentFile") {
		names = append(names, strings.TrimPrefix(strings.TrimSpace(s.Value), "-"))
	}
	files := make(map[string]string)
	for _, name := range names {
		// Only what is an administrator's is ever restored.
		if !strings.HasPrefix(path.Clean(name), "/etc/") {
			continue
		}
		if content, _, err := h.ReadRegular(name, 1<<20); err == nil {
			files[name] = string(content)
		}
	}
	return files
}

// stale reports whether systemd has read other unit files than those on the
// disk. Its own NeedDaemonReload can miss a new directory of drop-ins.
func (s unitState) stale(f *found) bool {
	if f.daemon.Service.NeedDaemonReload {
		return true
	}
	return !slices.Equal(bases(s.dropIns), bases(f.daemon.Service.DropIns))
}

// bases returns the sorted base names: the same directory has two names where
// /lib is a link to /usr/lib.
func bases(names []string) []string {
	list := make([]string, 0, len(names))
	for _, name := range names {
		list = append(list, path.Base(name))
	}
	slices.Sort(list)
	return list
}

// snapshot is the unit's part of a snapshot of a daemon that it just started.
func (s unitState) snapshot() dockerd.Snapshot {
	return dockerd.Snapshot{Service: &s.service, Variables: s.variables, Files: s.files}
}
