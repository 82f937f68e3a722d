// SPDX-License-Identifier: GPL-3.0-or-later

package lvm

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/host"
)

// State is what LVM has on the host.
type State struct {
	Physical []Physical
	Groups   []Group
	Volumes  []Volume
}

// Physical is a physical volume: a disk or a partition that LVM uses.
type Physical struct {
	Device string
	Group  string // "" if it is in none
}

// Group is a volume group. Sizes are in extents.
type Group struct {
	Name       string
	ExtentSize int64 // bytes
	Size, Free int64
	Exported   bool
	Partial    bool // a disk of it is missing
}

// Volume is a logical volume. Sizes are in bytes.
type Volume struct {
	Group, Name  string
	Type         string // thin-pool, thin, linear, ...
	Profile      string // its metadata profile
	Monitor      string // monitored, not monitored, or "" for what cannot be
	Active       bool
	Size         int64
	MetadataSize int64  // of a pool
	Pool         string // of a thin volume
	// Health is what is wrong with the volume (lvs(8), lv_health_status), ""
	// if nothing is; CheckNeeded says that a pool's metadata want thin_check.
	Health      string
	CheckNeeded bool
}

// Monitored reports whether dmeventd watches the volume.
func (v Volume) Monitored() bool { return v.Monitor == "monitored" }

// Group returns the group of that name.
func (s State) Group(name string) (Group, bool) {
	for _, g := range s.Groups {
		if g.Name == name {
			return g, true
		}
	}
	return Group{}, false
}

// Volume returns the volume of that name in a group.
func (s State) Volume(group, name string) (Volume, bool) {
	for _, v := range s.Volumes {
		if v.Group == group && v.Name == name {
			return v, true
		}
	}
	return Volume{}, false
}

// Read asks LVM for all it has.
func Read(ctx context.Context, h *host.Host) (State, error) {
	var s State
	for _, question := range []struct {
		program, kind, fields string
		take                  func(row) error
	}{
		{"pvs", "pv", "pv_name,vg_name", s.takePhysical},
		{"vgs", "vg", "vg_name,vg_extent_size,vg_extent_count,vg_free_count,vg_exported,vg_partial", s.takeGroup},
		{"lvs", "lv", "vg_name,lv_name,segtype,lv_size,lv_metadata_size,lv_profile,seg_monitor,lv_active,pool_lv,lv_health_status,lv_check_needed", s.takeVolume},
	} {
		out, err := Call(ctx, h, question.program, "--reportformat", "json", "--units", "b", "--nosuffix", "-o", question.fields)
		if err != nil {
			return State{}, err
		}
		rows, err := parse(out.Stdout, question.kind)
		if err != nil {
			return State{}, fmt.Errorf("cannot read what %s says: %w", question.program, err)
		}
		for _, r := range rows {
			if err := question.take(r); err != nil {
				return State{}, fmt.Errorf("cannot read what %s says: %w", question.program, err)
			}
		}
	}
	return s, nil
}

// row is a line of a report. LVM quotes numbers too (lvmreport(7), json).
type row map[string]string

// parse reads a report as lvmreport(7) describes it: {"report": [{"lv": [...]}]}.
func parse(text []byte, kind string) ([]row, error) {
	var whole struct{ Report []map[string][]row }
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, fmt.Errorf("invalid JSON: %w", err)
	}
	var rows []row
	for _, part := range whole.Report {
		rows = append(rows, part[kind]...)
	}
	return rows, nil
}

// number is a field that has a number; an empty one is 0, as lv_metadata_size
// of a volume that is no pool.
func (r row) number(name string) (int64, error) {
	if r[name] == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(r[name], 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("invalid %s %q", name, r[name])
	}
	return n, nil
}

func (s *State) takePhysical(r row) error {
	s.Physical = append(s.Physical, Physical{Device: r["pv_name"], Group: r["vg_name"]})
	return nil
}

func (s *State) takeGroup(r row) error {
	g := Group{Name: r["vg_name"], Exported: r["vg_exported"] != "", Partial: r["vg_partial"] != ""}
	for _, field := range []struct {
		name string
		into *int64
	}{{"vg_extent_size", &g.ExtentSize}, {"vg_extent_count", &g.Size}, {"vg_free_count", &g.Free}} {
		var err error
		if *field.into, err = r.number(field.name); err != nil {
			return err
		}
	}
	if g.Name == "" || g.ExtentSize == 0 {
		return fmt.Errorf("missing name or extent size of a group")
	}
	s.Groups = append(s.Groups, g)
	return nil
}

func (s *State) takeVolume(r row) error {
	v := Volume{
		Group: r["vg_name"], Name: strings.Trim(r["lv_name"], "[]"), Type: r["segtype"], Profile: r["lv_profile"],
		Monitor: r["seg_monitor"], Active: r["lv_active"] != "", Pool: r["pool_lv"],
		Health: r["lv_health_status"], CheckNeeded: r["lv_check_needed"] == "check needed" || r["lv_check_needed"] == "1",
	}
	var err error
	if v.Size, err = r.number("lv_size"); err != nil {
		return err
	}
	if v.MetadataSize, err = r.number("lv_metadata_size"); err != nil {
		return err
	}
	s.Volumes = append(s.Volumes, v)
	return nil
}
