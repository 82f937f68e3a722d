// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"fmt"
	"math"
	"strings"
	"time"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/systemd"
)

// The IDs of checks that give way to others: what is known better has a finding
// of its own.
const (
	daemonDown   = "daemon_down"
	startLimitID = "start_limit"
)

// daemonIsDown: dockerd does not run, and what the journal says about why.
func daemonIsDown(s *Snapshot) Verdict {
	switch {
	case s.Daemon == Absent:
		return notApplicable("there is no engine on the host")
	case s.Daemon != Down:
		return Verdict{}
	case s.Docker.ActiveState == "activating" && !s.Docker.Crashing():
		return notApplicable("the daemon is about to start")
	}
	one := ill(dockerd.Service, fmt.Sprintf("docker.service is %s (%s), result %s", s.Docker.ActiveState, s.Docker.SubState, s.Docker.Result))
	if s.Docker.Crashing() {
		one.Evidence = append(one.Evidence, fmt.Sprintf("it crashes, and systemd starts it again and again: %d times so far", s.Docker.Restarts))
	}
	if s.APIError != "" {
		one.Evidence = append(one.Evidence, s.APIError)
	}
	switch why := s.Reason(); {
	case one.masked(s.Docker, dockerd.Service):
	case s.Docker.ActiveState == "inactive" && s.Docker.Result == "success":
		one.Severity = Warning
		one.Evidence = append(one.Evidence, "it was stopped, or never started, and did not fail")
		one.Remedy = "systemctl start docker, or hardened.docker.docker_service with state=started."
		if len(s.Processes.ContainerIDs()) == 0 && !s.Docker.Enabled() {
			one.Severity = Info
		}
	case why != "":
		one.Evidence = append(one.Evidence, why)
		cause := Explain(why)
		if cause.Remedy != "" {
			one.Evidence = append(one.Evidence, cause.Text)
			one.Remedy = cause.Remedy
		}
		if cause.Text == containerdSilent {
			one.masked(s.Containerd, containerdUnit)
		}
	}
	return Verdict{Ills: []Ill{one}}
}

// containerdUnit is the service of which dockerd takes its containers.
const containerdUnit = "containerd.service"

// masked reports whether a unit is masked, and if so says it in the ill.
func (i *Ill) masked(u systemd.Unit, name string) bool {
	masked, runtime := u.Masked()
	if !masked {
		return false
	}
	unmask := "systemctl unmask "
	if runtime {
		unmask += "--runtime "
	}
	i.Evidence = append(i.Evidence, name+" is masked: "+u.FragmentPath)
	i.Remedy = "Somebody took the unit out of service. " + unmask + name + " allows it to start again."
	return true
}

// daemonHangs: dockerd runs and does not answer.
func daemonHangs(s *Snapshot) Verdict {
	if s.Daemon != Hanging {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill(dockerd.Service, s.APIError, fmt.Sprintf("docker.service is %s since %s", s.Docker.ActiveState, s.Docker.SubState))}}
}

// containerdIsDown: dockerd goes on without its containerd, and answers.
func containerdIsDown(s *Snapshot) Verdict {
	switch {
	case len(s.Processes.Dockerd) == 0 || s.Daemon == Down:
		return notApplicable("the daemon does not run")
	case len(s.Processes.Containerd) > 0 || s.Containerd.ActiveState == "activating" || s.Containerd.ActiveState == "active":
		return Verdict{}
	}
	one := ill(containerdUnit, fmt.Sprintf("dockerd runs, and there is no process containerd; containerd.service is %s, result %s", s.Containerd.ActiveState, s.Containerd.Result))
	one.masked(s.Containerd, containerdUnit)
	return Verdict{Ills: []Ill{one}}
}

// startLimit: systemd refuses to start a unit that was started too often.
func startLimit(s *Snapshot) Verdict {
	if s.Daemon == Up || s.Daemon == Hanging {
		return Verdict{}
	}
	locked := s.Docker.Result == "start-limit-hit" || strings.HasSuffix(s.Socket.Result, "start-limit-hit")
	if !locked && s.Docker.ActiveState == "failed" && len(s.Journal) > 0 {
		// In a loop of crashes the unit keeps the result of the last crash.
		for _, l := range lastLines(s.Journal, 5) {
			locked = locked || strings.Contains(l, "Start request repeated too quickly")
		}
	}
	if !locked {
		return Verdict{}
	}
	one := ill(dockerd.Service,
		fmt.Sprintf("docker.service: %s, result %s, restarts %d; docker.socket: %s, result %s", s.Docker.ActiveState, s.Docker.Result, s.Docker.Restarts, s.Socket.ActiveState, s.Socket.Result),
		fmt.Sprintf("systemd allows %d starts in %v", s.Docker.StartLimitBurst, s.Docker.StartLimitInterval))
	one.Stops = true
	return Verdict{Ills: []Ill{one}}
}

func lastLines(lines []string, n int) []string { return lines[max(0, len(lines)-n):] }

// slowStart: the last start took a good part of the time that systemd gives
// it.
func slowStart(s *Snapshot) Verdict {
	limit := s.Docker.StartTimeout
	if limit <= 0 || limit == math.MaxInt64 {
		return notApplicable("systemd waits for dockerd without a limit")
	}
	for _, l := range s.Journal {
		if strings.Contains(l, "start operation timed out") || strings.Contains(l, "Failed with result 'timeout'") {
			one := ill(dockerd.Service, append([]string{l, fmt.Sprintf("a start may take %v", limit)}, slowedBy(s)...)...)
			if s.Daemon == Down {
				one.Severity, one.Stops = Error, true
			}
			return Verdict{Ills: []Ill{one}}
		}
	}
	took := s.Docker.Since - s.Docker.Began
	if s.Docker.ActiveState != "active" || s.Docker.Began == 0 || took < limit/2 {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill(dockerd.Service, append([]string{fmt.Sprintf("the last start took %v of %v", took.Round(time.Millisecond), limit)}, slowedBy(s)...)...)}}
}

// slowedBy tells what of the usual reasons this host has for a slow start.
func slowedBy(s *Snapshot) []string {
	lines := []string{fmt.Sprintf("dockerd reads the files of %d containers when it starts", len(s.State.Containers))}
	if s.System.Load != "" {
		lines = append(lines, "/proc/loadavg: "+s.System.Load)
	}
	if s.System.IOPressure != "" {
		lines = append(lines, "/proc/pressure/io: "+s.System.IOPressure)
	}
	if ok, _ := usesDevicemapper(s); ok {
		lines = append(lines, "devicemapper prepares its device at the first start")
	}
	return lines
}

// How many containers that do not run are worth a word, and how many slow a
// start down: dockerd reads each at its start.
const (
	manyDead    = 100
	tooManyDead = 500
)

// deadContainers: dockerd reads the files of each container when it starts.
func deadContainers(s *Snapshot) Verdict {
	dead := 0
	for _, c := range s.State.Containers {
		if !c.Running {
			dead++
		}
	}
	if dead < manyDead {
		return Verdict{}
	}
	one := ill("", fmt.Sprintf("%d of %d containers do not run", dead, len(s.State.Containers)))
	if dead >= tooManyDead {
		one.Severity = Warning
	}
	return Verdict{Ills: []Ill{one}}
}

// stalePIDFile: the file names a process that is not dockerd, and dockerd takes
// it for one (until 23.0 any process; later one of the same name).
func stalePIDFile(s *Snapshot) Verdict {
	if s.Daemon != Down || s.State.PIDFile == "" {
		return Verdict{}
	}
	why := s.Reason()
	if !strings.Contains(why, "pid file found") && !strings.Contains(why, "is still running") {
		return Verdict{}
	}
	one := ill("/run/docker.pid", "/run/docker.pid: "+s.State.PIDFile, why)
	one.Stops = true
	return Verdict{Ills: []Ill{one}}
}

// notEnabled: the daemon runs now and does not come back after a reboot.
func notEnabled(s *Snapshot) Verdict {
	if s.Daemon == Absent || !s.Docker.Exists() {
		return notApplicable("there is no docker.service")
	}
	one := ill(dockerd.Service, "UnitFileState="+s.Docker.UnitFileState)
	if one.masked(s.Docker, dockerd.Service) {
		if s.Daemon == Down { // daemon_down tells it
			return Verdict{}
		}
	} else if s.Docker.Enabled() || s.Socket.Enabled() && s.Socket.Exists() {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{one}}
}

// journalStream: what dockerd writes does not reach the journal any more.
func journalStream(s *Snapshot) Verdict {
	switch {
	case len(s.Processes.Dockerd) == 0:
		return notApplicable("the daemon does not run")
	case s.Stream.Inode == "":
		return notApplicable("dockerd's standard error is no connection to the journal")
	case !s.Stream.Cut:
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill(dockerd.Service, s.Stream.Line, "dockerd's standard error has no other end: journald was stopped with its sockets")}}
}

// upgraded: the daemon is older than the program on the disk.
func upgraded(s *Snapshot) Verdict {
	if s.Daemon != Up {
		return notApplicable("the daemon does not run")
	}
	if !s.Replaced {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill(dockerd.Service, fmt.Sprintf("dockerd %s runs, and its program file was replaced by that of %s", s.Info.ServerVersion, s.Program))}}
}
