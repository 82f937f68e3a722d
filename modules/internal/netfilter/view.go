// SPDX-License-Identifier: GPL-3.0-or-later

package netfilter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sort"
	"strings"
	"time"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
)

// View is the engine's part in the packet filter: what it should have there and
// what it has.
type View struct {
	Daemon dockerd.Daemon
	// Running is false if dockerd does not run. Nothing of the rest is known
	// then.
	Running bool
	// Manages is false for an engine that was told to write no rules.
	Manages bool
	State   State
	Wanted  Wanted
	Lost    Lost
	// LiveRestore tells that containers live on while dockerd restarts.
	LiveRestore bool
	// Containers are the names of those that run.
	Containers []string
	Client     *dockerapi.Client
	native     bool
}

// questionLimit is how long the daemon may take for one answer.
const questionLimit = 15 * time.Second

// maxConfig is how large a daemon.json may be, in bytes.
const maxConfig = 1 << 20

// Look asks the engine what it should have in the packet filter, and reads
// that. A daemon that does not run is no error.
func Look(ctx context.Context, h *host.Host) (View, error) {
	var v View
	var err error
	if v.Daemon, err = dockerd.Read(ctx, h); err != nil {
		return v, err
	}
	if v.Running = v.Daemon.Running(); !v.Running {
		return v, nil
	}
	settings, err := readSettings(h, v.Daemon.Process.Args)
	if err != nil {
		return v, err
	}
	v.Client = v.Daemon.Client(h, settings, questionLimit)
	if err := v.ask(ctx); err != nil {
		return v, err
	}
	if v.Manages = ManagesRules(settings, v.Daemon.Process.Args); !v.Manages {
		return v, nil
	}
	if err := v.Reread(ctx, h); err != nil || v.Lost.Empty() {
		return v, err
	}
	return v, v.confirm(ctx)
}

// confirm asks the engine again when something seems to be lost: a container
// or a network that went meanwhile took its rules along, and is not missing.
func (v *View) confirm(ctx context.Context) error {
	before := v.Wanted
	if err := v.ask(ctx); err != nil {
		return err
	}
	now := v.Wanted
	v.Wanted = Wanted{
		Bridges: slices.DeleteFunc(before.Bridges, func(b Bridge) bool {
			return !slices.ContainsFunc(now.Bridges, func(other Bridge) bool { return other.Name == b.Name })
		}),
		Ports: slices.DeleteFunc(before.Ports, func(p Port) bool { return !slices.Contains(now.Ports, p) }),
	}
	v.Lost = v.State.Lost(v.Wanted)
	return nil
}

// Reread reads the packet filter again, for the same networks and containers.
func (v *View) Reread(ctx context.Context, h *host.Host) error {
	state, err := Read(ctx, h, v.native)
	if err != nil {
		return err
	}
	v.State, v.Lost = state, state.Lost(v.Wanted)
	return nil
}

// Lost compares the packet filter with what the engine should have in it.
func (s State) Lost(wanted Wanted) Lost {
	if s.Backend == NFTables {
		return MissingNative(s.IPv4, wanted)
	}
	return Missing(s.IPv4, wanted)
}

// Native reports whether an engine uses its own nftables backend.
func Native(info dockerapi.Info) bool {
	return info.FirewallBackend != nil && strings.HasPrefix(info.FirewallBackend.Driver, NFTables)
}

// WantedBy is what an engine with these networks and running containers should
// have in the packet filter.
func WantedBy(networks []dockerapi.Network, running []dockerapi.Container) Wanted {
	w := Wanted{Bridges: bridges(networks)}
	for _, n := range networks {
		if n.Options[optionMode] == "routed" {
			// Its ports are open without a DNAT, and which they are is not told.
			return w
		}
	}
	w.Ports = ports(running)
	return w
}

// Restore are the changes that bring back what can be added without the engine.
func (v View) Restore() []Change {
	return Changes(v.State.Tool, v.Lost.Restore)
}

func readSettings(h *host.Host, args []string) (dockerd.Settings, error) {
	name := dockerd.ConfigFile(args)
	content, _, err := h.ReadRegular(name, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return dockerd.Settings{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, err)
	}
	text := string(content)
	settings, err := dockerd.ParseSettings(&text)
	if err != nil {
		// dockerd runs on what it read when it started.
		return dockerd.Settings{}, nil
	}
	return settings, nil
}

// ManagesRules reports whether the engine writes rules: the setting iptables,
// true by default.
func ManagesRules(settings dockerd.Settings, args []string) bool {
	return string(settings["iptables"]) != "false" && !slices.Contains(args, "--iptables=false")
}

// ask asks the daemon for its networks, ports and how it handles containers.
func (v *View) ask(ctx context.Context) error {
	info, err := v.Client.Info(ctx)
	if err != nil {
		return err
	}
	v.LiveRestore = info.LiveRestoreEnabled
	v.native = Native(info)
	networks, err := v.Client.Networks(ctx)
	if err != nil {
		return err
	}
	containers, err := v.Client.Containers(ctx, false)
	if err != nil {
		return err
	}
	v.Containers = nil
	for _, c := range containers {
		v.Containers = append(v.Containers, c.Name())
	}
	v.Wanted = WantedBy(networks, containers)
	return nil
}

// Options of bridge networks, moby libnetwork/drivers/bridge/labels.go.
const (
	optionName    = "com.docker.network.bridge.name"
	optionDefault = "com.docker.network.bridge.default_bridge"
	optionICC     = "com.docker.network.bridge.enable_icc"
	optionMode    = "com.docker.network.bridge.gateway_mode_ipv4"
)

// swarmBridge leads the containers of a swarm's networks out. The engine makes
// it with icc=false, and has rules in DOCKER-INGRESS ahead of the DROP that let
// its containers reach the ports that the swarm publishes, which are on it too
// (moby libnetwork/service_linux.go, programIngress). Nobody set that option,
// and to close the way would break services, so it counts as it is meant.
const swarmBridge = "docker_gwbridge"

// bridges are the bridge networks that have rules of the usual kind.
func bridges(networks []dockerapi.Network) []Bridge {
	var list []Bridge
	for _, n := range networks {
		if n.Driver != "bridge" || n.Internal || n.Options[optionMode] == "isolated" {
			continue
		}
		b := Bridge{Name: n.Options[optionName], Default: n.Options[optionDefault] == "true", ICC: n.Options[optionICC] != "false" || n.Name == swarmBridge, IPv6: n.EnableIPv6}
		if b.Name == "" {
			b.Name = "br-" + n.ID[:min(12, len(n.ID))]
		}
		for _, pool := range n.IPAM.Config {
			if strings.Contains(pool.Subnet, ".") {
				b.Networks = append(b.Networks, pool.Subnet)
			}
		}
		if len(b.Networks) > 0 {
			list = append(list, b)
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// ports are the ports that containers publish over IPv4.
func ports(containers []dockerapi.Container) []Port {
	var list []Port
	for _, c := range containers {
		if c.State != "running" && c.State != "paused" {
			// One that starts again and again has no rules half of the time.
			continue
		}
		for _, p := range c.Ports {
			if p.PublicPort > 0 && strings.Contains(p.IP, ".") {
				list = append(list, Port{Container: c.Name(), Address: p.IP, Public: p.PublicPort, Protocol: p.Type})
			}
		}
	}
	return list
}
