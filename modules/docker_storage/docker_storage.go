// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_storage sets the storage driver and its options as flags in
// the environment file that docker.service reads: /etc/sysconfig/docker-storage
// on openEuler and its relatives, /etc/default/docker on Debian's.
//
// A tour. target.go finds the file and the variable that reach dockerd,
// which it asks the unit about; guard.go knows what a change of the driver
// would hide; move.go hands the flags over to daemon.json. Everything else in the file stays as it is.
package docker_storage

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/configured"
	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/systemd"
)

// Module is docker_storage.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the module's options.
type Params struct {
	Driver        *string   `arg:"driver"`
	Options       *[]string `arg:"options"`
	AllowDataLoss bool      `arg:"allow_data_loss" default:"false"`
	EngineVersion *string   `arg:"engine_version"`
	Backup        bool      `arg:"backup" default:"true"`
	State         string    `arg:"state" choices:"present,absent,moved" default:"present"`
}

// maxSize is how large the files that the module reads may be, in bytes.
const maxSize = 1 << 20

// The keys of daemon.json that the module's options equal.
const (
	driverKey  = "storage-driver"
	optionsKey = "storage-opts"
)

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	if err := checkOptions(p); err != nil {
		return nil, err
	}
	t, err := findTarget(h)
	if err != nil {
		return nil, err
	}
	out := &ansible.Plan{Warnings: t.warnings}
	if t.file == "" {
		if p.State == "present" {
			return nil, t.nowhere()
		}
		out.Result = t.result(nil, nil, dataroot.Contents{})
		return out, nil
	}
	config, err := configured.ReadFile(h, t.line.Flags())
	if err != nil {
		return nil, err
	}
	if err := t.agree(p, config); err != nil {
		return nil, err
	}
	before, err := file.Read(h, t.file, maxSize)
	if err != nil {
		return nil, err
	}
	content, uses, err := t.edit(p, before)
	if err != nil {
		return nil, err
	}
	version, text, err := dockerd.VersionFor(ctx, h, p.EngineVersion)
	if err != nil {
		return nil, err
	}
	was := engine.WithFlags(config.File, t.line.Flags())
	moved, err := t.move(h, p, &config)
	if err != nil {
		return nil, err
	}
	doc := engine.WithFlags(config.File, uses)
	warnings, err := judge(p, doc, version)
	out.Warnings = append(out.Warnings, warnings...)
	if err != nil {
		return nil, err
	}
	hidden, err := guard(h, p, was, doc)
	if err != nil {
		return nil, err
	}
	out.Result = t.result(doc, text, hidden)
	if string(content) == string(before.Content) {
		return out, nil
	}
	parents, err := dropin.Parents(h, path.Dir(t.file))
	if err != nil {
		return nil, err
	}
	// In between both places have it, and a daemon does not start: the next run goes on.
	// The other way round, it would start with the engine's default.
	out.Acts = append(append(moved, parents...), file.Replace{Before: before, Content: content, Mode: 0o644, Backup: p.Backup})
	if running(ctx, h) {
		out.Result["apply"] = "restart"
	}
	return out, nil
}

// checkOptions refuses what has no place on a command line.
func checkOptions(p Params) error {
	if p.State != "present" {
		return nil
	}
	if p.Driver == nil && p.Options == nil {
		return errors.New("missing options: give driver, options or both, or state: absent to take them out")
	}
	const special = " \t\r\n'\"\\$`"
	if p.Driver != nil && (*p.Driver == "" || strings.ContainsAny(*p.Driver, special)) {
		return fmt.Errorf("invalid value of option \"driver\": %q: write the name of a storage driver, such as overlay2", *p.Driver)
	}
	for _, option := range options(p) {
		if strings.ContainsAny(option, special) || !strings.Contains(option, "=") || strings.HasPrefix(option, "-") {
			return fmt.Errorf("invalid value of option \"options\": %q: write option=value, such as dm.fs=ext4, without the flag and without blanks or quotes", option)
		}
	}
	return nil
}

func options(p Params) []string {
	if p.Options == nil {
		return nil
	}
	return *p.Options
}

// edit returns the file with the flags as they are wanted, and all flags of
// dockerd that come of it. A flag that is as wanted stays as it is written.
func (t target) edit(p Params, before file.State) ([]byte, []engine.FlagUse, error) {
	own := t.own()
	drivers, opts := valuesOf(own, "storage-driver"), valuesOf(own, "storage-opt")
	replaceDriver := p.State != "present" && len(drivers) > 0 || p.State == "present" && p.Driver != nil && !slices.Equal(drivers, []string{*p.Driver})
	replaceOptions := p.State != "present" && len(opts) > 0 || p.State == "present" && p.Options != nil && !slices.Equal(opts, *p.Options)
	if !replaceDriver && !replaceOptions {
		return before.Content, t.line.Flags(), nil
	}
	cut, err := t.line.Without(func(use engine.FlagUse) bool {
		return t.isOwn(use) && (replaceDriver && use.Flag == "storage-driver" || replaceOptions && use.Flag == "storage-opt")
	})
	if err != nil {
		return nil, nil, err
	}
	value := t.value
	for _, v := range cut.Variables {
		value = v.Value
	}
	words := []string{}
	if value = strings.TrimSpace(value); value != "" {
		words = append(words, value)
	}
	if p.State == "present" {
		if replaceDriver {
			words = append(words, "--storage-driver="+*p.Driver)
		}
		if replaceOptions {
			for _, option := range *p.Options {
				words = append(words, "--storage-opt="+option)
			}
		}
	}
	content, err := t.write(p, before.Content, words)
	if err != nil {
		return nil, nil, err
	}
	next := t.service
	next.Files = dropin.Edited{Files: next.Files, Content: map[string][]byte{t.file: content}}
	line, err := dropin.ReadLine(next)
	if err != nil {
		return nil, nil, err
	}
	uses := line.Flags()
	if p.State == "present" {
		var got []engine.FlagUse
		for _, use := range uses {
			if use.File == t.file {
				got = append(got, use)
			}
		}
		if p.Driver != nil && !slices.Contains(valuesOf(got, "storage-driver"), *p.Driver) || p.Options != nil && !slices.Equal(valuesOf(got, "storage-opt"), *p.Options) {
			return nil, nil, fmt.Errorf("cannot set storage flags in %s: the variable %s does not reach dockerd from there, as another environment file of docker.service sets it too: remove it there", t.file, t.variable)
		}
	}
	return content, uses, nil
}

// write returns the file with the variable's words. A variable that has nothing
// to say is taken out: with an empty one the daemon's environment would differ
// from what it was before the module came, which costs a restart.
func (t target) write(p Params, content []byte, words []string) ([]byte, error) {
	if p.State != "present" && len(words) == 0 {
		return dropin.RemoveVariable(t.file, content, t.variable)
	}
	return dropin.SetVariable(t.file, content, t.variable, strings.Join(words, " "))
}

func valuesOf(uses []engine.FlagUse, flag string) []string {
	var values []string
	for _, use := range uses {
		if use.Flag == flag {
			values = append(values, use.Value)
		}
	}
	return values
}

// judge returns what the engine has against the storage settings. The document
// has the flags in it.
func judge(p Params, doc map[string]any, version engine.Version) (warnings []string, err error) {
	if p.State != "present" {
		return nil, nil
	}
	var refused []string
	for _, problem := range engine.Check(doc, engine.Target{Version: version}) {
		if key := problem.Key(); !strings.HasPrefix(key, driverKey) && !strings.HasPrefix(key, optionsKey) {
			continue
		}
		if problem.Severity == engine.Refuse {
			refused = append(refused, problem.Text)
			continue
		}
		warnings = append(warnings, problem.Text)
	}
	if len(refused) > 0 {
		return warnings, errors.New(strings.Join(refused, "; "))
	}
	return warnings, nil
}

// running reports whether dockerd runs. A host without systemd runs none.
func running(ctx context.Context, h *host.Host) bool {
	units, err := systemd.Show(ctx, h, dockerd.Service)
	return err == nil && units[0].MainPID > 0
}

// result is what the module returns.
func (t target) result(doc map[string]any, text any, hidden dataroot.Contents) map[string]any {
	var name, driver any
	if t.file != "" {
		name = t.file
	}
	if value, ok := doc[driverKey].(string); ok && value != "" {
		driver = value
	}
	list, _ := doc[optionsKey].([]any)
	if list == nil {
		list = []any{}
	}
	return map[string]any{
		"path": name, "variable": t.variable, "driver": driver, "options": list, "apply": "none", "engine_version": text,
		"hidden_containers": hidden.ContainerNames(), "hidden_images": hidden.ImageNames(),
	}
}
