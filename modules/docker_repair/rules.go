// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repair

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/doctor"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/netfilter"
)

// restoreRules brings Docker's rules back: what the engine forgets one by one,
// everything else by a restart of the engine.
func restoreRules(_ context.Context, p patient) (treatment, error) {
	v := p.snapshot.Firewall
	details := func(text string) command {
		return command{text: text, what: "rules of Docker", before: strings.Join(v.Lost.Texts(), "\n"), after: "as the engine writes them", run: addDetails}
	}
	if v.Lost.OnlyDetails() {
		return treatment{acts: []ansible.Act{details(fmt.Sprintf("add %d rules that the engine did not restore", len(v.Lost.Restore)))}}, nil
	}
	return treatment{acts: []ansible.Act{p.service("restart"), details("add the rules that the engine leaves out when it starts, if any")}, restarts: true}, nil
}

// rulesLimit is how long the rules may take to be whole.
const rulesLimit = 30 * time.Second

// addDetails looks at the packet filter and adds what is missing in it. Others
// write there too when dockerd started, the engine itself and
// docker-isolation.service: what was there meanwhile is looked at anew.
func addDetails(ctx context.Context, h *host.Host) error {
	ctx, cancel := context.WithTimeoutCause(ctx, rulesLimit, fmt.Errorf("cannot wait for the rules of Docker longer than %v", rulesLimit))
	defer cancel()
	for {
		s, err := doctor.Look(ctx, h, doctor.OnlyFirewall)
		if err == nil {
			if s.Firewall.Lost.Empty() {
				return nil
			}
			err = fmt.Errorf("missing rules of Docker still: %s", strings.Join(s.Firewall.Lost.Texts(), "; "))
			if failed := netfilter.Apply(ctx, h, s.Firewall.Restore()); failed != nil {
				err = failed
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// moveRule puts the rule that keeps containers apart ahead of those that let
// them through. Nobody else's rule is taken away: it may be wanted for other
// traffic.
func moveRule(_ context.Context, p patient) (treatment, error) {
	var t treatment
	v := p.snapshot.Firewall
	if v.State.Backend == netfilter.NFTables {
		return t, errors.New("cannot move rules of the engine's nftables backend: remove the rule that is named")
	}
	planned := map[int]bool{}
	for _, leak := range doctor.Leaks(v) {
		rules, err := moves(v.State.IPv4, leak)
		if err != nil {
			return t, err
		}
		// One rule can keep the containers of several bridges apart.
		to, from := number(rules[0]), number(rules[1])-1
		if planned[from] {
			continue
		}
		planned[from] = true
		t.acts = append(t.acts, command{
			text: fmt.Sprintf("move the rule that keeps containers on %s apart ahead of %s", leak.Bridge, leak.Finding.Leaks[0].Rule.Text),
			what: "FORWARD", before: listing(leak.Base, 0, 0), after: listing(leak.Base, to, from),
			still: func(s *doctor.Snapshot) bool {
				now, ok := leakOf(s, leak.Bridge)
				return ok && now.Finding.Leaks[0].Rule.Text == leak.Finding.Leaks[0].Rule.Text && now.Finding.Drop.Rule.Text == leak.Finding.Drop.Rule.Text
			},
			probe: doctor.OnlyFirewall,
			run:   func(ctx context.Context, h *host.Host) error { return raise(ctx, h, leak.Bridge) },
		})
	}
	return t, nil
}

// leakOf returns the leak of a bridge.
func leakOf(s *doctor.Snapshot, bridge string) (doctor.Leak, bool) {
	for _, leak := range doctor.Leaks(s.Firewall) {
		if leak.Bridge == bridge {
			return leak, true
		}
	}
	return doctor.Leak{}, false
}

// raise moves the rule of a bridge, by the places that rules have now: others
// write there too. It is there twice for a moment, so that nothing gets through.
func raise(ctx context.Context, h *host.Host, bridge string) error {
	s, err := doctor.Look(ctx, h, doctor.OnlyFirewall)
	if err != nil {
		return err
	}
	leak, ok := leakOf(s, bridge)
	if !ok {
		return errors.New("cannot find the rule that lets containers through any more")
	}
	rules, err := moves(s.Firewall.State.IPv4, leak)
	if err != nil {
		return err
	}
	text := leak.Base.Rules[number(rules[1])-2].Text
	if err := netfilter.Apply(ctx, h, netfilter.Changes(s.Firewall.State.Tool, rules[:1])); err != nil {
		return err
	}
	if s, err = doctor.Look(ctx, h, doctor.OnlyFirewall); err != nil {
		return fmt.Errorf("cannot take the rule away from its old place: %w", err)
	}
	first, last := 0, 0
	base := s.Firewall.State.IPv4.Chain("filter", "FORWARD")
	for i := 0; base != nil && i < len(base.Rules); i++ {
		if base.Rules[i].Text != text {
			continue
		}
		if last = i + 1; first == 0 {
			first = last
		}
	}
	if first == last {
		return nil // somebody took the other one away
	}
	rules[1][4] = strconv.Itoa(last)
	return netfilter.Apply(ctx, h, netfilter.Changes(s.Firewall.State.Tool, rules[1:]))
}

// moves returns the arguments of iptables that insert the rule of FORWARD with
// the drop ahead of the first leak, and delete it at its old place.
func moves(r netfilter.Ruleset, leak doctor.Leak) ([][]string, error) {
	first := leak.Finding.Leaks[0]
	to := top(r, leak.Base, first.Chain, first.Number)
	from := top(r, leak.Base, leak.Finding.Drop.Chain, leak.Finding.Drop.Number)
	if to == 0 || from == 0 || to >= from || first.Chain == "DOCKER-USER" {
		return nil, fmt.Errorf("cannot move Docker's rule ahead of rule %d of %s (%s): that chain is yours; remove the rule", first.Number, first.Chain, first.Rule.Text)
	}
	words := strings.Fields(leak.Base.Rules[from-1].Text)
	if len(words) > 1 && words[0] == "-A" {
		words = words[2:]
	}
	if strings.Contains(leak.Base.Rules[from-1].Text, `"`) {
		return nil, fmt.Errorf("cannot move a rule with quotes: %s", leak.Base.Rules[from-1].Text)
	}
	return [][]string{
		append([]string{"-t", "filter", "-I", "FORWARD", strconv.Itoa(to)}, words...),
		{"-t", "filter", "-D", "FORWARD", strconv.Itoa(from + 1)},
	}, nil
}

// number is the place that the arguments of iptables name.
func number(args []string) int {
	n, _ := strconv.Atoi(args[4])
	return n
}

// top returns the number of the rule of the base chain that a place is reached
// by, 0 if there is none.
func top(r netfilter.Ruleset, base netfilter.Chain, chain string, at int) int {
	if chain == base.Name {
		return at
	}
	for i, rule := range base.Rules {
		if leads(r, base.Table, rule.Target, chain, 0) {
			return i + 1
		}
	}
	return 0
}

// leads reports whether a chain is another one or jumps to it.
func leads(r netfilter.Ruleset, table, from, to string, depth int) bool {
	if from == to {
		return true
	}
	c := r.Chain(table, from)
	if c == nil || depth > 8 {
		return false
	}
	for _, rule := range c.Rules {
		if rule.Target != "" && leads(r, table, rule.Target, to, depth+1) {
			return true
		}
	}
	return false
}

// listing shows a chain, with one rule moved from a place to another; 0 moves
// none.
func listing(c netfilter.Chain, to, from int) string {
	var lines []string
	for _, rule := range c.Rules {
		lines = append(lines, rule.Text)
	}
	if from > 0 && from <= len(lines) && to > 0 {
		moved := lines[from-1]
		lines = append(lines[:from-1], lines[from:]...)
		lines = append(lines[:to-1], append([]string{moved}, lines[to-1:]...)...)
	}
	return strings.Join(lines, "\n")
}
