// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repair

import (
	"strings"
	"testing"

	"hardened.docker/modules/internal/doctor"
	"hardened.docker/modules/internal/netfilter"
)

// The rule moves to right before the first leak, and its old place is deleted.
func TestMoves(t *testing.T) {
	tests := []struct {
		name, rules, want string
	}{
		{"engine 20.10", "-A FORWARD -j DOCKER-USER\n-A FORWARD -p icmp -j ACCEPT\n-A FORWARD -i docker0 -o docker0 -j DROP\n-A DOCKER-USER -j RETURN\n",
			"-t filter -I FORWARD 2 -i docker0 -o docker0 -j DROP; -t filter -D FORWARD 4"},
		{"engine 28", "-A FORWARD -p icmp -j ACCEPT\n-A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-FORWARD\n-A DOCKER-FORWARD -i docker0 -o docker0 -j DROP\n",
			"-t filter -I FORWARD 1 -j DOCKER-FORWARD; -t filter -D FORWARD 4"},
		{"the administrator's chain", "-A FORWARD -j DOCKER-USER\n-A FORWARD -i docker0 -o docker0 -j DROP\n-A DOCKER-USER -p icmp -j ACCEPT\n", ""},
	}
	for _, test := range tests {
		text := "*filter\n:FORWARD ACCEPT [0:0]\n:DOCKER-USER - [0:0]\n:DOCKER-FORWARD - [0:0]\n" + test.rules + "COMMIT\n"
		rules, err := netfilter.ParseSave(text)
		if err != nil {
			t.Fatal(err)
		}
		v := netfilter.View{}
		v.State.IPv4 = rules
		v.Wanted.Bridges = []netfilter.Bridge{{Name: "docker0", Networks: []string{"172.17.0.0/16"}}}
		leaks := doctor.Leaks(v)
		if len(leaks) != 1 {
			t.Fatalf("%s: %d leaks; want 1", test.name, len(leaks))
		}
		got, err := moves(rules, leaks[0])
		var lines []string
		for _, args := range got {
			lines = append(lines, strings.Join(args, " "))
		}
		if text := strings.Join(lines, "; "); text != test.want || (err != nil) != (test.want == "") {
			t.Errorf("%s: moves = %q, %v; want %q", test.name, text, err, test.want)
		}
	}
}
