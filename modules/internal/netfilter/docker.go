// SPDX-License-Identifier: GPL-3.0-or-later

package netfilter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// nativeTable is the table of the engine's own nftables backend (engine 29,
// firewall-backend=nftables).
const nativeTable = "docker-bridges"

// Chains that every engine with iptables has.
const (
	natChain  = "DOCKER"
	userChain = "DOCKER-USER"
	// Engines from 28 on have one chain for all that FORWARD did before.
	forwardChain = "DOCKER-FORWARD"
	bridgeChain  = "DOCKER-BRIDGE"
	// Engine 29 has no isolation chains: its chain DOCKER drops what no port
	// was published for.
	stage1 = "DOCKER-ISOLATION-STAGE-1"
	stage2 = "DOCKER-ISOLATION-STAGE-2"
)

// Bridge is a bridge network of the engine that has a way out.
type Bridge struct {
	Name string // of the interface
	// Networks are its IPv4 networks.
	Networks []string
	// Default is true for the default bridge.
	Default bool
	// ICC is false if its containers may not talk to each other.
	ICC  bool
	IPv6 bool
}

// Port is a port that a running container publishes over IPv4.
type Port struct {
	Container string
	Address   string // of the host; 0.0.0.0 is all
	Public    int
	Protocol  string
}

// Wanted is what the engine should have rules for.
type Wanted struct {
	Bridges []Bridge
	Ports   []Port
}

// Lost says what Docker should have in the kernel and has not.
type Lost struct {
	// Chains: the ways to Docker's chains, without which no container can be
	// reached or started with a port.
	Chains []string
	// Ports: published ports that lead nowhere.
	Ports []string
	// Details: the administrator's chain DOCKER-USER, and bridges whose
	// containers other bridges' containers can reach. Engines up to 27 forget
	// these when they restore their rules.
	Details []string
	// Restore has the arguments of iptables that bring the details back.
	Restore [][]string
}

// Empty reports whether nothing is lost.
func (l Lost) Empty() bool { return len(l.Chains)+len(l.Ports)+len(l.Details) == 0 }

// OnlyDetails reports whether what is lost can be added without the engine.
func (l Lost) OnlyDetails() bool { return len(l.Chains)+len(l.Ports) == 0 && len(l.Details) > 0 }

// Texts has all of it, for people.
func (l Lost) Texts() []string { return slices.Concat(l.Chains, l.Ports, l.Details) }

// Missing compares the rules of iptables with what the engine should have. The
// rules are those that moby writes, libnetwork/drivers/bridge/setup_ip_tables.go
// of 20.10 to 27, internal/iptabler of 28 and 29.
func Missing(r Ruleset, wanted Wanted) Lost {
	var l Lost
	if len(wanted.Bridges) == 0 {
		return l
	}
	for _, hook := range []string{"PREROUTING", "OUTPUT"} {
		if !jumps(r.Chain("nat", hook), natChain) {
			l.Chains = append(l.Chains, fmt.Sprintf("nat %s does not lead to %s", hook, natChain))
		}
	}
	forward := r.Chain("filter", "FORWARD")
	if !jumps(forward, userChain) {
		l.Details = append(l.Details, "filter FORWARD does not lead to "+userChain)
		user := r.Chain("filter", userChain)
		if user == nil {
			l.Restore = append(l.Restore, []string{"-N", userChain})
		}
		if user == nil || len(user.Rules) == 0 {
			l.Restore = append(l.Restore, []string{"-A", userChain, "-j", "RETURN"})
		}
		l.Restore = append(l.Restore, []string{"-I", "FORWARD", "-j", userChain})
	}
	way := forward
	if r.Chain("filter", bridgeChain) != nil {
		way = r.Chain("filter", bridgeChain)
		if !jumps(forward, forwardChain) || !jumps(r.Chain("filter", forwardChain), bridgeChain) {
			l.Chains = append(l.Chains, fmt.Sprintf("filter FORWARD does not lead to %s and %s", forwardChain, bridgeChain))
		}
	}
	for _, b := range wanted.Bridges {
		if !has(way, func(rule Rule) bool { return rule.Target == natChain && rule.Out.is(b.Name) }) {
			l.Chains = append(l.Chains, fmt.Sprintf("nothing leads to the containers of %s", b.Name))
		}
	}
	l.isolation(r, wanted.Bridges)
	nat := r.Chain("nat", natChain)
	for _, p := range wanted.Ports {
		if !has(nat, p.isRule) {
			l.Ports = append(l.Ports, fmt.Sprintf("port %d/%s of %s leads nowhere", p.Public, p.Protocol, p.Container))
		}
	}
	return l
}

// isolation finds what keeps the containers of one bridge from those of
// another.
func (l *Lost) isolation(r Ruleset, bridges []Bridge) {
	first, second := r.Chain("filter", stage1), r.Chain("filter", stage2)
	if first == nil || second == nil {
		// A newer engine, or all chains are gone and already reported.
		return
	}
	for _, b := range bridges {
		leaves := has(first, func(rule Rule) bool {
			return rule.Target == stage2 && rule.In.is(b.Name) && rule.Out.isNot(b.Name)
		})
		dropped := has(second, func(rule Rule) bool { return rule.Verdict == Drop && rule.Out.is(b.Name) })
		if leaves && dropped {
			continue
		}
		l.Details = append(l.Details, fmt.Sprintf("containers of %s are not kept apart from those of other bridges", b.Name))
		if !leaves {
			l.Restore = append(l.Restore, []string{"-I", stage1, "-i", b.Name, "!", "-o", b.Name, "-j", stage2})
		}
		if !dropped {
			l.Restore = append(l.Restore, []string{"-I", stage2, "-o", b.Name, "-j", "DROP"})
		}
	}
	if path := r.Chain("filter", "FORWARD"); !jumps(path, stage1) && !jumps(r.Chain("filter", forwardChain), stage1) {
		l.Chains = append(l.Chains, "filter FORWARD does not lead to "+stage1)
	}
}

// MissingNative compares the rules of the engine's nftables backend.
func MissingNative(r Ruleset, wanted Wanted) Lost {
	var l Lost
	for _, b := range wanted.Bridges {
		name := "filter-forward-in__" + b.Name
		if r.Chain(nativeTable, name) == nil {
			l.Chains = append(l.Chains, fmt.Sprintf("the table ip %s has no chain %s", nativeTable, name))
		}
	}
	return l
}

func jumps(c *Chain, target string) bool {
	return has(c, func(rule Rule) bool { return rule.Target == target })
}

func has(c *Chain, is func(Rule) bool) bool { return c != nil && slices.ContainsFunc(c.Rules, is) }

// isRule reports whether a rule leads the port's traffic to a container.
func (p Port) isRule(r Rule) bool {
	if r.Target != "DNAT" || r.Proto.Value != p.Protocol {
		return false
	}
	if address, _, _ := strings.Cut(r.Destination.Value, "/"); address != "" && address != p.Address {
		return false
	}
	first, last, isRange := strings.Cut(r.Port, ":")
	if !isRange {
		return r.Port == strconv.Itoa(p.Public)
	}
	a, errA := strconv.Atoi(first)
	b, errB := strconv.Atoi(last)
	return errA == nil && errB == nil && a <= p.Public && p.Public <= b
}
