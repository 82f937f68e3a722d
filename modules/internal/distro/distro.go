// SPDX-License-Identifier: GPL-3.0-or-later

// Package distro knows the Linux distributions by their os-release file: which
// package manager they have, what the engine is called in their repositories,
// and which of Docker's own repositories was built for them.
//
// Where a distribution is not known the answer is an error that says so, never
// a guess: a package of another distribution can be installed, and fails later.
package distro

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"hardened.docker/modules/internal/host"
)

// Manager is a package manager.
type Manager string

// The package managers that the modules know.
const (
	Apt Manager = "apt"
	Dnf Manager = "dnf" // or yum, its predecessor, where that is what the host has
)

// Flavor is what the engine is called in a repository.
type Flavor string

// The flavors of the engine.
const (
	DockerCE     Flavor = "docker-ce"     // Docker's own packages
	DockerIO     Flavor = "docker.io"     // Debian's and Ubuntu's
	DockerEngine Flavor = "docker-engine" // openEuler's and EulerOS's
	Moby         Flavor = "moby-engine"   // Fedora's
	Docker       Flavor = "docker"        // Amazon Linux's
)

// Release is an os-release file, read.
type Release struct {
	ID        string   // "debian", "openEuler": as written
	Like      []string // what it is derived from, the nearest first
	VersionID string
	Codename  string // VERSION_CODENAME
	Pretty    string // for people
	// UbuntuCodename and DebianCodename are those of the release that a
	// derivative is built on, where it says so.
	UbuntuCodename, DebianCodename string
}

// Read reads the host's os-release file.
func Read(h *host.Host) (Release, error) {
	const limit = 64 << 10
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		text, _, err := h.ReadRegular(path, limit)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Release{}, fmt.Errorf("cannot read %s, which says what distribution this is: %w", path, err)
		}
		r := Parse(text)
		if r.ID == "" {
			return Release{}, fmt.Errorf("invalid %s: it has no line ID=, so the distribution is not known", path)
		}
		return r, nil
	}
	return Release{}, errors.New("cannot tell the distribution: neither /etc/os-release nor /usr/lib/os-release is there")
}

// Parse reads the text of an os-release file. Lines that are not assignments
// are skipped, as the file's other readers do (os-release(5)).
func Parse(text []byte) Release {
	values := make(map[string]string)
	for _, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		values[name] = unquote(value)
	}
	r := Release{
		ID:             values["ID"],
		Like:           strings.Fields(values["ID_LIKE"]),
		VersionID:      values["VERSION_ID"],
		Codename:       values["VERSION_CODENAME"],
		Pretty:         values["PRETTY_NAME"],
		UbuntuCodename: values["UBUNTU_CODENAME"],
		DebianCodename: values["DEBIAN_CODENAME"],
	}
	if r.Pretty == "" {
		r.Pretty = strings.TrimSpace(values["NAME"] + " " + r.VersionID)
	}
	return r
}

// unquote takes the shell's quotes off a value.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) < 2 || s[0] != s[len(s)-1] || s[0] != '"' && s[0] != '\'' {
		return s
	}
	quote := s[0]
	s = s[1 : len(s)-1]
	if quote == '\'' {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// is reports whether the distribution is one of ids.
func (r Release) is(ids ...string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return strings.EqualFold(id, r.ID) })
}

// like reports whether the distribution is one of ids or derived from one.
func (r Release) like(ids ...string) bool {
	return r.is(ids...) || slices.ContainsFunc(r.Like, func(l string) bool {
		return slices.ContainsFunc(ids, func(id string) bool { return strings.EqualFold(id, l) })
	})
}

// euler reports whether it is of the openEuler family, whose members name no
// relatives in ID_LIKE.
func (r Release) euler() bool { return r.is("openEuler", "euleros", "hce") }

func (r Release) String() string {
	if r.Pretty != "" {
		return r.Pretty
	}
	return r.ID
}

// Manager returns the distribution's package manager.
func (r Release) Manager() (Manager, error) {
	switch {
	case r.like("debian", "ubuntu"):
		return Apt, nil
	case r.euler(), r.like("rhel", "fedora", "centos"), r.is("amzn"):
		return Dnf, nil
	}
	return "", r.unsupported("its package manager is not one of apt, dnf and yum")
}

// HasPackagesOf returns the package manager whose database has the host's
// packages, "" if there is none. A host with both, since the other's tools are
// installed, has those of its distribution's. Where that is not known (SUSE's, or
// without an os-release), dpkg's database counts if dpkg itself is in it: on a
// host of rpm's, dpkg came as an rpm.
func HasPackagesOf(h *host.Host) Manager {
	dpkg, rpm := h.Exists("/var/lib/dpkg/status"), h.Exists("/var/lib/rpm") || h.Exists("/usr/lib/sysimage/rpm")
	if dpkg && rpm {
		if release, err := Read(h); err == nil {
			if manager, err := release.Manager(); err == nil {
				return manager
			}
		}
		status, err := h.ReadFile("/var/lib/dpkg/status")
		dpkg = err != nil || strings.Contains("\n"+string(status), "\nPackage: dpkg\n")
	}
	switch {
	case dpkg:
		return Apt
	case rpm:
		return Dnf
	}
	return ""
}

// Flavor returns what the distribution itself would install as the engine, or
// Docker's own packages where it has none.
func (r Release) Flavor() (Flavor, error) {
	switch {
	case r.is("amzn"):
		return Docker, nil
	case r.is("fedora"):
		return Moby, nil
	case r.euler():
		return DockerEngine, nil
	case r.like("debian", "ubuntu"):
		return DockerIO, nil
	case r.like("rhel", "fedora", "centos"):
		return DockerCE, nil
	}
	return "", r.unsupported("no flavor of the engine is known for it")
}

// Upstream returns the directory below https://download.docker.com/linux and
// the suite of Docker's own packages for the distribution. The suite is empty
// for those that dnf and yum install.
func (r Release) Upstream() (dir, suite string, err error) {
	switch {
	case r.is("raspbian"):
		dir, suite = "raspbian", r.Codename
	case r.is("ubuntu"):
		dir, suite = "ubuntu", r.Codename
	case r.is("debian"):
		dir, suite = "debian", r.Codename
	case r.like("ubuntu"):
		// A derivative's own codename names no suite of Docker's.
		dir, suite = "ubuntu", r.UbuntuCodename
	case r.like("debian"):
		dir, suite = "debian", r.DebianCodename
	case r.is("fedora"):
		return "fedora", "", nil
	case r.is("rhel"):
		return "rhel", "", nil
	case r.euler(), r.is("amzn"):
		return "", "", r.unsupported("Docker builds no packages for it; name a repository with url")
	case r.like("rhel", "centos", "fedora"):
		return "centos", "", nil
	default:
		return "", "", r.unsupported("Docker builds no packages for it; name a repository with url")
	}
	if suite == "" {
		return dir, "", fmt.Errorf("missing suite: %s does not say which release of %s it is built on; give suite, such as bookworm or noble", r, dir)
	}
	return dir, suite, nil
}

func (r Release) unsupported(why string) error {
	return fmt.Errorf("cannot support %s (ID=%s) yet: %s", r, r.ID, why)
}
