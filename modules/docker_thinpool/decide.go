// SPDX-License-Identifier: GPL-3.0-or-later

package docker_thinpool

import (
	"errors"
	"fmt"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/lvm"
)

func checkName(option, name string) error { return lvm.CheckName(option, name) }

func deviceName(p Params) string { return lvm.DeviceName(p.VolumeGroup, p.ThinPool) }

// extentSize is what vgcreate takes by default, in bytes.
const extentSize = 4 << 20

// mostMetadata is a little less than the kernel takes, in bytes (15.81 GiB,
// DM_THIN_MAX_METADATA_SIZE in device_mapper/all.h of LVM 2.03.16).
const mostMetadata = 15 << 30

// decision is what is to be made, and what there is after that.
type decision struct {
	acts                 []ansible.Act
	data, metadata, free int64 // bytes
}

// decide computes what is to be made.
func decide(p Params, state lvm.State, disks []disk) (decision, error) {
	group, exists := state.Group(p.VolumeGroup)
	switch {
	case exists && (group.Exported || group.Partial):
		return decision{}, fmt.Errorf("cannot use the volume group %s: it is exported, or a disk of it is missing; look at it with vgs -o+vg_attr %s and pvs", p.VolumeGroup, p.VolumeGroup)
	case !exists && len(disks) == 0:
		return decision{}, fmt.Errorf("missing devices: there is no volume group %s yet; name the disks that it is to be made of", p.VolumeGroup)
	case !exists:
		group = lvm.Group{Name: p.VolumeGroup, ExtentSize: extentSize}
	}
	var d decision
	before := describe(state, p.VolumeGroup)
	var added []string
	for _, one := range disks {
		if one.here {
			continue
		}
		if one.wipe {
			d.acts = append(d.acts, wipe{one.Kernel, strings.Join(one.Signatures, ", ")})
		}
		added = append(added, one.Kernel)
		// LVM begins with its data after the first mebibyte.
		group.Free += (one.Size - 1<<20) / group.ExtentSize
	}
	if len(added) > 0 {
		d.acts = append(d.acts, grow{group: p.VolumeGroup, devices: added, exists: exists, before: before})
	}
	pool, there := state.Volume(p.VolumeGroup, p.ThinPool)
	switch {
	case there && pool.Type != "thin-pool":
		return decision{}, fmt.Errorf("cannot make the thin pool %s/%s: there is a volume of that name and the type %s; choose another thin_pool", p.VolumeGroup, p.ThinPool, pool.Type)
	case there:
		d.data, d.metadata = pool.Size, pool.MetadataSize
		if !pool.Active {
			d.acts = append(d.acts, activate{p.VolumeGroup, p.ThinPool})
		}
	default:
		made, err := sizes(p, group)
		if err != nil {
			return decision{}, err
		}
		made.before = before
		d.acts = append(d.acts, made)
		d.data, d.metadata = made.extents*group.ExtentSize, made.metadata
		group.Free -= made.extents + 2*made.metadata/group.ExtentSize
	}
	d.free = group.Free * group.ExtentSize
	return d, nil
}

// sizes computes a new pool from what the group has free. Sizes are whole
// extents.
func sizes(p Params, group lvm.Group) (create, error) {
	data := group.Free * int64(p.DataPercent) / 100
	metadata := min(max(group.Free*int64(p.MetadataPercent)/100, 1), mostMetadata/group.ExtentSize)
	if data < 1 || data+2*metadata > group.Free {
		return create{}, fmt.Errorf("cannot make a thin pool in the volume group %s: it has %d of %d extents free (%d MiB), and the pool with its metadata twice would need %d; add a disk with devices, or make room",
			group.Name, group.Free, group.Size, group.Free*group.ExtentSize>>20, data+2*metadata)
	}
	return create{group: group.Name, pool: p.ThinPool, extents: data, metadata: metadata * group.ExtentSize, percent: p.DataPercent}, nil
}

// describe shows a group for the diff.
func describe(state lvm.State, name string) string {
	group, exists := state.Group(name)
	if !exists {
		return "no volume group " + name + "\n"
	}
	text := fmt.Sprintf("volume group %s, %d of %d extents free\n", name, group.Free, group.Size)
	for _, pv := range state.Physical {
		if pv.Group == name {
			text += "on " + pv.Device + "\n"
		}
	}
	for _, v := range state.Volumes {
		if v.Group == name {
			text += fmt.Sprintf("%s %s, %d bytes\n", v.Type, v.Name, v.Size)
		}
	}
	return text
}

// result is what the module returns.
func (d decision) result(p Params) map[string]any {
	return map[string]any{
		"volume_group": p.VolumeGroup, "thin_pool": p.ThinPool, "device": deviceName(p), "storage_opts": storageOptions(p),
		"data_bytes": d.data, "metadata_bytes": d.metadata, "free_bytes": d.free,
	}
}

var errGone = errors.New("LVM does not show it")
