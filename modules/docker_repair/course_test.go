// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repair

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	database = "var/lib/docker/volumes/metadata.db"
	moved    = "var/lib/docker/hardened.docker-aside/1/volumes/metadata.db"
	corrupt  = `{"findings":["corrupt_state"],"wait":5,"allow_interruption":true}`
	stale    = `{"findings":["stale_bridge_address"],"wait":5,"allow_interruption":true}`
	links    = `[{"ifindex":3,"ifname":"docker0","linkinfo":{"info_kind":"bridge"},"addr_info":[{"family":"inet","local":"10.77.0.1","prefixlen":24}]}]`
)

// A host without docker.socket has its daemon stopped and started all the same.
func TestDatabaseWithoutSocket(t *testing.T) {
	w := newWorld(t, map[string]string{database: "no database\n", "run/socket": "not-found\n"})
	w.up()
	if result := w.run(corrupt); result["failed"] == true {
		t.Fatalf("the module says %v", result["msg"])
	}
	if !w.exists(moved) || w.exists(database) {
		t.Error("the database was not moved")
	}
	w.works()
}

// Docker runs again after a move that fails or is not made, and the message says so.
func TestMoveFails(t *testing.T) {
	tests := []struct{ name, strike, says string }{
		{"the place is taken", "mkdir -p ../" + moved, "before that: stop docker.service"},
		{"no damage any more", "rm ../" + database, "cannot move /var/lib/docker/volumes/metadata.db aside: it is not as it was found any more"},
		{"a signal", "kill $PPID; exec sleep 60", "ended by a signal"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, map[string]string{database: "no database\n", "run/strike": test.strike + "\n", "args": corrupt})
			w.up()
			out, _ := w.command().CombinedOutput()
			for _, want := range []string{test.says, "docker.service runs"} {
				if !strings.Contains(string(out), want) {
					t.Errorf("the module says %s; want %q in it", out, want)
				}
			}
			w.works()
		})
	}
}

// A signal during the start ends nothing halfway.
func TestSignalAtStart(t *testing.T) {
	w := newWorld(t, map[string]string{database: "no database\n", "run/signal": "kill $PPID; sleep 0.2\n", "args": corrupt})
	w.up()
	if out, err := w.command().CombinedOutput(); err != nil {
		t.Errorf("the module says %s, %v", out, err)
	}
	w.works()
}

// Where dockerd does not start again, the message says that too, and the next run
// starts it, with the containers that ran.
func TestStartFails(t *testing.T) {
	w := newWorld(t, map[string]string{database: "no database\n"})
	w.up()
	w.write("run/fail", "")
	result := w.run(corrupt)
	w.says(result, "cannot start docker.service: it did not come up", "before that: stop docker.service; move /var/lib/docker/volumes/metadata.db")
	w.remove("run/fail")
	result = w.run(corrupt)
	if got := fmt.Sprint(result["actions"]); got != "[finish what an earlier run left: start docker.service]" {
		t.Errorf("the next run did %s, and says %v", got, result["msg"])
	}
	w.works()
	if result = w.run(corrupt); result["changed"] != false {
		t.Errorf("the third run changes something: %v", result["actions"])
	}
}

// A run that is killed when dockerd is down leaves word of it: the next one, which
// finds no damage, starts dockerd and the containers.
func TestKilled(t *testing.T) {
	w := newWorld(t, map[string]string{database: "no database\n", "run/strike": "rm strike; kill -9 $PPID\n", "args": corrupt})
	w.up()
	if out, err := w.command().CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the run ended with %v: %s", err, out)
	}
	if w.exists("run/pid") || w.exists("run/c/web") {
		t.Fatal("Docker runs; want it stopped by the run that was killed")
	}
	w.remove(database) // as if the move had been made
	result := w.run(corrupt)
	if result["failed"] == true || result["changed"] != true {
		t.Errorf("the next run says %v", result)
	}
	w.works()
}

// docker0 gets its address, and daemon.json is as before, whatever fails.
func TestBridge(t *testing.T) {
	const config = "{\n  \"debug\": true\n}\n"
	tests := []struct {
		name  string
		files map[string]string
		fails string
		says  []string
	}{
		{"all goes well", nil, "", nil},
		{"live-restore", map[string]string{"run/live": ""}, "", nil},
		{"a container does not stop", map[string]string{"run/live": ""}, "/containers/web/stop",
			[]string{"cannot stop the container web", "docker.service runs"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, test.files)
			w.write("run/links", links)
			w.fails = test.fails
			w.up()
			result := w.run(stale)
			if failed := result["failed"] == true; failed != (test.says != nil) {
				t.Errorf("the module says %v", result["msg"])
			}
			w.says(result, test.says...)
			if got := w.read("etc/docker/daemon.json"); got != config {
				t.Errorf("daemon.json is %q; want %q", got, config)
			}
			if got := w.read("run/started.78"); test.says == nil && !strings.Contains(got, `"bip": "172.17.0.1/16"`) {
				t.Errorf("dockerd was started with %q; want bip in it", got)
			}
			w.works()
		})
	}
}

// A start with bip that fails leaves no bip in daemon.json; the message names
// what is down, and the next run starts Docker.
func TestBridgeStartFails(t *testing.T) {
	w := newWorld(t, map[string]string{"run/links": links, "run/fail": ""})
	w.up()
	result := w.run(stale)
	w.says(result, "cannot restart docker.service", "and Docker is not as before: cannot start docker.service")
	if got := w.read("etc/docker/daemon.json"); strings.Contains(got, "bip") {
		t.Errorf("daemon.json is %q; want no bip in it", got)
	}
	w.remove("run/fail")
	w.write("run/links", "[]")
	if result = w.run(stale); result["failed"] == true {
		t.Errorf("the next run says %v", result["msg"])
	}
	w.works()
}

// A daemon.json with the bip of a run that was killed is put back by the next run.
func TestBridgeKilled(t *testing.T) {
	const with = "{\"bip\": \"172.17.0.1/16\"}\n"
	for _, test := range []struct{ name, now, want string }{
		{"as it was left", with, "{}\n"},
		{"changed by somebody", "{\"debug\": true}\n", "{\"debug\": true}\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, map[string]string{"etc/docker/daemon.json": test.now,
				"var/lib/docker/hardened.docker-aside/unfinished.json": `{"containers":["web"],"config":"/etc/docker/daemon.json","before":"{}\n","after":"{\"bip\": \"172.17.0.1/16\"}\n"}`})
			w.remove("run/c/web")
			w.up()
			result := w.run(`{"findings":["stale_bridge_address"],"wait":5}`)
			if result["failed"] == true || fmt.Sprint(result["restarted_containers"]) != "[web]" {
				t.Errorf("the module says %v", result)
			}
			if got := w.read("etc/docker/daemon.json"); got != test.want {
				t.Errorf("daemon.json is %q; want %q", got, test.want)
			}
			w.works()
		})
	}
}

// What a repair notes is not taken from anybody but root: it ends in daemon.json.
func TestNoteOfAnotherUser(t *testing.T) {
	const name = "var/lib/docker/hardened.docker-aside/unfinished.json"
	w := newWorld(t, map[string]string{name: `{"config":"/etc/docker/daemon.json","before":"{\"insecure-registries\": [\"evil\"]}\n","after":"{}\n"}`,
		"etc/docker/daemon.json": "{}\n"})
	w.up()
	if err := os.Chown(filepath.Join(w.root, name), 1000, 1000); err != nil {
		t.Skip("only root can give a file away")
	}
	w.says(w.run(corrupt), "cannot trust /"+name, "it belongs to user 1000, not to root", "remove the file")
	if got := w.read("etc/docker/daemon.json"); strings.Contains(got, "evil") {
		t.Errorf("daemon.json is %q", got)
	}
}
