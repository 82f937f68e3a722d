// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/systemd"
)

func TestConfigFile(t *testing.T) {
	tests := map[string]string{
		"dockerd": DefaultConfigFile, "dockerd -H fd://": DefaultConfigFile, "dockerd --config-file /a.json": "/a.json", "dockerd --config-file=/a.json --debug": "/a.json",
		"dockerd --config-file=/a.json --config-file=/b.json": "/b.json", "dockerd -- --config-file=/a.json": DefaultConfigFile, "dockerd --config-file": DefaultConfigFile,
	}
	for line, want := range tests {
		if got := ConfigFile(strings.Fields(line)); got != want {
			t.Errorf("ConfigFile(%q) = %q; want %q", line, got, want)
		}
	}
}

func TestSocketPath(t *testing.T) {
	socket := systemd.Unit{Listen: []string{"[::]:2375 (Stream)", "/run/docker.sock (Stream)"}}
	tests := []struct{ line, config, want string }{
		{"dockerd", "{}", dockerapi.DefaultSocket},
		{"dockerd -H fd://", "{}", "/run/docker.sock"},
		{"dockerd -H tcp://0.0.0.0:2376 -H unix:///a.sock", "{}", "/a.sock"},
		{"dockerd --host=unix:///a.sock", "{}", "/a.sock"},
		{"dockerd -Hunix:///a.sock", "{}", "/a.sock"},
		{"dockerd", `{"hosts":["tcp://1.2.3.4:2376","unix:///b.sock"]}`, "/b.sock"},
		{"dockerd", `{"hosts":"unix:///b.sock"}`, dockerapi.DefaultSocket}, // not a list: dockerd refuses it
		{"dockerd", `{"hosts":["unix://"]}`, dockerapi.DefaultSocket},
	}
	for _, test := range tests {
		settings, err := ParseSettings(&test.config)
		if err != nil {
			t.Fatal(err)
		}
		if got := SocketPath(strings.Fields(test.line), settings, socket); got != test.want {
			t.Errorf("SocketPath(%q, %s) = %q; want %q", test.line, test.config, got, test.want)
		}
	}
}

func TestParseSettings(t *testing.T) {
	for _, text := range []string{"", " \n", "null", "{}", "\ufeff{}"} {
		if got, err := ParseSettings(&text); err != nil || len(got) != 0 {
			t.Errorf("ParseSettings(%q) = %v, %v; want no settings", text, got, err)
		}
	}
	for _, text := range []string{"{", "[]", `{"a":1,}`, "{} x"} {
		if _, err := ParseSettings(&text); err == nil || !strings.HasPrefix(err.Error(), "invalid JSON at line 1, column ") {
			t.Errorf("ParseSettings(%q) = %v; want that it is invalid", text, err)
		}
	}
	if got, err := ParseSettings(nil); err != nil || len(got) != 0 {
		t.Errorf("ParseSettings(nil) = %v, %v; want no settings", got, err)
	}
}

func TestParseStat(t *testing.T) {
	const rest = " S 1 354 354 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 11 0 248847 2000 30"
	tests := []struct {
		text string
		want Process
		ok   bool
	}{
		{"354 (dockerd)" + rest, Process{PID: 354, Parent: 1, Name: "dockerd", Ticks: 248847}, true},
		{"354 (a) (b c)" + rest, Process{PID: 354, Parent: 1, Name: "a) (b c", Ticks: 248847}, true},
		{"", Process{}, false},
		{"354 dockerd S 1", Process{}, false},
		{"354 (dockerd) S 1", Process{}, false},
		{"x (dockerd)" + rest, Process{}, false},
		{"-354 (dockerd)" + rest, Process{}, false},
		{"0 (dockerd)" + rest, Process{}, false},
	}
	for _, test := range tests {
		got, err := parseStat(test.text)
		if diff := cmp.Diff(test.want, got); diff != "" || (err == nil) != test.ok {
			t.Errorf("parseStat(%q) = %+v, %v; want %+v, ok %v", test.text, got, err, test.want, test.ok)
		}
	}
}

func TestContainerIDs(t *testing.T) {
	shim := func(line string) Process { return Process{Args: strings.Fields(line)} }
	p := Processes{Shims: []Process{
		shim("/usr/bin/containerd-shim-runc-v2 -namespace moby -id aaa -address /run/containerd/containerd.sock"),
		shim("/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id bbb -address /run/containerd/containerd.sock"),
		shim("docker-containerd-shim -namespace moby -workdir /var/lib/docker/containerd/daemon/io.containerd.runtime.v1.linux/moby/ccc -address x"),
		shim("containerd-shim-runc-v2 -id"),
		shim(""),
	}}
	if diff := cmp.Diff([]string{"aaa", "ccc"}, p.ContainerIDs()); diff != "" {
		t.Errorf("ContainerIDs() differs (-want +got):\n%s", diff)
	}
}

// Lines as dockerd 20.10 and 26.1 and systemd 252 and 257 wrote them.
func TestReason(t *testing.T) {
	tests := []struct {
		name, journal, want string
	}{
		{"unknown key", `Starting docker.service - Docker Application Container Engine...
unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives don't match any configuration option: nope
docker.service: Main process exited, code=exited, status=1/FAILURE
docker.service: Failed with result 'exit-code'.
docker.service: Scheduled restart job, restart counter is at 3.
docker.service: Start request repeated too quickly.
Failed to start docker.service - Docker Application Container Engine.`,
			"unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives don't match any configuration option: nope"},
		{"graph driver", `time="2026-11-22T17:28:31.1Z" level=info msg="Starting up"
time="2026-11-22T17:28:31.2Z" level=error msg="failed to mount overlay: invalid argument" storage-driver=overlay2
failed to start daemon: error initializing graphdriver: driver not supported
docker.service: Failed with result 'exit-code'.`, "failed to start daemon: error initializing graphdriver: driver not supported"},
		{"fatal", `time="2026-11-22T17:28:16.1Z" level=fatal msg="Error validating authorization plugin: plugin \"nonesuch\" not found"`,
			`Error validating authorization plugin: plugin "nonesuch" not found`},
		{"error field", `time="x" level=error msg="failed to get event" error="rpc error: code = Unavailable" module=libcontainerd`,
			"failed to get event: rpc error: code = Unavailable"},
		{"only the limit", "docker.service: Start request repeated too quickly.\nFailed to start docker.service.", "docker.service: Start request repeated too quickly."},
		{"metrics", "failed to start metrics server: listen tcp 203.0.113.7:9323: bind: cannot assign requested address\ndocker.service: Start request repeated too quickly.\nFailed to start docker.service.",
			"failed to start metrics server: listen tcp 203.0.113.7:9323: bind: cannot assign requested address"},
		{"last words", "Starting docker.service - Docker Application Container Engine...\ntime=\"x\" level=info msg=\"Starting up\"\nmkdir /etc/hostname: not a directory\ndocker.service: Main process exited, code=exited, status=1/FAILURE\ndocker.service: Start request repeated too quickly.",
			"mkdir /etc/hostname: not a directory"},
		{"no last words", "Starting docker.service - Docker Application Container Engine...\ndocker.service: Main process exited, code=exited, status=1/FAILURE", ""},
		{"no program", "docker.service: Unable to locate executable '/usr/bin/dockerd': No such file or directory\ndocker.service: Failed at step EXEC spawning /usr/bin/dockerd: No such file or directory",
			"docker.service: Failed at step EXEC spawning /usr/bin/dockerd: No such file or directory"},
		{"killed", "docker.service: Main process exited, code=killed, status=9/KILL", "docker.service: Main process exited, code=killed, status=9/KILL"},
		{"the last try counts", "failed to start daemon: first\nfailed to start daemon: second", "failed to start daemon: second"},
		{"nothing", "Starting docker.service...\ntime=\"x\" level=info msg=\"Loading containers: done.\"\nStarted docker.service.", ""},
		{"a container says level=fatal", `level=fatal msg="not dockerd"`, ""},
		{"broken quotes", `time="x" level=fatal msg="no end`, "no end"},
		{"empty", "", ""},
	}
	for _, test := range tests {
		if got := Reason(strings.Split(test.journal, "\n")); got != test.want {
			t.Errorf("%s: Reason() = %q; want %q", test.name, got, test.want)
		}
	}
}
