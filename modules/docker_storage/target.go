// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/configured"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/unitfile"
)

// target is the variable in a file that storage flags are written into.
type target struct {
	service  dropin.Service
	line     dropin.Line
	file     string // "" if no file reaches dockerd
	variable string
	value    string // as it is
	warnings []string
}

// The files of the two families, with the variable that their units use.
const (
	sysconfigFile     = "/etc/sysconfig/docker-storage"
	sysconfigVariable = "DOCKER_STORAGE_OPTIONS"
	debianFile        = "/etc/default/docker"
	debianVariable    = "DOCKER_OPTS"
)

// findTarget finds out which file and variable reach dockerd.
func findTarget(h *host.Host) (target, error) {
	service, err := dropin.Read(h, dockerd.Service)
	if err != nil {
		return target{}, err
	}
	t := target{service: service}
	if !service.Found {
		t.planned(h)
	}
	if t.line, err = dropin.ReadLine(t.service); err != nil {
		return t, err
	}
	t.choose()
	return t, nil
}

// planned stands for the unit of an engine that is not installed yet.
func (t *target) planned(h *host.Host) {
	name, variable := debianFile, debianVariable
	// Only the RPM family has this directory.
	if info, err := h.Stat("/etc/sysconfig"); err == nil && info.IsDir() {
		name, variable = sysconfigFile, sysconfigVariable
	}
	t.service = dropin.Service{Files: h, Unit: unitfile.Unit{Name: dockerd.Service, Settings: []unitfile.Setting{
		{Section: "Service", Name: "EnvironmentFile", Value: "-" + name},
		{Section: "Service", Name: "ExecStart", Value: "/usr/bin/dockerd $" + variable},
	}}}
	t.warnings = append(t.warnings, fmt.Sprintf("cannot tell yet whether the engine will read %s: this host has no docker.service; run this task again when the engine is installed", name))
}

// choose takes the variable made for storage options where dockerd gets it, or
// else the one for all options, in the file that sets it, or is named so that
// it should.
func (t *target) choose() {
	files := t.service.EnvironmentFiles()
	variables := t.line.Variables()
	for _, known := range []struct{ variable, base string }{
		{sysconfigVariable, "docker-storage"}, {debianVariable, "docker"}, {"OPTIONS", "docker"},
	} {
		at := slices.IndexFunc(variables, func(v unitfile.Variable) bool { return v.Name == known.variable })
		if at < 0 || len(files) == 0 {
			continue
		}
		v := variables[at]
		if v.File != "" && !slices.Contains(files, v.File) {
			// The unit sets it itself, or a pattern matched a file.
			continue
		}
		if v.File == "" {
			v.File = files[len(files)-1]
			for _, name := range files {
				if path.Base(name) == known.base {
					v.File = name
				}
			}
		}
		t.file, t.variable, t.value = v.File, v.Name, v.Value
		return
	}
}

// nowhere says that no file has an effect, and what has.
func (t target) nowhere() error {
	where := t.line.Setting.File
	return fmt.Errorf("cannot set storage flags in an environment file: the command line of docker.service (%s:%d) takes none of %s, %s and OPTIONS from one, so that a file would have no effect: set storage-driver and storage-opts with docker_daemon_json",
		where, t.line.Setting.Line, sysconfigVariable, debianVariable)
}

// isOwn reports whether a flag is in the target's variable.
func (t target) isOwn(use engine.FlagUse) bool {
	for _, v := range t.line.Variables() {
		if v.Name == t.variable && v.File == use.File && v.Line == use.Line {
			return true
		}
	}
	return false
}

func (t target) own() []engine.FlagUse {
	var own []engine.FlagUse
	for _, use := range t.line.Flags() {
		if t.isOwn(use) {
			own = append(own, use)
		}
	}
	return own
}

// agree refuses to write what is also set elsewhere: dockerd does not start
// with an option both as a flag and in the file, and of a flag that is there
// twice it takes the last.
func (t target) agree(p Params, c configured.Config) error {
	if p.State != "present" {
		return nil
	}
	for _, wanted := range []struct {
		key, flag string
		given     bool
	}{{driverKey, "storage-driver", p.Driver != nil}, {optionsKey, "storage-opt", len(options(p)) > 0}} {
		if !wanted.given {
			continue
		}
		if value, set := c.File[wanted.key]; set && value != nil {
			return fmt.Errorf("cannot set --%s in %s: %s has %q, and dockerd does not start with both, even if they agree: remove the key with docker_daemon_json and remove: [%s], or leave this to daemon.json and use state: absent here",
				wanted.flag, t.file, c.Path, wanted.key, wanted.key)
		}
		for _, use := range t.line.Flags() {
			if use.Flag == wanted.flag && !t.isOwn(use) {
				return fmt.Errorf("cannot set --%s in %s: %s sets %s already: remove it there, or take it off the command line with docker_unit and flags: [%s]",
					wanted.flag, t.file, use.Origin(), strings.TrimSpace(use.Spelt+" "+use.Value), wanted.key)
			}
		}
	}
	return nil
}
