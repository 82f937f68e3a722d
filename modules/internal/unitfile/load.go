// SPDX-License-Identifier: GPL-3.0-or-later

package unitfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// directories are systemd's unit directories, the strongest first (systemd
// src/libsystemd/sd-path, lookup_paths_init for the system manager).
func directories() []string {
	return []string{
		"/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient",
		"/run/systemd/generator.early", "/etc/systemd/system", "/etc/systemd/system.attached",
		"/run/systemd/system", "/run/systemd/system.attached", "/run/systemd/generator",
		"/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
		"/run/systemd/generator.late",
	}
}

// Load reads a unit such as docker.service with its drop-ins. A unit that does
// not exist is fs.ErrNotExist.
func Load(files Files, name string) (Unit, error) {
	unit := Unit{Name: name}
	for _, dir := range directories() {
		file := path.Join(dir, name)
		content, masked, err := read(files, file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return unit, readError("unit "+file, err)
		}
		unit.Fragment, unit.Masked = file, masked
		if masked {
			return unit, nil
		}
		unit.add(file, content)
		break
	}
	if unit.Fragment == "" {
		return unit, fmt.Errorf("cannot find unit %s in any of systemd's directories: %w", name, fs.ErrNotExist)
	}
	dropIns, err := findDropIns(files, name)
	if err != nil {
		return unit, err
	}
	for _, file := range dropIns {
		content, masked, err := read(files, file)
		if err != nil {
			return unit, readError("drop-in "+file, err)
		}
		if !masked {
			unit.DropIns = append(unit.DropIns, file)
			unit.add(file, content)
		}
	}
	return unit, nil
}

// readError says what to do about a file that only root may read: a drop-in with
// a proxy's password is such a one.
func readError(what string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("cannot read %s: %w; run the task with become: true", what, fs.ErrPermission)
	}
	return fmt.Errorf("cannot read %s: %w", what, err)
}

// add parses one file of the unit.
func (u *Unit) add(file string, content []byte) {
	settings, warnings := Parse(file, content)
	u.Settings = append(u.Settings, settings...)
	u.Warnings = append(u.Warnings, warnings...)
}

// read returns a unit file's content. A link to /dev/null and an empty file
// mask what they stand for.
func read(files Files, file string) (content []byte, masked bool, err error) {
	if target, err := files.Readlink(file); err == nil && target == "/dev/null" {
		return nil, true, nil
	}
	content, err = files.ReadFile(file)
	return content, err == nil && len(content) == 0, err
}

// dropInFolders returns the names of the folders whose files extend a unit:
// its own, one for each dash in its name, and the one for all of its type.
func dropInFolders(name string) []string {
	folders := []string{name + ".d"}
	stem, kind, _ := strings.Cut(name, ".")
	for i := len(stem) - 2; i > 0; i-- {
		if stem[i] == '-' {
			folders = append(folders, stem[:i+1]+"."+kind+".d")
		}
	}
	return append(folders, kind+".d")
}

// findDropIns returns the drop-ins in the order in which they apply: by name
// over all directories. Of two with the same name the one in the stronger
// directory counts, also when it is empty.
func findDropIns(files Files, name string) ([]string, error) {
	chosen := make(map[string]string)
	for _, folder := range dropInFolders(name) {
		for _, dir := range directories() {
			full := path.Join(dir, folder)
			entries, err := files.ReadDir(full)
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotDirectory) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("cannot list drop-ins in %s: %w", full, err)
			}
			for _, entry := range entries {
				base := entry.Name()
				if !strings.HasSuffix(base, ".conf") || strings.HasPrefix(base, ".") || entry.IsDir() {
					continue
				}
				if _, taken := chosen[base]; !taken {
					chosen[base] = path.Join(full, base)
				}
			}
		}
	}
	var names []string
	for base := range chosen {
		names = append(names, base)
	}
	slices.Sort(names)
	for i, base := range names {
		names[i] = chosen[base]
	}
	return names, nil
}
