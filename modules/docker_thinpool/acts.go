// SPDX-License-Identifier: GPL-3.0-or-later

package docker_thinpool

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/blockdev"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/lvm"
)

func diff(name, before, after string) []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: name, AfterHeader: name, Before: before, After: after}}
}

// wipe is the act that takes signatures off a disk.
type wipe struct{ device, signatures string }

// Describe implements [ansible.Act].
func (w wipe) Describe() string { return "erase " + w.signatures + " on " + w.device }

// Diff implements [ansible.Act].
func (w wipe) Diff() []ansible.Diff { return diff(w.device, w.signatures+"\n", "nothing\n") }

// Do implements [ansible.Act].
func (w wipe) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	_, err := h.Run(ctx, host.Command{Argv: []string{"wipefs", "--all", "--", w.device}, Limit: blockdev.Limit})
	return nil, err
}

// grow is the act that makes a group of disks, or adds disks to one.
type grow struct {
	group   string
	devices []string
	exists  bool
	before  string
}

// Describe implements [ansible.Act].
func (g grow) Describe() string {
	if g.exists {
		return "add " + strings.Join(g.devices, ", ") + " to the volume group " + g.group
	}
	return "make the volume group " + g.group + " of " + strings.Join(g.devices, ", ")
}

// Diff implements [ansible.Act].
func (g grow) Diff() []ansible.Diff {
	after := "volume group " + g.group + "\n"
	if g.exists {
		after = g.before
	}
	return diff(g.group, g.before, after+"on "+strings.Join(g.devices, "\non ")+"\n")
}

// Do implements [ansible.Act]. LVM asks before it overwrites anything, and
// takes the end of its input for no.
func (g grow) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	program := "vgcreate"
	if g.exists {
		program = "vgextend"
	}
	_, err := lvm.Call(ctx, h, append([]string{program, g.group}, g.devices...)...)
	return nil, err
}

// chunkSize is that of the engine's own documents: large enough for little
// metadata, small enough for small files.
const chunkSize = "512k"

// create is the act that makes the pool.
type create struct {
	group, pool string
	extents     int64
	metadata    int64 // bytes
	percent     int
	before      string
}

// Describe implements [ansible.Act].
func (c create) Describe() string {
	return fmt.Sprintf("make the thin pool %s/%s with %d extents of data and %d MiB of metadata", c.group, c.pool, c.extents, c.metadata>>20)
}

// Diff implements [ansible.Act].
func (c create) Diff() []ansible.Diff {
	return diff(c.group+"/"+c.pool, "no thin pool\n", fmt.Sprintf("thin pool, %d extents, %d MiB of metadata\n", c.extents, c.metadata>>20))
}

// Do implements [ansible.Act]. One command makes data, metadata and pool, so
// that an interrupted run leaves no parts of them.
func (c create) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	// The size of the disks is known, but LVM may align otherwise; the group
	// tells by now what it really has.
	state, err := lvm.Read(ctx, h)
	if err != nil {
		return nil, err
	}
	group, _ := state.Group(c.group)
	if room := group.Free - 2*c.metadata/max(group.ExtentSize, 1); c.extents > room {
		c.extents = room
	}
	_, err = lvm.Call(ctx, h, "lvcreate", "--type", "thin-pool", "--extents", strconv.FormatInt(c.extents, 10),
		"--poolmetadatasize", strconv.FormatInt(c.metadata>>10, 10)+"k", "--chunksize", chunkSize, "--zero", "n", "--name", c.pool, c.group)
	if err != nil {
		return nil, err
	}
	if state, err = lvm.Read(ctx, h); err != nil {
		return nil, err
	}
	group, _ = state.Group(c.group)
	v, found := state.Volume(c.group, c.pool)
	if !found {
		return nil, fmt.Errorf("cannot make the thin pool %s/%s: %w", c.group, c.pool, errGone)
	}
	return map[string]any{"data_bytes": v.Size, "metadata_bytes": v.MetadataSize, "free_bytes": group.Free * group.ExtentSize}, nil
}

// activate is the act that gives the kernel a pool that it does not have.
type activate struct{ group, pool string }

// Describe implements [ansible.Act].
func (a activate) Describe() string { return "activate " + a.group + "/" + a.pool }

// Diff implements [ansible.Act].
func (a activate) Diff() []ansible.Diff {
	return diff(a.group+"/"+a.pool, "inactive\n", "active\n")
}

// Do implements [ansible.Act].
func (a activate) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	_, err := lvm.Call(ctx, h, "lvchange", "--activate", "y", a.group+"/"+a.pool)
	return nil, err
}
