// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"context"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
)

// The probes, by the names that checks need them under.
const (
	probeSystem    = "system"
	probeProcesses = "processes"
	probeConfig    = "config"
	probeUnits     = "units"
	probeVersion   = "version"
	probeAPI       = "api"
	probeMounts    = "mounts"
	probeLinks     = "links"
	probeJournal   = "journal"
	probeStream    = "stream"
	probeState     = "state"
	probeIPC       = "ipc"
	probePackages  = "packages"
	probeLimits    = "limits"
	probeFirewall  = "firewall"
	probeAudit     = "audit"
	probeLVM       = "lvm"
	probeUnitFile  = "unitfile"
)

// probe reads a part of the host. It gets what was read before it and must not
// keep it; what it read is put in by the function that it returns, so that a
// probe that comes too late writes nowhere.
type probe struct {
	name string
	read func(ctx context.Context, h *host.Host, early *Snapshot) (func(*Snapshot), error)
}

// early are the probes that others build on: they read a few small files.
func early() []probe {
	return []probe{{probeSystem, readSystem}, {probeProcesses, readProcesses}, {probeConfig, readConfig}}
}

func probes() []probe {
	return []probe{
		{probeUnits, readUnits}, {probeVersion, readVersion}, {probeAPI, readAPI}, {probeMounts, readMounts}, {probeLinks, readLinks},
		{probeJournal, readJournal}, {probeStream, readStream}, {probeState, readState}, {probeIPC, readIPC}, {probePackages, readPackages},
		{probeLimits, readLimits}, {probeFirewall, readFirewall}, {probeAudit, readAudit}, {probeLVM, readLVM}, {probeUnitFile, readUnitFile},
	}
}

// Take reads the host. Each probe may take as long as limit; one that takes
// longer is left behind and named in Failed.
func Take(ctx context.Context, h *host.Host, limit time.Duration) *Snapshot {
	s := &Snapshot{Failed: map[string]string{}, Now: time.Now(), Daemon: Down}
	s.run(ctx, h, limit, early())
	s.run(ctx, h, limit, probes())
	// A container that ended meanwhile has no files any more, and no shim.
	s.Processes.Shims, s.Processes.Proxies = alive(h, s.Processes.Shims), alive(h, s.Processes.Proxies)
	s.settle()
	return s
}

// alive returns those of the processes that are there still.
func alive(h *host.Host, list []dockerd.Process) []dockerd.Process {
	var here []dockerd.Process
	for _, p := range list {
		if now, err := dockerd.ReadProcess(h, p.PID); err == nil && now.Ticks == p.Ticks {
			here = append(here, p)
		}
	}
	return here
}

// answer is the end of a probe.
type answer struct {
	name string
	put  func(*Snapshot)
	err  error
}

// run runs probes side by side.
func (s *Snapshot) run(ctx context.Context, h *host.Host, limit time.Duration, list []probe) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took longer than %v", limit))
	defer cancel()
	late := time.After(limit + time.Second)
	answers := make(chan answer, len(list))
	// A copy: probes read it while answers are put into s.
	before := *s
	for _, p := range list {
		go func() {
			defer func() {
				if v := recover(); v != nil {
					answers <- answer{p.name, nil, fmt.Errorf("cannot finish the probe %s, it met a defect of its own (%v); please report it: %s", p.name, v, debug.Stack())}
				}
			}()
			put, err := p.read(ctx, h, &before)
			answers <- answer{p.name, put, err}
		}()
	}
	waiting := make(map[string]bool, len(list))
	for _, p := range list {
		waiting[p.name] = true
	}
	for len(waiting) > 0 {
		select {
		case a := <-answers:
			delete(waiting, a.name)
			if a.put != nil {
				a.put(s)
			}
			if a.err != nil {
				s.Failed[a.name] = a.err.Error()
			}
		case <-late:
			for name := range waiting {
				s.Failed[name] = fmt.Sprintf("cannot finish the probe %s: it took longer than %v", name, limit)
			}
			return
		}
	}
}

// settle decides what follows from several probes together.
func (s *Snapshot) settle() {
	if s.Daemon == Down && s.Program == "" && !s.Config.Unit && len(s.Processes.Dockerd) == 0 && s.Failed[probeVersion] == "" {
		s.Daemon = Absent
	}
	for _, text := range []string{s.Info.ServerVersion, s.Program} {
		if v, err := parseVersion(text); err == nil && !s.Engine.Known() {
			s.Engine = v
		}
	}
	if s.Daemon == Up {
		for i := range s.State.Containers {
			c := &s.State.Containers[i]
			c.Health = ""
			said, sick := s.Sick[c.ID]
			if c.HealthSaid = said; sick {
				c.Health = "unhealthy"
			}
		}
	}
	shims := map[string]bool{}
	for _, id := range s.Processes.ContainerIDs() {
		shims[id] = true
	}
	for i := range s.State.Runtime {
		s.State.Runtime[i].Shim = shims[s.State.Runtime[i].ID]
	}
}

func number(n int) string { return strconv.Itoa(n) }

// Only names a single probe, for a step of a repair that looks again before it
// acts.
type Only int

// The single probes.
const (
	OnlyMounts Only = iota
	OnlyLinks
	OnlyIPC
	OnlyState
	OnlyFirewall
)

// Look reads one thing anew, with what it builds on.
func Look(ctx context.Context, h *host.Host, only Only) (*Snapshot, error) {
	s := &Snapshot{Failed: map[string]string{}, Now: time.Now(), Daemon: Down}
	s.run(ctx, h, lookLimit, early())
	var list []probe
	switch only {
	case OnlyMounts:
		list = []probe{{probeMounts, readMounts}, {probeState, readState}}
	case OnlyLinks:
		list = []probe{{probeLinks, readLinks}}
	case OnlyIPC:
		list = []probe{{probeIPC, readIPC}}
	case OnlyState:
		list = []probe{{probeState, readState}}
	case OnlyFirewall:
		list = []probe{{probeFirewall, readFirewall}}
	}
	s.run(ctx, h, lookLimit, list)
	s.settle()
	for _, p := range list {
		if why := s.Failed[p.name]; why != "" {
			return s, fmt.Errorf("cannot look at the host again: %s", why)
		}
	}
	return s, nil
}

// lookLimit is how long a single probe may take.
const lookLimit = 15 * time.Second
