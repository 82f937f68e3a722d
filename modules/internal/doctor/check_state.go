// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/kernelparam"
)

// corruptState: files that a power failure left half written. Those of the
// daemon keep it from starting, one of a container makes that container
// disappear from the list.
func corruptState(s *Snapshot) Verdict {
	if len(HidingMounts(s)) > 0 {
		return Verdict{Unknown: "a mount hides the state"}
	}
	var v Verdict
	for _, d := range s.State.Damages {
		one := ill(d.Path, d.Path+": "+d.Problem)
		if d.Container != "" {
			one.Evidence = append(one.Evidence, "container "+d.Container+" cannot be loaded")
		} else {
			one.Stops = d.Fatal && s.Daemon == Down
		}
		if !d.Fatal && d.Container == "" {
			one.Severity = Warning
		}
		v.Ills = append(v.Ills, one)
	}
	return v
}

// crashFiles: openEuler's engine removes its databases when it starts after a
// loss of power, rather than to start with damaged ones.
func crashFiles(s *Snapshot) Verdict {
	if s.Flavor() != "docker-engine" {
		return notApplicable("only openEuler's docker-engine deletes files after a crash")
	}
	if s.Config.CrashFiles == "true" {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill(dockerd.Service, fmt.Sprintf("the environment of docker.service has DISABLE_CRASH_FILES_DELETE=%q", s.Config.CrashFiles))}}
}

// StuckContainers returns what runc still keeps of containers that have
// neither a process nor a shim: creating them again fails with "container with
// id exists".
func StuckContainers(s *Snapshot) []RuntimeState {
	var found []RuntimeState
	for _, r := range s.State.Runtime {
		// One that is being made has neither for a moment.
		if !r.Alive && !r.Shim && !young(s, r.Since) {
			found = append(found, r)
		}
	}
	return found
}

// idExists: a start was cut off, and the next one meets what it left.
func idExists(s *Snapshot) Verdict {
	var v Verdict
	for _, r := range StuckContainers(s) {
		one := ill(s.Name(r.ID), r.Dir+" is there; its process "+strconv.Itoa(r.PID)+" and a shim are not")
		for _, l := range s.Journal {
			if strings.Contains(l, "id exists") || strings.Contains(l, "id already exists") || strings.Contains(l, "given ID already exists") {
				one.Evidence = append(one.Evidence, l)
				break
			}
		}
		v.Ills = append(v.Ills, one)
	}
	return v
}

// orphanShims: a container runs of which Docker has no files any more.
func orphanShims(s *Snapshot) Verdict {
	if len(HidingMounts(s)) > 0 {
		return Verdict{Unknown: "a mount hides the containers"}
	}
	known, running := map[string]bool{}, map[string]bool{}
	for _, c := range s.State.Containers {
		known[c.ID] = true
	}
	for _, c := range s.Listed {
		running[c.ID] = c.State != "exited" && c.State != "dead" && c.State != "created"
		known[c.ID] = true
	}
	var v Verdict
	for _, shim := range s.Processes.Shims {
		ids := onlyOf(s, shim.PID)
		for _, id := range ids {
			switch {
			case !known[id]:
				v.Ills = append(v.Ills, ill(id[:min(12, len(id))], fmt.Sprintf("process %d: %s", shim.PID, strings.Join(shim.Args, " ")), "Docker has no container of this ID"))
			case s.Daemon == Up && !running[id] && !young(s, shim.Started()):
				v.Ills = append(v.Ills, ill(s.Name(id), fmt.Sprintf("process %d: %s", shim.PID, strings.Join(shim.Args, " ")), "Docker says that this container does not run"))
			}
		}
	}
	return v
}

// onlyOf returns the container that one shim keeps.
func onlyOf(s *Snapshot, pid int) []string {
	one := s.Processes
	one.Shims = nil
	for _, shim := range s.Processes.Shims {
		if shim.PID == pid {
			one.Shims = append(one.Shims, shim)
		}
	}
	return one.ContainerIDs()
}

// settling is how long a container may take to begin or end: until then its
// processes and the daemon's list need not agree.
const settling = 30 * time.Second

func young(s *Snapshot, started time.Time) bool { return s.Now.Sub(started) < settling }

// orphanProxies: a proxy holds a port for a daemon that is gone.
func orphanProxies(s *Snapshot) Verdict {
	daemons := map[int]bool{}
	for _, p := range s.Processes.Dockerd {
		daemons[p.PID] = true
	}
	var v Verdict
	for _, p := range s.Processes.Proxies {
		// Without a daemon its proxies went with it, unless it was killed.
		if !daemons[p.Parent] {
			v.Ills = append(v.Ills, ill("process "+strconv.Itoa(p.PID), fmt.Sprintf("process %d, child of %d, which is no dockerd: %s", p.PID, p.Parent, strings.Join(p.Args, " "))))
		}
	}
	return v
}

// severalDaemons: two daemons on one data-root destroy it.
func severalDaemons(s *Snapshot) Verdict {
	if len(s.Processes.Dockerd) < 2 {
		return Verdict{}
	}
	one := Ill{}
	for _, p := range s.Processes.Dockerd {
		one.Evidence = append(one.Evidence, fmt.Sprintf("process %d: %s", p.PID, strings.Join(p.Args, " ")))
	}
	return Verdict{Ills: []Ill{one}}
}

// ResidualSemaphores returns device mapper's semaphore sets that nobody has
// used for a minute: an operation takes milliseconds.
func ResidualSemaphores(s *Snapshot) []Semaphore {
	var found []Semaphore
	for _, sem := range s.Semaphores {
		if s.Now.Sub(sem.Since) > time.Minute {
			found = append(found, sem)
		}
	}
	return found
}

// NoSetLeft reports whether all semaphore sets that the kernel allows are
// taken, and device mapper needs one: it cannot work then, whoever has them.
func (s *Snapshot) NoSetLeft() bool {
	return s.System.Sem[kernelparam.SemSets] > 0 && s.SetsTaken >= s.System.Sem[kernelparam.SemSets] &&
		(len(s.Semaphores) > 0 || s.Driver() == "devicemapper")
}

// residualSemaphores: dockerd was killed while device mapper worked for it.
func residualSemaphores(s *Snapshot) Verdict {
	found := ResidualSemaphores(s)
	if len(found) == 0 && !s.NoSetLeft() {
		return Verdict{}
	}
	one := ill("", fmt.Sprintf("%d semaphore sets of device mapper are left; kernel.sem is %q: %d of %d sets are taken", len(found), s.System.Sem, s.SetsTaken, s.System.Sem[kernelparam.SemSets]))
	for _, sem := range found {
		one.Evidence = append(one.Evidence, fmt.Sprintf("/proc/sysvipc/sem: key %s, id %s, last used %s", sem.Key, sem.ID, sem.Since.UTC().Format(time.RFC3339)))
	}
	if s.NoSetLeft() {
		one.Severity = Error
		one.Stops = s.Daemon == Down && s.Driver() == "devicemapper"
	}
	return Verdict{Ills: []Ill{one}}
}
