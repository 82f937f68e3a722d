// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"hardened.docker/modules/internal/host"
)

// Package is what dpkg knows of a package on the host.
type Package struct {
	Name, Arch, Version string
	// Want is what the administrator wants: install, hold, deinstall, purge.
	Want string
	// Status is how far dpkg came: installed, config-files, unpacked,
	// half-configured, half-installed, triggers-awaited, triggers-pending,
	// not-installed.
	Status string
	// Broken is set when dpkg must install the package again.
	Broken bool
	// Depends has the names that the package depends on, alternatives and
	// pre-dependencies included.
	Depends []string
}

// Present reports whether the package's files are on the host.
func (p Package) Present() bool {
	return p.Status != "" && p.Status != "not-installed" && p.Status != "config-files"
}

// Whole reports whether dpkg has finished with the package.
func (p Package) Whole() bool {
	switch p.Status {
	case "installed", "config-files", "not-installed":
		return !p.Broken
	}
	return false
}

// Status is dpkg's database.
type Status struct {
	packages map[string]Package
	// Pending is set when dpkg's journal has entries: dpkg is running, or was
	// killed.
	Pending bool
}

// Get returns a package by its name. The zero Package is one that dpkg does
// not know.
func (s Status) Get(name string) Package { return s.packages[name] }

// Installed returns the version of a package whose files are on the host, or
// "".
func (s Status) Installed(name string) string {
	if p := s.packages[name]; p.Present() {
		return p.Version
	}
	return ""
}

// Held reports whether the administrator forbade that the package changes.
func (s Status) Held(name string) bool { return s.packages[name].Want == "hold" }

// Leftover reports whether the package was removed and its configuration is
// still there.
func (s Status) Leftover(name string) bool { return s.packages[name].Status == "config-files" }

// Interrupted returns the packages that dpkg has begun with and not finished.
// Packages that only wait for a trigger are not among them: any run of dpkg
// ends those.
func (s Status) Interrupted() []string {
	var names []string
	for name, p := range s.packages {
		if !p.Whole() && !strings.HasPrefix(p.Status, "triggers-") {
			names = append(names, name)
		}
	}
	return sorted(names)
}

// Unfinished reports whether dpkg is at work, or was killed at it.
func (s Status) Unfinished() bool { return s.Pending || len(s.Interrupted()) > 0 }

// Needed returns the installed packages outside of set that depend on a member
// of it.
func (s Status) Needed(set map[string]bool, name string) []string {
	var by []string
	for other, p := range s.packages {
		if set[other] || !p.Present() {
			continue
		}
		for _, d := range p.Depends {
			if d == name {
				by = append(by, other)
				break
			}
		}
	}
	return sorted(by)
}

const dpkgDir = "/var/lib/dpkg"

// ReadStatus reads dpkg's database, which dpkg documents as readable text. A
// host without one has no dpkg.
func ReadStatus(h *host.Host) (Status, error) {
	const limit = 64 << 20
	s := Status{packages: make(map[string]Package)}
	text, _, err := h.ReadRegular(dpkgDir+"/status", limit)
	if errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("cannot find %s/status: dpkg, which this distribution's packages need, is not on the host", dpkgDir)
	}
	if err != nil {
		return s, fmt.Errorf("cannot read dpkg's database: %w", err)
	}
	s.add(text)
	// While dpkg runs, and after it was killed, its journal is newer than the
	// database (dpkg, lib/dpkg/dbmodify.c: files whose names are numbers).
	entries, err := h.ReadDir(dpkgDir + "/updates")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("cannot read dpkg's journal: %w", err)
	}
	for _, e := range entries {
		if strings.Trim(e.Name(), "0123456789") != "" {
			continue
		}
		s.Pending = true
		text, _, err := h.ReadRegular(dpkgDir+"/updates/"+e.Name(), limit)
		if errors.Is(err, fs.ErrNotExist) {
			continue // dpkg is running and has just taken it into its database
		}
		if err != nil {
			return s, fmt.Errorf("cannot read dpkg's journal: %w", err)
		}
		s.add(text)
	}
	return s, nil
}

// add takes in stanzas; a later one replaces an earlier one.
func (s Status) add(text []byte) {
	var p Package
	flush := func() {
		// The same package of a foreign architecture must not hide the native
		// one, which comes in any order.
		if old, ok := s.packages[p.Name]; p.Name != "" && (!ok || old.Arch == p.Arch || !old.Present()) {
			s.packages[p.Name] = p
		}
		p = Package{}
	}
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if len(line) == 0 {
			flush()
			continue
		}
		switch {
		case bytes.HasPrefix(line, []byte("Package: ")):
			p.Name = string(line[len("Package: "):])
		case bytes.HasPrefix(line, []byte("Version: ")):
			p.Version = string(line[len("Version: "):])
		case bytes.HasPrefix(line, []byte("Architecture: ")):
			p.Arch = string(line[len("Architecture: "):])
		case bytes.HasPrefix(line, []byte("Status: ")):
			if f := strings.Fields(string(line)); len(f) == 4 {
				p.Want, p.Broken, p.Status = f[1], f[2] != "ok", f[3]
			}
		case bytes.HasPrefix(line, []byte("Depends: ")), bytes.HasPrefix(line, []byte("Pre-Depends: ")):
			_, list, _ := bytes.Cut(line, []byte(": "))
			p.Depends = append(p.Depends, relations(string(list))...)
		}
	}
	flush()
}

// relations returns the package names of a dependency field.
func relations(list string) []string {
	var names []string
	for _, one := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == '|' }) {
		name, _, _ := strings.Cut(strings.TrimSpace(one), " ")
		name, _, _ = strings.Cut(name, ":")
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Owned returns which of paths belong to a package.
func Owned(h *host.Host, p Package, paths []string) []string {
	var owned []string
	for _, list := range []string{p.Name + ".list", p.Name + ":" + p.Arch + ".list"} {
		text, _, err := h.ReadRegular(dpkgDir+"/info/"+list, 64<<20)
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(text), "\n") {
			for _, path := range paths {
				if line == path {
					owned = append(owned, path)
				}
			}
		}
	}
	return owned
}
