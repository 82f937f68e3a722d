// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/dockerapi"
)

// Settings are the keys of a daemon.json with their values' texts.
type Settings map[string]json.RawMessage

// Mismatch is a setting that the running daemon does not have.
type Mismatch struct {
	Key     string
	Want    string // daemon.json's value
	Running string // what the daemon shows
}

func (m Mismatch) String() string {
	return fmt.Sprintf("%s is %s in daemon.json and %s in the running daemon", m.Key, m.Want, m.Running)
}

// NotInForce compares daemon.json with what the running daemon shows of
// itself, and returns what differs, sorted by key. Most keys a daemon does not
// show; those that it does show are the ones that a user notices first.
// bridge is the network "bridge", nil if it could not be asked for.
func NotInForce(settings Settings, info dockerapi.Info, bridge *dockerapi.Network) []Mismatch {
	c := comparison{settings: settings}
	c.bool("live-restore", info.LiveRestoreEnabled)
	c.bool("debug", info.Debug)
	c.bool("experimental", info.ExperimentalBuild)
	if shown := hasOption(info.SecurityOptions, "no-new-privileges"); shown || !oldEngine(info.ServerVersion) {
		c.bool("no-new-privileges", shown)
	}
	c.text("log-driver", info.LoggingDriver)
	c.text("storage-driver", info.Driver)
	c.text("default-runtime", info.DefaultRuntime)
	c.dataRoot("data-root", info.DockerRootDir)
	c.dataRoot("graph", info.DockerRootDir)
	c.list("labels", info.Labels)
	c.userns(info.SecurityOptions)
	c.cgroupDriver(info.CgroupDriver)
	if r := info.RegistryConfig; r != nil {
		c.list("registry-mirrors", r.Mirrors)
		c.insecure(r)
	}
	c.runtimes(info.Runtimes)
	if bridge != nil {
		c.bridge(bridge)
	}
	sort.Slice(c.found, func(i, j int) bool { return c.found[i].Key < c.found[j].Key })
	return c.found
}

type comparison struct {
	settings Settings
	found    []Mismatch
}

// get decodes a setting and reports whether it is there and of that type. A
// value of another type is for the daemon, and for docker_daemon_json, to refuse.
func (c *comparison) get(key string, into any) bool {
	text, ok := c.settings[key]
	return ok && string(text) != "null" && json.Unmarshal(text, into) == nil
}

func (c *comparison) differs(key, running string) {
	c.found = append(c.found, Mismatch{Key: key, Want: string(c.settings[key]), Running: running})
}

func (c *comparison) bool(key string, running bool) {
	var want bool
	if c.get(key, &want) && want != running {
		c.differs(key, fmt.Sprint(running))
	}
}

func (c *comparison) text(key, running string) {
	var want string
	if c.get(key, &want) && want != "" && running != "" && want != running {
		c.differs(key, fmt.Sprintf("%q", running))
	}
}

// dataRoot compares directories. With user namespaces the daemon works in a
// directory below, named after the remapped root's IDs.
func (c *comparison) dataRoot(key, running string) {
	var want string
	if !c.get(key, &want) || want == "" || running == "" {
		return
	}
	want = strings.TrimRight(want, "/")
	rest, ok := strings.CutPrefix(strings.TrimRight(running, "/"), want)
	if !ok || (rest != "" && !dataroot.Remapped(strings.TrimPrefix(rest, "/"))) {
		c.differs(key, fmt.Sprintf("%q", running))
	}
}

// list compares lists of strings as sets; the daemon sorts some and ends
// mirrors with a slash.
func (c *comparison) list(key string, running []string) {
	var want []string
	if !c.get(key, &want) {
		return
	}
	if !slices.Equal(set(want), set(running)) {
		text, _ := json.Marshal(running)
		if running == nil {
			text = []byte("[]")
		}
		c.differs(key, string(text))
	}
}

func set(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, strings.TrimRight(s, "/"))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// insecure looks for each declared registry among the networks and the names
// that the daemon shows. The daemon has more of its own, 127.0.0.0/8 first.
func (c *comparison) insecure(r *dockerapi.RegistryConfig) {
	var want []string
	if !c.get("insecure-registries", &want) {
		return
	}
	for _, w := range want {
		name := strings.TrimPrefix(strings.TrimPrefix(w, "http://"), "https://")
		index, known := r.IndexConfigs[name]
		// A network is shown with its host part cut off, so any name that has a
		// prefix length is only asked to be among as many networks.
		if strings.Contains(name, "/") || slices.Contains(r.InsecureRegistryCIDRs, name) || known && !index.Secure {
			continue
		}
		c.differs("insecure-registries", "without "+name)
		return
	}
}

func (c *comparison) userns(options []string) {
	var want string
	if c.get("userns-remap", &want) && (want != "") != hasOption(options, "userns") {
		c.differs("userns-remap", fmt.Sprintf("user namespaces %v", hasOption(options, "userns")))
	}
}

func (c *comparison) cgroupDriver(running string) {
	var want []string
	if running == "" || !c.get("exec-opts", &want) {
		return
	}
	for _, option := range want {
		if value, ok := strings.CutPrefix(option, "native.cgroupdriver="); ok && value != running {
			c.differs("exec-opts", "native.cgroupdriver="+running)
		}
	}
}

func (c *comparison) runtimes(running map[string]json.RawMessage) {
	var want map[string]json.RawMessage
	if !c.get("runtimes", &want) {
		return
	}
	names := make([]string, 0, len(want))
	for name := range want {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if _, ok := running[name]; !ok {
			c.differs("runtimes", "without "+name)
			return
		}
	}
}

// bridge compares the settings of the default bridge.
func (c *comparison) bridge(n *dockerapi.Network) {
	for key, option := range map[string]string{"icc": "com.docker.network.bridge.enable_icc", "ip-masq": "com.docker.network.bridge.enable_ip_masquerade"} {
		if value := n.Options[option]; value != "" {
			c.bool(key, value == "true")
		}
	}
	c.text("ip", n.Options["com.docker.network.bridge.host_binding_ipv4"])
	var mtu int
	if running := n.Options["com.docker.network.driver.mtu"]; running != "" && c.get("mtu", &mtu) && mtu > 0 && running != strconv.Itoa(mtu) {
		c.differs("mtu", running)
	}
	var bip string
	if c.get("bip", &bip) && bip != "" && len(n.IPAM.Config) > 0 {
		address, _, _ := strings.Cut(bip, "/")
		if !slices.ContainsFunc(n.IPAM.Config, func(p dockerapi.Pool) bool { return p.Gateway == address }) {
			c.differs("bip", n.IPAM.Config[0].Gateway)
		}
	}
}

// KeptByContainers reports whether a setting is one of the default bridge's.
// A dockerd that finds containers still running, with live-restore, leaves the
// bridge as it is (moby daemon/daemon_unix.go, initNetworkController: "there
// are old running containers, the network config will not take effect").
func KeptByContainers(key string) bool {
	switch key {
	case "bip", "bip6", "bridge", "default-gateway", "default-gateway-v6", "fixed-cidr", "fixed-cidr-v6", "icc", "ip", "ip-masq", "ipv6", "mtu":
		return true
	}
	return false
}

// oldEngine reports whether the engine is older than 23.0, which was the first
// to show no-new-privileges.
func oldEngine(version string) bool {
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	return err != nil || n < 23
}

// hasOption reports whether the security options have one of that name. They
// are "name=seccomp,profile=builtin", before 17.06 just "seccomp".
func hasOption(options []string, name string) bool {
	for _, option := range options {
		first, _, _ := strings.Cut(option, ",")
		if strings.TrimPrefix(first, "name=") == name {
			return true
		}
	}
	return false
}
