// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/systemd"
)

// fault is one thing that is wrong, and the only findings it may have.
type fault struct {
	name string
	make func(s *Snapshot)
	want []string
}

func examineFaults(t *testing.T, faults []fault) {
	t.Helper()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			s := healthy()
			f.make(s)
			if diff := cmp.Diff(f.want, judged(s)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfiguration(t *testing.T) {
	examineFaults(t, []fault{
		{"invalid file, daemon up", func(s *Snapshot) {
			s.Config.Invalid, s.Config.Document, s.Config.Settings = "/etc/docker/daemon.json: line 1", nil, nil
		}, []string{"daemon_json_invalid:error"}},
		{"invalid file, daemon down", func(s *Snapshot) {
			s.down(`unable to configure the Docker daemon with file /etc/docker/daemon.json: invalid character '}'`)
			s.Config.Invalid, s.Config.Document, s.Config.Settings = "/etc/docker/daemon.json: line 1", nil, nil
		}, []string{"daemon_json_invalid:error"}},
		{"a key twice", func(s *Snapshot) { s.Config.Invalid = "/etc/docker/daemon.json: line 2: duplicate key" }, []string{"daemon_json_invalid:warning"}},
		{"no file", func(s *Snapshot) {
			s.Config.Exists, s.Config.Document, s.Config.Settings, s.Info.LiveRestoreEnabled = false, nil, nil, false
		}, nil},
		{"unknown key", func(s *Snapshot) { s.configure(`{"live-restore": true, "icc": false, "nope": 1}`) }, []string{"daemon_json_rejected:error"}},
		{"engine ignores a key", func(s *Snapshot) {
			s.configure(`{"live-restore": true, "icc": false, "deprecated-key-path": "/x"}`)
		}, []string{"daemon_json_doubtful:warning"}},
		{"flag and key", func(s *Snapshot) {
			s.down()
			s.Config.Flags = []engine.FlagUse{{Flag: "live-restore", Value: "true", File: "/lib/systemd/system/docker.service", Line: 3, Keys: []string{"live-restore"}}}
		}, []string{"flag_conflict:error"}},
		{"not restarted", func(s *Snapshot) { s.Info.LiveRestoreEnabled = false }, []string{"settings_not_in_force:warning"}},
		{"unit changed", func(s *Snapshot) { s.Docker.NeedDaemonReload = true }, []string{"unit_not_reloaded:warning"}},
		{"data-root is a system directory", func(s *Snapshot) { s.State.Root = "/var/lib" }, []string{"directory_conflict:error"}},
		{"data-root holds exec-root", func(s *Snapshot) {
			s.configure(`{"live-restore": true, "icc": false, "exec-root": "/var/lib/docker/run"}`)
			s.State.Strangers = []string{"/var/lib/docker/run"}
		}, []string{"directory_conflict:error"}},
		{"openEuler's umask", func(s *Snapshot) {
			s.Packages.Installed, s.Engine = map[string]string{"docker-engine": "18.09.0"}, engine.Version{Major: 18, Minor: 9}
			s.configure(`{"live-restore": true, "icc": false, "exec-opts": ["native.umask=normal"]}`)
			s.Config.CrashFiles = "true"
		}, []string{"container_umask:warning"}},
		{"package's unit edited", func(s *Snapshot) {
			s.UnitFile = UnitFile{"docker.io", "/lib/systemd/system/docker.service", "aa", "bb"}
		}, []string{"unit_edited:warning"}},
		{"command line cannot be read", func(s *Snapshot) { s.Config.Problem = "missing ExecStart in docker.service" }, []string{"daemon_json_rejected:error"}},
	})
}

func TestStart(t *testing.T) {
	examineFaults(t, []fault{
		{"crashed", func(s *Snapshot) {
			s.down(`time="2026-11-22T19:43:49Z" level=fatal msg="no space left on device"`)
		}, []string{"daemon_down:error"}},
		{"stopped", func(s *Snapshot) {
			s.down()
			s.Docker.ActiveState, s.Docker.Result = "inactive", "success"
		}, []string{"daemon_down:warning"}},
		{"masked", func(s *Snapshot) {
			s.down()
			s.Docker.LoadState, s.Docker.UnitFileState, s.Docker.NeedDaemonReload = "masked", "masked", true
			s.Config.Problem = "cannot start docker.service: it is masked"
		}, []string{"daemon_down:error"}},
		{"masked while it runs", func(s *Snapshot) {
			s.Docker.LoadState, s.Docker.UnitFileState = "masked", "masked"
			s.Config.Problem = "cannot start docker.service: it is masked"
		}, []string{"not_enabled:warning"}},
		{"about to start", func(s *Snapshot) { s.down(); s.Docker.ActiveState = "activating" }, nil},
		{"crashes and is started again", func(s *Snapshot) {
			s.down(`time="2026-11-22T19:43:49Z" level=fatal msg="no space left on device"`)
			s.Docker.ActiveState, s.Docker.SubState = "activating", "auto-restart"
		}, []string{"daemon_down:error"}},
		{"is being started after a crash", func(s *Snapshot) {
			s.down()
			s.Docker.ActiveState, s.Docker.SubState, s.Docker.Restarts = "activating", "start", 2
		}, []string{"daemon_down:error"}},
		{"no engine", func(s *Snapshot) {
			s.down()
			s.Daemon, s.Config, s.Docker, s.Socket, s.Program, s.Processes = Absent, Config{File: "/etc/docker/daemon.json"}, systemd.Unit{LoadState: "not-found"}, systemd.Unit{LoadState: "not-found"}, "", dockerd.Processes{}
			s.State, s.Packages.Installed = State{Root: "/var/lib/docker"}, nil
		}, nil},
		{"hangs", func(s *Snapshot) {
			s.Daemon, s.APIError, s.Info, s.Listed, s.Networks = Hanging, "no answer within 5s", dockerapi.Info{}, nil, nil
			s.Failed[probeAPI] = "no answer within 5s"
		}, []string{"daemon_hanging:error"}},
		{"no containerd", func(s *Snapshot) { s.Processes.Containerd, s.Containerd.ActiveState = nil, "failed" }, []string{"containerd_down:error"}},
		{"containerd masked", func(s *Snapshot) {
			s.Processes.Containerd, s.Containerd.ActiveState, s.Containerd.LoadState = nil, "inactive", "masked"
		}, []string{"containerd_down:error"}},
		{"containerd about to start", func(s *Snapshot) { s.Processes.Containerd, s.Containerd.ActiveState = nil, "activating" }, nil},
		{"start limit of a healthy unit", func(s *Snapshot) { s.down(); s.Docker.Result = "start-limit-hit" }, []string{"start_limit:error"}},
		{"start limit in a loop of crashes", func(s *Snapshot) {
			s.down("docker.service: Start request repeated too quickly.")
		}, []string{"start_limit:error"}},
		{"the socket hit the limit", func(s *Snapshot) { s.down(); s.Socket.Result = "service-start-limit-hit" }, []string{"start_limit:error"}},
		{"slow", func(s *Snapshot) { s.Docker.Since = s.Docker.Began + 46*time.Second }, []string{"start_timeout:warning"}},
		{"slow without a limit", func(s *Snapshot) { s.Docker.StartTimeout, s.Docker.Since = math.MaxInt64, time.Hour }, nil},
		{"timed out", func(s *Snapshot) { s.down("docker.service: start operation timed out. Terminating.") }, []string{"start_timeout:error"}},
		{"dead containers", func(s *Snapshot) { s.State.Containers = append(s.State.Containers, make([]Container, 100)...) }, []string{"dead_containers:info"}},
		{"hundreds of them", func(s *Snapshot) { s.State.Containers = append(s.State.Containers, make([]Container, 500)...) }, []string{"dead_containers:warning"}},
		{"PID file", func(s *Snapshot) {
			s.State.PIDFile = "1"
			s.down(`failed to start daemon: pid file found, ensure docker is not running or delete /var/run/docker.pid`)
		}, []string{"stale_pid_file:error"}},
		{"not enabled", func(s *Snapshot) { s.Docker.UnitFileState, s.Socket.UnitFileState = "disabled", "disabled" }, []string{"not_enabled:warning"}},
		{"journal cut off", func(s *Snapshot) { s.Stream.Cut = true }, []string{"journal_stream:warning"}},
		{"firewalld later", func(s *Snapshot) { s.Firewalld.ActiveState, s.Firewalld.Since = "active", time.Hour }, []string{"firewalld_after_docker:info"}},
		{"upgraded", func(s *Snapshot) { s.Replaced = true }, []string{"engine_not_restarted:warning"}},
	})
}

// What is masked is named, with the command that takes that back.
func TestMasked(t *testing.T) {
	mask := func(u *systemd.Unit, state string) {
		u.ActiveState, u.LoadState, u.UnitFileState, u.FragmentPath = "inactive", "masked", state, "/etc/systemd/system/x"
	}
	for want, make := range map[string]func(s *Snapshot){
		"systemctl unmask docker.service": func(s *Snapshot) { s.down(); mask(&s.Docker, "masked") },
		"systemctl unmask containerd.service": func(s *Snapshot) {
			s.Processes.Containerd = nil
			mask(&s.Containerd, "masked")
		},
		"systemctl unmask --runtime containerd.service": func(s *Snapshot) {
			s.down(`failed to start daemon: Failed to dial "/run/containerd/containerd.sock": context deadline exceeded`)
			mask(&s.Containerd, "masked-runtime")
		},
	} {
		s := healthy()
		make(s)
		findings := Examine(s, Checks()).Findings
		if len(findings) != 1 {
			t.Errorf("%d findings; want one with %q", len(findings), want)
			continue
		}
		unit := want[strings.LastIndex(want, " ")+1:]
		evidence := strings.Join(findings[0].Evidence, "\n")
		if !strings.Contains(findings[0].Remedy, want+" ") || !strings.Contains(evidence, unit+" is masked: /etc/systemd/system/x") {
			t.Errorf("evidence %q, remedy %q; want %q and %s", evidence, findings[0].Remedy, want, unit)
		}
	}
}

// A list of evidence is put together with other words: what a cause says has no
// full stop, and what is to be done is a sentence.
func TestCausesAreNoSentences(t *testing.T) {
	for _, c := range causes() {
		if strings.HasSuffix(c.text, ".") || !strings.HasSuffix(c.remedy, ".") {
			t.Errorf("cause %q, remedy %q", c.text, c.remedy)
		}
	}
	s := healthy()
	s.down("failed to start daemon: no space left on device")
	for _, line := range Examine(s, Checks()).Findings[0].Evidence {
		if strings.HasSuffix(line, ".") {
			t.Errorf("evidence %q ends with a full stop", line)
		}
	}
}

func TestNetwork(t *testing.T) {
	examineFaults(t, []fault{
		{"one name, two networks", func(s *Snapshot) {
			s.Networks = append(s.Networks, dockerapi.Network{Name: "n", ID: "1"}, dockerapi.Network{Name: "n", ID: "2"})
		}, []string{"duplicate_networks:warning"}},
		{"proxies", func(s *Snapshot) { s.Processes.Proxies = []dockerd.Process{{PID: 5, Parent: 100}} }, []string{"userland_proxies:info"}},
		{"no docker0", func(s *Snapshot) { s.Links = s.Links[:1] }, []string{"bridge_missing:error"}},
		{"docker0 without address", func(s *Snapshot) { s.Links[1].Addr = nil }, []string{"bridge_missing:error"}},
		{"another bridge", func(s *Snapshot) { s.configure(`{"live-restore": true, "icc": false, "bridge": "br9"}`) }, []string{"bridge_missing:error"}},
		{"no bridge wanted", func(s *Snapshot) {
			s.configure(`{"live-restore": true, "bridge": "none"}`)
			s.Links = s.Links[:1]
		}, nil},
		{"address of a bip that is gone", func(s *Snapshot) { s.Links[1].Addr = []string{"10.77.0.1/24"} }, []string{"stale_bridge_address:warning"}},
		{"a part of a pool", func(s *Snapshot) { s.Links[1].Addr = []string{"172.17.0.1/24"} }, []string{"stale_bridge_address:warning"}},
		{"second pool", func(s *Snapshot) { s.Links[1].Addr = []string{"192.168.16.1/20"} }, nil},
		{"a pool of the user", func(s *Snapshot) {
			s.configure(`{"live-restore": true, "icc": false, "default-address-pools": [{"base": "10.0.0.0/8", "size": 24}]}`)
			s.Links[1].Addr = []string{"10.77.0.1/24"}
		}, nil},
		{"bip set", func(s *Snapshot) {
			s.configure(`{"live-restore": true, "icc": false, "bip": "10.77.0.1/24"}`)
			s.Links[1].Addr = []string{"10.77.0.1/24"}
		}, nil},
		{"bip not in force", func(s *Snapshot) {
			s.configure(`{"live-restore": true, "icc": false, "bip": "10.77.0.1/24"}`)
		}, []string{"stale_bridge_address:warning"}},
		{"veths left", func(s *Snapshot) {
			s.Links = append(s.Links, Link{Index: 8, Name: "vethaaaaaaa", Kind: "veth", Peer: 9, Master: "docker0"}, Link{Index: 9, Name: "vethbbbbbbb", Kind: "veth", Peer: 8})
		}, []string{"residual_veths:warning"}},
		{"veths of somebody else", func(s *Snapshot) {
			s.Links = append(s.Links, Link{Index: 8, Name: "veth0", Kind: "veth", Peer: 9}, Link{Index: 9, Name: "veth1", Kind: "veth", Peer: 8})
		}, nil},
		{"no forwarding", func(s *Snapshot) { s.System.IPForward = "0" }, []string{"ip_forward:error"}},
		{"bridges bypass the filter", func(s *Snapshot) { s.System.BridgeNF = "0" }, []string{"bridge_filter:error"}},
	})
}

func TestCauses(t *testing.T) {
	tests := []struct{ line, want string }{
		{`unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives are specified both as a flag and in the configuration file: hosts: (from flag: [fd://], from file: [unix:///var/run/docker.sock])`, "A setting is a dockerd flag"},
		{`unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives don't match any configuration option: nope`, "daemon.json has a key"},
		{`failed to start daemon: error initializing graphdriver: /var/lib/docker contains several valid graphdrivers: overlay2, devicemapper; Please cleanup or explicitly choose storage driver (-s <DRIVER>)`, "The data-root has the files"},
		{`failed to start daemon: error initializing graphdriver: devicemapper: Base Device UUID and Filesystem verification failed: devicemapper: Current Base Device UUID:x does not match with stored Base Device UUID:y`, "devicemapper's metadata"},
		{`failed to start daemon: Error initializing network controller: Error creating default "bridge" network: Failed to program NAT chain: INVALID_ZONE: docker`, "The packet filter"},
		{`failed to start daemon: pid file found, ensure docker is not running or delete /var/run/docker.pid`, "The PID file names"},
		{`failed to dial "/run/containerd/containerd.sock": connection error`, "containerd does not answer"},
		{`failed to load listeners: no sockets found via socket activation: make sure the service was started by systemd`, "dockerd was told to take"},
		{`docker.service: Main process exited, code=killed, status=9/KILL`, "dockerd was killed"},
		{`fatal error: fault`, "A state file is damaged"},
		{`all is well`, ""},
	}
	for _, test := range tests {
		got := Explain(test.line)
		if (test.want == "") != (got.Text == "") || len(got.Text) < len(test.want) || got.Text[:len(test.want)] != test.want {
			t.Errorf("Explain(%q) = %q; want %q...", test.line, got.Text, test.want)
		}
	}
}
