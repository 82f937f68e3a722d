// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_host_facts is the module docker_host_facts: what there is to
// know about a Docker host, as facts under docker_host, with the daemon up or
// down. It takes the place of gather_facts, which needs Python on the host.
//
// A tour. Each subset of facts is a [probe]; probes() lists them. They run at
// the same time, each with a deadline, and none fails the module: what a probe
// could not find out is null, and why is under docker_host.errors. system.go
// has the probes of the system, engine.go those of the engine on the disk and
// in the process table, daemon.go those that ask the running daemon.
package docker_host_facts

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
)

// Module is docker_host_facts.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the options.
type Params struct {
	Gather []string `arg:"gather" elements:"str" default:"all" choices:"all,min,system,packages,candidates,daemon_json,service,daemon,network,processes,firewall,audit,limits"`
	// Timeout is in seconds, for each probe.
	Timeout int `arg:"timeout" default:"10"`
}

// probe finds out a subset of the facts.
type probe struct {
	name string
	min  bool // part of gather=min: nothing but a few files is read
	run  func(ctx context.Context, h *host.Host) (map[string]any, error)
}

func probes() []probe {
	return []probe{
		{"system", true, system},
		{"packages", true, packages},
		{"candidates", false, candidates},
		{"daemon_json", true, daemonJSON},
		{"service", false, service},
		{"daemon", false, daemon},
		{"network", false, network},
		{"processes", false, processes},
		{"firewall", false, firewall},
		{"audit", false, audit},
		{"limits", true, limits},
	}
}

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	if p.Timeout < 1 {
		return nil, fmt.Errorf("invalid timeout %d: give the seconds that each probe may take, 1 or more", p.Timeout)
	}
	facts, errs := gather(ctx, h, selected(p.Gather), time.Duration(p.Timeout)*time.Second)
	facts["errors"] = errs
	facts, _ = withoutCredentials(facts).(map[string]any)
	return &ansible.Plan{Facts: map[string]any{"docker_host": facts}}, nil
}

// withoutCredentials takes the passwords of proxies and registries out of all
// facts: facts are kept in caches and shown by ansible -m setup and its like.
func withoutCredentials(value any) any {
	switch v := value.(type) {
	case string:
		return ansible.WithoutCredentials(v)
	case map[string]any:
		for name, inner := range v {
			v[name] = withoutCredentials(inner)
		}
	case map[string]string:
		for name, inner := range v {
			v[name] = ansible.WithoutCredentials(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = withoutCredentials(inner)
		}
	case []string:
		for i, inner := range v {
			v[i] = ansible.WithoutCredentials(inner)
		}
	case []map[string]any:
		for _, inner := range v {
			withoutCredentials(inner)
		}
	}
	return value
}

// selected returns the probes that the user asked for.
func selected(names []string) []probe {
	return slices.DeleteFunc(probes(), func(p probe) bool {
		return !slices.Contains(names, "all") && !slices.Contains(names, p.name) && !(p.min && slices.Contains(names, "min"))
	})
}

// answer is what a probe returned.
type answer struct {
	name  string
	facts map[string]any
	err   error
}

// gather runs the probes side by side. A probe that does not come back in time
// is left behind; it ends with the program.
func gather(ctx context.Context, h *host.Host, list []probe, limit time.Duration) (map[string]any, map[string]string) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took longer than %v", limit))
	defer cancel()
	// A probe that heeds its deadline still has something to tell.
	late := time.After(limit + time.Second)
	answers := make(chan answer, len(list))
	for _, p := range list {
		go func() {
			defer func() {
				if v := recover(); v != nil {
					answers <- answer{name: p.name, err: fmt.Errorf("cannot finish the probe, it met a defect of its own (%v); please report it: %s", v, debug.Stack())}
				}
			}()
			facts, err := p.run(ctx, h)
			answers <- answer{p.name, facts, err}
		}()
	}
	facts, errs := map[string]any{}, map[string]string{}
	waiting := make(map[string]bool, len(list))
	for _, p := range list {
		waiting[p.name] = true
	}
	for len(waiting) > 0 {
		select {
		case a := <-answers:
			delete(waiting, a.name)
			for name, value := range a.facts {
				facts[name] = value
			}
			if a.err != nil {
				errs[a.name] = a.err.Error()
			}
		case <-late:
			for name := range waiting {
				errs[name] = fmt.Sprintf("cannot finish the probe: it took longer than %v", limit)
			}
			return facts, errs
		}
	}
	return facts, errs
}
