// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

const args = `{"driver": "vfs", "backup_dir": "/backup", "min_free": 1, "containers": "leave", "allow_interruption": true%s}`

// run runs the module in a process of its own, which strike ends at the n-th
// request to the daemon, or call of systemctl. It returns nil if it was ended.
func (w *world) run(options string, request, call int) map[string]any {
	w.t.Helper()
	if err := os.RemoveAll(w.path("calls")); err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command("module", "-args", fmt.Sprintf(args, options), "docker_storage_switch")
	cmd.Env = append(os.Environ(), "ROOT="+w.root, "PATH="+w.bin+":"+os.Getenv("PATH"), fmt.Sprintf("STRIKE=%d", call))
	var out strings.Builder
	cmd.Stdout = &out
	w.mu.Lock()
	w.requests, w.strikes = 0, request
	w.strike = func() { _ = cmd.Process.Kill() }
	err := cmd.Start()
	w.mu.Unlock()
	if err != nil {
		w.t.Fatal(err)
	}
	err = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return nil
	}
	var result map[string]any
	if json.Unmarshal([]byte(out.String()), &result) != nil {
		w.t.Fatalf("the module said %q: %v", out.String(), err)
	}
	return result
}

// arrived wants all of it on the new driver.
func (w *world) arrived(when string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	id := "sha256:" + digest(imageConfig())
	switch {
	case w.driver() != "vfs" || !w.exists("run/active"):
		w.t.Errorf("%s: the driver is %s, running %t", when, w.driver(), w.exists("run/active"))
	case strings.Join(w.images["vfs"][id], " ") != "app:1 app:2":
		w.t.Errorf("%s: the images are %v", when, w.images["vfs"])
	case w.read("var/lib/docker/volumes/data/_data/file") != "content":
		w.t.Errorf("%s: the volume has %s", when, w.read("var/lib/docker/volumes/data/_data/file"))
	case w.read("etc/docker/daemon.json") != "{\n  \"debug\": true,\n  \"storage-driver\": \"vfs\"\n}\n":
		w.t.Errorf("%s: daemon.json is %s", when, w.read("etc/docker/daemon.json"))
	case w.exists("backup/" + partName):
		w.t.Errorf("%s: %s is left", when, partName)
	}
}

// before wants the host as it was before the switch.
func (w *world) before(when string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.driver() != "overlay2" || !w.exists("run/active") || !w.running || w.read("etc/docker/daemon.json") != "{\n  \"debug\": true\n}\n" {
		w.t.Errorf("%s: the driver is %s, running %t, its container %t, daemon.json is %s", when, w.driver(), w.exists("run/active"), w.running, w.read("etc/docker/daemon.json"))
	}
}

// TestKilled ends a run at each of its requests to the daemon, and at each call
// of systemctl. The next run completes it.
func TestKilled(t *testing.T) {
	for name, at := range map[string]func(n int) (request, call int){
		"request": func(n int) (int, int) { return n, 0 },
		"call":    func(n int) (int, int) { return 0, n },
	} {
		t.Run(name, func(t *testing.T) {
			for n := 1; ; n++ {
				w := newWorld(t)
				request, call := at(n)
				result := w.run("", request, call)
				if result != nil {
					if result["failed"] == true || n < 5 {
						t.Fatalf("with no strike at %s %d: %v", name, n, result["msg"])
					}
					w.arrived("without a strike")
					t.Logf("ended %d runs", n-1)
					return
				}
				when := fmt.Sprintf("after a strike at %s %d", name, n)
				if result := w.run("", 0, 0); result["failed"] == true {
					t.Fatalf("%s: %v", when, result["msg"])
				}
				w.arrived(when)
				if result := w.run("", 0, 0); result["changed"] != false || result["failed"] == true {
					t.Errorf("%s, the run after: %v", when, result)
				}
			}
		})
	}
}

// TestFails has each step fail. The host is as before then, and the next run
// succeeds.
func TestFails(t *testing.T) {
	for _, test := range []struct {
		name, fails, options, want string
	}{
		{"containers do not stop", "/containers/cafe/stop", "", "cannot stop the container web: "},
		{"no room to save", "/images/get", "", "no space left on device"},
		{"the daemon does not start", "", `, "options": ["x.bad=1"]`, "error initializing graphdriver: no such thing"},
		{"no room to load", "/images/load", "", "cannot load the images"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.fails = test.fails
			result := w.run(test.options, 0, 0)
			message, _ := result["msg"].(string)
			if result["failed"] != true || !strings.Contains(message, test.want) || !strings.Contains(message, "Docker runs with overlay2 as before, with the containers that ran (web)") {
				t.Fatalf("the run with a failure: %v", message)
			}
			w.before(test.name)
			if w.exists("var/lib/docker/vfs") || w.exists("var/lib/docker/image/vfs") {
				t.Error("the new driver's files are left")
			}
			w.fails = ""
			if result := w.run("", 0, 0); result["failed"] == true {
				t.Fatalf("the next run: %v", result["msg"])
			}
			w.arrived("the next run")
		})
	}
}

// TestGoesStale: what was saved by an interrupted run is saved anew where the
// host went on.
func TestGoesStale(t *testing.T) {
	w := newWorld(t)
	w.fails = "/images/load"
	if result := w.run("", 0, 0); result["failed"] != true {
		t.Fatal("the load did not fail")
	}
	w.fails = ""
	if err := os.WriteFile(w.path("var/lib/docker/volumes/data/_data/file"), []byte("newer"), 0o644); err != nil {
		t.Fatal(err)
	}
	// A part of an archive, as a power cut can leave it under its whole name.
	archive := w.read("backup/" + archiveName)
	if err := os.WriteFile(w.path("backup/"+archiveName), []byte(archive[:600]), 0o600); err != nil {
		t.Fatal(err)
	}
	if result := w.run("", 0, 0); result["failed"] == true {
		t.Fatal(result["msg"])
	}
	if got := w.read("var/lib/docker/volumes/data/_data/file"); got != "newer" || w.read("backup/volumes/data/_data/file") != "newer" {
		t.Errorf("the volume has %q and its backup %q; want the newer", got, w.read("backup/volumes/data/_data/file"))
	}
}

// TestVolumeReturns: what a power cut took from a volume after it was saved
// comes back from the backup.
func TestVolumeReturns(t *testing.T) {
	w := newWorld(t)
	// The request after daemon.json was written: the first one to the new daemon.
	for n := 1; w.driver() != "vfs"; n++ {
		w = newWorld(t)
		if w.run("", n, 0) != nil {
			t.Fatal("no run ended with the new driver written")
		}
	}
	w.cut(volumeFile)
	if result := w.run("", 0, 0); result["failed"] == true {
		t.Fatal(result["msg"])
	}
	w.arrived("after the cut")
}
