// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/pkgmgr"
)

// unit is the packages that together are one engine.
type unit struct {
	flavor distro.Flavor
	engine string
	// step has the packages whose version is the engine's own: they are built
	// from the same release, and the command line of another release than the
	// daemon's is what users call skew.
	step []string
	// company has the packages with versions of their own that move when the
	// engine moves.
	company []string
	// support has what the engine does not work without though no package
	// depends on it; it is installed and else left alone.
	support []string
	// optional has members of step that are installed only by others' wish and
	// then kept in step.
	optional []string
	// strangers are packages of other flavors, which own the same files.
	strangers []string
}

// dockerCE is what Docker's own packages are called everywhere.
func dockerCE() unit {
	return unit{
		flavor:   distro.DockerCE,
		engine:   "docker-ce",
		step:     []string{"docker-ce-cli"},
		company:  []string{"containerd.io", "docker-buildx-plugin", "docker-compose-plugin"},
		optional: []string{"docker-ce-rootless-extras", "docker-scan-plugin", "docker-model-plugin"},
	}
}

// debUnit describes the flavors where dpkg is. What conflicts is from the
// packages' own Conflicts and Replaces fields (docker-ce 19.03 to 28,
// containerd.io 1.2 to 1.7, docker.io 18.09 to 26.1) and the files they own.
func debUnit(flavor distro.Flavor) unit {
	others := []string{"docker-engine", "moby-engine", "moby-cli", "moby-containerd", "moby-runc", "lxc-docker", "podman-docker"}
	// Without ca-certificates no registry can be asked for an image.
	support := []string{"ca-certificates"}
	if flavor == distro.DockerCE {
		u := dockerCE()
		u.support = support
		u.strangers = slices.Concat([]string{"docker.io", "docker-cli", "containerd", "runc", "docker-buildx", "docker-compose-v2"}, others)
		return u
	}
	return unit{
		flavor:  distro.DockerIO,
		engine:  "docker.io",
		step:    []string{"docker-cli"}, // a package of its own since Debian 13
		company: []string{"containerd", "runc"},
		// Rarely there, and never needed for the engine itself.
		optional:  []string{"docker-buildx", "docker-compose-v2"},
		support:   support,
		strangers: slices.Concat([]string{"docker-ce", "docker-ce-cli", "docker-ce-rootless-extras", "containerd.io", "docker-buildx-plugin", "docker-compose-plugin"}, others),
	}
}

// rpmUnit describes the flavors where RPM is. docker-ce's conflicts are those
// of its spec file (19.03 to 28) and of Docker's instructions; openEuler's
// docker-engine brings containerd and runc itself and names no conflict with
// the packages of that name, nor with podman, of which its documentation says
// that they cannot be installed together. Fedora's moby-engine has had its
// command line in docker-cli, with a release number of its own, since Fedora
// 41; Amazon's docker has it inside. Both take containerd and runc of the
// distribution.
func rpmUnit(flavor distro.Flavor) unit {
	old := []string{"docker", "docker-client", "docker-client-latest", "docker-common", "docker-latest", "docker-latest-logrotate", "docker-logrotate", "docker-io", "docker-engine-cs", "docker-ee", "moby-engine", "moby-cli", "docker-cli", "podman-docker"}
	upstream := []string{"docker-ce", "docker-ce-cli", "docker-ce-rootless-extras", "containerd.io"}
	u := unit{flavor: flavor, engine: string(flavor)}
	switch flavor {
	case distro.DockerCE:
		u = dockerCE()
		u.strangers = slices.Concat([]string{"docker-engine", "containerd", "runc"}, old)
	case distro.Moby:
		u.company = []string{"docker-cli", "containerd", "runc"}
		u.optional = []string{"docker-buildx", "docker-compose"}
		u.strangers = slices.Concat([]string{"docker-engine"}, upstream, old)
	case distro.Docker:
		u.company = []string{"containerd", "runc"}
		u.strangers = slices.Concat([]string{"docker-engine"}, upstream, old)
	default:
		u.strangers = slices.Concat(upstream, []string{"containerd", "runc", "podman"}, old)
	}
	u.support = []string{"ca-certificates"}
	u.strangers = slices.DeleteFunc(u.strangers, func(name string) bool { return slices.Contains(u.members(), name) })
	return u
}

// members are all packages of the unit.
func (u unit) members() []string {
	return slices.Concat([]string{u.engine}, u.step, u.company, u.optional)
}

// inStep reports whether a package has the engine's own version.
func (u unit) inStep(name string) bool {
	return slices.Contains(u.step, name) || name == "docker-ce-rootless-extras"
}

// binaries are the files over which flavors fight.
func binaries() []string {
	return []string{
		"/usr/bin/docker", "/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/bin/docker-init", "/usr/bin/docker-proxy", "/usr/sbin/docker-init", "/usr/sbin/docker-proxy",
		"/usr/bin/containerd", "/usr/bin/containerd-shim-runc-v2", "/usr/bin/ctr", "/usr/bin/runc", "/usr/sbin/runc",
		"/lib/systemd/system/docker.service", "/usr/lib/systemd/system/docker.service",
		"/lib/systemd/system/containerd.service", "/usr/lib/systemd/system/containerd.service",
	}
}

// flavorOf says which flavor a task is about: the one it names, else the one
// that is installed, else Docker's own if a repository of the host has it,
// else the distribution's.
func flavorOf(wanted string, m manager, have inventory, offers pkgmgr.Offers, release distro.Release) (distro.Flavor, error) {
	if wanted != "auto" {
		flavor := distro.Flavor(wanted)
		if !slices.Contains(m.flavors(), flavor) {
			return "", fmt.Errorf("cannot install flavor %s on %s: its package manager has %s", flavor, release, join(m.flavors()))
		}
		return flavor, nil
	}
	var installed []distro.Flavor
	for _, f := range m.flavors() {
		if have.Installed(m.unit(f).engine) != "" {
			installed = append(installed, f)
		}
	}
	if len(installed) == 1 {
		return installed[0], nil
	}
	if len(offers.Versions(string(distro.DockerCE))) > 0 {
		return distro.DockerCE, nil
	}
	return release.Flavor()
}

func join(flavors []distro.Flavor) string {
	var names []string
	for _, f := range flavors {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}
