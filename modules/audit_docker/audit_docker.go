// SPDX-License-Identifier: GPL-3.0-or-later

// Package audit_docker makes the kernel watch Docker's files, now and after
// the next boot: it declares audit rules in a file that auditd reads, gives
// them to the kernel, and reads them back.
//
// A tour. watches.go turns the options into rules: which of the paths there
// are, and under which of its names a file is watched. load.go has the act that
// changes the kernel's rules, boot.go finds out what becomes of them at boot.
// What a rule means is package audit's knowledge.
//
// A rule is this module's if it has the module's key and is declared in the
// module's file. Rules that other files declare, and rules that somebody gave
// to the kernel by hand, stay as they are.
package audit_docker

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/audit"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
)

// Module is audit_docker.
var Module = with(audit.Open)

// opener opens the connection to a kernel's audit. Tests have a kernel of
// their own.
type opener func(h *host.Host) (audit.Kernel, audit.Status, error)

func with(open opener) ansible.Module[Params] {
	return ansible.Module[Params]{Plan: func(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
		return plan(ctx, h, p, open)
	}}
}

// Params are the module's options.
type Params struct {
	Watches       *[]string `arg:"watches"`
	Permissions   string    `arg:"permissions" default:"wa"`
	Key           string    `arg:"key" default:"docker"`
	WatchDataRoot bool      `arg:"watch_data_root" default:"false"`
	RulesFile     string    `arg:"rules_file" type:"path" default:"/etc/audit/rules.d/docker.rules"`
	Load          bool      `arg:"load" default:"true"`
	Backup        bool      `arg:"backup" default:"false"`
	State         string    `arg:"state" choices:"present,absent" default:"present"`
}

// rulesFolder is what augenrules puts together at boot.
const rulesFolder = "/etc/audit/rules.d"

// maxSize is how large files of rules may be, in bytes.
const maxSize = 1 << 20

func plan(ctx context.Context, h *host.Host, p Params, open opener) (*ansible.Plan, error) {
	perm, err := check(p)
	if err != nil {
		return nil, err
	}
	s, err := choose(h, p, perm)
	if err != nil {
		return nil, err
	}
	out := &ansible.Plan{Warnings: s.warnings, Caveats: s.caveats}
	f, err := readFiles(h, p)
	if err != nil {
		return nil, err
	}
	auditd, atBoot := boot(ctx, h, p)
	state, loaded := "unknown", false
	if p.Load {
		act, got, err := s.kernel(h, f, open)
		state = got
		switch {
		case notHere(err):
			if len(s.wanted) > 0 {
				out.Warnings = append(out.Warnings, fmt.Sprintf("cannot load audit rules: %v; they are in %s alone", err, p.RulesFile))
			}
			atBoot = nil
		case err != nil:
			return nil, err
		default:
			loaded = act.outcome(out, p, state)
		}
	}
	// The kernel first: a rule that it refuses does not get into the file, and
	// a run that is killed in between is completed by the next one.
	acts, err := s.files(h, p, f)
	if err != nil {
		return nil, err
	}
	out.Acts = append(out.Acts, acts...)
	if len(s.caveats) > 0 && len(out.Acts) == 0 && p.Watches == nil {
		out.Foreseen = []ansible.Act{later{p.RulesFile}}
	}
	if len(s.wanted) > 0 {
		out.Warnings = append(out.Warnings, atBoot...)
	}
	out.Result = map[string]any{
		"rules": texts(s.wanted), "loaded": loaded, "missing_paths": s.missing, "elsewhere": texts(s.elsewhere(f)),
		"audit": state, "auditd": auditd,
	}
	return out, nil
}

// notHere reports whether there is no audit to be had on this host.
func notHere(err error) bool {
	return errors.Is(err, audit.ErrContainer) || errors.Is(err, audit.ErrOff) || errors.Is(err, audit.ErrUnsupported)
}

// outcome adds the act to the plan, or says why it is left, and returns whether
// the kernel has all rules afterwards.
func (l load) outcome(out *ansible.Plan, p Params, state string) (loaded bool) {
	pending := len(l.add)+len(l.remove) > 0
	switch {
	case pending && state == "immutable":
		out.Warnings = append(out.Warnings, fmt.Sprintf("cannot change the audit rules in the kernel: they are immutable (auditctl -e 2); what %s says takes effect at reboot", p.RulesFile))
		return len(l.add) == 0 && len(l.s.wanted) > 0
	case pending:
		out.Acts = append(out.Acts, l)
	}
	if state == "disabled" && len(l.s.wanted) > 0 {
		out.Warnings = append(out.Warnings, "cannot promise any records: auditing is switched off in the kernel, so that rules have no effect; start auditd, which switches it on, or run auditctl -e 1")
	}
	return len(l.s.wanted) > 0
}

func check(p Params) (audit.Perm, error) {
	perm, err := audit.ParsePerm(p.Permissions)
	if err != nil {
		return 0, fmt.Errorf("invalid value of option \"permissions\": %w", err)
	}
	if err := audit.CheckKey(p.Key); err != nil {
		return 0, fmt.Errorf("invalid value of option \"key\": %w", err)
	}
	if p.Watches != nil {
		for _, name := range *p.Watches {
			if err := audit.CheckPath(name); err != nil {
				return 0, fmt.Errorf("invalid value of option \"watches\": %w", err)
			}
		}
	}
	if path.Dir(path.Clean(p.RulesFile)) == rulesFolder && !strings.HasSuffix(p.RulesFile, ".rules") {
		return 0, fmt.Errorf("invalid value of option \"rules_file\": %s: augenrules reads files whose names end with .rules alone", p.RulesFile)
	}
	return perm, nil
}

// files are the files of rules as they are.
type files struct {
	before file.State
	own    audit.RuleFile
	// declared are the watches of the module's file that have its key, others
	// those of all other files that are read at boot.
	declared, others []audit.Watch
}

func readFiles(h *host.Host, p Params) (files, error) {
	var f files
	var err error
	if f.before, err = file.Read(h, p.RulesFile, maxSize); err != nil {
		return f, err
	}
	f.own = audit.ParseFile(f.before.Content)
	for _, w := range f.own.Watches() {
		w.Path = canonical(h, w.Path)
		if w.Key == p.Key {
			f.declared = append(f.declared, w)
		} else {
			f.others = append(f.others, w)
		}
	}
	names, err := h.Glob(path.Join(path.Dir(f.before.Path), "*.rules"))
	if err != nil {
		return f, err
	}
	for _, name := range names {
		if name == f.before.Path || name == "/etc/audit/audit.rules" {
			// augenrules makes audit.rules out of the others.
			continue
		}
		content, _, err := h.ReadRegular(name, maxSize)
		if err != nil {
			return f, fmt.Errorf("cannot read %s: %w", name, err)
		}
		for _, w := range audit.ParseFile(content).Watches() {
			w.Path = canonical(h, w.Path)
			f.others = append(f.others, w)
		}
	}
	return f, nil
}

func texts(watches []audit.Watch) []string {
	list := make([]string, 0, len(watches))
	for _, w := range watches {
		list = append(list, w.String())
	}
	return list
}
