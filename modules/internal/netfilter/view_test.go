// SPDX-License-Identifier: GPL-3.0-or-later

package netfilter

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
)

// client asks an engine that gives these answers.
func client(t *testing.T, answers map[string]string) *dockerapi.Client {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "docker.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(answers[r.URL.Path]))
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return dockerapi.New(socket, socket, time.Minute)
}

// What went while the rules were read is not missing.
func TestConfirm(t *testing.T) {
	const bridge = `{"Name": "bridge", "Id": "1", "Driver": "bridge", "IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}]}, "Options": {"com.docker.network.bridge.name": "docker0"}}`
	const port = `"Ports": [{"IP": "0.0.0.0", "PublicPort": 9000, "Type": "tcp"}]`
	for _, tc := range []struct{ containers, want string }{
		{`[{"Names": ["/gone"], "State": "running", ` + port + `}]`, "port 9000/tcp of gone leads nowhere"},
		{`[{"Names": ["/gone"], "State": "restarting", ` + port + `}]`, ""},
		{`[]`, ""},
	} {
		v := View{
			State: iptablesState(parsed(t, "engine-20.10.save")),
			Client: client(t, map[string]string{
				"/info": `{"LiveRestoreEnabled": true}`, "/networks": "[" + bridge + "]", "/containers/json": tc.containers,
			}),
			Wanted: Wanted{
				Bridges: []Bridge{{Name: "docker0", Networks: []string{"172.17.0.0/16"}}, {Name: "br-gone", Networks: []string{"10.0.0.0/24"}}},
				Ports:   []Port{{Container: "gone", Address: "0.0.0.0", Public: 9000, Protocol: "tcp"}},
			},
		}
		if v.Lost = v.State.Lost(v.Wanted); len(v.Lost.Texts()) < 2 {
			t.Fatalf("Lost = %v", v.Lost.Texts())
		}
		if err := v.confirm(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(v.Lost.Texts(), ", "); got != tc.want {
			t.Errorf("with %s lost is %q; want %q", tc.containers, got, tc.want)
		}
	}
}

func TestManagesRules(t *testing.T) {
	for _, tc := range []struct {
		config string
		args   []string
		want   bool
	}{
		{"{}", []string{"dockerd"}, true},
		{`{"iptables": false}`, []string{"dockerd"}, false},
		{`{"iptables": true}`, []string{"dockerd"}, true},
		{"{}", []string{"dockerd", "--iptables=false"}, false},
	} {
		settings, err := dockerd.ParseSettings(&tc.config)
		if got := ManagesRules(settings, tc.args); err != nil || got != tc.want {
			t.Errorf("ManagesRules(%s, %q) = %t; want %t", tc.config, tc.args, got, tc.want)
		}
	}
}

func TestWantedBy(t *testing.T) {
	containers := []dockerapi.Container{{State: "running", Ports: []dockerapi.Port{{IP: "0.0.0.0", PublicPort: 80, Type: "tcp"}, {IP: "::", PublicPort: 80, Type: "tcp"}, {PrivatePort: 90, Type: "tcp"}}}}
	network := dockerapi.Network{Name: "n", ID: "1", Driver: "bridge", Options: map[string]string{}}
	if w := WantedBy([]dockerapi.Network{network}, containers); len(w.Ports) != 1 {
		t.Errorf("ports of %+v", w)
	}
	network.Options[optionMode] = "routed"
	if w := WantedBy([]dockerapi.Network{network}, containers); len(w.Ports) != 0 {
		t.Errorf("ports of a routed network: %+v", w)
	}
}
