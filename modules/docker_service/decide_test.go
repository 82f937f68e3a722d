// SPDX-License-Identifier: GPL-3.0-or-later

package docker_service

import (
	"errors"
	"strings"
	"testing"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/systemd"
	"hardened.docker/modules/internal/unitfile"
)

// running is a daemon that runs with the config and finds another on the disk.
func running(t *testing.T, loaded, disk string, change ...func(*found)) *found {
	t.Helper()
	version, err := engine.Parse("26.1.5")
	if err != nil {
		t.Fatal(err)
	}
	settings, err := dockerd.ParseSettings(&disk)
	if err != nil {
		t.Fatal(err)
	}
	f := &found{
		daemon: dockerd.Daemon{
			Service: systemd.Unit{Name: dockerd.Service, LoadState: "loaded", ActiveState: "active", UnitFileState: "enabled", Result: "success"},
			Socket:  systemd.Unit{Name: dockerd.Socket, LoadState: "loaded", ActiveState: "active", UnitFileState: "enabled"},
			Process: &dockerd.Process{PID: 7, Ticks: 8},
		},
		configFile: dockerd.DefaultConfigFile, config: &disk, settings: settings,
		loaded: dockerd.Loaded{Known: true, Config: &loaded}, version: version, running: []container{},
	}
	for _, c := range change {
		c(f)
	}
	return f
}

func stopped(f *found) {
	f.daemon.Process, f.daemon.Service.ActiveState = nil, "inactive"
}

func TestDecide(t *testing.T) {
	web := func(f *found) { f.running = []container{{ID: "abc", Name: "web"}} }
	live := func(f *found) { f.info.LiveRestoreEnabled = true }
	tests := []struct {
		name         string
		state        string
		found        *found
		forbid       bool // allow_restart: false
		want         action
		pending      action
		liveFirst    bool
		reason, warn string
		err          string
	}{
		{name: "nothing differs", state: "converged", found: running(t, `{"debug":true}`, `{ "debug" : true }`), want: none},
		{name: "a reloadable key", state: "converged", found: running(t, `{}`, `{"debug":true}`), want: reload, reason: "debug: "},
		{name: "a removed reloadable key", state: "converged", found: running(t, `{"debug":true}`, `{}`), want: restart, reason: "keeps the old value"},
		{name: "both kinds", state: "converged", found: running(t, `{}`, `{"debug":true,"mtu":1400}`), want: restart, reason: "mtu: "},
		{name: "an unknown past", state: "converged", found: running(t, `{}`, `{}`, func(f *found) { f.loaded = dockerd.Loaded{From: "changed"} }), want: restart, reason: "changed"},
		{name: "an unknown engine", state: "converged", found: running(t, `{}`, `{"debug":true}`, func(f *found) { f.version = engine.Version{} }), want: restart, reason: "unknown"},
		{name: "a broken past", state: "converged", found: running(t, `{`, `{}`), want: restart, reason: "cannot be read"},
		{name: "another unit", state: "converged", found: running(t, `{}`, `{}`, func(f *found) { f.unit.differences = []string{"flags"} }), want: restart, reason: "flags"},
		{name: "another program", state: "converged", found: running(t, `{}`, `{}`, func(f *found) { f.replaced = true }), want: restart, reason: "program was replaced"},
		{name: "not running", state: "converged", found: running(t, `{}`, `{"mtu":1}`, stopped), want: start, reason: "not running"},
		{name: "failed", state: "converged", found: running(t, `{}`, `{}`, stopped, func(f *found) { f.daemon.Service.ActiveState, f.daemon.Service.Result = "failed", "exit-code" }), want: start, reason: "has failed (exit-code)"},
		{name: "on its way with this file", state: "converged", found: running(t, `{}`, `{}`, func(f *found) { f.daemon.Service.ActiveState = "activating" }), want: start, reason: "not up yet"},
		{name: "on its way with another file", state: "converged", found: running(t, `{}`, `{"mtu":1}`, func(f *found) { f.daemon.Service.ActiveState = "activating" }), want: restart, reason: "another configuration"},
		{name: "a restart that is not allowed", state: "converged", found: running(t, `{}`, `{"mtu":1}`), forbid: true, want: none, pending: restart, reason: "allow_restart is false"},
		{name: "a reload, where restarts are not allowed", state: "converged", found: running(t, `{}`, `{"debug":true}`), forbid: true, want: reload},
		{name: "a start, where restarts are not allowed", state: "converged", found: running(t, `{}`, `{}`, stopped), forbid: true, want: start},
		{name: "a restart that stops containers", state: "converged", found: running(t, `{}`, `{"dns":["1.1.1.1"]}`, web), want: restart, warn: "stops the running containers: web"},
		{name: "a restart under live-restore", state: "converged", found: running(t, `{"live-restore":true}`, `{"live-restore":true,"dns":["1.1.1.1"]}`, web, live, answered), want: restart},
		{name: "live-restore is turned on, too", state: "converged", found: running(t, `{}`, `{"live-restore":true,"dns":["1.1.1.1"]}`, web), want: restart, liveFirst: true},
		{name: "live-restore is turned off, too", state: "converged", found: running(t, `{"live-restore":true}`, `{"dns":["1.1.1.1"]}`, web, live), want: restart, warn: "stops the running containers"},
		{name: "the bridge is held", state: "converged", found: running(t, `{"live-restore":true}`, `{"live-restore":true,"bip":"10.0.0.1/24"}`, web, live), want: restart, pending: restart, warn: "bip of daemon.json changed: dockerd leaves the default bridge"},
		{name: "the bridge is held by live-restore that is turned on, too", state: "converged", found: running(t, `{}`, `{"live-restore":true,"mtu":1400}`, web), want: restart, pending: restart, liveFirst: true, warn: "mtu of daemon.json changed: dockerd leaves the default bridge"},
		{name: "in force is something else", state: "converged", found: running(t, `{"debug":true}`, `{"debug":true}`, answered), want: reload, reason: "debug is true in daemon.json and false in the running daemon"},
		{name: "a restart did not help", state: "converged", found: running(t, `{"debug":true}`, `{"debug":true}`, answered, func(f *found) {
			f.snapshot = &dockerd.Snapshot{PID: 7, Ticks: 8, Unproven: []string{"debug"}}
		}), err: "cannot put the settings in force: debug is true"},
		{name: "a restart of another daemon did not help", state: "converged", found: running(t, `{"debug":true}`, `{"debug":true}`, answered, func(f *found) {
			f.snapshot = &dockerd.Snapshot{PID: 7, Ticks: 9, Unproven: []string{"debug"}}
		}), want: reload},
		{name: "it does not answer", state: "converged", found: running(t, `{}`, `{}`, func(f *found) { f.apiErr = errors.New("no answer") }), err: "cannot prove that the daemon's settings are in force: no answer"},
		{name: "a broken file", state: "converged", found: running(t, `{}`, `{}`, func(f *found) { f.configErr = errors.New("broken") }), err: "cannot restart docker.service: broken"},
		{name: "started", state: "started", found: running(t, `{}`, `{"mtu":1}`), want: none, pending: restart, reason: "pending"},
		{name: "started with a broken file", state: "started", found: running(t, `{}`, `{}`, func(f *found) { f.configErr = errors.New("broken") }), want: none, pending: restart},
		{name: "to be started", state: "started", found: running(t, `{}`, `{}`, stopped), want: start},
		{name: "restarted", state: "restarted", found: running(t, `{}`, `{}`), want: restart},
		{name: "restarted, not allowed", state: "restarted", found: running(t, `{}`, `{}`), forbid: true, want: none, pending: restart},
		{name: "reloaded", state: "reloaded", found: running(t, `{}`, `{}`), want: reload},
		{name: "reloaded, which is not enough", state: "reloaded", found: running(t, `{}`, `{"mtu":1}`), want: reload, pending: restart, reason: "mtu"},
		{name: "reloaded, not running", state: "reloaded", found: running(t, `{}`, `{}`, stopped), want: start},
		{name: "to be stopped", state: "stopped", found: running(t, `{}`, `{}`, web), want: stop, warn: "stopping dockerd stops the running containers: web"},
		{name: "only the socket is up", state: "stopped", found: running(t, `{}`, `{}`, stopped), want: stop},
		{name: "stopped", state: "stopped", found: running(t, `{}`, `{}`, stopped, func(f *found) { f.daemon.Socket.ActiveState = "inactive" }), want: none},
		{name: "masked", state: "started", found: running(t, `{}`, `{}`, func(f *found) { f.daemon.Service.LoadState = "masked" }), err: "masked in /etc/systemd/system"},
		{name: "masked until reboot", state: "converged", found: running(t, `{}`, `{}`, func(f *found) { f.daemon.Service.UnitFileState = "masked-runtime" }), err: "masked in /run/systemd/system"},
		{name: "a unit that systemd refuses", state: "started", found: running(t, `{}`, `{}`, func(f *found) { f.daemon.Service.LoadState = "bad-setting" }), err: "cannot load it (bad-setting)"},
		{name: "not installed", state: "converged", found: &found{}, want: start, reason: "not installed yet"},
		{name: "not installed and to be stopped", state: "stopped", found: &found{}, want: none},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d, err := decide(test.found, Params{State: test.state, Enabled: true, Rollback: true, Wait: 60, AllowRestart: !test.forbid})
			if test.err != "" || err != nil {
				if err == nil || test.err == "" || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("decide() = %+v, %v; want the error %q", d, err, test.err)
				}
				return
			}
			if d.action != test.want || d.pending != test.pending || d.liveFirst != test.liveFirst {
				t.Errorf("decide() = %v, pending %v, live-restore first %v; want %v, %v, %v", d.action, d.pending, d.liveFirst, test.want, test.pending, test.liveFirst)
			}
			if got := strings.Join(d.reasons, "; "); !strings.Contains(got, test.reason) {
				t.Errorf("reasons = %q; want %q among them", got, test.reason)
			}
			if got := strings.Join(d.warnings, "; "); !strings.Contains(got, test.warn) || test.warn == "" && got != "" {
				t.Errorf("warnings = %q; want %q", got, test.warn)
			}
		})
	}
}

// answered is a daemon that was asked about itself.
func answered(f *found) { f.info.ServerVersion = "26.1.5" }

func TestEnvironmentDifferences(t *testing.T) {
	tests := []struct {
		name            string
		running, values map[string]string
		before          []string
		want            string
	}{
		{"equal", map[string]string{"A": "1", "PATH": "/bin", "INVOCATION_ID": "x"}, map[string]string{"A": "1"}, nil, ""},
		{"another value", map[string]string{"A": "1"}, map[string]string{"A": "2"}, nil, "the unit sets the environment variables A anew"},
		{"new ones, no values shown", map[string]string{}, map[string]string{"B": "secret", "A": "secret"}, nil, "the unit sets the environment variables A, B anew"},
		{"a removed one that is known", map[string]string{"A": "1"}, nil, []string{"A"}, "the unit does not set the environment variables A any more"},
		{"one that nobody knows", map[string]string{"A": "1"}, nil, nil, ""},
		{"a removed proxy", map[string]string{"https_proxy": "x", "DOCKER_OPTS": ""}, nil, nil, "the unit does not set the environment variables DOCKER_OPTS, https_proxy any more"},
	}
	for _, test := range tests {
		if got := strings.Join(environmentDifferences(test.running, test.values, test.before), "; "); got != test.want {
			t.Errorf("%s: environmentDifferences() = %q; want %q", test.name, got, test.want)
		}
	}
}

func TestStartSettings(t *testing.T) {
	settings, _ := unitfile.Parse("x", []byte(`[Unit]
After=firewalld.service
StartLimitBurst=5
[Service]
Type=notify
ExecStart=/usr/bin/dockerd
Restart=always
RestartSec=2
TimeoutStartSec=0
Environment=A=b
LimitNOFILE=10
Delegate=yes
KillMode=process
[Install]
WantedBy=multi-user.target
`))
	if got, want := startSettings(settings), "LimitNOFILE=10\nDelegate=yes"; got != want {
		t.Errorf("startSettings() = %q; want %q", got, want)
	}
}

func TestNames(t *testing.T) {
	var list []container
	for range 12 {
		list = append(list, container{ID: "id"})
	}
	list[0].Name = "web"
	if got, want := names(list), "web, id, id, id, id, id, id, id, id, id, and 2 more"; got != want {
		t.Errorf("names() = %q; want %q", got, want)
	}
}

func TestDown(t *testing.T) {
	for result, want := range map[string]string{"exit-code": "it did not come up (exit-code)", "success": "it did not come up", "": "it did not come up"} {
		if err := down(systemd.Unit{Result: result}); err.Error() != want || !errors.Is(err, errDown) {
			t.Errorf("down(%q) = %q; want %q", result, err, want)
		}
	}
}
