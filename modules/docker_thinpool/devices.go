// SPDX-License-Identifier: GPL-3.0-or-later

package docker_thinpool

import (
	"context"
	"fmt"
	"strings"

	"hardened.docker/modules/internal/blockdev"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/lvm"
)

// disk is a device that the user named.
type disk struct {
	blockdev.Device
	group string // whose physical volume it is, "" for none
	here  bool   // it is in the wanted group
	wipe  bool   // what is on it has to go first
}

// leastSize is less than any disk that a pool makes sense on, in bytes.
const leastSize = 64 << 20

// look finds out about each device.
func look(ctx context.Context, h *host.Host, p Params, state lvm.State) ([]disk, error) {
	var disks []disk
	for _, name := range p.Devices {
		device, err := blockdev.Read(ctx, h, name)
		if err != nil {
			return nil, err
		}
		one := disk{Device: device}
		for _, pv := range state.Physical {
			same := pv.Device == device.Kernel || pv.Device == device.Path
			if !same && device.Member {
				// LVM can know the disk by another of its names.
				other, err := blockdev.Read(ctx, h, pv.Device)
				same = err == nil && other.Kernel == device.Kernel
			}
			if same {
				one.group = pv.Group
			}
		}
		for _, before := range disks {
			if before.Kernel == device.Kernel {
				return nil, fmt.Errorf("invalid value of option \"devices\": %s and %s are the same device", before.Path, device.Path)
			}
		}
		if err := one.judge(p); err != nil {
			return nil, err
		}
		disks = append(disks, one)
	}
	return disks, nil
}

// judge refuses a disk that must not be taken. What the kernel uses is never
// taken; what only lies on it is, if the user says so.
func (d *disk) judge(p Params) error {
	if d.group == p.VolumeGroup {
		d.here = true
		return nil
	}
	const refused = "cannot use %s for the thin pool: "
	switch {
	case d.group != "":
		return fmt.Errorf(refused+"it is a physical volume of the group %s; take it out with vgreduce first, or name that group", d.Path, d.group)
	case len(d.Uses) > 0:
		return fmt.Errorf(refused+"it is in use: %s; name a spare disk", d.Path, strings.Join(d.Uses, ", "))
	case d.Type == "rom" || d.ReadOnly:
		return fmt.Errorf(refused+"it is read-only", d.Path)
	case d.Size < leastSize:
		return fmt.Errorf(refused+"it has %d bytes only", d.Path, d.Size)
	case len(d.Signatures) == 0 || d.Member:
		// An LVM disk of no group has nothing on it: a run that was interrupted
		// leaves one.
		return nil
	case !p.AllowDataLoss:
		return fmt.Errorf(refused+"it is not empty: %s; look at it with wipefs %s, name a spare disk, or set allow_data_loss: true to overwrite it", d.Path, strings.Join(d.Signatures, ", "), d.Kernel)
	}
	d.wipe = true
	return nil
}
