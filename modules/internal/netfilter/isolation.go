// SPDX-License-Identifier: GPL-3.0-or-later

package netfilter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Mark is the comment of the rules that docker_isolation adds.
const Mark = "hardened.docker"

// Leak is a way between the containers of a bridge that icc=false, or the
// network's own option, is to keep apart.
type Leak struct {
	Bridge string
	Tool   string // that reads the rules: iptables, ip6tables or nft
	// Place is the rule that lets traffic through; nil if nothing stops it.
	Place *Place
}

// String says it for people.
func (l Leak) String() string {
	if l.Place == nil {
		return fmt.Sprintf("no rule of %s keeps the containers of %s apart", l.Tool, l.Bridge)
	}
	return fmt.Sprintf("rule %d of the chain %s (%s) comes before the DROP between the containers of %s: %s",
		l.Place.Number, l.Place.Chain, l.Tool, l.Bridge, l.Place.Rule.Text)
}

// Change is a change of the rules: a program with its arguments.
type Change struct {
	Tool string
	Args []string
}

// String is the command line.
func (c Change) String() string { return c.Tool + " " + strings.Join(c.Args, " ") }

// Changes are those of one program.
func Changes(tool string, rules [][]string) []Change {
	var changes []Change
	for _, args := range rules {
		changes = append(changes, Change{tool, args})
	}
	return changes
}

// side is one family's rules beside the program that changes them.
type side struct {
	rules Ruleset
	tool  string
	base  *Chain // where traffic between containers passes
	six   bool
}

func (s State) sides() []side {
	name := "FORWARD"
	table := "filter"
	if s.Backend == NFTables {
		name, table = "filter-FORWARD", nativeTable
	}
	return []side{
		{rules: s.IPv4, tool: s.Tool, base: s.IPv4.Chain(table, name)},
		{rules: s.IPv6, tool: s.Tool6, base: s.IPv6.Chain(table, name), six: true},
	}
}

// apart are the bridges of a family whose containers are to be kept apart.
func (s side) apart(w Wanted) []Bridge {
	return slices.DeleteFunc(slices.Clone(w.Bridges), func(b Bridge) bool { return b.ICC || s.six && !b.IPv6 })
}

func (s side) between(b Bridge) []Leak {
	if s.base == nil {
		return []Leak{{Bridge: b.Name, Tool: s.tool}}
	}
	networks := b.Networks
	if s.six {
		networks = nil
	}
	f := Between(s.rules, *s.rules.Chain(s.base.Table, s.base.Name), b.Name, networks)
	var leaks []Leak
	for i := range f.Leaks {
		leaks = append(leaks, Leak{Bridge: b.Name, Tool: s.tool, Place: &f.Leaks[i]})
	}
	if len(leaks) == 0 && !f.Closed {
		leaks = append(leaks, Leak{Bridge: b.Name, Tool: s.tool})
	}
	return leaks
}

// Leaks finds what lets containers reach each other that should not.
func (s State) Leaks(w Wanted) []Leak {
	var leaks []Leak
	for _, side := range s.sides() {
		for _, b := range side.apart(w) {
			leaks = append(leaks, side.between(b)...)
		}
	}
	return leaks
}

// Barriers are the changes that close all leaks and keep them closed: ahead of
// what others have in DOCKER-USER, the administrator's chain, traffic between
// the containers of a bridge first goes through Docker's own rules, for links,
// and is then dropped. A rule that comes even before that chain gets the same
// two in front of it. What belongs to others stays where it is.
//
// The engine's nftables backend has no such chain, and nobody else's place is
// ahead of its rules: there only leaks are closed.
func (s State) Barriers(w Wanted) ([]Change, error) {
	var all []Change
	for _, side := range s.sides() {
		side.rules.Chains = slices.Clone(side.rules.Chains)
		for i := range side.rules.Chains {
			side.rules.Chains[i].Rules = slices.Clone(side.rules.Chains[i].Rules)
		}
		build := builder{side: side, native: s.Backend == NFTables}
		if err := build.all(w); err != nil {
			return nil, err
		}
		all = append(all, build.changes...)
	}
	return all, nil
}

// builder makes changes and does them to its own copy of the rules, which it
// judges again.
type builder struct {
	side
	native  bool
	changes []Change
}

// maxLeaks is more rules than anybody has in front of Docker's.
const maxLeaks = 1000

func (b *builder) all(w Wanted) error {
	bridges := b.apart(w)
	if !b.native {
		b.clear(func(bridge string) bool {
			return !slices.ContainsFunc(bridges, func(one Bridge) bool { return one.Name == bridge })
		})
	}
	for _, bridge := range bridges {
		if !b.native && b.base != nil {
			b.reserve(bridge.Name)
		}
		for try := 0; ; try++ {
			leaks := b.between(bridge)
			if len(leaks) == 0 {
				break
			}
			if b.base == nil || try > maxLeaks || leaks[0].Place == nil && try > 0 {
				return fmt.Errorf("cannot keep the containers of %s apart: %s", bridge.Name, leaks[0])
			}
			place := leaks[0].Place
			if place == nil {
				place = &Place{Table: b.base.Table, Chain: b.base.Name, Number: 1}
			}
			b.insert(bridge.Name, *place)
		}
	}
	return nil
}

// reserve puts the barrier at the beginning of the administrator's chain, which
// it makes if an engine has forgotten it.
func (b *builder) reserve(bridge string) {
	if b.rules.Chain("filter", natChain) == nil {
		// The engine manages nothing in this family.
		return
	}
	if !jumps(b.rules.Chain("filter", "FORWARD"), userChain) {
		user := b.rules.Chain("filter", userChain)
		if user == nil {
			b.rules.Chains = append(b.rules.Chains, Chain{Table: "filter", Name: userChain})
			b.change("-N", userChain)
			b.change("-A", userChain, "-j", "RETURN")
		}
		b.change("-I", "FORWARD", "-j", userChain)
		forward := b.rules.Chain("filter", "FORWARD")
		forward.Rules = slices.Insert(forward.Rules, 0, Rule{Verdict: Jump, Target: userChain})
	}
	leaks := b.between(Bridge{Name: bridge})
	inside := slices.ContainsFunc(leaks, func(l Leak) bool { return l.Place != nil && l.Place.Chain == userChain })
	if b.has(userChain, bridge) && !inside {
		return
	}
	// Somebody put a rule in front of it, or a part is gone.
	b.remove(userChain, bridge)
	b.insert(bridge, Place{Table: "filter", Chain: userChain, Number: 1})
}

func (b *builder) change(args ...string) { b.changes = append(b.changes, Change{b.tool, args}) }

// barrier are the rules for a bridge, in order.
func (b *builder) barrier(bridge string) []Rule {
	name := Match{Value: bridge}
	drop := Rule{In: name, Out: name, Verdict: Drop, Target: "DROP", Text: Mark}
	if b.rules.Chain("filter", natChain) == nil {
		return []Rule{drop}
	}
	return []Rule{{In: name, Out: name, Verdict: Jump, Target: natChain, Text: Mark}, drop}
}

func ruleArgs(r Rule) []string {
	return []string{"-i", r.In.Value, "-o", r.Out.Value, "-m", "comment", "--comment", Mark, "-j", r.Target}
}

// insert puts the barrier in front of a rule.
func (b *builder) insert(bridge string, before Place) {
	chain := b.rules.Chain(before.Table, before.Chain)
	if b.native {
		b.insertNative(bridge, before, chain)
		return
	}
	for i, rule := range b.barrier(bridge) {
		at := before.Number + i
		b.change(append([]string{"-I", before.Chain, strconv.Itoa(at)}, ruleArgs(rule)...)...)
		chain.Rules = slices.Insert(chain.Rules, at-1, rule)
	}
}

func (b *builder) insertNative(bridge string, before Place, chain *Chain) {
	own := "filter-forward-in__" + bridge
	rule := Rule{In: Match{Value: bridge}, Out: Match{Value: bridge}, Verdict: Jump, Target: own}
	verdict := []string{"jump", own}
	if before.Chain == own {
		rule.Verdict, verdict = Drop, []string{"drop"}
	}
	args := []string{"insert", "rule", chain.Family, chain.Table, chain.Name}
	if before.Rule.Handle > 0 {
		args = append(args, "position", strconv.Itoa(before.Rule.Handle))
	}
	quoted := `"` + bridge + `"`
	args = append(args, "iifname", quoted, "oifname", quoted, "counter")
	b.change(append(append(args, verdict...), "comment", `"`+Mark+`"`)...)
	chain.Rules = slices.Insert(chain.Rules, before.Number-1, rule)
}

// own reports whether docker_isolation made a rule.
func own(r Rule) bool {
	return r.Text == Mark || strings.Contains(r.Text, "--comment "+Mark) || strings.Contains(r.Text, `--comment "`+Mark+`"`)
}

// has reports whether a chain has the whole barrier of a bridge, in order.
func (b *builder) has(chain, bridge string) bool {
	var targets []string
	for _, r := range b.rules.Chain("filter", chain).Rules {
		if own(r) && r.In.is(bridge) {
			targets = append(targets, r.Target)
		}
	}
	var want []string
	for _, r := range b.barrier(bridge) {
		want = append(want, r.Target)
	}
	return slices.Equal(targets, want)
}

// remove takes the barrier of a bridge out of a chain.
func (b *builder) remove(chain, bridge string) {
	c := b.rules.Chain("filter", chain)
	c.Rules = slices.DeleteFunc(c.Rules, func(r Rule) bool {
		if !own(r) || !r.In.is(bridge) {
			return false
		}
		b.change(append([]string{"-D", chain}, ruleArgs(r)...)...)
		return true
	})
}

// clear takes out the barriers of bridges, wherever they are.
func (b *builder) clear(stale func(bridge string) bool) {
	for _, c := range b.rules.Chains {
		var bridges []string
		for _, r := range c.Rules {
			if own(r) && stale(r.In.Value) && !slices.Contains(bridges, r.In.Value) && c.Table == "filter" {
				bridges = append(bridges, r.In.Value)
			}
		}
		for _, bridge := range bridges {
			b.remove(c.Name, bridge)
		}
	}
}

// Cleared are the changes that take out all that Barriers made in iptables.
func (s State) Cleared() []Change {
	changes, _ := s.Barriers(Wanted{})
	return changes
}
