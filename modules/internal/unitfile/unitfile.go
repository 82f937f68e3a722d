// SPDX-License-Identifier: GPL-3.0-or-later

// Package unitfile computes the command line of a service as systemd does, and
// where each word of it was written.
//
// It follows the steps of systemd, one file each:
//
//   - load.go finds the unit and its drop-ins in systemd's directories: who
//     masks whom, in which order they apply.
//   - parse.go reads the syntax of unit files into settings.
//   - split.go splits values into words, with quotes and escapes.
//   - envfile.go reads the files that EnvironmentFile= names, which have a
//     syntax of their own that is no shell's.
//   - command.go puts it together: resets, environment, $VARIABLES.
//
// It only reads, through the small interface Files. Its reference is systemd
// 252 to 257 (src/shared/conf-parser.c, src/core/load-fragment.c,
// src/basic/env-util.c, src/basic/env-file.c), by behaviour.
package unitfile

import "io/fs"

// Files is the host's tree as far as units need it. host.Host is one.
type Files interface {
	ReadFile(name string) ([]byte, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	Readlink(name string) (string, error)
}

// Setting is one assignment in a unit file: Name=Value in [Section].
type Setting struct {
	Section, Name, Value string
	File                 string
	Line                 int // the line it starts on
}

// Unit is a unit with its drop-ins, as systemd sees it after daemon-reload.
type Unit struct {
	Name     string
	Fragment string   // path of the main file
	DropIns  []string // paths in the order in which they apply
	Masked   bool
	Settings []Setting // of all files, in order
	// Warnings say what systemd would ignore: lines that are no assignment,
	// values that it cannot split.
	Warnings []string
}

// All returns the settings of a name in order, those before an empty
// assignment left out: for lists such as ExecStart=.
func (u Unit) All(section, name string) []Setting {
	var all []Setting
	for _, s := range u.Settings {
		switch {
		case s.Section != section || s.Name != name:
		case s.Value == "":
			all = nil
		default:
			all = append(all, s)
		}
	}
	return all
}

// Last returns the setting in force of a name that takes one value.
func (u Unit) Last(section, name string) (Setting, bool) {
	for i := len(u.Settings) - 1; i >= 0; i-- {
		if s := u.Settings[i]; s.Section == section && s.Name == name {
			return s, true
		}
	}
	return Setting{}, false
}
