// SPDX-License-Identifier: GPL-3.0-or-later

package netfilter

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// told is a finding in short: the leaks by chain and number, then what ends it.
func told(f Finding) string {
	var b strings.Builder
	for _, p := range f.Leaks {
		fmt.Fprintf(&b, "%s %d, ", p.Chain, p.Number)
	}
	if !f.Closed {
		return b.String() + "open"
	}
	return b.String() + fmt.Sprintf("drop %s %d", f.Drop.Chain, f.Drop.Number)
}

func between(r Ruleset) string {
	return told(Between(r, *r.Chain("filter", "FORWARD"), "docker0", []string{"172.17.0.0/16"}))
}

func TestBetweenRecorded(t *testing.T) {
	for name, want := range map[string]string{
		"engine-20.10.save":      "drop FORWARD 10",
		"legacy-20.10.save":      "drop FORWARD 10",
		"engine-26.1.save":       "drop FORWARD 10",
		"engine-28.5.save":       "drop DOCKER-FORWARD 4",
		"engine-20.10-icmp.save": "FORWARD 9, drop FORWARD 10",
	} {
		if got := between(parsed(t, name)); got != want {
			t.Errorf("Between(%s) = %s; want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"engine-29-nftables.json":      "drop filter-forward-in__docker0 2",
		"engine-29-nftables-icmp.json": "filter-FORWARD 1, drop filter-forward-in__docker0 2",
	} {
		r := parsed(t, name)
		if got := told(Between(r, *r.Chain(nativeTable, "filter-FORWARD"), "docker0", []string{"172.17.0.0/16"})); got != want {
			t.Errorf("Between(%s) = %s; want %s", name, got, want)
		}
	}
}

func TestBetween(t *testing.T) {
	const drop = "-A FORWARD -i docker0 -o docker0 -j DROP"
	for _, tc := range []struct{ rules, want string }{
		{drop, "drop FORWARD 1"},
		{"-A FORWARD -p icmp -j ACCEPT\n" + drop, "FORWARD 1, drop FORWARD 2"},
		{drop + "\n-A FORWARD -p icmp -j ACCEPT", "drop FORWARD 1"},
		{"-A FORWARD -j ACCEPT\n" + drop, "FORWARD 1, open"},
		{"-A FORWARD -i docker+ -m mark --mark 1 -j ACCEPT\n" + drop, "FORWARD 1, drop FORWARD 2"},
		{"-A FORWARD -i eth0 -j ACCEPT\n-A FORWARD ! -i docker0 -j ACCEPT\n" + drop, "drop FORWARD 3"},
		{"-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n" + drop, "drop FORWARD 2"},
		{"-A FORWARD -p tcp -m tcp --sport 80 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n" + drop, "drop FORWARD 2"},
		{"-A FORWARD -p icmp -m conntrack ! --ctstate ESTABLISHED -j ACCEPT\n" + drop, "FORWARD 1, drop FORWARD 2"},
		{"-A FORWARD -m conntrack --ctstate NEW -j ACCEPT\n" + drop, "FORWARD 1, drop FORWARD 2"},
		{"-A FORWARD -s 10.0.0.0/8 -j ACCEPT\n" + drop, "drop FORWARD 2"},
		{"-A FORWARD -s 172.16.0.0/12 -j ACCEPT\n" + drop, "FORWARD 1, open"},
		{"-A FORWARD -s 172.17.0.9/32 -j ACCEPT\n" + drop, "FORWARD 1, drop FORWARD 2"},
		{"-A FORWARD ! -s 172.17.0.0/16 -j ACCEPT\n" + drop, "drop FORWARD 2"},
		{"-A FORWARD ! -s 172.17.0.9/32 -j ACCEPT\n" + drop, "FORWARD 1, drop FORWARD 2"},
		// What others dropped already leaks no more.
		{"-A FORWARD -p icmp -j DROP\n-A FORWARD -p icmp -j ACCEPT\n" + drop, "drop FORWARD 3"},
		{"-A FORWARD -p tcp -j DROP\n-A FORWARD -p icmp -j ACCEPT\n" + drop, "FORWARD 2, drop FORWARD 3"},
		{"-A FORWARD -s 1.2.3.4/32 -p icmp -j DROP\n-A FORWARD -p icmp -j ACCEPT\n" + drop, "FORWARD 2, drop FORWARD 3"},
		// Through other chains.
		{"-A FORWARD -j USER\n-A USER -p icmp -j ACCEPT\n" + drop, "USER 1, drop FORWARD 2"},
		{"-A FORWARD -j USER\n-A USER -j RETURN\n-A USER -p icmp -j ACCEPT\n" + drop, "drop FORWARD 2"},
		{"-A FORWARD -j USER\n-A USER -p tcp -j RETURN\n-A USER -j ACCEPT\n" + drop, "USER 2, open"},
		{"-A FORWARD -p tcp -j USER\n-A USER -j DROP\n" + drop, "drop FORWARD 2"},
		{"-A FORWARD -p tcp -j USER\n-A USER -j ACCEPT\n" + drop, "USER 1, drop FORWARD 2"},
		{"-A FORWARD -g USER\n-A USER -p icmp -j ACCEPT\n" + drop, "USER 1, open"},
		{"-A FORWARD -j USER\n-A USER -j USER\n" + drop, "drop FORWARD 2"},
		{"-A FORWARD -j NOWHERE\n" + drop, "drop FORWARD 2"},
		// A link that the administrator asked for.
		{"-A FORWARD -o docker0 -j DOCKER\n-A DOCKER -s 172.17.0.2/32 -d 172.17.0.3/32 -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT\n" + drop, "drop FORWARD 2"},
		{"", "open"},
	} {
		text := "*filter\n:FORWARD ACCEPT [0:0]\n:USER - [0:0]\n:DOCKER - [0:0]\n" + tc.rules + "\nCOMMIT\n"
		r, err := ParseSave(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := between(r); got != tc.want {
			t.Errorf("Between(%q) = %s; want %s", tc.rules, got, tc.want)
		}
	}
	r, err := ParseSave("*filter\n:FORWARD DROP [0:0]\nCOMMIT\n")
	if got := between(r); err != nil || got != "drop FORWARD 0" {
		t.Errorf("Between with a policy to drop = %s, %v", got, err)
	}
}

func TestParseNetwork(t *testing.T) {
	type network struct {
		Address uint32
		Length  int
		OK      bool
	}
	for text, want := range map[string]network{
		"172.17.0.2": {0xac110002, 32, true}, "10.0.0.0/8": {0x0a000000, 8, true}, "0.0.0.0/0": {0, 0, true},
		"fd00::/64": {}, "1.2.3": {}, "1.2.3.256": {}, "1.2.3.4/33": {}, "1.2.3.4/x": {}, "": {},
	} {
		var got network
		got.Address, got.Length, got.OK = parseNetwork(text)
		if !want.OK {
			got.Address, got.Length = 0, 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("parseNetwork(%q):\n%s", text, diff)
		}
	}
}
