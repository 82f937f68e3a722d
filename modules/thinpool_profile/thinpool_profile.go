// SPDX-License-Identifier: GPL-3.0-or-later

// Package thinpool_profile is the module thinpool_profile: the LVM profile
// that lets Docker's thin pool grow by itself, attached to the pool, and the
// pool watched, without which a profile does nothing.
//
// A tour. rules.go has what LVM and the engine's documents say about the two
// numbers; attach.go binds the profile to a pool. A profile that is there
// keeps its other settings and its comments.
package thinpool_profile

import (
	"context"
	"errors"
	"fmt"
	"path"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/ansible/argspec"
	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/lvm"
)

// Module is thinpool_profile.
var Module = ansible.Module[Params]{
	Plan:        plan,
	Constraints: argspec.Constraints{RequiredTogether: [][]string{{"volume_group", "thin_pool"}}},
}

// Params are the module's options.
type Params struct {
	Name        string  `arg:"name" default:"docker-thinpool"`
	Threshold   int     `arg:"autoextend_threshold" default:"80"`
	Percent     int     `arg:"autoextend_percent" default:"20"`
	Autoextend  bool    `arg:"autoextend" default:"true"`
	VolumeGroup *string `arg:"volume_group"`
	ThinPool    *string `arg:"thin_pool"`
	Backup      bool    `arg:"backup" default:"true"`
	State       string  `arg:"state" choices:"present,absent" default:"present"`
}

// maxSize is how large a profile may be, in bytes.
const maxSize = 1 << 20

// The settings of the profile.
const (
	thresholdSetting = "activation/thin_pool_autoextend_threshold"
	percentSetting   = "activation/thin_pool_autoextend_percent"
)

// found is the host as the module found it.
type found struct {
	profile   file.State
	installed bool // LVM
	state     lvm.State
	group     lvm.Group
	pool      lvm.Volume
	exists    bool // the pool
}

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	if err := check(p); err != nil {
		return nil, err
	}
	f, err := look(ctx, h, p)
	if err != nil {
		return nil, err
	}
	if p.State == "absent" {
		return absent(h, p, f)
	}
	out := &ansible.Plan{Result: result(p, f)}
	content, err := p.content(f.profile)
	if err != nil {
		return nil, err
	}
	if !f.installed {
		out.Warnings = append(out.Warnings, "LVM is not installed on this host, so that the profile has no effect yet; install the package lvm2")
	}
	if p.ThinPool != nil {
		if err := p.plansPool(ctx, h, f, out); err != nil {
			return nil, err
		}
	}
	if string(content) == string(f.profile.Content) && f.profile.Exists {
		return out, nil
	}
	acts, err := dropin.Parents(h, path.Dir(f.profile.Path))
	if err != nil {
		return nil, err
	}
	writes := write{Replace: file.Replace{Before: f.profile, Content: content, Mode: 0o644, Backup: p.Backup}, name: p.Name}
	if p.ThinPool != nil && !f.exists {
		writes.needs = &pool{*p.VolumeGroup, *p.ThinPool}
	}
	acts = append(acts, writes)
	out.Acts = append(acts, out.Acts...)
	return out, nil
}

// look reads the host.
func look(ctx context.Context, h *host.Host, p Params) (found, error) {
	f := found{installed: lvm.Installed(h)}
	dir, err := lvm.FindProfileDir(ctx, h)
	if err != nil {
		return f, err
	}
	if f.profile, err = file.Read(h, path.Join(dir, p.Name+".profile"), maxSize); err != nil {
		return f, err
	}
	if p.ThinPool == nil && p.State == "present" || !f.installed {
		return f, nil
	}
	if f.state, err = lvm.Read(ctx, h); err != nil {
		return f, err
	}
	if p.ThinPool == nil {
		return f, nil
	}
	f.group, _ = f.state.Group(*p.VolumeGroup)
	f.pool, f.exists = f.state.Volume(*p.VolumeGroup, *p.ThinPool)
	if f.exists && f.pool.Type != "thin-pool" {
		return f, notPool(f.pool)
	}
	return f, nil
}

// content is the profile as it is to be. One that says the same already stays
// as it is written.
func (p Params) content(before file.State) ([]byte, error) {
	text := string(before.Content)
	if !before.Exists {
		text = "# LVM profile of Docker's thin pool. thinpool_profile of hardened.docker changes\n# the two settings below and keeps others.\nactivation {\n}\n"
	}
	for _, wanted := range []struct {
		path  string
		value int
	}{{thresholdSetting, p.threshold()}, {percentSetting, p.Percent}} {
		config, err := lvm.ParseConfig(text)
		if err != nil {
			return nil, fmt.Errorf("cannot use %s: %w: repair or remove it", before.Path, err)
		}
		value := fmt.Sprint(wanted.value)
		if config.Get(wanted.path) == value {
			continue
		}
		if text, err = config.Set(wanted.path, value); err != nil {
			return nil, fmt.Errorf("cannot change %s: %w", before.Path, err)
		}
	}
	return []byte(text), nil
}

// result is what the module returns.
func result(p Params, f found) map[string]any {
	r := map[string]any{
		"path": f.profile.Path, "autoextend_threshold": p.threshold(), "autoextend_percent": p.Percent,
		"attached": false, "monitored": false, "free_bytes": nil, "extension_bytes": nil,
	}
	if p.State == "absent" {
		r["autoextend_threshold"], r["autoextend_percent"] = nil, nil
	}
	if f.exists {
		r["free_bytes"] = f.group.Free * f.group.ExtentSize
		r["extension_bytes"] = f.pool.Size / 100 * int64(p.Percent)
	}
	if p.ThinPool != nil && p.State == "present" {
		r["attached"], r["monitored"] = true, true
	}
	return r
}

// absent takes the profile off the pool and removes it.
func absent(h *host.Host, p Params, f found) (*ansible.Plan, error) {
	out := &ansible.Plan{Result: result(p, f)}
	detached := ""
	if f.exists && f.pool.Profile == p.Name {
		detached = f.pool.Group + "/" + f.pool.Name
		out.Acts = append(out.Acts, command{
			text: "detach the profile " + p.Name + " from " + detached, before: p.Name, after: "no profile",
			argv: []string{"lvchange", "--detachprofile", detached},
		})
	}
	out.Result["monitored"] = f.pool.Monitored()
	for _, v := range f.state.Volumes {
		if name := v.Group + "/" + v.Name; v.Profile == p.Name && name != detached {
			return nil, fmt.Errorf("cannot remove %s: the volume %s uses it; give its volume_group and thin_pool, so that it is detached first", f.profile.Path, name)
		}
	}
	if f.profile.Exists {
		out.Acts = append(out.Acts, file.Remove{Before: f.profile, Backup: p.Backup})
	}
	return out, nil
}

// write is the act that writes the profile, after LVM has judged it.
// Nothing is written for a pool that nobody made.
type write struct {
	file.Replace
	name  string
	needs *pool
}

// Do implements [ansible.Act].
func (w write) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	if w.needs != nil {
		if err := w.needs.find(ctx, h); err != nil {
			return nil, err
		}
	}
	if err := judge(ctx, h, w.name, w.Content); err != nil && !errors.Is(err, lvm.ErrMissing) {
		return nil, &ansible.NothingDone{Err: err}
	}
	return w.Replace.Do(ctx, h)
}
