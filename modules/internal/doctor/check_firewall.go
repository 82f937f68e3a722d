// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"fmt"
	"path"
	"strings"

	"hardened.docker/modules/internal/audit"
	"hardened.docker/modules/internal/netfilter"
)

// noRules says why there are no rules of Docker to judge, "" if there are.
func noRules(v netfilter.View) string {
	switch {
	case !v.Running:
		return "the daemon does not run"
	case !v.Manages:
		return "the engine was told to write no rules (iptables is false)"
	}
	return ""
}

// missingChains: firewalld, or whoever loaded rules, took Docker's away.
func missingChains(s *Snapshot) Verdict {
	v := s.Firewall
	if why := noRules(v); why != "" {
		return notApplicable(why)
	}
	if v.Lost.Empty() {
		return Verdict{}
	}
	one := Ill{Evidence: append([]string{fmt.Sprintf("%s, %d networks, %d published ports", v.State.Backend, len(v.Wanted.Bridges), len(v.Wanted.Ports))}, v.Lost.Texts()...)}
	if v.Lost.OnlyDetails() {
		one.Severity = Warning
	}
	return Verdict{Ills: []Ill{one}}
}

// Leak is traffic between containers that a rule lets through ahead of the one
// that should stop it.
type Leak struct {
	Bridge  string
	Finding netfilter.Finding
	Base    netfilter.Chain
}

// Leaks returns the bridges whose containers should not reach each other and
// do.
func Leaks(v netfilter.View) []Leak {
	var found []Leak
	for _, b := range v.Wanted.Bridges {
		if b.ICC {
			continue
		}
		for _, base := range v.State.IPv4.Chains {
			if base.Hook != "forward" && (base.Name != "FORWARD" || base.Table != "filter") {
				continue
			}
			f := netfilter.Between(v.State.IPv4, base, b.Name, b.Networks)
			if len(f.Leaks) > 0 && f.Closed {
				found = append(found, Leak{b.Name, f, base})
			}
		}
	}
	return found
}

// icmpBeforeDrop: icc is false, and rules accept traffic before it is dropped.
func icmpBeforeDrop(s *Snapshot) Verdict {
	if why := noRules(s.Firewall); why != "" {
		return notApplicable(why)
	}
	var v Verdict
	for _, l := range Leaks(s.Firewall) {
		one := ill(l.Bridge)
		for _, place := range l.Finding.Leaks {
			one.Evidence = append(one.Evidence, fmt.Sprintf("%s, rule %d of %s: %s", s.Firewall.State.Backend, place.Number, place.Chain, place.Rule.Text))
		}
		one.Evidence = append(one.Evidence, fmt.Sprintf("comes before rule %d of %s: %s", l.Finding.Drop.Number, l.Finding.Drop.Chain, l.Finding.Drop.Rule.Text))
		v.Ills = append(v.Ills, one)
	}
	return v
}

// auditCost: a watch on the data-root writes a record for each file that a
// container touches.
func auditCost(s *Snapshot) Verdict {
	if s.NoAudit != "" {
		return notApplicable(s.NoAudit)
	}
	var v Verdict
	for _, r := range s.Audit {
		if !r.IsWatch || s.State.Root == "" {
			continue
		}
		watched := path.Clean(r.Watch.Path)
		if below(s.State.Root, watched) || strings.HasPrefix(watched, s.State.Root+"/") {
			one := ill(watched, "the kernel has the rule "+r.Watch.String())
			if r.Watch.Perm&(audit.Read|audit.Execute) == 0 {
				one.Severity = Info
			}
			v.Ills = append(v.Ills, one)
		}
	}
	return v
}
