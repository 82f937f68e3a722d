// SPDX-License-Identifier: GPL-3.0-or-later

package netfilter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hardened.docker/modules/internal/dockerapi"
)

// wanted is what the recorded hosts run: web on docker0, web2 on a network of
// its own.
func wanted(second string) Wanted {
	return Wanted{
		Bridges: []Bridge{
			{Name: second, Networks: []string{"172.18.0.0/16"}, ICC: true},
			{Name: "docker0", Networks: []string{"172.17.0.0/16"}, Default: true},
		},
		Ports: []Port{
			{Container: "web", Address: "0.0.0.0", Public: 8080, Protocol: "tcp"},
			{Container: "web2", Address: "0.0.0.0", Public: 8081, Protocol: "tcp"},
		},
	}
}

func TestMissingNothing(t *testing.T) {
	for name, second := range map[string]string{
		"engine-20.10.save": "br-70a6d20c6c98", "legacy-20.10.save": "br-70a6d20c6c98",
		"engine-26.1.save": "br-af1166ce25a5", "engine-28.5.save": "br-af1166ce25a5",
	} {
		if l := Missing(parsed(t, name), wanted(second)); !l.Empty() {
			t.Errorf("Missing(%s) = %+v", name, l)
		}
	}
	if l := MissingNative(parsed(t, "engine-29-nftables.json").family("ip"), Wanted{Bridges: []Bridge{{Name: "docker0"}}}); !l.Empty() {
		t.Errorf("MissingNative = %+v", l)
	}
	if l := Missing(Ruleset{}, Wanted{}); !l.Empty() {
		t.Errorf("Missing without networks = %+v", l)
	}
}

func TestMissing(t *testing.T) {
	const br = "br-70a6d20c6c98"
	for _, tc := range []struct {
		name  string
		rules Ruleset
		want  Lost
	}{
		{"after firewalld started", Ruleset{}, Lost{
			Chains: []string{
				"nat PREROUTING does not lead to DOCKER", "nat OUTPUT does not lead to DOCKER",
				"nothing leads to the containers of br-70a6d20c6c98", "nothing leads to the containers of docker0",
			},
			Ports:   []string{"port 8080/tcp of web leads nowhere", "port 8081/tcp of web2 leads nowhere"},
			Details: []string{"filter FORWARD does not lead to DOCKER-USER"},
			Restore: [][]string{{"-N", "DOCKER-USER"}, {"-A", "DOCKER-USER", "-j", "RETURN"}, {"-I", "FORWARD", "-j", "DOCKER-USER"}},
		}},
		{"after firewalld reloaded", parsed(t, "engine-20.10-reloaded.save"), Lost{
			Details: []string{
				"containers of br-70a6d20c6c98 are not kept apart from those of other bridges",
				"containers of docker0 are not kept apart from those of other bridges",
			},
			Restore: [][]string{
				{"-I", "DOCKER-ISOLATION-STAGE-1", "-i", br, "!", "-o", br, "-j", "DOCKER-ISOLATION-STAGE-2"},
				{"-I", "DOCKER-ISOLATION-STAGE-2", "-o", br, "-j", "DROP"},
				{"-I", "DOCKER-ISOLATION-STAGE-1", "-i", "docker0", "!", "-o", "docker0", "-j", "DOCKER-ISOLATION-STAGE-2"},
				{"-I", "DOCKER-ISOLATION-STAGE-2", "-o", "docker0", "-j", "DROP"},
			},
		}},
		{"one port", changed(t, "engine-20.10.save", "-A DOCKER -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.18.0.2:8080\n", ""), Lost{
			Ports: []string{"port 8081/tcp of web2 leads nowhere"},
		}},
		{"the way to all isolation", changed(t, "engine-20.10.save", "-A FORWARD -j DOCKER-ISOLATION-STAGE-1\n", ""), Lost{
			Chains: []string{"filter FORWARD does not lead to DOCKER-ISOLATION-STAGE-1"},
		}},
	} {
		if diff := cmp.Diff(tc.want, Missing(tc.rules, wanted(br)), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("Missing %s:\n%s", tc.name, diff)
		}
	}
}

func TestMissingInNewLayout(t *testing.T) {
	l := Missing(changed(t, "engine-28.5.save", "-A FORWARD -j DOCKER-FORWARD\n", ""), wanted("br-af1166ce25a5"))
	if len(l.Chains) != 1 || !strings.Contains(l.Chains[0], "DOCKER-FORWARD") || l.OnlyDetails() {
		t.Errorf("Missing without DOCKER-FORWARD = %+v", l)
	}
	l = Missing(changed(t, "engine-28.5.save", "-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP\n", ""), wanted("br-af1166ce25a5"))
	if !l.OnlyDetails() || len(l.Restore) != 1 {
		t.Errorf("Missing without a DROP of STAGE-2 = %+v", l)
	}
}

func TestPortRule(t *testing.T) {
	for _, tc := range []struct {
		rule string
		port Port
		want bool
	}{
		{"-p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80", Port{Address: "0.0.0.0", Public: 80, Protocol: "tcp"}, true},
		{"-p udp -m udp --dport 80 -j DNAT --to-destination 172.17.0.2:80", Port{Address: "0.0.0.0", Public: 80, Protocol: "tcp"}, false},
		{"-d 127.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80", Port{Address: "127.0.0.1", Public: 80, Protocol: "tcp"}, true},
		{"-d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80", Port{Address: "127.0.0.1", Public: 80, Protocol: "tcp"}, false},
		{"-p tcp -m tcp --dport 8000:8010 -j DNAT --to-destination 172.17.0.2:8000-8010", Port{Address: "0.0.0.0", Public: 8005, Protocol: "tcp"}, true},
		{"-p tcp -m tcp --dport 80 -j ACCEPT", Port{Address: "0.0.0.0", Public: 80, Protocol: "tcp"}, false},
	} {
		_, rule, err := parseRule("-A DOCKER " + tc.rule)
		if got := tc.port.isRule(rule); err != nil || got != tc.want {
			t.Errorf("%+v isRule(%s) = %t, %v; want %t", tc.port, tc.rule, got, err, tc.want)
		}
	}
}

func TestBridges(t *testing.T) {
	network := func(name, driver string, options map[string]string, subnets ...string) dockerapi.Network {
		n := dockerapi.Network{Name: name, ID: "0123456789abcdef", Driver: driver, Options: options}
		for _, s := range subnets {
			n.IPAM.Config = append(n.IPAM.Config, dockerapi.Pool{Subnet: s})
		}
		return n
	}
	internal := network("internal", "bridge", nil, "10.1.0.0/24")
	internal.Internal = true
	got := bridges([]dockerapi.Network{
		network("n2", "bridge", map[string]string{optionICC: "false"}, "10.0.0.0/24", "fd00::/64"),
		network("bridge", "bridge", map[string]string{optionName: "docker0", optionDefault: "true", optionICC: "true"}, "172.17.0.0/16"),
		network("host", "host", nil), network("none", "null", nil), internal,
		network("docker_gwbridge", "bridge", map[string]string{optionName: "docker_gwbridge", optionICC: "false"}, "172.18.0.0/16"),
		network("v6", "bridge", nil, "fd01::/64"), network("apart", "bridge", map[string]string{optionMode: "isolated"}, "10.2.0.0/24"),
	})
	want := []Bridge{
		{Name: "br-0123456789ab", Networks: []string{"10.0.0.0/24"}},
		{Name: "docker0", Networks: []string{"172.17.0.0/16"}, Default: true, ICC: true},
		// A swarm's own bridge lets services reach the ports of others.
		{Name: "docker_gwbridge", Networks: []string{"172.18.0.0/16"}, ICC: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
