// SPDX-License-Identifier: GPL-3.0-or-later

// Package dropin changes what starts a service, without a change of the file
// that its package owns: the words of ExecStart= and the variables that it
// takes from environment files.
//
// A tour. [Read] finds the service, [Service.With] is the same service with
// another drop-in. [ReadLine] takes its command line apart, raw words beside
// what they mean (line.go), and [Line.Without] takes flags out of it. In
// envfile.go, SetVariable gives a variable in an environment file another
// value, and in span.go values are compared by meaning: "5min" is "300s".
//
// What systemd makes of units is package unitfile's knowledge; here is how to
// write them.
package dropin

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/unitfile"
)

// Service is a service unit with its drop-ins as they are on the disk.
type Service struct {
	unitfile.Unit
	Files unitfile.Files
	// Found is false if the host does not have the unit.
	Found bool
}

// Read reads a service. One that is not there is no error. A mask is looked
// through: it is taken off before the service starts again.
func Read(files unitfile.Files, name string) (Service, error) {
	files = unmasked{files, name}
	unit, err := unitfile.Load(files, name)
	if errors.Is(err, fs.ErrNotExist) && unit.Fragment == "" {
		return Service{Unit: unit, Files: files}, nil
	}
	return Service{Unit: unit, Files: files, Found: err == nil && !unit.Masked}, err
}

// unmasked hides links to /dev/null in the place of the unit.
type unmasked struct {
	unitfile.Files
	name string
}

func (u unmasked) masked(name string) bool {
	if path.Base(name) != u.name {
		return false
	}
	target, err := u.Files.Readlink(name)
	return err == nil && target == "/dev/null"
}

func (u unmasked) ReadFile(name string) ([]byte, error) {
	if u.masked(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return u.Files.ReadFile(name)
}

func (u unmasked) Readlink(name string) (string, error) {
	if u.masked(name) {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrNotExist}
	}
	return u.Files.Readlink(name)
}

// Without returns the service as it would be without one of its drop-ins.
func (s Service) Without(file string) Service {
	return s.With(file, nil)
}

// With returns the service as it would be with this drop-in, new or changed;
// nil settings are no drop-in.
func (s Service) With(file string, settings []unitfile.Setting) Service {
	names := slices.DeleteFunc(slices.Clone(s.DropIns), func(name string) bool { return name == file })
	if settings != nil {
		names = append(names, file)
		slices.SortStableFunc(names, func(a, b string) int { return strings.Compare(path.Base(a), path.Base(b)) })
	}
	all := of(s.Settings, s.Fragment)
	for _, name := range names {
		if name == file {
			all = append(all, settings...)
		} else {
			all = append(all, of(s.Settings, name)...)
		}
	}
	s.DropIns, s.Settings = names, all
	return s
}

// Own returns the settings that a file of the service has.
func (s Service) Own(file string) []unitfile.Setting { return of(s.Settings, file) }

func of(settings []unitfile.Setting, file string) []unitfile.Setting {
	var own []unitfile.Setting
	for _, setting := range settings {
		if setting.File == file {
			own = append(own, setting)
		}
	}
	return own
}

// Quote writes a word for a unit file so that systemd reads it back as it is:
// quotes, C escapes, percent signs doubled.
func Quote(word string) string {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "%", "%%").Replace(word)
	return `"` + quoted + `"`
}

// Edited are files of which some are as they will be, by name.
type Edited struct {
	unitfile.Files
	Content map[string][]byte
}

// ReadFile returns the content that the file will have.
func (e Edited) ReadFile(name string) ([]byte, error) {
	if content, ok := e.Content[name]; ok {
		return content, nil
	}
	return e.Files.ReadFile(name)
}

// Parents returns the acts that make a directory with what is missing above it.
func Parents(h *host.Host, dir string) ([]ansible.Act, error) {
	var acts []ansible.Act
	for ; ; dir = path.Dir(dir) {
		info, err := h.Stat(dir)
		if err == nil && info.IsDir() {
			return acts, nil
		}
		if err == nil || errors.Is(err, syscall.ENOTDIR) {
			return nil, fmt.Errorf("cannot make files in %s: it is not a directory", dir)
		}
		if !errors.Is(err, fs.ErrNotExist) || dir == "/" {
			return nil, fmt.Errorf("cannot look at the directory %s: %w", dir, err)
		}
		acts = append([]ansible.Act{file.Directory{Path: dir, Mode: 0o755}}, acts...)
	}
}
