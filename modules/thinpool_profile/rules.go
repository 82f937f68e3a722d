// SPDX-License-Identifier: GPL-3.0-or-later

package thinpool_profile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/lvm"
)

// The bounds of the threshold. LVM takes one below 50 for 50, with a warning that
// nobody reads, and one above 100 for never (lib/metadata/lv_manip.c, tried with
// LVM 2.03.16). 100 is autoextend switched off.
const (
	leastThreshold = 50
	offThreshold   = 100
)

// mostPercent is more than any pool grows at a time. LVM has no bound.
const mostPercent = 1000

// threshold is the value for the profile.
func (p Params) threshold() int {
	if !p.Autoextend {
		return offThreshold
	}
	return p.Threshold
}

// check refuses options that no profile can have.
func check(p Params) error {
	if err := lvm.CheckName("name", p.Name); err != nil {
		return fmt.Errorf("%w; it is the name of a file in LVM's profile directory, without .profile", err)
	}
	for option, value := range map[string]*string{"volume_group": p.VolumeGroup, "thin_pool": p.ThinPool} {
		if value == nil {
			continue
		}
		if err := lvm.CheckName(option, *value); err != nil {
			return err
		}
	}
	if p.State == "absent" {
		return nil
	}
	if p.Threshold < leastThreshold || p.Threshold > offThreshold {
		return fmt.Errorf("invalid value of option \"autoextend_threshold\": %d: LVM takes %d to %d, in percent of the pool", p.Threshold, leastThreshold, offThreshold)
	}
	if p.Percent < 1 || p.Percent > mostPercent {
		return fmt.Errorf("invalid value of option \"autoextend_percent\": %d: write by how many percent of its size the pool grows, 1 to %d; with 0, LVM extends nothing", p.Percent, mostPercent)
	}
	if p.threshold() == offThreshold && p.Percent == 100 {
		return errors.New("invalid options: autoextend_threshold and autoextend_percent must not both be 100; set autoextend_percent: 20, or a threshold below 100")
	}
	return nil
}

// judge has LVM validate a profile, in a directory of its own, before it takes
// the place of one that is in use.
func judge(ctx context.Context, h *host.Host, name string, content []byte) error {
	dir, err := os.MkdirTemp(h.Path("/run"), "hardened-profile-*")
	if err != nil {
		return fmt.Errorf("cannot have LVM validate the profile: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, name+".profile"), content, 0o600); err != nil {
		return fmt.Errorf("cannot have LVM validate the profile: %w", err)
	}
	out, err := lvm.Call(ctx, h, "lvmconfig", "--config", `config { profile_dir="`+dir+`" }`, "--metadataprofile", name, "--validate")
	if err != nil && out.Code > 0 {
		return fmt.Errorf("cannot use the profile: LVM refuses it: %w", err)
	}
	return err
}
