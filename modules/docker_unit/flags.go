// SPDX-License-Identifier: GPL-3.0-or-later

package docker_unit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/unitfile"
)

// change is what the module makes of a host that has docker.service.
type change struct {
	settings   []unitfile.Setting // of the drop-in; none: there is to be no drop-in
	source     string             // the file that the command line was taken from
	config     string             // daemon.json
	next       dropin.Service     // as it will be
	command    any                // the command line that it will have, nil if unknown
	removed    []string           // flags that are taken off the present command line
	returned   []string           // flags that come onto it
	edits      []edit
	configEdit *configEdit
	restart    bool // whether a running dockerd has to be restarted for it
	warnings   []string
}

// edit is an environment file with another content.
type edit struct {
	before  file.State
	content []byte
}

// decide works out the drop-in and what goes with it.
func decide(h *host.Host, p Params, f found, wanted []unitfile.Setting) (change, error) {
	c := change{config: engine.ConfigFile(nil), removed: []string{}, returned: []string{}}
	now, nowErr := dropin.ReadLine(f.service)
	files := dropin.Edited{Files: f.base.Files, Content: map[string][]byte{}}
	if len(p.Flags) > 0 && p.State == "present" {
		cut, err := takeOff(f, p.Flags)
		if err != nil {
			return c, err
		}
		if cut.ExecStart != "" {
			base, _ := dropin.ReadLine(f.base)
			c.source = base.Setting.File
			wanted = append(wanted,
				unitfile.Setting{Section: "Service", Name: "ExecStart"},
				unitfile.Setting{Section: "Service", Name: "ExecStart", Value: cut.ExecStart})
		}
		if c.edits, err = editVariables(h, f, cut.Variables); err != nil {
			return c, err
		}
		for _, e := range c.edits {
			files.Content[e.before.Path] = e.content
		}
	}
	c.settings = f.place(wanted)
	c.next = f.base.With(f.path, nil)
	if len(c.settings) > 0 {
		c.next = f.base.With(f.path, c.settings)
	}
	c.next.Files = files
	if err := overruled(c.next, f.path, p); err != nil {
		return c, err
	}
	next, err := dropin.ReadLine(c.next)
	if err != nil {
		if len(p.Flags) > 0 {
			return c, fmt.Errorf("cannot tell which command line docker.service would have: %w", err)
		}
		c.warnings = append(c.warnings, err.Error())
		c.restart = true
		return c, nil
	}
	if err := stillThere(p, next); err != nil {
		return c, err
	}
	c.command = commandLine(c.next)
	if nowErr != nil {
		// The present one cannot start; then there is nothing that it set.
		now = next
	}
	c.restart = nowErr != nil || differ(f.service, c.next)
	return c, c.syncConfig(h, p, f, now.Flags(), next.Flags())
}

// takeOff cuts the flags off the command line that the service has without
// the drop-in.
func takeOff(f found, names []string) (dropin.Cut, error) {
	wanted, err := flagNames(names)
	if err != nil {
		return dropin.Cut{}, err
	}
	line, err := dropin.ReadLine(f.base)
	if err != nil {
		return dropin.Cut{}, fmt.Errorf("cannot take flags off the command line of docker.service: %w", err)
	}
	cut, err := line.Without(func(use engine.FlagUse) bool { return wanted[use.Flag] })
	if err != nil {
		return cut, err
	}
	for _, v := range cut.Variables {
		if !f.base.InEnvironmentFile(v) {
			return cut, fmt.Errorf("cannot take flags out of the variable %s: %s:%d sets it with Environment=, not an environment file: change it there", v.Name, v.File, v.Line)
		}
	}
	return cut, nil
}

// flagNames resolves what users call a flag: its own name, its letter, or the
// key of daemon.json.
func flagNames(names []string) (map[string]bool, error) {
	wanted := make(map[string]bool)
	for _, name := range names {
		key, known := engine.Lookup(name)
		if !known {
			key, known = engine.KeyForFlag(name)
		}
		if !known || key.Flag == "" {
			return nil, fmt.Errorf("invalid value of option \"flags\": unknown flag %q: write the name of a dockerd flag that daemon.json can set instead, such as hosts, -H or --host, without its value", name)
		}
		wanted[key.Flag] = true
	}
	return wanted, nil
}

// editVariables returns the environment files with the variables' new values.
func editVariables(h *host.Host, f found, variables []unitfile.Variable) ([]edit, error) {
	var edits []edit
	for _, v := range variables {
		at := slices.IndexFunc(edits, func(e edit) bool { return e.before.Path == v.File })
		if at < 0 {
			before, err := file.Read(h, v.File, maxSize)
			if err != nil {
				return nil, err
			}
			edits = append(edits, edit{before, before.Content})
			at = len(edits) - 1
		}
		content, err := dropin.SetVariable(v.File, edits[at].content, v.Name, v.Value)
		if err != nil {
			return nil, err
		}
		edits[at].content = content
	}
	return edits, nil
}

// stillThere returns an error if a flag is on the command line nevertheless.
func stillThere(p Params, line dropin.Line) error {
	if p.State == "absent" {
		return nil
	}
	wanted, err := flagNames(p.Flags)
	if err != nil {
		return err
	}
	for _, use := range line.Flags() {
		if wanted[use.Flag] {
			return fmt.Errorf("cannot take %s off the command line: %s has the last word about it: remove the flag there, or give this drop-in a name that sorts later, as in name: zz-hardened", use.Spelt, use.Origin())
		}
	}
	return nil
}

// commandLine is the whole command of a service.
func commandLine(s dropin.Service) any {
	command, _, err := unitfile.ExecStart(s.Files, s.Unit)
	if err != nil {
		return nil
	}
	words := []string{}
	for _, word := range command.Words {
		words = append(words, word.Text)
	}
	return words
}

// differ reports whether a process started from a would not be as one started
// from b.
func differ(a, b dropin.Service) bool {
	if fmt.Sprint(commandLine(a)) != fmt.Sprint(commandLine(b)) {
		return true
	}
	for _, name := range []string{"LimitNPROC", "LimitNOFILE"} {
		before, _ := inForce(a.Settings, name)
		after, _ := inForce(b.Settings, name)
		if meaning(before) != meaning(after) {
			return true
		}
	}
	before, _, err1 := unitfile.Environment(a.Files, a.Unit)
	after, _, err2 := unitfile.Environment(b.Files, b.Unit)
	same := maps.EqualFunc(before, after, func(x, y unitfile.Variable) bool { return x.Value == y.Value })
	// A value that becomes part of the command line was compared with it.
	return err1 != nil || err2 != nil || !same && !onlyOptions(a, b, before, after)
}

// onlyOptions reports whether two environments differ in nothing but the
// variables that make the command line.
func onlyOptions(a, b dropin.Service, before, after map[string]unitfile.Variable) bool {
	line, err := dropin.ReadLine(b)
	if err != nil {
		return false
	}
	strip := func(from map[string]unitfile.Variable) map[string]string {
		rest := make(map[string]string)
		for name, v := range from {
			if !slices.ContainsFunc(line.Variables(), func(one unitfile.Variable) bool { return one.Name == name }) {
				rest[name] = v.Value
			}
		}
		return rest
	}
	return maps.Equal(strip(before), strip(after))
}

// files returns the acts on other files than the drop-in. daemon.json goes
// first: a run that ends after it finds the flag still there, and goes on.
func (c change) files(p Params, backups *[]string) []ansible.Act {
	var acts []ansible.Act
	if c.configEdit != nil {
		acts = append(acts, c.configEdit.parents...)
		acts = append(acts, configWrite{replace{file.Replace{Before: c.configEdit.before, Content: c.configEdit.content, Mode: 0o644, Backup: p.Backup}, backups}})
	}
	for _, e := range c.edits {
		acts = append(acts, replace{file.Replace{Before: e.before, Content: e.content, Mode: 0o644, Backup: p.Backup}, backups})
	}
	return acts
}

// spelt writes flags as on a command line.
func spelt(uses []engine.FlagUse) []string {
	list := make([]string, 0, len(uses))
	for _, use := range uses {
		switch {
		case strings.HasPrefix(use.Spelt, "--"):
			list = append(list, use.Spelt+"="+use.Value)
		default:
			list = append(list, use.Spelt+" "+use.Value)
		}
	}
	return list
}
