// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repository

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/dnf"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// dnfFiles are where dnf and yum look for a repository and its key.
func dnfFiles(name string) files {
	return files{sources: "/etc/yum.repos.d/" + name + ".repo", keyring: "/etc/pki/rpm-gpg/RPM-GPG-KEY-" + name, armored: true}
}

// planDnf is the plan for hosts with dnf or yum.
func planDnf(ctx context.Context, h *host.Host, p Params, release distro.Release) (*ansible.Plan, error) {
	tool, err := dnf.Find(h)
	if err != nil {
		return nil, err
	}
	f := dnfFiles(p.Name)
	if p.State == "absent" {
		return planAbsent(h, p, f)
	}
	repository, err := p.dnfRepository(release)
	if err != nil {
		return nil, err
	}
	plan := &ansible.Plan{}
	c := changes{host: h, plan: plan, backup: p.Backup}
	key, err := p.key(h, f)
	if err != nil {
		return nil, err
	}
	keyring := p.SignedBy
	if key != nil {
		keyring = f.keyring
		for _, dir := range []string{"/etc/pki", "/etc/pki/rpm-gpg"} {
			if err := c.directory(dir); err != nil {
				return nil, err
			}
		}
		k := changes{host: h, plan: &ansible.Plan{}, backup: p.Backup}
		if err := k.write(keyring, f.keyringContent(*key)); err != nil {
			return nil, err
		}
		if len(k.before) > 0 {
			// Before the file is written: until it is, the next run sees that there
			// is something to do.
			if names := rpmKeys(ctx, h, *key); len(names) > 0 {
				plan.Acts = append(plan.Acts, forgetKeys{names})
			}
			plan.Acts, c.before = append(plan.Acts, k.plan.Acts...), k.before
		}
	}
	if keyring != "" {
		repository.Key = "file://" + keyring
	}
	if err := c.directory("/etc/yum.repos.d"); err != nil {
		return nil, err
	}
	if err := c.write(f.sources, []byte(repository.File())); err != nil {
		return nil, err
	}
	duplicates, err := c.withoutSections(repository, f.sources)
	if err != nil {
		return nil, err
	}
	plan.Warnings = p.unproven(repository.URL)
	if p.UpdateCache && (len(c.before) > 0 || !dnf.Fetched(h, repository.ID)) {
		plan.Acts = append(plan.Acts, pkgmgr.Update{File: f.sources, Restore: c.before, Fetch: func(ctx context.Context, h *host.Host) (string, error) {
			return tool.Fetch(ctx, h, repository.ID, p.lockTimeout())
		}})
	}
	plan.Result = map[string]any{
		"sources_file": f.sources,
		"keyring":      keyring,
		"url":          repository.URL,
		"suite":        nil,
		"components":   p.Components,
		"duplicates":   duplicates,
		"fingerprints": fingerprints(key),
		"pending":      c.pending(f.sources, repository.File(), duplicates),
	}
	return plan, nil
}

// dnfRepository is the repository that the options describe, without its key.
func (p Params) dnfRepository(release distro.Release) (dnf.Repository, error) {
	r := dnf.Repository{ID: p.Name, Name: "Docker packages (" + p.Name + ")", URL: strings.TrimRight(p.URL, "/")}
	if p.Suite != "" || len(p.Architectures) > 0 {
		return r, errors.New("invalid options: suite and architectures are apt's; with dnf they are part of url, as $releasever and $basearch")
	}
	if r.URL != "" {
		switch scheme, _, _ := strings.Cut(r.URL, ":"); scheme {
		case "http", "https", "ftp":
		case "file":
			// dnf wants the slashes that apt does without.
			r.URL = "file:///" + strings.TrimLeft(strings.TrimPrefix(r.URL, "file:"), "/")
		default:
			return r, fmt.Errorf("invalid url %q: dnf reads http, https and file", p.URL)
		}
		return r, nil
	}
	dir, _, err := release.Upstream()
	if err != nil {
		return r, err
	}
	if len(p.Components) != 1 {
		return r, fmt.Errorf("invalid components %q: Docker's repository for dnf has one, such as stable or test", p.Components)
	}
	r.URL = upstream + dir + "/$releasever/$basearch/" + p.Components[0]
	return r, nil
}

// withoutSections takes the repository out of all files but its own, and
// returns those files. A file that has nothing else is removed.
func (c *changes) withoutSections(r dnf.Repository, own string) ([]string, error) {
	found := []string{}
	names, err := dnf.RepoFiles(c.host)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot list the repositories: %w", err)
	}
	for _, name := range names {
		if name == own {
			continue
		}
		text, _, err := c.host.ReadRegular(name, fileLimit)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a link that leads nowhere
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the repositories: %w", err)
		}
		kept, removed, rest := r.Without(string(text))
		if removed == 0 {
			continue
		}
		before, err := file.Read(c.host, name, fileLimit)
		if err != nil {
			return nil, err
		}
		found = append(found, name)
		c.before = append(c.before, before)
		if rest {
			c.plan.Acts = append(c.plan.Acts, file.Replace{Before: before, Content: []byte(kept), Mode: before.Mode, Backup: c.backup})
		} else {
			c.plan.Acts = append(c.plan.Acts, file.Remove{Before: before, Backup: c.backup})
		}
	}
	return found, nil
}
