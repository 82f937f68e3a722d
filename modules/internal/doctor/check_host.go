// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"fmt"
	"strings"
)

// packageConflicts: two packages bring the same programs.
func packageConflicts(s *Snapshot) Verdict {
	flavor := s.Flavor()
	rivals := map[string][]string{
		"docker-engine": {"containerd", "containerd.io", "runc", "podman", "docker-runc", "docker-containerd"},
		"docker-ce":     {"docker.io", "docker-engine", "containerd", "runc", "podman-docker"},
		"docker.io":     {"docker-ce", "containerd.io", "podman-docker"},
		"moby-engine":   {"docker-ce", "podman-docker"},
	}
	if flavor == "" {
		return notApplicable("the engine is not from a package that the doctor can ask about")
	}
	one := ill(flavor, flavor+" "+s.Packages.Installed[flavor]+" is installed")
	for _, name := range rivals[flavor] {
		if v := s.Packages.Installed[name]; v != "" {
			one.Evidence = append(one.Evidence, name+" "+v+" brings the same programs")
		}
	}
	if len(one.Evidence) < 2 {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{one}}
}

// packagesInterrupted: an installation did not come to its end.
func packagesInterrupted(s *Snapshot) Verdict {
	if len(s.Packages.Interrupted) == 0 {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill("", "/var/lib/dpkg/status: not configured: "+strings.Join(s.Packages.Interrupted, ", "))}}
}

// versionsMixed: a package manager that is asked for one version of the engine
// takes the newest command line to it.
func versionsMixed(s *Snapshot) Verdict {
	clients := map[string]string{"docker-ce": "docker-ce-cli", "docker.io": "docker-cli"}
	engine := s.Flavor()
	have, client := s.Packages.Installed[engine], s.Packages.Installed[clients[engine]]
	if client == "" {
		return notApplicable("no package has the command line alone")
	}
	if upstream(have) == upstream(client) {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill(engine, engine+" "+have+" is installed with "+clients[engine]+" "+client)}}
}

// upstream takes the epoch and the packager's part from a version:
// 5:19.03.15~3-0~ubuntu-bionic.
func upstream(version string) string {
	if _, rest, ok := strings.Cut(version, ":"); ok {
		version = rest
	}
	if end := strings.IndexAny(version, "~-+"); end >= 0 {
		version = version[:end]
	}
	return version
}

// maintained is the oldest engine that its makers still mend (November 2026).
const maintained = 28

// engineSupport: distributions maintain older engines themselves; Docker's own
// packages get mended for the newest series only.
func engineSupport(s *Snapshot) Verdict {
	if !s.Engine.Known() {
		return notApplicable("the engine's version is not known")
	}
	if s.Flavor() != "docker-ce" || s.Engine.Major >= maintained {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill("docker-ce", fmt.Sprintf("docker-ce %s; its makers mend %d.0 and later", s.Engine, maintained))}}
}

// nprocLimit: pam_limits promises more processes than the kernel has numbers.
func nprocLimit(s *Snapshot) Verdict {
	if s.System.PIDMax == 0 {
		return Verdict{Unknown: "kernel.pid_max is not known"}
	}
	var v Verdict
	for _, l := range s.Limits {
		if l.Value > s.System.PIDMax {
			v.Ills = append(v.Ills, ill(l.Domain, l.Line, fmt.Sprintf("kernel.pid_max is %d", s.System.PIDMax)))
		}
	}
	return v
}

// processesPerContainer is how many processes and threads a container and what
// keeps it take at least, by experience.
const processesPerContainer = 30

// pidMax: many containers on a host with few process numbers.
func pidMax(s *Snapshot) Verdict {
	if s.System.PIDMax == 0 {
		return Verdict{Unknown: "kernel.pid_max is not known"}
	}
	running := len(s.Processes.Shims)
	if running*processesPerContainer < s.System.PIDMax/2 {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill("kernel.pid_max", fmt.Sprintf("%d containers run; kernel.pid_max is %d", running, s.System.PIDMax))}}
}

// redirectDir: renaming a directory of an image fails in a container.
func redirectDir(s *Snapshot) Verdict {
	if !usesOverlay(s) || s.System.RedirectDir == "" {
		return notApplicable("overlay is not loaded, or has no redirect_dir (kernel 4.10)")
	}
	if strings.HasPrefix(s.System.RedirectDir, "Y") || s.System.RedirectDir == "on" {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill("redirect_dir", "/sys/module/overlay/parameters/redirect_dir: "+s.System.RedirectDir)}}
}

// overlayIndex: writing to one of several hard links of an image cuts it off
// from the others.
func overlayIndex(s *Snapshot) Verdict {
	if !usesOverlay(s) || s.System.OverlayIndex == "" {
		return notApplicable("overlay is not loaded, or has no index (kernel 4.13)")
	}
	if strings.HasPrefix(s.System.OverlayIndex, "Y") {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill("index", "/sys/module/overlay/parameters/index: "+s.System.OverlayIndex)}}
}

// engineWarnings: what docker info says at its end.
func engineWarnings(s *Snapshot) Verdict {
	if s.Daemon != Up {
		return notApplicable("the daemon does not run")
	}
	if len(s.Info.Warnings) == 0 {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill("", s.Info.Warnings...)}}
}

// seccompOff: the daemon has no profile at all.
func seccompOff(s *Snapshot) Verdict {
	if s.Daemon != Up {
		return notApplicable("the daemon does not run")
	}
	for _, option := range s.Info.SecurityOptions {
		if strings.Contains(option, "seccomp") && !strings.Contains(option, "unconfined") {
			return Verdict{}
		}
	}
	return Verdict{Ills: []Ill{ill("", "docker info: security options "+strings.Join(s.Info.SecurityOptions, ", "))}}
}

// seccompUnconfined: single containers without a filter of system calls, which
// is faster and less safe.
func seccompUnconfined(s *Snapshot) Verdict {
	var v Verdict
	for _, c := range s.State.Containers {
		if c.Seccomp == "unconfined" && c.Running {
			v.Ills = append(v.Ills, ill(c.Name, "hostconfig.json of "+c.ID+": seccomp=unconfined"))
		}
	}
	return v
}

// dataRootMode: the daemon's directories are its alone.
func dataRootMode(s *Snapshot) Verdict {
	if !s.State.Exists {
		return notApplicable("there is no data-root")
	}
	var v Verdict
	// Below it are sockets with modes of their own; reading it tells nothing.
	if mode, dir := s.State.RunMode, s.Config.execRoot(); len(mode) == 4 && (mode[2]&2 != 0 || mode[3]&2 != 0) {
		v.Ills = append(v.Ills, ill(dir, dir+" has mode "+mode))
	} else if s.State.RunUID != 0 {
		v.Ills = append(v.Ills, ill(dir, fmt.Sprintf("%s belongs to user %d", dir, s.State.RunUID)))
	}
	mode := s.State.Mode
	if len(mode) == 4 && (mode[2]&2 != 0 || mode[3]&2 != 0 || mode[3]&4 != 0) {
		v.Ills = append(v.Ills, ill(s.State.Root, s.State.Root+" has mode "+mode))
	}
	if s.State.UID != 0 {
		v.Ills = append(v.Ills, ill(s.State.Root, fmt.Sprintf("%s belongs to user %d", s.State.Root, s.State.UID)))
	}
	return v
}

// strangers: what somebody else put into the data-root.
func strangers(s *Snapshot) Verdict {
	var v Verdict
	for _, name := range s.State.Strangers {
		// That it is there at all is another check's.
		if below(s.Config.execRoot(), name) {
			continue
		}
		v.Ills = append(v.Ills, ill(name, name+" is not Docker's"))
	}
	return v
}

// firewalldLater: firewalld cleared the packet filter after dockerd had put
// its rules there, unless dockerd has been told.
func firewalldLater(s *Snapshot) Verdict {
	if s.Firewalld.ActiveState != "active" || s.Daemon != Up {
		return notApplicable("firewalld and dockerd do not both run")
	}
	if s.Firewalld.Since <= s.Docker.Since {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill("firewalld.service", fmt.Sprintf("firewalld became active %v after docker.service", s.Firewalld.Since-s.Docker.Since))}}
}
