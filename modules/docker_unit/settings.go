// SPDX-License-Identifier: GPL-3.0-or-later

package docker_unit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/unitfile"
)

// settingsOf turns the options into settings, all but the command line. None
// are wanted of a drop-in that is to be absent.
func settingsOf(h *host.Host, p Params) (settings []unitfile.Setting, warnings []string, err error) {
	if p.State == "absent" {
		return nil, nil, nil
	}
	var faults []error
	add := func(section, name, value string) {
		settings = append(settings, unitfile.Setting{Section: section, Name: name, Value: value})
	}
	fault := func(option string, err error) {
		faults = append(faults, fmt.Errorf("invalid value of option %q: %w", option, err))
	}
	if p.StartLimitBurst != nil {
		if *p.StartLimitBurst < 0 {
			fault("start_limit_burst", fmt.Errorf("invalid number %d: write how many starts are allowed, or 0 for any number", *p.StartLimitBurst))
		}
		add("Unit", "StartLimitBurst", strconv.Itoa(*p.StartLimitBurst))
	}
	if p.StartLimitInterval != nil {
		if _, err := dropin.ParseSpan(*p.StartLimitInterval); err != nil {
			fault("start_limit_interval", err)
		}
		add("Unit", "StartLimitIntervalSec", *p.StartLimitInterval)
	}
	if p.StartTimeout != nil {
		if _, err := dropin.ParseSpan(*p.StartTimeout); err != nil {
			fault("start_timeout", err)
		}
		add("Service", "TimeoutStartSec", *p.StartTimeout)
	}
	for _, limit := range []struct {
		option, name string
		value        *string
	}{{"limit_nproc", "LimitNPROC", p.LimitNproc}, {"limit_nofile", "LimitNOFILE", p.LimitNofile}} {
		if limit.value == nil {
			continue
		}
		parsed, err := dropin.ParseLimit(*limit.value)
		if err == nil && limit.option == "limit_nofile" {
			err = checkFiles(h, parsed)
		}
		if err != nil {
			fault(limit.option, err)
		}
		add("Service", limit.name, strings.TrimSpace(*limit.value))
	}
	warnings = append(warnings, beyondManager(h, p)...)
	variables, err := assignments(p.Environment)
	if err != nil {
		fault("environment", err)
	}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		add("Service", "Environment", dropin.Quote(name+"="+variables[name]))
	}
	if len(faults) == 0 && unlimited(p) {
		warnings = append(warnings, "cannot recommend a service without start limit: if dockerd keeps failing, docker.socket goes on accepting and every docker command hangs; give start_limit_burst and start_limit_interval values above 0")
	}
	return settings, warnings, errors.Join(faults...)
}

func unlimited(p Params) bool {
	if p.StartLimitBurst != nil && *p.StartLimitBurst == 0 {
		return true
	}
	if p.StartLimitInterval == nil {
		return false
	}
	span, err := dropin.ParseSpan(*p.StartLimitInterval)
	return err == nil && span == 0
}

// checkFiles refuses a limit that the kernel does not grant: systemd then sets
// a lower one without a word.
func checkFiles(h *host.Host, limit dropin.ResourceLimit) error {
	text, err := h.ReadFile("/proc/sys/fs/nr_open")
	if err != nil || limit.Hard == dropin.NoLimit {
		return nil
	}
	most, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err == nil && limit.Hard > most {
		return fmt.Errorf("invalid limit %d: the kernel allows a process %d open files: raise fs.nr_open first, or write %d", limit.Hard, most, most)
	}
	return nil
}

// beyondManager warns of limits that systemd itself may not grant, as in a
// container without CAP_SYS_RESOURCE: it then sets its own, without a word.
func beyondManager(h *host.Host, p Params) []string {
	const sysResource = 24
	status, err := h.ReadFile("/proc/1/status")
	if err != nil {
		return nil
	}
	_, text, _ := strings.Cut(string(status), "CapEff:")
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	capabilities, err := strconv.ParseUint(text, 16, 64)
	if err != nil || capabilities>>sysResource&1 == 1 {
		return nil
	}
	limits, _ := h.ReadFile("/proc/1/limits")
	var warnings []string
	for _, one := range []struct {
		name, row string
		value     *string
	}{{"limit_nproc", "Max processes", p.LimitNproc}, {"limit_nofile", "Max open files", p.LimitNofile}} {
		_, rest, found := strings.Cut(string(limits), one.row)
		fields := strings.Fields(rest)
		if one.value == nil || !found || len(fields) < 2 {
			continue
		}
		wanted, err := dropin.ParseLimit(*one.value)
		most, err2 := strconv.ParseUint(fields[1], 10, 64)
		if err == nil && err2 == nil && wanted.Hard > most {
			warnings = append(warnings, fmt.Sprintf("cannot promise %s=%s: systemd on this host may not raise limits, as in a container, and the daemon gets %d", one.name, *one.value, most))
		}
	}
	return warnings
}

// assignments returns the environment as text, by name. An empty value is a
// value; null leaves the variable out.
func assignments(environment map[string]any) (map[string]string, error) {
	values := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		letters := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
		if name == "" || letters != "" || name[0] >= '0' && name[0] <= '9' {
			return nil, fmt.Errorf("invalid name of a variable %q: use letters, digits and underscores, and no digit first", name)
		}
		switch value := environment[name].(type) {
		case nil:
		case string:
			if !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' || r == 0x7f }) {
				return nil, fmt.Errorf("invalid value of %s: it has control characters, which systemd does not pass on: remove them", name)
			}
			values[name] = value
		case json.Number:
			values[name] = value.String()
		case int, int64, float64:
			values[name] = fmt.Sprint(value)
		default:
			return nil, fmt.Errorf("invalid value of %s: it is not text: put it in quotes, as the daemon shall read it", name)
		}
	}
	return values, nil
}

// forOldSystemd writes start limits as systemd before 230 reads them.
func forOldSystemd(settings []unitfile.Setting) []unitfile.Setting {
	old := slices.Clone(settings)
	for i, s := range old {
		switch s.Name {
		case "StartLimitIntervalSec":
			old[i].Section, old[i].Name = "Service", "StartLimitInterval"
		case "StartLimitBurst":
			old[i].Section = "Service"
		}
	}
	return old
}

// spelling is a name under which systemd takes a setting.
type spelling struct{ section, name string }

// spellings returns all names of a setting of this module. StartLimitInterval
// and StartLimitBurst moved from [Service] to [Unit] in systemd 229 and 230, which
// still takes the old ones; StartLimitIntervalSec in [Service] is nothing.
func spellings(name string) []spelling {
	switch name {
	case "StartLimitBurst":
		return []spelling{{"Unit", "StartLimitBurst"}, {"Service", "StartLimitBurst"}}
	case "StartLimitIntervalSec", "StartLimitInterval":
		return []spelling{{"Unit", "StartLimitIntervalSec"}, {"Unit", "StartLimitInterval"}, {"Service", "StartLimitInterval"}}
	case "TimeoutStartSec":
		return []spelling{{"Service", "TimeoutStartSec"}, {"Service", "TimeoutSec"}}
	}
	return []spelling{{"Service", name}}
}

// inForce returns the setting that systemd uses, under whichever name.
func inForce(settings []unitfile.Setting, name string) (unitfile.Setting, bool) {
	names := spellings(name)
	for _, s := range slices.Backward(settings) {
		if slices.Contains(names, spelling{s.Section, s.Name}) {
			return s, true
		}
	}
	return unitfile.Setting{}, false
}

// overruled returns an error if another drop-in has the last word about what
// this one is to say.
func overruled(next dropin.Service, own string, p Params) error {
	const remedy = "remove it there, or give this drop-in a name that sorts later, as in name: zz-hardened"
	for _, s := range next.Own(own) {
		if s.Name == "Environment" || s.Name == "ExecStart" {
			continue
		}
		if last, _ := inForce(next.Settings, s.Name); last.File != own && meaning(last) != meaning(s) {
			return fmt.Errorf("cannot set %s=%s in %s: %s:%d sets %s=%s after it and wins: %s", s.Name, s.Value, own, last.File, last.Line, last.Name, last.Value, remedy)
		}
	}
	wanted, _ := assignments(p.Environment)
	if p.State == "absent" || len(wanted) == 0 {
		return nil
	}
	environment, _, err := unitfile.Environment(next.Files, next.Unit)
	if errors.Is(err, fs.ErrNotExist) {
		// A required environment file that is not there: dockerd does not start,
		// and it is not this task that could tell why.
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		v, set := environment[name]
		switch {
		case !set:
			return fmt.Errorf("cannot set the environment variable %s in %s: an UnsetEnvironment of docker.service takes it away: remove that", name, own)
		case v.Value != wanted[name] && next.InEnvironmentFile(v):
			return fmt.Errorf("cannot set the environment variable %s in %s: %s:%d sets it too, and environment files win: remove it there", name, own, v.File, v.Line)
		case v.Value != wanted[name]:
			return fmt.Errorf("cannot set the environment variable %s in %s: %s:%d sets it after it and wins: %s", name, own, v.File, v.Line, remedy)
		}
	}
	return nil
}

// meaning is what a value says, the same for each way to write it.
func meaning(s unitfile.Setting) string {
	switch s.Name {
	case "TimeoutStartSec", "TimeoutSec", "StartLimitIntervalSec", "StartLimitInterval":
		span, err := dropin.ParseSpan(s.Value)
		if err != nil {
			return s.Value
		}
		if span == 0 && strings.HasPrefix(s.Name, "Timeout") {
			span = dropin.Forever
		}
		return span.String()
	case "LimitNPROC", "LimitNOFILE":
		if limit, err := dropin.ParseLimit(s.Value); err == nil {
			return fmt.Sprint(limit)
		}
	}
	return s.Value
}

// sameMeaning reports whether two versions of the drop-in say the same. The
// order counts for ExecStart alone, where the empty one goes first.
func sameMeaning(a, b []unitfile.Setting) bool {
	return maps.Equal(meanings(a), meanings(b))
}

func meanings(settings []unitfile.Setting) map[string]string {
	all := make(map[string]string)
	for _, s := range settings {
		if s.Name == "Environment" && s.Section == "Service" {
			continue
		}
		known := spellings(s.Name)
		key := s.Section + "." + s.Name
		if slices.Contains(known, spelling{s.Section, s.Name}) {
			key = known[0].name
		}
		if s.Name == "ExecStart" || key == s.Section+"."+s.Name {
			all[key] += "\n" + meaning(s)
		} else {
			all[key] = meaning(s)
		}
	}
	environment, _, err := unitfile.Environment(nil, unitfile.Unit{Settings: slices.DeleteFunc(slices.Clone(settings), func(s unitfile.Setting) bool { return s.Name != "Environment" })})
	if err == nil {
		for name, v := range environment {
			all["$"+name] = v.Value
		}
	}
	return all
}
