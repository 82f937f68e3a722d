// SPDX-License-Identifier: GPL-3.0-or-later

// Package dnf asks and runs dnf and yum, the package managers of openEuler,
// Fedora, RHEL and their relatives, and reads RPM's database.
//
// They are Python programs, and so is what scripts use in their place; here
// they are run, and what they print is read (query.go, simulate.go). What is
// installed comes from rpm alone. repofile.go edits *.repo files, hold.go keeps
// packages at their version, lock.go says who is at work, errors.go why
// something failed, transaction.go writes packages.
//
// Formats were recorded from dnf 4.14, 4.23 and 5.4 (testdata). Those of yum 3.4
// are from its documentation; what only it does is marked so.
package dnf

import (
	"fmt"
	"path/filepath"
	"slices"

	"hardened.docker/modules/internal/host"
)

// Tool is a host's package manager.
type Tool struct {
	Program string
	// Generation is 3 for yum before dnf, 4 for dnf, 5 for dnf5.
	Generation int
	// view has the options of a prediction: see [Tool.Preview].
	view []string
}

// Find returns the host's package manager. yum is a link to dnf where there is
// dnf, and dnf may be one to dnf5.
func Find(h *host.Host) (Tool, error) {
	for _, name := range []string{"dnf", "dnf5", "yum"} {
		path, ok := h.Look(name)
		if !ok {
			continue
		}
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		t := Tool{Program: name, Generation: 4}
		switch filepath.Base(path) {
		case "dnf5":
			t.Generation = 5
		case "yum":
			t.Generation = 3
		}
		return t, nil
	}
	return Tool{}, fmt.Errorf("cannot find dnf or yum, which this distribution's packages need")
}

// argv returns the arguments of a run that does not depend on what the
// administrator has configured for interactive use. Holds are this
// collection's own way of keeping packages in step, so they do not bind it.
func (t Tool) argv(args ...string) []string {
	argv := []string{t.Program}
	switch t.Generation {
	case 3:
		argv = append(argv, "--disableplugin=versionlock", "--disableexcludes=main", "--setopt=clean_requirements_on_remove=0")
	case 5:
		argv = append(argv, "--setopt=disable_excludes=main", "--setopt=install_weak_deps=False", "--setopt=clean_requirements_on_remove=False")
	default:
		// What is only recommended is left out, what nothing needs any more stays:
		// the engine's packages are the task's business, and no others. A lock is
		// waited for here, with a limit, and not by dnf, without one.
		argv = append(argv, "--disableplugin=versionlock", "--disableexcludes=main", "--setopt=install_weak_deps=False", "--setopt=clean_requirements_on_remove=False", "--setopt=exit_on_lock=True")
	}
	return slices.Concat(argv, t.view, args)
}
