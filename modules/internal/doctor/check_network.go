// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// duplicateNetworks: two networks of one name, made at the same time. Docker
// tells them apart by ID, people and playbooks do not.
func duplicateNetworks(s *Snapshot) Verdict {
	if s.Daemon != Up {
		return notApplicable("only a running daemon lists its networks")
	}
	ids := map[string][]string{}
	var order []string
	for _, n := range s.Networks {
		if ids[n.Name] == nil {
			order = append(order, n.Name)
		}
		ids[n.Name] = append(ids[n.Name], fmt.Sprintf("%s: id %s, driver %s, scope %s", n.Name, n.ID, n.Driver, n.Scope))
	}
	var v Verdict
	for _, name := range order {
		if len(ids[name]) > 1 {
			v.Ills = append(v.Ills, Ill{Subject: name, Evidence: ids[name]})
		}
	}
	return v
}

// proxies: each published port has a process of its own.
func proxies(s *Snapshot) Verdict {
	if n := len(s.Processes.Proxies); n > 0 {
		return Verdict{Ills: []Ill{ill("", fmt.Sprintf("%d docker-proxy processes run, for as many published ports and addresses", n))}}
	}
	return Verdict{}
}

// bridgeMissing: the default bridge is not there, or has no address.
func bridgeMissing(s *Snapshot) Verdict {
	name, ok := s.bridgeName()
	switch {
	case s.Daemon != Up:
		return notApplicable("the daemon does not run")
	case !ok:
		return notApplicable("the daemon has no default bridge: bridge is none")
	}
	l, found := s.link(name)
	if !found {
		return Verdict{Ills: []Ill{ill(name, "there is no network interface "+name)}}
	}
	if len(l.Addr) == 0 {
		return Verdict{Ills: []Ill{ill(name, name+" has no IPv4 address")}}
	}
	return Verdict{}
}

// bridgeName returns the default bridge's interface, and whether there is one.
func (s *Snapshot) bridgeName() (string, bool) {
	switch name := s.Config.Text("bridge"); name {
	case "":
		return "docker0", true
	case "none":
		return "", false
	default:
		return name, true
	}
}

// staleBridge: docker0 keeps the address of a bip that is not set any more.
// What dockerd takes of its own is a whole range of its pools.
func staleBridge(s *Snapshot) Verdict {
	name, ok := s.bridgeName()
	switch {
	case !ok || name != "docker0":
		return notApplicable("the default bridge is somebody else's")
	case s.Config.Has("bip"):
		return s.bridgeAgainstBip()
	case s.Config.Invalid != "":
		return Verdict{Unknown: "whether bip is set is not known: " + s.Config.Invalid}
	}
	l, found := s.link(name)
	if !found || len(l.Addr) == 0 {
		return notApplicable("docker0 has no address")
	}
	address, err := netip.ParsePrefix(l.Addr[0])
	if err != nil || s.fromPools(address) {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill(name, fmt.Sprintf("docker0 has %s, which is of none of the ranges that dockerd chooses from, and no bip is set", address))}}
}

// bridgeAgainstBip compares docker0 with the bip that is set.
func (s *Snapshot) bridgeAgainstBip() Verdict {
	l, found := s.link("docker0")
	want := s.Config.Text("bip")
	if !found || s.Daemon != Up || len(l.Addr) == 0 || contains(l.Addr, want) {
		return Verdict{}
	}
	if _, err := netip.ParsePrefix(want); err != nil {
		return Verdict{}
	}
	one := ill("docker0", fmt.Sprintf("docker0 has %s, bip is %s", strings.Join(l.Addr, ", "), want))
	one.Remedy = "Restart dockerd, when its containers allow it: hardened.docker.docker_service with state=converged."
	return Verdict{Ills: []Ill{one}}
}

// pool is a range that networks are cut from, in pieces of a size.
type pool struct {
	base netip.Prefix
	size int
}

// pools returns default-address-pools, or the engine's own (libnetwork
// ipamutils, the same from 18.06 to 29: 172.17.0.0/16 to 172.31.0.0/16, and
// 192.168.0.0/16 in pieces of /20).
func (s *Snapshot) pools() []pool {
	var pools []pool
	together := s.Config.Together()
	list, _ := together["default-address-pools"].([]any)
	for _, one := range list {
		entry, _ := one.(map[string]any)
		text, _ := entry["base"].(string)
		base, err := netip.ParsePrefix(text)
		size, _ := entry["size"].(json.Number)
		n, err2 := strconv.Atoi(size.String())
		if err == nil && err2 == nil {
			pools = append(pools, pool{base.Masked(), n})
		}
	}
	// The flag has a notation of its own: base=10.0.0.0/8,size=24.
	flags, _ := together["--default-address-pool"].([]any)
	for _, one := range flags {
		var p pool
		text, _ := one.(string)
		for _, part := range strings.Split(text, ",") {
			if base, ok := strings.CutPrefix(part, "base="); ok {
				p.base, _ = netip.ParsePrefix(base)
			}
			if size, ok := strings.CutPrefix(part, "size="); ok {
				p.size, _ = strconv.Atoi(size)
			}
		}
		if p.base.IsValid() {
			pools = append(pools, pool{p.base.Masked(), p.size})
		}
	}
	if len(pools) > 0 {
		return pools
	}
	for third := byte(17); third <= 31; third++ {
		pools = append(pools, pool{netip.PrefixFrom(netip.AddrFrom4([4]byte{172, third, 0, 0}), 16), 16})
	}
	return append(pools, pool{netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, 0, 0}), 16), 20})
}

// Ranges returns the first range of each pool.
func (s *Snapshot) Ranges() []netip.Prefix {
	var ranges []netip.Prefix
	for _, p := range s.pools() {
		ranges = append(ranges, netip.PrefixFrom(p.base.Addr(), p.size))
	}
	return ranges
}

// fromPools reports whether an address is of a range that dockerd cuts from
// its pools.
func (s *Snapshot) fromPools(address netip.Prefix) bool {
	for _, p := range s.pools() {
		if p.base.Contains(address.Addr()) && p.size == address.Bits() {
			return true
		}
	}
	return false
}

// ResidualVeths returns the pairs of network interfaces of which both ends are
// on the host, one name of each: a container's end is in the container.
func ResidualVeths(s *Snapshot) []Link {
	byIndex := map[int]Link{}
	for _, l := range s.Links {
		byIndex[l.Index] = l
	}
	var found []Link
	for _, l := range s.Links {
		peer, here := byIndex[l.Peer]
		// Docker names its ends veth and seven digits; others make pairs too.
		if l.Kind != "veth" || l.Away || l.New || !here || !dockerVeth(l) && !dockerVeth(peer) {
			continue
		}
		// Of a pair the end in a bridge counts, else the first.
		if l.Master != "" && peer.Master == "" || l.Master == peer.Master && l.Index < peer.Index {
			found = append(found, l)
		}
	}
	return found
}

// dockerVeth reports whether an interface has a name that Docker gives:
// "veth" and seven hexadecimal digits.
func dockerVeth(l Link) bool {
	rest, ok := strings.CutPrefix(l.Name, "veth")
	return ok && len(rest) == 7 && strings.Trim(rest, "0123456789abcdef") == ""
}

// residualVeths: dockerd was killed between making a pair and noting it.
func residualVeths(s *Snapshot) Verdict {
	var v Verdict
	for _, l := range ResidualVeths(s) {
		v.Ills = append(v.Ills, ill(l.Name, fmt.Sprintf("%s (index %d, master %q, %s) and its other end, index %d, are both on the host: no container has one of them", l.Name, l.Index, l.Master, l.State, l.Peer)))
	}
	return v
}

// forwarding: without it nothing leaves a container.
func forwarding(s *Snapshot) Verdict {
	if s.Daemon != Up || s.Config.False("ip-forward") {
		return notApplicable("the daemon does not run, or ip-forward is false")
	}
	if s.System.IPForward == "0" {
		return Verdict{Ills: []Ill{ill("net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward: 0")}}
	}
	return Verdict{}
}

// bridgeFilter: with icc off the kernel must show the packet filter what goes
// over a bridge, or nothing keeps containers apart.
func bridgeFilter(s *Snapshot) Verdict {
	switch {
	case !s.Config.False("icc"):
		return notApplicable("containers of the default bridge may talk to each other (icc)")
	case s.System.BridgeNF == "0":
		return Verdict{Ills: []Ill{ill("net.bridge.bridge-nf-call-iptables", "/proc/sys/net/bridge/bridge-nf-call-iptables: 0, and icc is false")}}
	}
	return Verdict{}
}
