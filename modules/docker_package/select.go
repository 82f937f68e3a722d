// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/pkgmgr"
)

// target is the engine's version that a task asks for, and what must move for
// it.
type target struct {
	version string
	install map[string]string // what a transaction must install; versions, "" for the candidate
	warn    []string
}

// versionError is a wanted version that no repository of the host has.
type versionError struct{ text string }

func (e *versionError) Error() string { return e.text }

// choose decides which version of the engine is to be installed.
//
//   - no version: the one that is installed, else the candidate;
//   - latest: the candidate, which is the newest that the host's pins allow;
//   - kubernetes-1.xx: see [tested.choose];
//   - else: the installed one if it matches, else the newest that matches.
func choose(wanted string, u unit, m manager, have inventory, offers pkgmgr.Offers) (string, error) {
	installed := have.Installed(u.engine)
	candidate := offers.Candidate[u.engine]
	switch {
	case wanted == "" && installed != "":
		return installed, nil
	case wanted == "" || wanted == "latest":
		if candidate == "" && installed != "" {
			return installed, nil
		}
		if candidate == "" {
			return "", &versionError{fmt.Sprintf("cannot find the package %s: no repository of the host has it; add one with docker_repository, or give another flavor", u.engine)}
		}
		return candidate, nil
	case strings.HasPrefix(wanted, "kubernetes-"):
		table, err := kubernetesOf(wanted)
		if err != nil {
			return "", err
		}
		return table.choose(wanted, installed, u, m, offers)
	case installed != "" && pkgmgr.Matches(wanted, installed):
		return installed, nil
	}
	versions := offers.Versions(u.engine)
	for _, v := range versions {
		if pkgmgr.Matches(wanted, v) {
			return v, nil
		}
	}
	if len(versions) == 0 {
		return "", &versionError{fmt.Sprintf("cannot find version %q of %s: no repository of the host has the package at all; add one with docker_repository, or give another flavor", wanted, u.engine)}
	}
	return "", &versionError{fmt.Sprintf("cannot find version %q of %s; near ones that the host's repositories have: %s", wanted, u.engine, strings.Join(near(wanted, versions), ", "))}
}

// near returns at most five of versions, given the newest first: those that
// share the longest beginning with what was wanted.
func near(wanted string, versions []string) []string {
	shared := func(v string) int {
		if !strings.Contains(wanted, ":") {
			if _, plain, ok := strings.Cut(v, ":"); ok {
				v = plain
			}
		}
		n := 0
		for n < len(v) && n < len(wanted) && v[n] == wanted[n] {
			n++
		}
		return n
	}
	list := slices.Clone(versions)
	slices.SortStableFunc(list, func(a, b string) int { return shared(b) - shared(a) })
	const most = 5
	return list[:min(len(list), most)]
}

// aim works out what must be installed for version of the engine: the members
// in step with it, and what is missing.
func aim(version string, u unit, m manager, have inventory, offers pkgmgr.Offers, allowDowngrade bool) (target, error) {
	t := target{version: version, install: make(map[string]string)}
	installed := have.Installed(u.engine)
	if installed != "" && m.compare(version, installed) < 0 && !allowDowngrade {
		return t, fmt.Errorf("cannot go from %s %s back to %s: an older engine may not read the data of a newer one; set allow_downgrade: true if you know that it does", u.engine, installed, version)
	}
	moves := installed != version
	if moves {
		t.install[u.engine] = version
	}
	for _, name := range slices.Concat(u.step, u.optional) {
		now := have.Installed(name)
		if now == "" && !slices.Contains(u.step, name) || !u.inStep(name) {
			continue
		}
		same := sameRelease(version, offers.Versions(name))
		switch {
		case now != "" && sameRelease(version, []string{now}) != "":
		case same != "" && (now == "" || m.compare(same, now) > 0 || allowDowngrade):
			t.install[name] = same
		case same != "":
			t.warn = append(t.warn, fmt.Sprintf("%s %s is newer than %s %s; set allow_downgrade: true to bring it back in step", name, now, u.engine, version))
		case now != "":
			t.warn = append(t.warn, fmt.Sprintf("%s is %s and not %s as %s is: no repository of the host has that version of it", name, now, version, u.engine))
		case len(offers.Versions(name)) > 0 && moves && m.compare(plain(version), "18.09") >= 0:
			// Engines before 18.09 had their command line inside.
			t.warn = append(t.warn, fmt.Sprintf("no repository of the host has %s in version %s; the package manager chooses another one", name, version))
		}
	}
	up := installed != "" && m.compare(version, installed) > 0
	for _, name := range u.company {
		now, candidate := have.Installed(name), offers.Candidate[name]
		if candidate != "" && (now == "" || up && m.compare(candidate, now) > 0) {
			t.install[name] = candidate
		}
	}
	for _, name := range u.support {
		if candidate := offers.Candidate[name]; have.Installed(name) == "" && candidate != "" {
			t.install[name] = candidate
		}
	}
	return t, nil
}

// sameRelease returns the version among versions that is built from the same
// release: the same, or one that differs in the epoch, which each of Docker's
// RPMs counts for itself, or in the rebuild's number.
func sameRelease(version string, versions []string) string {
	if slices.Contains(versions, version) {
		return version
	}
	for _, v := range versions {
		if release(v) == release(version) {
			return v
		}
	}
	return ""
}

// plain is a version without its epoch.
func plain(version string) string {
	if _, rest, ok := strings.Cut(version, ":"); ok {
		return rest
	}
	return version
}

// release is a version without epoch and number of the rebuild.
func release(version string) string {
	v := plain(version)
	if i := strings.LastIndex(v, "+b"); i > 0 && strings.Trim(v[i+2:], "0123456789") == "" {
		return v[:i]
	}
	return v
}
