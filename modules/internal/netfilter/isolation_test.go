// SPDX-License-Identifier: GPL-3.0-or-later

package netfilter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func apart() Wanted {
	return Wanted{Bridges: []Bridge{
		{Name: "br-70a6d20c6c98", Networks: []string{"172.18.0.0/16"}, ICC: true},
		{Name: "docker0", Networks: []string{"172.17.0.0/16"}, Default: true},
	}}
}

func iptablesState(r Ruleset) State {
	return State{Backend: IPTablesNFT, IPv4: r, Tool: "iptables", Tool6: "ip6tables"}
}

func lines(changes []Change) []string {
	var list []string
	for _, c := range changes {
		list = append(list, strings.ReplaceAll(c.String(), " -i docker0 -o docker0 -m comment --comment hardened.docker", " *"))
	}
	return list
}

func TestLeaks(t *testing.T) {
	for _, tc := range []struct {
		rules Ruleset
		want  []string
	}{
		{parsed(t, "engine-20.10.save"), nil},
		{parsed(t, "engine-28.5.save"), nil},
		{parsed(t, "engine-20.10-icmp.save"), []string{"rule 9 of the chain FORWARD (iptables) comes before the DROP between the containers of docker0: -A FORWARD -p icmp -j ACCEPT"}},
		{changed(t, "engine-20.10.save", "-A FORWARD -i docker0 -o docker0 -j DROP\n", ""), []string{"no rule of iptables keeps the containers of docker0 apart"}},
		{Ruleset{}, []string{"no rule of iptables keeps the containers of docker0 apart"}},
	} {
		var got []string
		for _, l := range iptablesState(tc.rules).Leaks(apart()) {
			got = append(got, l.String())
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestBarriers(t *testing.T) {
	const jump = "-A FORWARD -j DOCKER-USER\n"
	const mark = ` -i docker0 -o docker0 -m comment --comment "hardened.docker" -j `
	user := "-A DOCKER-USER" + mark + "DOCKER\n-A DOCKER-USER" + mark + "DROP\n"
	const end = "-A DOCKER-USER -j RETURN\n"
	pair := []string{"iptables -I DOCKER-USER 1 * -j DOCKER", "iptables -I DOCKER-USER 2 * -j DROP"}
	made := []string{"iptables -N DOCKER-USER", "iptables -A DOCKER-USER -j RETURN", "iptables -I FORWARD -j DOCKER-USER"}
	for _, tc := range []struct {
		name  string
		rules Ruleset
		want  []string
	}{
		{"nothing leaks yet", parsed(t, "engine-20.10.save"), pair},
		{"engine 28", parsed(t, "engine-28.5.save"), pair},
		{"the engine forgot the administrator's chain", parsed(t, "engine-20.10-icmp.save"), append(made, pair...)},
		{"it is there", changed(t, "engine-20.10.save", end, user+end), nil},
		{"it is there in the wrong order", changed(t, "engine-20.10.save", end, "-A DOCKER-USER"+mark+"DROP\n-A DOCKER-USER"+mark+"DOCKER\n"+end),
			append([]string{"iptables -D DOCKER-USER * -j DROP", "iptables -D DOCKER-USER * -j DOCKER"}, pair...)},
		{"somebody is in front of it", changed(t, "engine-20.10.save", end, "-A DOCKER-USER -p icmp -j ACCEPT\n"+user+end),
			append([]string{"iptables -D DOCKER-USER * -j DOCKER", "iptables -D DOCKER-USER * -j DROP"}, pair...)},
		{"somebody is in front of the chain", changed(t, "engine-20.10.save", jump, "-A FORWARD -i eth0 -j ACCEPT\n-A FORWARD -p icmp -j ACCEPT\n"+jump),
			append(append([]string{}, pair...), "iptables -I FORWARD 2 * -j DOCKER", "iptables -I FORWARD 3 * -j DROP")},
		{"in another chain in front of it", changed(t, "engine-20.10.save", ":DOCKER-USER - [0:0]\n"+jump, ":DOCKER-USER - [0:0]\n:MINE - [0:0]\n-A FORWARD -j MINE\n-A MINE -p udp -j ACCEPT\n"+jump),
			append(append([]string{}, pair...), "iptables -I MINE 1 * -j DOCKER", "iptables -I MINE 2 * -j DROP")},
	} {
		got, err := iptablesState(tc.rules).Barriers(apart())
		if diff := cmp.Diff(tc.want, lines(got), cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", tc.name, err, diff)
		}
	}
}

// A barrier goes when its network lets containers talk, or when it is not
// wanted any more.
func TestBarriersLeave(t *testing.T) {
	const mark = ` -m comment --comment "hardened.docker" -j `
	rules := changed(t, "engine-20.10.save", "-A DOCKER-USER -j RETURN\n",
		"-A DOCKER-USER -i docker0 -o docker0"+mark+"DOCKER\n-A DOCKER-USER -i docker0 -o docker0"+mark+"DROP\n"+
			"-A DOCKER-USER -i br-x -o br-x"+mark+"DOCKER\n-A DOCKER-USER -i br-x -o br-x"+mark+"DROP\n-A DOCKER-USER -j RETURN\n")
	got, err := iptablesState(rules).Barriers(apart())
	want := []string{
		"iptables -D DOCKER-USER -i br-x -o br-x -m comment --comment hardened.docker -j DOCKER",
		"iptables -D DOCKER-USER -i br-x -o br-x -m comment --comment hardened.docker -j DROP",
	}
	if diff := cmp.Diff(want, lines(got)); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if cleared := iptablesState(rules).Cleared(); len(cleared) != 4 {
		t.Errorf("Cleared = %v", cleared)
	}
}

func TestBarriersIPv6(t *testing.T) {
	s := iptablesState(changed(t, "engine-20.10.save", "-A DOCKER-USER -j RETURN\n",
		`-A DOCKER-USER -i docker0 -o docker0 -m comment --comment "hardened.docker" -j DOCKER`+"\n"+
			`-A DOCKER-USER -i docker0 -o docker0 -m comment --comment "hardened.docker" -j DROP`+"\n-A DOCKER-USER -j RETURN\n"))
	w := apart()
	w.Bridges[1].IPv6 = true
	if _, err := s.Barriers(w); err == nil || !strings.Contains(err.Error(), "cannot keep the containers of docker0 apart: no rule of ip6tables") {
		t.Errorf("Barriers without a table for IPv6 = %v", err)
	}
	six, err := ParseSave("*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p ipv6-icmp -j ACCEPT\nCOMMIT\n")
	if err != nil {
		t.Fatal(err)
	}
	s.IPv6 = six
	got, err := s.Barriers(w)
	if diff := cmp.Diff([]string{"ip6tables -I FORWARD 1 * -j DROP"}, lines(got)); diff != "" || err != nil {
		t.Errorf("Barriers where the engine does nothing about IPv6: %v\n%s", err, diff)
	}
}

func TestBarriersNative(t *testing.T) {
	w := Wanted{Bridges: apart().Bridges[1:]}
	s := State{Backend: NFTables, IPv4: parsed(t, "engine-29-nftables.json").family("ip"), Tool: "nft", Tool6: "nft"}
	if got, err := s.Barriers(w); err != nil || got != nil || s.Leaks(w) != nil {
		t.Errorf("Barriers = %v, %v, leaks %v", got, err, s.Leaks(w))
	}
	s.IPv4 = parsed(t, "engine-29-nftables-icmp.json").family("ip")
	if leaks := s.Leaks(w); len(leaks) != 1 || leaks[0].Place.Rule.Handle != 20 {
		t.Errorf("Leaks = %v", leaks)
	}
	got, err := s.Barriers(w)
	want := []string{`nft insert rule ip docker-bridges filter-FORWARD position 20 iifname "docker0" oifname "docker0" counter jump filter-forward-in__docker0 comment "hardened.docker"`}
	if diff := cmp.Diff(want, lines(got)); diff != "" || err != nil {
		t.Error(err, diff)
	}
}
