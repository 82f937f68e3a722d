// SPDX-License-Identifier: GPL-3.0-or-later

package firewalld_docker_order

import (
	"strings"
	"testing"

	"hardened.docker/modules/internal/moduletest"
	"hardened.docker/modules/internal/mutate"
	"hardened.docker/modules/internal/ownfiles"
	"hardened.docker/modules/internal/unitfile"
)

func TestMain(m *testing.M) { moduletest.Main(m, "firewalld_docker_order", Module) }

func TestScripts(t *testing.T) { moduletest.Scripts(t) }

// What ss -xn of iproute2 6.1 prints, healthy and after journald's sockets were
// stopped.
const sockets = `Netid State Recv-Q Send-Q                Local Address:Port    Peer Address:Port   Process
u_str ESTAB 0      0      /run/dbus/system_bus_socket 3072499            * 3072498
u_dgr ESTAB 0      0                                * 3073470            * 3073469
u_str ESTAB 0      0      /run/systemd/journal/stdout 3104520            * 3104519
u_str ESTAB 0      0                                * 3104519            * 3104520
u_str ESTAB 0      0                                * 77                 * 0
`

func TestPeerOf(t *testing.T) {
	for inode, want := range map[string]string{"3104519": "3104520", "77": "0", "3104520": "3104519", "1": "", "3073470": ""} {
		if got, ok := peerOf(sockets, inode); got != want || ok != (want != "") {
			t.Errorf("peerOf(%s) = %q, %t; want %q", inode, got, ok, want)
		}
	}
}

func FuzzPeerOf(f *testing.F) {
	f.Add(sockets, "77")
	mutate.Fuzz(f, func(t *testing.T, text, inode string) { peerOf(text, inode) })
}

// No unit may be tied to another so that it stops with it: that stops Docker
// together with firewalld.
func TestUnitsOnlyWantAndFollow(t *testing.T) {
	for _, file := range allFiles(Params{Firewalld: true, Journald: true, AllowRestart: true, State: "present"}) {
		if !file.Wanted || strings.Contains(file.Content, "@") {
			t.Errorf("%s is not filled in", file.Path)
		}
		if !strings.HasPrefix(file.Path, ownfiles.UnitFolder) {
			continue
		}
		settings, faults := unitfile.Parse(file.Path, []byte(file.Content))
		if len(faults) > 0 {
			t.Errorf("%s: %v", file.Path, faults)
		}
		for _, s := range settings {
			switch s.Name {
			case "PartOf", "BindsTo", "Requires", "Requisite", "Conflicts", "Before", "PropagatesReloadTo":
				t.Errorf("%s:%d has %s", file.Path, s.Line, s.Name)
			}
		}
	}
}
