// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"fmt"
	"path"
	"strings"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
)

// daemonJSONInvalid: a file that dockerd cannot read. A running daemon goes on
// with what it loaded before, and does not come back after its next stop.
func daemonJSONInvalid(s *Snapshot) Verdict {
	switch {
	case !s.Config.Exists:
		return notApplicable("there is no " + s.Config.File)
	case s.Config.Invalid == "":
		return Verdict{}
	}
	one := ill(s.Config.File, s.Config.Invalid)
	// dockerd takes a file that jsonedit refuses for a key that is there twice.
	if s.Config.Document != nil {
		one.Severity = Warning
	} else {
		one.Stops = true
	}
	return Verdict{Ills: []Ill{one}}
}

func (s *Snapshot) problems() []engine.Problem {
	flavor := engine.Moby
	if s.Flavor() == "docker-engine" {
		flavor = engine.OpenEuler
	}
	all := engine.Check(s.Config.Document, engine.Target{Version: s.Engine, Flavor: flavor, Flags: s.Config.Flags})
	return append(all, s.Config.Problems...)
}

// daemonJSONRejected: keys and values with which this engine does not start.
func daemonJSONRejected(s *Snapshot) Verdict {
	if s.Daemon == Absent {
		return notApplicable("there is no engine on the host")
	}
	var v Verdict
	for _, p := range s.problems() {
		if p.Severity == engine.Refuse && p.Stage != engine.Dangerous {
			one := ill(p.Path, s.Config.File+": "+p.Text)
			one.Stops = true
			v.Ills = append(v.Ills, one)
		}
	}
	// A unit that is masked has no command line: daemon_down and not_enabled tell of it.
	if masked, _ := s.Docker.Masked(); s.Config.Problem != "" && !masked {
		one := ill(dockerd.Service, s.Config.Problem)
		one.Stops = true
		v.Ills = append(v.Ills, one)
	}
	return v
}

// daemonJSONDoubtful: what the engine takes and does not do as it is meant.
func daemonJSONDoubtful(s *Snapshot) Verdict {
	var v Verdict
	for _, p := range s.problems() {
		if p.Path == "seccomp-profile" && len(seccompOff(s).Ills) > 0 {
			continue // that check says it
		}
		if p.Severity == engine.Warn || p.Stage == engine.Dangerous {
			one := ill(p.Path, s.Config.File+": "+p.Text)
			if p.Severity == engine.Refuse {
				one.Severity = Warning
			}
			v.Ills = append(v.Ills, one)
		}
	}
	return v
}

// flagConflict: the same setting as a flag and in the file, which is fatal even
// with equal values.
func flagConflict(s *Snapshot) Verdict {
	var v Verdict
	for _, p := range engine.Conflicts(s.Config.Document, s.Config.Flags, s.Engine) {
		one := ill(p.Path, p.Text)
		one.Stops = true
		v.Ills = append(v.Ills, one)
	}
	return v
}

// settingsNotInForce: daemon.json says one thing and the daemon does another.
func settingsNotInForce(s *Snapshot) Verdict {
	if s.Daemon != Up {
		return notApplicable("the daemon does not run")
	}
	var bridge *dockerapi.Network
	for i, n := range s.Networks {
		if n.Name == "bridge" {
			bridge = &s.Networks[i]
		}
	}
	var v Verdict
	for _, m := range dockerd.NotInForce(s.Config.Settings, s.Info, bridge) {
		v.Ills = append(v.Ills, ill(m.Key, m.String()))
	}
	return v
}

// directoryConflict: directories of the daemon within one another.
func directoryConflict(s *Snapshot) Verdict {
	root, run := s.State.Root, s.Config.execRoot()
	var v Verdict
	if below(root, run) || below(run, root) {
		v.Ills = append(v.Ills, ill(root, fmt.Sprintf("data-root is %s and exec-root is %s", root, run)))
	}
	for _, system := range []string{"/", "/etc", "/usr", "/var", "/var/lib", "/run", "/home", "/root", "/tmp", "/boot", "/opt", "/srv", "/mnt"} {
		if path.Clean(root) == system || path.Clean(run) == system {
			v.Ills = append(v.Ills, ill(system, fmt.Sprintf("data-root is %s and exec-root is %s: %s belongs to others too", root, run, system)))
		}
	}
	if s.Config.Has("graph") {
		one := ill("graph", "the data-root is set by its old name, graph: "+s.Config.Text("graph"))
		one.Severity = Warning
		v.Ills = append(v.Ills, one)
	}
	return v
}

// containerUmask: openEuler's runc gives containers the umask 0027 unless it is
// told otherwise; engines of others leave it to the image.
func containerUmask(s *Snapshot) Verdict {
	if s.Flavor() != "docker-engine" {
		return notApplicable("only openEuler's docker-engine sets a umask for containers")
	}
	for _, option := range s.Config.List("exec-opts") {
		if option == "native.umask=normal" {
			return Verdict{Ills: []Ill{ill("exec-opts", "exec-opts has native.umask=normal: files that containers make can be read by all")}}
		}
	}
	return Verdict{}
}

// unitEdited: packages bring docker.service anew with each upgrade.
func unitEdited(s *Snapshot) Verdict {
	u := s.UnitFile
	if u.Package == "" {
		return notApplicable("no package says what its docker.service is like")
	}
	if u.Want == u.Have {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill(u.Path, fmt.Sprintf("%s has the digest %s, and %s came with %s", u.Path, u.Have, u.Package, u.Want))}}
}

// unitStale: unit files changed and systemd has not read them yet.
func unitStale(s *Snapshot) Verdict {
	masked, _ := s.Docker.Masked()
	if (masked || !s.Docker.NeedDaemonReload) && !s.Socket.NeedDaemonReload {
		return Verdict{}
	}
	files := append([]string{s.Docker.FragmentPath}, s.Docker.DropIns...)
	return Verdict{Ills: []Ill{ill(dockerd.Service, "NeedDaemonReload=yes; unit files: "+strings.Join(files, " "))}}
}
