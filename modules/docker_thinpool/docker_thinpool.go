// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_thinpool is the module docker_thinpool: a thin pool of LVM on
// spare disks, which is what the documents of the engine call direct-lvm and
// want of everybody who uses the storage driver devicemapper.
//
// A tour. devices.go decides whether a disk may be taken: nothing is written
// to one that has anything on it. decide.go computes from LVM's state what is
// to be made, without asking anybody; acts.go makes it. engine.go knows which
// engines and kernels a pool is any good for. Each step leaves a state from
// which the next run goes on.
package docker_thinpool

import (
	"context"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/lvm"
)

// Module is docker_thinpool.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the module's options.
type Params struct {
	Devices         []string `arg:"devices" default:"[]"`
	VolumeGroup     string   `arg:"volume_group" default:"docker"`
	ThinPool        string   `arg:"thin_pool" default:"thinpool"`
	DataPercent     int      `arg:"data_percent" default:"95"`
	MetadataPercent int      `arg:"metadata_percent" default:"1"`
	AllowDataLoss   bool     `arg:"allow_data_loss" default:"false"`
	EngineVersion   *string  `arg:"engine_version"`
	State           string   `arg:"state" choices:"present" default:"present"`
}

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	if err := check(p); err != nil {
		return nil, err
	}
	out := &ansible.Plan{}
	warnings, err := judgeEngine(ctx, h, p)
	out.Warnings = warnings
	if err != nil {
		return out, err
	}
	if err := tools(h); err != nil {
		return out, err
	}
	state, err := lvm.Read(ctx, h)
	if err != nil {
		return out, err
	}
	if _, exists := state.Volume(p.VolumeGroup, p.ThinPool); !exists {
		warnings, err := newPool(ctx, h, p)
		out.Warnings = append(out.Warnings, warnings...)
		if err != nil {
			return out, err
		}
	}
	disks, err := look(ctx, h, p, state)
	if err != nil {
		return out, err
	}
	d, err := decide(p, state, disks)
	if err != nil {
		return out, err
	}
	out.Acts, out.Result = d.acts, d.result(p)
	return out, nil
}
