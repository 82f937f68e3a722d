// SPDX-License-Identifier: GPL-3.0-or-later

// Package ownfiles has units, drop-ins and scripts that belong to a module
// alone, which writes them whole or removes them.
package ownfiles

import (
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/systemd"
)

// Places of the files.
const (
	UnitFolder   = "/etc/systemd/system/"
	ScriptFolder = "/etc/hardened.docker/"
)

// File is a file that the module writes, or removes where it is not wanted.
type File struct {
	Path    string
	Content string
	Wanted  bool
}

// Set are the files beside what is on the disk.
type Set struct {
	files  []File
	before []file.State
}

// maxFile is how large a file in their place may be, in bytes.
const maxFile = 1 << 20

// Read reads what is in the place of the files.
func Read(h *host.Host, files []File) (Set, error) {
	d := Set{files: files}
	for _, f := range d.files {
		state, err := file.Read(h, f.Path, maxFile)
		if err != nil {
			return d, err
		}
		d.before = append(d.before, state)
	}
	return d, nil
}

func (d Set) differs(i int) bool {
	f, before := d.files[i], d.before[i]
	return f.Wanted != before.Exists || f.Wanted && (string(before.Content) != f.Content || before.Mode&0o022 != 0)
}

// Changed reports whether one of the named files will be another one.
func (d Set) Changed(names ...string) bool {
	for i, f := range d.files {
		if slices.Contains(names, f.Path) && d.differs(i) {
			return true
		}
	}
	return false
}

// ChangedUnits reports whether a unit or a drop-in will be another one.
func (d Set) ChangedUnits() bool {
	return slices.ContainsFunc(d.files, func(f File) bool { return strings.HasPrefix(f.Path, UnitFolder) && d.Changed(f.Path) })
}

// Acts write and remove files. What is to be removed goes in the reverse order,
// drop-ins before what they lead to.
func (d Set) Acts(h *host.Host) ([]ansible.Act, error) {
	var acts, removals []ansible.Act
	made := map[string]bool{}
	for i, f := range d.files {
		switch {
		case !d.differs(i):
		case !f.Wanted:
			removals = append([]ansible.Act{file.Remove{Before: d.before[i]}}, removals...)
		default:
			parents, err := dropin.Parents(h, path.Dir(f.Path))
			if err != nil {
				return nil, err
			}
			for _, parent := range parents {
				if dir, ok := parent.(file.Directory); ok && !made[dir.Path] {
					made[dir.Path] = true
					acts = append(acts, parent)
				}
			}
			before := d.before[i]
			before.Mode &^= 0o022
			acts = append(acts, file.Replace{Before: before, Content: []byte(f.Content), Mode: 0o644})
		}
	}
	return append(acts, removals...), nil
}

// DropIns are the drop-ins that there are afterwards.
func (d Set) DropIns() []string {
	list := []string{}
	for _, f := range d.files {
		if f.Wanted && isDropIn(f.Path) {
			list = append(list, f.Path)
		}
	}
	return list
}

// Unread reports whether systemd has yet to read the files as they are on the
// disk, as after a run that was interrupted.
func (d Set) Unread(units []systemd.Unit) bool {
	for _, u := range units {
		for i, f := range d.files {
			exists := d.before[i].Exists
			switch f.Path {
			case UnitFolder + u.Name:
				if u.NeedDaemonReload || exists != u.Exists() {
					return true
				}
			default:
				ofUnit := strings.HasPrefix(f.Path, UnitFolder+u.Name+".d/")
				if ofUnit && u.Exists() && exists != slices.Contains(u.DropIns, f.Path) {
					return true
				}
			}
		}
	}
	return false
}

func isDropIn(name string) bool { return strings.HasSuffix(path.Dir(name), ".d") }
