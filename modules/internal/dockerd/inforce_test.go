// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/dockerapi"
)

func TestNotInForce(t *testing.T) {
	const running = `{"ServerVersion":"26.1.5","Driver":"overlay2","DockerRootDir":"/var/lib/docker","LoggingDriver":"json-file","CgroupDriver":"systemd",
		"DefaultRuntime":"runc","Runtimes":{"runc":{}},"Labels":["a=b","c=d"],"SecurityOptions":["name=seccomp,profile=builtin"],
		"RegistryConfig":{"Mirrors":["https://m.example/"],"InsecureRegistryCIDRs":["127.0.0.0/8"],"IndexConfigs":{"r.example:5000":{"Secure":false},"docker.io":{"Secure":true}}}}`
	const bridge = `{"Options":{"com.docker.network.bridge.enable_icc":"true","com.docker.network.bridge.enable_ip_masquerade":"true","com.docker.network.driver.mtu":"1500",
		"com.docker.network.bridge.host_binding_ipv4":"0.0.0.0"},"IPAM":{"Config":[{"Subnet":"172.17.0.0/16","Gateway":"172.17.0.1"}]}}`
	tests := []struct{ config, info, want string }{
		{`{}`, running, ""},
		{`{"live-restore":false,"debug":false,"no-new-privileges":false,"experimental":false,"icc":true}`, running, ""},
		{`{"live-restore":true}`, running, "live-restore is true in daemon.json and false in the running daemon"},
		{`{"debug":true}`, running, "debug is true in daemon.json and false in the running daemon"},
		{`{"debug":"true"}`, running, ""}, // not a bool: refused elsewhere
		{`{"debug":null}`, running, ""},
		{`{"no-new-privileges":true}`, running, "no-new-privileges is true in daemon.json and false in the running daemon"},
		{`{"no-new-privileges":true}`, strings.Replace(running, "26.1.5", "20.10.24", 1), ""}, // 20.10 does not show it
		{`{"no-new-privileges":true}`, strings.Replace(running, "name=seccomp", "name=no-new-privileges", 1), ""},
		{`{"log-driver":"journald"}`, running, `log-driver is "journald" in daemon.json and "json-file" in the running daemon`},
		{`{"storage-driver":"overlay2","log-driver":"json-file","default-runtime":"runc"}`, running, ""},
		{`{"data-root":"/var/lib/docker/"}`, running, ""},
		{`{"data-root":"/srv"}`, running, `data-root is "/srv" in daemon.json and "/var/lib/docker" in the running daemon`},
		{`{"data-root":"/var/lib/docker"}`, strings.Replace(running, "/var/lib/docker", "/var/lib/docker/100000.100000", 1), ""}, // user namespaces
		{`{"data-root":"/var/lib/docker"}`, strings.Replace(running, "/var/lib/docker", "/var/lib/docker2", 1), `data-root is "/var/lib/docker" in daemon.json and "/var/lib/docker2" in the running daemon`},
		{`{"labels":["c=d","a=b"]}`, running, ""},
		{`{"labels":[]}`, running, `labels is [] in daemon.json and ["a=b","c=d"] in the running daemon`},
		{`{"registry-mirrors":["https://m.example"]}`, running, ""},
		{`{"registry-mirrors":["https://other.example"]}`, running, `registry-mirrors is ["https://other.example"] in daemon.json and ["https://m.example/"] in the running daemon`},
		{`{"insecure-registries":["r.example:5000","127.0.0.0/8","10.1.2.3/8"]}`, running, ""},
		{`{"insecure-registries":["docker.io"]}`, running, `insecure-registries is ["docker.io"] in daemon.json and without docker.io in the running daemon`},
		{`{"userns-remap":"default"}`, running, `userns-remap is "default" in daemon.json and user namespaces false in the running daemon`},
		{`{"exec-opts":["native.cgroupdriver=cgroupfs"]}`, running, `exec-opts is ["native.cgroupdriver=cgroupfs"] in daemon.json and native.cgroupdriver=systemd in the running daemon`},
		{`{"runtimes":{"crun":{"path":"/usr/bin/crun"}}}`, running, `runtimes is {"crun":{"path":"/usr/bin/crun"}} in daemon.json and without crun in the running daemon`},
		{`{"icc":false}`, running, "icc is false in daemon.json and true in the running daemon"},
		{`{"ip-masq":false}`, running, "ip-masq is false in daemon.json and true in the running daemon"},
		{`{"mtu":1400}`, running, "mtu is 1400 in daemon.json and 1500 in the running daemon"},
		{`{"mtu":1500,"ip":"0.0.0.0","bip":"172.17.0.1/16"}`, running, ""},
		{`{"bip":"10.77.0.1/24"}`, running, `bip is "10.77.0.1/24" in daemon.json and 172.17.0.1 in the running daemon`},
		{`{"unknown-key":1,"dns":["1.1.1.1"]}`, running, ""},
		{`{"log-driver":"journald","debug":true}`, running, `debug is true in daemon.json and false in the running daemon; log-driver is "journald" in daemon.json and "json-file" in the running daemon`},
	}
	for _, test := range tests {
		settings, err := ParseSettings(&test.config)
		if err != nil {
			t.Fatal(err)
		}
		var info dockerapi.Info
		var network dockerapi.Network
		if err := json.Unmarshal([]byte(test.info), &info); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(bridge), &network); err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, m := range NotInForce(settings, info, &network) {
			texts = append(texts, m.String())
		}
		if diff := cmp.Diff(test.want, strings.Join(texts, "; ")); diff != "" {
			t.Errorf("NotInForce(%s) differs (-want +got):\n%s", test.config, diff)
		}
	}
}

// Without a default bridge (bridge: none) there is nothing to compare.
func TestNotInForceWithoutBridge(t *testing.T) {
	config := `{"icc":false,"bip":"10.77.0.1/24"}`
	settings, err := ParseSettings(&config)
	if err != nil {
		t.Fatal(err)
	}
	if got := NotInForce(settings, dockerapi.Info{}, nil); got != nil {
		t.Errorf("NotInForce() = %v; want nothing", got)
	}
}
