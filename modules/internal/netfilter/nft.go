// SPDX-License-Identifier: GPL-3.0-or-later

package netfilter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// nftObject is an entry of the list that nft -j prints, libnftables-json(5).
type nftObject struct {
	Chain *struct {
		Family, Table, Name, Hook, Policy string
	}
	Map *struct {
		Family, Table, Name string
		Elem                []json.RawMessage
	}
	Rule *nftRule
}

type nftRule struct {
	Family, Table, Chain string
	Handle               int
	Expr                 []json.RawMessage
}

// ParseNFT reads the output of nft -j list ruleset.
func ParseNFT(text []byte) (Ruleset, error) {
	var r Ruleset
	var doc struct{ Nftables []nftObject }
	if err := json.Unmarshal(text, &doc); err != nil {
		return r, fmt.Errorf("invalid output of nft -j list ruleset: %w", err)
	}
	chains := map[string]int{}
	for _, o := range doc.Nftables {
		switch {
		case o.Chain != nil:
			chains[o.Chain.Family+" "+o.Chain.Table+" "+o.Chain.Name] = len(r.Chains)
			r.Chains = append(r.Chains, Chain{Family: o.Chain.Family, Table: o.Chain.Table, Name: o.Chain.Name, Hook: o.Chain.Hook, Policy: o.Chain.Policy})
		case o.Map != nil:
			if r.Maps == nil {
				r.Maps = map[string]map[string]string{}
			}
			r.Maps[o.Map.Family+" "+o.Map.Table+" "+o.Map.Name] = verdictMap(o.Map.Elem)
		}
	}
	for _, o := range doc.Nftables {
		if o.Rule == nil {
			continue
		}
		at, ok := chains[o.Rule.Family+" "+o.Rule.Table+" "+o.Rule.Chain]
		if !ok {
			return r, fmt.Errorf("invalid output of nft -j list ruleset: rule %d is in the chain %q, which it does not list", o.Rule.Handle, o.Rule.Chain)
		}
		r.Chains[at].Rules = append(r.Chains[at].Rules, o.Rule.rule())
	}
	return r, nil
}

// verdictMap reads the elements [key, {"jump": {"target": chain}}] of a map.
func verdictMap(elements []json.RawMessage) map[string]string {
	m := map[string]string{}
	for _, text := range elements {
		var pair [2]json.RawMessage
		var key string
		var to struct{ Jump, Goto struct{ Target string } }
		if json.Unmarshal(text, &pair) != nil || json.Unmarshal(pair[0], &key) != nil || json.Unmarshal(pair[1], &to) != nil {
			continue
		}
		m[key] = to.Jump.Target + to.Goto.Target
	}
	return m
}

func (n nftRule) rule() Rule {
	r := Rule{Handle: n.Handle}
	var shown []string
	for _, text := range n.Expr {
		var expr map[string]json.RawMessage
		if json.Unmarshal(text, &expr) != nil || len(expr) != 1 {
			r.Other = true
			continue
		}
		for name, value := range expr {
			if name != "counter" {
				shown = append(shown, compact(text))
			}
			r.statement(name, value)
		}
	}
	r.Text = strings.Join(shown, " ")
	return r
}

func compact(text []byte) string {
	var b bytes.Buffer
	if json.Compact(&b, text) != nil {
		return string(text)
	}
	return b.String()
}

// statement takes up one expression of a rule.
func (r *Rule) statement(name string, value json.RawMessage) {
	var to struct{ Target string }
	switch name {
	case "match":
		r.match(value)
	case "accept", "queue":
		r.Verdict = Accept
	case "drop", "reject":
		r.Verdict = Drop
	case "return":
		r.Verdict = Return
	case "jump", "goto":
		_ = json.Unmarshal(value, &to)
		r.Verdict, r.Target = Verdict(name), to.Target
	case "vmap":
		r.vmap(value)
	case "xt":
		var xt struct{ Type, Name string }
		_ = json.Unmarshal(value, &xt)
		if xt.Type == "target" {
			r.jump("-j", xt.Name)
		} else if xt.Name != "comment" && xt.Name != "tcp" && xt.Name != "udp" {
			r.Other = true
		}
	case "counter", "log", "mangle", "ct helper", "notrack":
	default:
		r.Other = true
	}
}

// nftOperand is the left side of a match or the key of a map.
type nftOperand struct {
	Meta    struct{ Key string }
	Payload struct{ Protocol, Field string }
	CT      struct{ Key string }
}

func (r *Rule) match(value json.RawMessage) {
	var m struct {
		Op    string
		Left  nftOperand
		Right json.RawMessage
	}
	if json.Unmarshal(value, &m) != nil {
		r.Other = true
		return
	}
	right, ok := operand(m.Right)
	is := Match{Value: right, Not: m.Op == "!="}
	switch key := m.Left.Meta.Key + m.Left.CT.Key + m.Left.Payload.Field; {
	case key == "state":
		r.Other = r.Other || is.Not
		if !is.Not {
			r.States = strings.ToUpper(strings.ReplaceAll(strings.Trim(string(m.Right), "[]"), `"`, ""))
		}
	case !ok:
		r.Other = true
	case key == "iifname":
		r.In = is.wild()
	case key == "oifname":
		r.Out = is.wild()
	case key == "l4proto", key == "protocol" && m.Left.Payload.Protocol == "ip", key == "nexthdr":
		r.Proto = is
	case key == "saddr":
		r.Source = is
	case key == "daddr":
		r.Destination = is
	case m.Left.Payload.Protocol == "icmp", m.Left.Payload.Protocol == "icmpv6":
		r.Proto, r.Other = Match{Value: m.Left.Payload.Protocol}, true
	case key == "dport":
		r.Port, r.Other = right, true
		if m.Left.Payload.Protocol != "th" {
			r.Proto = Match{Value: m.Left.Payload.Protocol}
		}
	default:
		r.Other = true
	}
}

// wild turns nft's wildcard at the end of a name into that of iptables.
func (m Match) wild() Match {
	if prefix, ok := strings.CutSuffix(m.Value, "*"); ok {
		m.Value = prefix + "+"
	}
	return m
}

// operand reads the right side of a match where it is one value: a string, a
// number or a network.
func operand(text json.RawMessage) (string, bool) {
	var s string
	if json.Unmarshal(text, &s) == nil {
		return s, s != ""
	}
	var number json.Number
	if json.Unmarshal(text, &number) == nil {
		return number.String(), number != ""
	}
	var network struct {
		Prefix struct {
			Addr string
			Len  int
		}
	}
	if json.Unmarshal(text, &network) == nil && network.Prefix.Addr != "" {
		return fmt.Sprintf("%s/%d", network.Prefix.Addr, network.Prefix.Len), true
	}
	return "", false
}

func (r *Rule) vmap(value json.RawMessage) {
	var v struct {
		Key  nftOperand
		Data json.RawMessage
	}
	_ = json.Unmarshal(value, &v)
	name, ok := operand(v.Data)
	if !ok || !strings.HasPrefix(name, "@") || v.Key.Meta.Key != "iifname" && v.Key.Meta.Key != "oifname" {
		r.Other, r.Verdict = true, Accept
		return
	}
	r.Verdict, r.VMap, r.VMapKey = Jump, name[1:], v.Key.Meta.Key
}
