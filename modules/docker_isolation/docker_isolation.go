// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_isolation finds what lets containers of one bridge reach each
// other although icc is false, and closes it, now and at each start of Docker.
//
// A tour. This file looks and decides; close.go has the acts. Which rules leak and
// what closes them is knowledge of package netfilter, path.go and isolation.go
// there. The files below files/ do the same on the host when Docker starts.
package docker_isolation

import (
	"context"
	_ "embed" // the files are in files/, where tools can check them
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/netfilter"
	"hardened.docker/modules/internal/ownfiles"
	"hardened.docker/modules/internal/systemd"
)

// Module is docker_isolation.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the module's options.
type Params struct {
	State string `arg:"state" choices:"checked,enforced,absent" default:"checked"`
}

//go:embed files/docker-isolation.sh
var script string

//go:embed files/docker-isolation.service
var service string

//go:embed files/docker.conf
var dropIn string

const unit = "docker-isolation.service"

func files(wanted bool) []ownfiles.File {
	return []ownfiles.File{
		{Path: ownfiles.ScriptFolder + "docker-isolation.sh", Content: script, Wanted: wanted},
		{Path: ownfiles.UnitFolder + unit, Content: service, Wanted: wanted},
		{Path: ownfiles.UnitFolder + "docker.service.d/50-docker-isolation.conf", Content: dropIn, Wanted: wanted},
	}
}

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	out := &ansible.Plan{}
	if p.State != "checked" {
		if err := planFiles(ctx, h, p, out); err != nil {
			return nil, err
		}
	}
	v, err := netfilter.Look(ctx, h)
	if errors.Is(err, systemd.ErrNotRunning) {
		out.Result = result(finding{}, nil)
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	f := judge(h, v)
	var changes []netfilter.Change
	switch {
	case !f.known:
		out.Caveats = append(out.Caveats, "the engine does not run, so the packet filter cannot be judged yet; it is when this task runs again")
	case p.State == "enforced":
		if changes, err = v.State.Barriers(v.Wanted); err != nil {
			return nil, err
		}
	case p.State == "absent":
		changes = v.State.Cleared()
	}
	f.warn(p, out)
	if p.State == "enforced" && f.unfiltered {
		out.Acts = append(out.Acts, filterBridges{})
	}
	if len(changes) > 0 {
		out.Acts = append(out.Acts, change{changes: changes, enforced: p.State == "enforced"})
	}
	predicted := f
	if p.State == "enforced" {
		predicted.leaks, predicted.unfiltered = nil, false
	}
	// What leaks when the barriers are gone is for the next look to tell.
	predicted.known = f.known && p.State != "absent"
	out.Result = result(predicted, f.leaks)
	return out, nil
}

// planFiles adds what makes the result last.
func planFiles(ctx context.Context, h *host.Host, p Params, out *ansible.Plan) error {
	set, err := ownfiles.Read(h, files(p.State == "enforced"))
	if err != nil {
		return err
	}
	if out.Acts, err = set.Acts(h); err != nil {
		return err
	}
	units, err := systemd.Show(ctx, h, unit, "docker.service")
	if errors.Is(err, systemd.ErrNotRunning) {
		out.Warnings = append(out.Warnings, "systemd does not run on this host; it reads the drop-in when it starts")
		return nil
	}
	if err != nil {
		return err
	}
	if set.ChangedUnits() || set.Unread(units) {
		out.Acts = append(out.Acts, systemd.DaemonReload{Why: "what keeps Docker's containers apart changed"})
	}
	return nil
}

// finding is what is known about the isolation of containers.
type finding struct {
	known   bool
	bridges []string // whose containers are to be kept apart
	open    []string // default bridges for which icc is not false
	leaks   []netfilter.Leak
	// unfiltered tells that the kernel does not ask iptables about traffic
	// within a bridge.
	unfiltered bool
}

func judge(h *host.Host, v netfilter.View) finding {
	f := finding{known: v.Running && v.Manages}
	if !f.known {
		return f
	}
	for _, b := range v.Wanted.Bridges {
		switch {
		case !b.ICC:
			f.bridges = append(f.bridges, b.Name)
		case b.Default:
			f.open = append(f.open, b.Name)
		}
	}
	f.leaks = v.State.Leaks(v.Wanted)
	f.unfiltered = len(f.bridges) > 0 && !filtersBridges(h)
	return f
}

// bridgeFilter is the kernel's switch for rules about traffic within a bridge.
const bridgeFilter = "/proc/sys/net/bridge/bridge-nf-call-iptables"

func filtersBridges(h *host.Host) bool {
	content, err := h.ReadFile(bridgeFilter)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	return strings.TrimSpace(string(content)) == "1"
}

// isolated reports whether all containers that should be are kept apart; nil is
// unknown.
func (f finding) isolated() any {
	if !f.known {
		return nil
	}
	return len(f.leaks) == 0 && !f.unfiltered && len(f.open) == 0
}

// warn says what is wrong and stays so.
func (f finding) warn(p Params, out *ansible.Plan) {
	if p.State == "absent" {
		return
	}
	for _, name := range f.open {
		out.Warnings = append(out.Warnings, fmt.Sprintf("the containers of %s may talk to each other: icc is not false in the running daemon; set it with docker_daemon_json and restart the daemon", name))
	}
	if p.State == "enforced" {
		return
	}
	for _, l := range f.leaks {
		out.Warnings = append(out.Warnings, l.String())
	}
	if f.unfiltered {
		out.Warnings = append(out.Warnings, fmt.Sprintf("nothing keeps the containers of %s apart: %s is not 1", strings.Join(f.bridges, ", "), bridgeFilter))
	}
}

// result is what the module returns. Found are the leaks before the task.
func result(f finding, found []netfilter.Leak) map[string]any {
	leaks := []map[string]any{}
	for _, l := range found {
		one := map[string]any{"bridge": l.Bridge, "tool": l.Tool, "chain": nil, "number": nil, "rule": nil}
		if l.Place != nil {
			one["chain"], one["number"], one["rule"] = l.Place.Chain, l.Place.Number, l.Place.Rule.Text
		}
		leaks = append(leaks, one)
	}
	bridges := f.bridges
	if bridges == nil {
		bridges = []string{}
	}
	return map[string]any{"isolated": f.isolated(), "bridges": bridges, "leaks": leaks}
}
