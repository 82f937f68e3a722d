// SPDX-License-Identifier: GPL-3.0-or-later

// Package overlay_redirect_dir lets containers rename directories that come
// from their image: overlayfs's redirect_dir, with its relative index, now and
// after a reboot.
//
// A tour. kernel.go reads what the running kernel has and can, persist.go
// writes what the next boot does, daemon.go asks the daemon whether it noticed.
package overlay_redirect_dir

import (
	"context"
	"fmt"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/kernelparam"
)

// Module is overlay_redirect_dir.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the module's options.
type Params struct {
	State   string `arg:"state" choices:"enabled,disabled" default:"enabled"`
	Index   *bool  `arg:"index"`
	Persist bool   `arg:"persist" default:"true"`
}

func (p Params) enabled() bool { return p.State == "enabled" }

// values are the parameters that are asked for, in the order in which they are
// set and written.
func (p Params) values() []value {
	list := []value{{redirectDir, p.enabled()}}
	if p.Index != nil {
		list = append(list, value{index, *p.Index})
	}
	return list
}

// value is a parameter of overlayfs as it is to be.
type value struct {
	name string
	on   bool
}

func (v value) word() string {
	if v.on {
		return "on"
	}
	return "off"
}

func (v value) letter() string {
	if v.on {
		return "Y"
	}
	return "N"
}

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	release, err := kernelparam.ReadRelease(h)
	if err != nil {
		return nil, err
	}
	if err := checkRelease(release, p); err != nil {
		return nil, err
	}
	now, err := readOverlay(h, release)
	if err != nil {
		return nil, err
	}
	d, err := readDaemon(ctx, h)
	if err != nil {
		return nil, err
	}
	if p.enabled() {
		if err := checkDType(h, d.root); err != nil {
			return nil, err
		}
	}
	out := &ansible.Plan{}
	files := []string{}
	wanted := now.wanted(p, release)
	if p.Persist && len(wanted) > 0 {
		if out.Acts, err = persist(h, p, wanted, now); err != nil {
			return nil, err
		}
		files = append(files, modprobeFile, tmpfilesFile)
	}
	acts, err := now.change(h, wanted)
	if err != nil {
		return nil, err
	}
	out.Acts = append(out.Acts, acts...)
	out.Result = map[string]any{
		redirectDir: now.result(redirectDir, p), index: now.result(index, p),
		"kernel": release.Text, "persisted_in": files, "apply": d.apply(p, !now.is(redirectDir, p.enabled())),
	}
	out.Warnings = costs(p, now, d)
	return out, nil
}

// checkRelease refuses what the kernel is too old for. What it does not have is
// off.
func checkRelease(release kernelparam.Release, p Params) error {
	if p.enabled() && !release.AtLeast(4, 10) {
		return fmt.Errorf("cannot enable %s: this is kernel %s, and overlayfs has it since 4.10; use a newer kernel, or state: disabled", redirectDir, release.Text)
	}
	if p.Index != nil && *p.Index && !release.AtLeast(4, 13) {
		return fmt.Errorf("cannot enable %s: this is kernel %s, and overlayfs has it since 4.13; use a newer kernel, or leave index out", index, release.Text)
	}
	return nil
}

// costs says what the user pays for what this task turns on.
func costs(p Params, now overlay, d daemon) []string {
	var warnings []string
	if p.enabled() && !now.is(redirectDir, true) {
		warnings = append(warnings, "redirect_dir costs Docker its native diff: docker build and docker commit compare whole directory trees and are slower. Containers that run keep what they were started with.")
	}
	if p.Index != nil && *p.Index && !now.is(index, true) {
		warnings = append(warnings, "index cannot be taken back for layers written with it: a kernel without it does not follow their hard links. Docker Engine mounts the layers of containers with index=off, whatever this parameter says.")
	}
	if d.driver != "" && d.driver != "overlay2" && p.enabled() {
		warnings = append(warnings, "the daemon uses the storage driver "+d.driver+", not overlay2: its containers do not notice overlayfs's parameters.")
	}
	return warnings
}
