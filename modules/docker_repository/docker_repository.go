// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_repository is the module docker_repository: a package
// repository that has the engine, with its key.
//
// plan turns the options into a repository (defaults.go), finds the files that
// must change (files.go for apt, dnf.go for dnf and yum), and has them written and the repository's lists
// fetched. Other entries for the same repository are taken out, wherever they
// are: with another key, apt reads none of its sources any more ("Conflicting
// values set for option Signed-By"). If the lists cannot be fetched, all files
// are as before.
package docker_repository

import (
	"context"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/apt"
	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// Module is docker_repository.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the options.
type Params struct {
	Name          string   `arg:"name" default:"docker"`
	State         string   `arg:"state" default:"present" choices:"present,absent"`
	URL           string   `arg:"url"`
	Key           string   `arg:"key" no_log:"true"`
	SignedBy      string   `arg:"signed_by" type:"path"`
	Suite         string   `arg:"suite"`
	Components    []string `arg:"components" elements:"str" default:"stable"`
	Architectures []string `arg:"architectures" elements:"str"`
	Trusted       bool     `arg:"trusted" default:"false"`
	Backup        bool     `arg:"backup" default:"true"`
	UpdateCache   bool     `arg:"update_cache" default:"true"`
	LockTimeout   int      `arg:"lock_timeout" default:"300"`
}

func (p Params) lockTimeout() time.Duration { return time.Duration(p.LockTimeout) * time.Second }

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	release, err := distro.Read(h)
	if err != nil {
		return nil, err
	}
	kind, err := release.Manager()
	if err != nil {
		return nil, err
	}
	if kind == distro.Dnf {
		return planDnf(ctx, h, p, release)
	}
	status, err := apt.ReadStatus(h)
	if err != nil {
		return nil, err
	}
	f, err := filesFor(p.Name, status.Installed("apt"))
	if err != nil {
		return nil, err
	}
	if p.State == "absent" {
		return planAbsent(h, p, f)
	}
	return planPresent(h, p, release, f)
}

func planPresent(h *host.Host, p Params, release distro.Release, f files) (*ansible.Plan, error) {
	repository, err := p.repository(release)
	if err != nil {
		return nil, err
	}
	plan := &ansible.Plan{}
	c := changes{host: h, plan: plan, backup: p.Backup}
	key, err := p.key(h, f)
	if err != nil {
		return nil, err
	}
	switch {
	case p.SignedBy != "":
		repository.SignedBy = p.SignedBy
	case key != nil:
		repository.SignedBy = f.keyring
		if err := c.directory("/etc/apt/keyrings"); err != nil {
			return nil, err
		}
		if err := c.write(f.keyring, f.keyringContent(*key)); err != nil {
			return nil, err
		}
	}
	if err := c.write(f.sources, []byte(f.format(repository))); err != nil {
		return nil, err
	}
	duplicates, err := c.withoutDuplicates(repository, f.sources)
	if err != nil {
		return nil, err
	}
	plan.Warnings = append(plan.Warnings, p.warnings(h, repository)...)
	fetched := apt.Fetched(h, repository)
	if p.UpdateCache && (len(c.before) > 0 || !fetched) {
		plan.Acts = append(plan.Acts, pkgmgr.Update{File: f.sources, Restore: c.before, Fetch: apt.Update{Only: f.sources, LockTimeout: p.lockTimeout()}.Fetch})
	}
	plan.Result = map[string]any{
		"sources_file": f.sources,
		"keyring":      repository.SignedBy,
		"url":          repository.URL,
		"suite":        repository.Suite,
		"components":   repository.Components,
		"duplicates":   duplicates,
		"fingerprints": fingerprints(key),
		"pending":      c.pending(f.sources, f.format(repository), duplicates),
	}
	return plan, nil
}

func planAbsent(h *host.Host, p Params, f files) (*ansible.Plan, error) {
	plan := &ansible.Plan{}
	c := changes{host: h, plan: plan, backup: p.Backup}
	for _, path := range []string{f.sources, f.twin, f.keyring} {
		if path == "" {
			continue // dnf has one format only
		}
		if err := c.remove(path); err != nil {
			return nil, err
		}
	}
	plan.Result = map[string]any{"sources_file": f.sources, "keyring": f.keyring, "duplicates": []string{}}
	return plan, nil
}

// pending is the repository for docker_package's prediction, or nil if its file
// is as it should be.
func (c *changes) pending(name, text string, duplicates []string) any {
	for _, before := range c.before {
		if before.Path == name {
			return pkgmgr.Pending{File: name, Text: text, Without: duplicates}.Result()
		}
	}
	return nil
}

func fingerprints(key *apt.Key) []string {
	if key == nil {
		return []string{}
	}
	return key.Fingerprints
}

// changes collects acts on files, and the files as they were.
type changes struct {
	host   *host.Host
	plan   *ansible.Plan
	backup bool
	before []file.State
}
