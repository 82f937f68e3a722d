// SPDX-License-Identifier: GPL-3.0-or-later

package netfilter

import (
	"strconv"
	"strings"
)

// Place is a rule with where it stands.
type Place struct {
	Table, Chain string
	Number       int // from 1, as iptables counts
	Rule         Rule
}

// Verdicts about traffic between two containers of a bridge.
type Finding struct {
	// Leaks are the rules that let new connections through, or may do so, and
	// that come before the rule that stops them all.
	Leaks []Place
	// Closed tells that there is such a rule, or a policy to drop.
	Closed bool
	// Drop is that rule; of a policy it has no number.
	Drop Place
	// Visited are the chains on the way, in order, each with the number of rules
	// of the base chain that are passed before it.
	Visited []string
}

// Between walks from a base chain on the way of a new connection between two
// containers of the bridge, which has these networks. Replies are of no
// interest: there are none to what was not let through.
//
// A base chain stands alone: what another one at the same hook accepts is still
// dropped here, and what is dropped here nobody accepts (nft(8), "Verdicts").
func Between(r Ruleset, base Chain, bridge string, networks []string) Finding {
	w := walker{rules: r, family: base.Family, bridge: bridge, networks: networks, dropped: map[string]bool{}}
	w.walk(base, true, 0)
	if !w.found.Closed && base.Policy == "drop" {
		w.found.Closed = true
		w.found.Drop = Place{Table: base.Table, Chain: base.Name}
	}
	return w.found
}

type walker struct {
	rules    Ruleset
	family   string
	bridge   string
	networks []string
	dropped  map[string]bool // protocols of which nothing is left
	found    Finding
}

// maxDepth is more than chains call each other; nftables allows 16.
const maxDepth = 16

// walk passes a chain. It returns true if nothing goes on after it. Certain
// tells that all traffic comes here, not only a part of it.
func (w *walker) walk(c Chain, certain bool, depth int) (ended bool) {
	if depth > maxDepth {
		return false
	}
	w.found.Visited = append(w.found.Visited, c.Name)
	for i, rule := range c.Rules {
		may, all := w.matches(rule)
		if !may {
			continue
		}
		place := Place{Table: c.Table, Chain: c.Name, Number: i + 1, Rule: rule}
		switch rule.Verdict {
		case Drop:
			if all && certain {
				w.found.Closed, w.found.Drop = true, place
				return true
			}
			if certain && w.onlyProtocol(rule) {
				w.dropped[protocol(rule.Proto.Value)] = true
			}
		case Accept:
			if w.dropped[protocol(rule.Proto.Value)] && !rule.Proto.Not || w.link(c, rule) {
				continue
			}
			w.found.Leaks = append(w.found.Leaks, place)
			if all && certain {
				// What comes after it sees nothing, so nothing stops the traffic.
				return true
			}
		case Return:
			if all {
				return false
			}
		case Jump, Goto:
			if to := w.target(c, rule); to != nil && w.walk(*to, certain && all, depth+1) {
				return true
			}
			if rule.Verdict == Goto && all {
				return false
			}
		}
	}
	return false
}

// target returns the chain that a rule leads to. A target that is no chain,
// such as an extension of iptables, is left aside.
func (w *walker) target(from Chain, rule Rule) *Chain {
	name := rule.Target
	if rule.VMap != "" {
		name = w.rules.Maps[from.Family+" "+from.Table+" "+rule.VMap][w.bridge]
	}
	for i := range w.rules.Chains {
		if c := &w.rules.Chains[i]; c.Family == w.family && c.Table == from.Table && c.Name == name {
			return c
		}
	}
	return nil
}

// matches reports whether a rule may match a new connection between two
// containers of the bridge, and whether it matches all of them.
func (w *walker) matches(r Rule) (may, all bool) {
	if !r.In.covers(w.bridge) || !r.Out.covers(w.bridge) {
		return false, false
	}
	if r.States != "" && !strings.Contains(r.States, "NEW") && !strings.Contains(r.States, "INVALID") {
		return false, false
	}
	src, allSrc := w.inNetworks(r.Source)
	dst, allDst := w.inNetworks(r.Destination)
	if !src || !dst {
		return false, false
	}
	return true, allSrc && allDst && r.Proto.Value == "" && r.States == "" && !r.Other
}

// onlyProtocol reports whether the protocol is the rule's only condition.
func (w *walker) onlyProtocol(r Rule) bool {
	r.Proto = Match{}
	_, all := w.matches(r)
	return all
}

// inNetworks reports whether a condition on an address may hold for addresses
// of the bridge's networks, and whether it holds for all of them.
func (w *walker) inNetworks(m Match) (may, all bool) {
	if m.Value == "" {
		return true, true
	}
	all = len(w.networks) > 0
	for _, network := range w.networks {
		a, lenA, okA := parseNetwork(m.Value)
		b, lenB, okB := parseNetwork(network)
		if !okA || !okB {
			return true, false
		}
		overlap := mask(a, min(lenA, lenB)) == mask(b, min(lenA, lenB))
		contains := overlap && lenA <= lenB
		if m.Not {
			overlap, contains = !contains, !overlap
		}
		may, all = may || overlap, all && contains
	}
	return may || len(w.networks) == 0, all
}

// parseNetwork reads an IPv4 address or network. Of others it says that it
// cannot.
func parseNetwork(text string) (address uint32, length int, ok bool) {
	text, bits, slash := strings.Cut(text, "/")
	length = 32
	if slash {
		n, err := strconv.Atoi(bits)
		if err != nil || n < 0 || n > 32 {
			return 0, 0, false
		}
		length = n
	}
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return 0, 0, false
	}
	for _, part := range parts {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil {
			return 0, 0, false
		}
		address = address<<8 | uint32(n)
	}
	return address, length, true
}

func mask(address uint32, length int) uint32 {
	if length == 0 {
		return 0
	}
	return address >> (32 - length)
}

// link reports whether an ACCEPT is one that Docker made for a link between two
// containers (--link), which icc=false is meant to let through.
func (w *walker) link(c Chain, r Rule) bool {
	pair := r.Source.Value != "" && r.Destination.Value != "" && r.Other
	return pair && (c.Name == "DOCKER" || c.Table == nativeTable)
}

// protocol gives a protocol the one name of several.
func protocol(name string) string {
	switch name {
	case "1":
		return "icmp"
	case "58", "icmpv6":
		return "ipv6-icmp"
	}
	return name
}
