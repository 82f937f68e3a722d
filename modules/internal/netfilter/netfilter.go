// SPDX-License-Identifier: GPL-3.0-or-later

// Package netfilter reads the packet filter of a host and judges Docker's part
// in it.
//
// A tour. [ParseSave] (save.go) reads what iptables-save prints, of the legacy
// variant and of the one on nftables alike, and [ParseNFT] (nft.go) what
// nft -j list ruleset prints; both make the same [Ruleset]. [Read] (read.go)
// finds the variant that Docker's rules are in. On these stand two judgements:
// [Missing] (docker.go) says what Docker should have in the kernel for its
// networks and published ports and has not, and [Between] (path.go) says what
// becomes of traffic between two containers of one bridge, and which rules let
// it through that a DROP further down should stop.
//
// A rule is understood as far as these questions need it. What is not
// understood counts as a condition that may or may not hold.
package netfilter

import "strings"

// Ruleset has the chains of one family, IPv4 or IPv6, or of all that nft lists.
type Ruleset struct {
	Chains []Chain
	// Maps has nftables' verdict maps: by table and name, the chain that a key
	// leads to.
	Maps map[string]map[string]string
	// Incompatible has tables that iptables-save refuses to show, because they
	// have rules that only nft can write.
	Incompatible []string
}

// Chain is a chain of a table.
type Chain struct {
	Family string // ip, ip6, inet; "" from iptables-save
	Table  string
	Name   string
	Hook   string // of a base chain: forward, prerouting, ...
	Policy string // of a base chain, in lower case
	Rules  []Rule
}

// Chain returns a chain, nil if it is not there.
func (r Ruleset) Chain(table, name string) *Chain {
	for i := range r.Chains {
		if c := &r.Chains[i]; c.Table == table && c.Name == name {
			return c
		}
	}
	return nil
}

// Verdict is what a rule does with a packet that it matches.
type Verdict string

// Verdicts. Continue is all that lets the packet go on to the next rule.
const (
	Continue Verdict = ""
	Accept   Verdict = "accept"
	Drop     Verdict = "drop"
	Return   Verdict = "return"
	Jump     Verdict = "jump"
	Goto     Verdict = "goto"
)

// Rule is a rule of a chain.
type Rule struct {
	// Text is the rule as iptables-save or nft wrote it.
	Text string
	// Handle names the rule in nftables.
	Handle int
	// Conditions. The zero value of each holds for every packet.
	In, Out     Match // interfaces; "+" at the end stands for any end
	Proto       Match
	Source      Match // address or network
	Destination Match
	Port        string // destination port, or a range of them
	States      string // of conntrack, such as RELATED,ESTABLISHED
	Other       bool   // there are others
	// VMap is a verdict map that In or Out is looked up in, "out" or "in" what.
	VMap, VMapKey string

	Verdict Verdict
	Target  string // the chain of a jump, or the target by name
	To      string // where DNAT leads
}

// Match is a condition on one property of a packet. Without a value it holds.
type Match struct {
	Value string
	Not   bool
}

// covers reports whether the condition may hold for an interface.
func (m Match) covers(name string) bool {
	if m.Value == "" {
		return true
	}
	same := m.Value == name
	if prefix, wild := strings.CutSuffix(m.Value, "+"); wild {
		same = strings.HasPrefix(name, prefix)
	}
	return same != m.Not
}

// is reports whether the condition is exactly this value.
func (m Match) is(value string) bool { return m.Value == value && !m.Not }

// isNot reports whether the condition is anything but this value.
func (m Match) isNot(value string) bool { return m.Value == value && m.Not }
