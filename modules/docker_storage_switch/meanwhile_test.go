// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDockerIsDown: what files say of a daemon that is down is not more than
// what they can tell.
func TestDockerIsDown(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(w *world)
		want    string
	}{
		{"user namespaces", func(w *world) {
			w.put("etc/docker/daemon.json", `{"userns-remap": "default"}`)
			for _, name := range []string{"containers", "image", "overlay2"} {
				w.move("var/lib/docker/"+name, "var/lib/docker/100000.100000/"+name)
			}
		}, "cannot save 1 container (web), 2 images (app:1, app:2) from overlay2: only a running daemon can"},
		{"the new driver set by hand", func(w *world) {
			w.put("etc/docker/daemon.json", withVfs)
		}, "is to start with vfs, which has nothing, and overlay2 has 1 container (web), 2 images (app:1, app:2)"},
		{"a third driver set by hand", func(w *world) {
			w.put("etc/docker/daemon.json", `{"storage-driver": "zfs"}`)
		}, "is to start with zfs, which has nothing, and overlay2 has 1 container (web)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.put("var/lib/docker/image/overlay2/repositories.json", `{"Repositories":{"app":{"app:1":"x","app:2":"x"}}}`)
			test.prepare(w)
			os.Remove(w.path("run/active"))
			before := w.read("etc/docker/daemon.json")
			if result := w.run("", 0, 0); result["failed"] != true || !strings.Contains(message(result), test.want) {
				t.Errorf("the run: %v", result)
			}
			w.want(map[string]string{"etc/docker/daemon.json": before})
		})
	}
	w := newWorld(t)
	w.put("etc/docker/daemon.json", withVfs)
	w.put("var/lib/docker/image/vfs/repositories.json", `{"Repositories":{"mine":{"mine:1":"x"}}}`)
	os.Remove(w.path("run/active"))
	result := w.run("", 0, 0)
	if warnings := fmt.Sprint(result["warnings"]); result["failed"] == true || !strings.Contains(warnings, "does not show what other drivers have: 1 container (web)") {
		t.Errorf("with images of both drivers: %v", result)
	}
}

// move gives a file another name.
func (w *world) move(from, to string) {
	w.t.Helper()
	err := os.MkdirAll(filepath.Dir(w.path(to)), 0o755)
	if err == nil {
		err = os.Rename(w.path(from), w.path(to))
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestRootByAnotherName: a run that was killed in a data-root that is reached by
// a link is completed, whether Docker runs or not.
func TestRootByAnotherName(t *testing.T) {
	for n := 1; ; n++ {
		w := newWorld(t)
		w.dataRoot = "/data/docker"
		w.move("var/lib/docker", "data/docker")
		if err := os.Symlink("../../data/docker", w.path("var/lib/docker")); err != nil {
			t.Fatal(err)
		}
		if w.run("", 0, n) != nil {
			return
		}
		if result := w.run("", 0, 0); result["failed"] == true {
			t.Fatalf("after a strike at call %d: %v", n, message(result))
		}
		w.arrived(fmt.Sprintf("after a strike at call %d", n))
	}
}

// TestRemovesItself: a container that does not outlive its stop is not stopped.
func TestRemovesItself(t *testing.T) {
	w := newWorld(t)
	w.autoRemove = true
	result := w.run("", 0, 0)
	if result["failed"] != true || result["changed"] != false || !strings.Contains(message(result), "the daemon removes when they end, with their anonymous volumes (web)") {
		t.Errorf("the run: %v", result)
	}
	if w.exists("backup") {
		t.Error("a backup was begun")
	}
	w.before("after the run")
	// One that was started after the look.
	w = newWorld(t)
	w.hook = func(string) { w.autoRemove = w.exists("backup/" + recordName) }
	if result := w.run("", 0, 0); result["failed"] != true || !strings.Contains(message(result), "with their anonymous volumes (web)") {
		t.Errorf("the run: %v", message(result))
	}
	if w.removed {
		t.Error("the container was stopped")
	}
	w.before("after the run")
}

// TestChangedMeanwhile: what somebody writes to daemon.json during the switch is
// there afterwards, whether it succeeds or not.
func TestChangedMeanwhile(t *testing.T) {
	const live = "{\n  \"debug\": true,\n  \"live-restore\": true%s\n}\n"
	for _, test := range []struct{ name, at, fails, want string }{
		{"while images are saved", "/images/get", "", fmt.Sprintf(live, ",\n  \"storage-driver\": \"vfs\"")},
		{"while images are saved, and the load fails", "/images/get", "/images/load", fmt.Sprintf(live, "")},
		{"while images are loaded, which fails", "/images/load", "/images/load", fmt.Sprintf(live, "")},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.fails = test.fails
			w.hook = func(at string) {
				if at != test.at {
					return
				}
				driver := ""
				if w.driver() == "vfs" {
					driver = ",\n  \"storage-driver\": \"vfs\""
				}
				w.put("etc/docker/daemon.json", fmt.Sprintf(live, driver))
			}
			if result := w.run("", 0, 0); (result["failed"] == true) != (test.fails != "") {
				t.Errorf("the run: %v", message(result))
			}
			w.want(map[string]string{"etc/docker/daemon.json": test.want})
			if !w.exists("run/active") {
				t.Error("Docker is down")
			}
		})
	}
}

// TestGivenUp: a run was killed, and the task has the old driver then. What it
// had stopped runs again, and its backup can go.
func TestGivenUp(t *testing.T) {
	const old = `, "driver": "overlay2"`
	for _, down := range []bool{false, true} {
		for _, keep := range []string{"", `, "keep_backup": false`} {
			t.Run(fmt.Sprintf("down %t%s", down, keep), func(t *testing.T) {
				w := newWorld(t)
				for n := 1; w.running; n++ {
					w = newWorld(t)
					if w.run("", n, 0) != nil {
						t.Fatal("no run ended with the container stopped")
					}
				}
				if down {
					os.Remove(w.path("run/active"))
				}
				check := w.run(old+keep+`, "_ansible_check_mode": true`, 0, 0)
				result := w.run(old+keep, 0, 0)
				if result["failed"] == true || result["changed"] != true || fmt.Sprint(check["actions"]) != fmt.Sprint(result["actions"]) || !strings.Contains(fmt.Sprint(result["actions"]), "interrupted switch stopped (web)") {
					t.Errorf("check %v, the run %v: %v", check["actions"], result["actions"], message(result))
				}
				w.before("the run")
				if w.exists("backup") != (keep == "") {
					t.Error("the backup is there:", w.exists("backup"))
				}
				w.running = false // somebody stops it
				if result := w.run(old+keep, 0, 0); result["failed"] == true || result["changed"] != false || w.running {
					t.Errorf("the run after: %v", result)
				}
			})
		}
	}
}

// TestKilledBeforeTheRecord: what a run leaves that ended before its record was
// written does not stop the next one.
func TestKilledBeforeTheRecord(t *testing.T) {
	w := newWorld(t)
	if err := os.MkdirAll(w.path("backup/containers"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.put("backup/.switch.json.hardened-77-1", "{")
	if result := w.run("", 0, 0); result["failed"] == true {
		t.Fatal(message(result))
	}
	w.arrived("the run after")
	for _, name := range []string{"containers/other", ".switch.json.mine"} {
		w := newWorld(t)
		w.put("backup/"+name, "x")
		if result := w.run("", 0, 0); result["failed"] != true || !strings.Contains(message(result), "files of others") {
			t.Errorf("with %s: %v", name, message(result))
		}
	}
}

// TestContainersNeedEachOther: one that shares the network of another starts
// after that, whatever their names are.
func TestContainersNeedEachOther(t *testing.T) {
	w := newWorld(t)
	w.fails = "/images/load"
	w.needs = 1
	result := w.run("", 0, 0)
	if !strings.Contains(message(result), "with the containers that ran (app, web)") {
		t.Errorf("the run: %v", message(result))
	}
	w.before("after the run")
}
