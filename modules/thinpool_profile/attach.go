// SPDX-License-Identifier: GPL-3.0-or-later

package thinpool_profile

import (
	"context"
	"fmt"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/lvm"
)

// plansPool adds what the pool needs: the profile, and a daemon that watches
// it. A pool that is not there yet can be made by a task before this one.
func (p Params) plansPool(ctx context.Context, h *host.Host, f found, out *ansible.Plan) error {
	name := *p.VolumeGroup + "/" + *p.ThinPool
	if !f.exists {
		out.Caveats = append(out.Caveats, fmt.Sprintf("there is no thin pool %s yet; unless a task before this one makes it, this one fails", name))
	}
	if f.installed {
		on, err := lvm.Monitoring(ctx, h)
		if err != nil {
			return err
		}
		if !on {
			out.Warnings = append(out.Warnings, "lvm.conf has activation/monitoring = 0: after a reboot nothing watches the pool, and it does not grow; set it to 1")
		}
	}
	if f.exists && p.Autoextend && p.Threshold < offThreshold {
		free, wanted := f.group.Free*f.group.ExtentSize, f.pool.Size/100*int64(p.Percent)
		if free < wanted {
			out.Warnings = append(out.Warnings, fmt.Sprintf("the volume group %s has %s free, and the pool would grow by %s at a time: it does not grow. Add a disk to the group, or set autoextend: false", f.group.Name, size(free), size(wanted)))
		}
	}
	if f.exists && !f.pool.Active {
		return fmt.Errorf("cannot have the thin pool %s watched: it is not active; activate it with lvchange --activate y %s", name, name)
	}
	if !f.exists || f.pool.Profile != p.Name {
		out.Acts = append(out.Acts, command{
			text: "attach the profile " + p.Name + " to " + name, before: or(f.pool.Profile, "no profile"), after: p.Name,
			argv: []string{"lvchange", "--metadataprofile", p.Name, name}, needs: &pool{*p.VolumeGroup, *p.ThinPool},
		})
	}
	if !f.exists || !f.pool.Monitored() {
		out.Acts = append(out.Acts, monitor{command{
			text: "have " + name + " watched", before: or(f.pool.Monitor, "not monitored"), after: "monitored",
			argv: []string{"lvchange", "--monitor", "y", name},
		}, *p.VolumeGroup, *p.ThinPool})
	}
	return nil
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// size writes a number of bytes as people read it.
func size(bytes int64) string {
	return fmt.Sprintf("%d MiB", bytes>>20)
}

// pool names a pool that a task before this one can have made by now.
type pool struct{ group, name string }

// find returns an error unless the pool is there.
func (p pool) find(ctx context.Context, h *host.Host) error {
	state, err := lvm.Read(ctx, h)
	if err != nil {
		return &ansible.NothingDone{Err: err}
	}
	v, found := state.Volume(p.group, p.name)
	switch {
	case !found:
		err = fmt.Errorf("cannot attach a profile: there is no thin pool %s/%s; make it with docker_thinpool, or correct volume_group and thin_pool", p.group, p.name)
	case v.Type != "thin-pool":
		err = notPool(v)
	default:
		return nil
	}
	return &ansible.NothingDone{Err: err}
}

func notPool(v lvm.Volume) error {
	return fmt.Errorf("cannot attach a profile to %s/%s: it is a volume of the type %s, not a thin pool; name the pool", v.Group, v.Name, v.Type)
}

// command is an act that is one call of an LVM program.
type command struct {
	text, before, after string
	argv                []string
	needs               *pool
}

// Describe implements [ansible.Act].
func (c command) Describe() string { return c.text }

// Diff implements [ansible.Act].
func (c command) Diff() []ansible.Diff {
	header := c.argv[len(c.argv)-1]
	return []ansible.Diff{{BeforeHeader: header, AfterHeader: header, Before: c.before + "\n", After: c.after + "\n"}}
}

// Do implements [ansible.Act].
func (c command) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	if c.needs != nil {
		if err := c.needs.find(ctx, h); err != nil {
			return nil, err
		}
	}
	_, err := lvm.Call(ctx, h, c.argv...)
	return nil, err
}

// monitor is the act that has a pool watched. LVM ends well also where the
// daemon that is to watch cannot be reached, so the act looks itself.
type monitor struct {
	command
	group, pool string
}

// Do implements [ansible.Act].
func (m monitor) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	if _, err := m.command.Do(ctx, h); err != nil {
		return nil, err
	}
	state, err := lvm.Read(ctx, h)
	if err != nil {
		return nil, err
	}
	if v, _ := state.Volume(m.group, m.pool); !v.Monitored() {
		return map[string]any{"monitored": false}, fmt.Errorf("cannot have %s/%s watched: lvs says %q after lvchange --monitor y; look at systemctl status dm-event.socket dm-event.service", m.group, m.pool, v.Monitor)
	}
	return nil, nil
}
