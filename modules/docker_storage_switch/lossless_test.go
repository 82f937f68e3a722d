// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const volumeFile = "var/lib/docker/volumes/data/_data/file"

const withVfs = "{\n  \"debug\": true,\n  \"storage-driver\": \"vfs\"\n}\n"

// put writes a file a little later than everything that is there.
func (w *world) put(name, text string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(w.path(name), later, later); err != nil {
		w.t.Fatal(err)
	}
}

// cut empties a file as a power cut does: with the time of its last change.
func (w *world) cut(name string) {
	w.t.Helper()
	info, err := os.Stat(w.path(name))
	if err == nil {
		err = os.Truncate(w.path(name), 0)
	}
	if err == nil {
		err = os.Chtimes(w.path(name), info.ModTime(), info.ModTime())
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// killedOnVfs is a world where a run was ended at its first request to the
// daemon with the new driver.
func killedOnVfs(t *testing.T, options string, prepare func(*world)) *world {
	t.Helper()
	for n := 1; ; n++ {
		w := newWorld(t)
		prepare(w)
		if w.run(options, n, 0) != nil {
			t.Fatal("no run ended with the new driver written")
		}
		if w.driver() == "vfs" {
			return w
		}
	}
}

func asItIs(*world) {}

// want wants files as they were written.
func (w *world) want(files map[string]string) {
	w.t.Helper()
	for name, text := range files {
		if got := w.read(name); got != text {
			w.t.Errorf("%s has %q, want %q", name, got, text)
		}
	}
}

func message(result map[string]any) string {
	text, _ := result["msg"].(string)
	return text
}

// TestWorkOnTheNewDriver: what was written on the new driver, after a run was
// killed there, is never overwritten nor removed.
func TestWorkOnTheNewDriver(t *testing.T) {
	const db = "var/lib/docker/containers/beef/config.v2.json"
	for _, test := range []struct {
		name string
		work func(w *world)
		left string
		want map[string]string
	}{
		{"a container that stopped", func(w *world) {
			w.put(db, `{"Name":"/db","Driver":"vfs"}`)
			w.put(volumeFile, "by db")
			w.put("var/lib/docker/volumes/new/_data/f", "new")
		}, "", map[string]string{volumeFile: "by db", "var/lib/docker/volumes/new/_data/f": "new"}},
		{"a daemon that is down", func(w *world) {
			w.put(db, `{"Name":"/db","Driver":"vfs"}`)
			w.put(volumeFile, "by db")
			os.Remove(w.path("run/active"))
		}, "", map[string]string{volumeFile: "by db"}},
		{"a container that was removed", func(w *world) {
			w.put(volumeFile, "by docker run --rm")
			w.put("var/lib/docker/volumes/new/_data/f", "new")
		}, "data new", map[string]string{volumeFile: "by docker run --rm", "var/lib/docker/volumes/new/_data/f": "new"}},
		{"a file removed, another volume damaged", func(w *world) {
			os.Remove(w.path(volumeFile))
			w.cut("var/lib/docker/volumes/other/_data/file")
		}, "data", map[string]string{"var/lib/docker/volumes/other/_data/file": "other"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := killedOnVfs(t, "", func(w *world) { w.put("var/lib/docker/volumes/other/_data/file", "other") })
			test.work(w)
			result := w.run("", 0, 0)
			if result["failed"] == true {
				t.Fatal(message(result))
			}
			var left []string
			names, _ := result["volumes_left"].([]any)
			for _, name := range names {
				left = append(left, name.(string))
			}
			if got := strings.Join(left, " "); got != test.left {
				t.Errorf("volumes_left is %q, want %q", got, test.left)
			}
			w.want(test.want)
			if test.name == "a file removed, another volume damaged" && w.exists(volumeFile) {
				t.Error("the file that was removed is there again")
			}
		})
	}
}

// TestReturnIsKilled: volumes that a killed run was putting back are put back.
func TestReturnIsKilled(t *testing.T) {
	w := killedOnVfs(t, "", asItIs)
	w.cut(volumeFile)
	record := strings.Replace(w.read("backup/"+recordName), `"volumes_saved": true`, `"volumes_saved": true, "returning": ["data"]`, 1)
	if err := os.WriteFile(w.path("backup/"+recordName), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	w.put("var/lib/docker/volumes/data/_data/.hardened-treecopy", "con")
	if result := w.run("", 0, 0); result["failed"] == true {
		t.Fatal(message(result))
	}
	w.arrived("the run after")
	if w.exists("var/lib/docker/volumes/data/_data/.hardened-treecopy") {
		t.Error("a part of a copy is left")
	}
}

// TestSavedGetsOld: after a failure the host went on, and somebody set the new
// driver by hand. What was saved is not brought back.
func TestSavedGetsOld(t *testing.T) {
	w := newWorld(t)
	w.fails = "/images/load"
	if result := w.run("", 0, 0); result["failed"] != true {
		t.Fatal("the load did not fail")
	}
	w.fails = ""
	w.put(volumeFile, "a month later")
	w.put("etc/docker/daemon.json", withVfs)
	result := w.run("", 0, 0)
	if result["failed"] != true || !strings.Contains(message(result), "nothing is saved that is as the host was last") {
		t.Errorf("the run after: %v", message(result))
	}
	w.want(map[string]string{volumeFile: "a month later", "etc/docker/daemon.json": withVfs})
	// As the message says.
	w.put("etc/docker/daemon.json", "{\n  \"debug\": true\n}\n")
	if result := w.run("", 0, 0); result["failed"] == true {
		t.Fatal(message(result))
	}
	w.want(map[string]string{volumeFile: "a month later", "backup/volumes/data/_data/file": "a month later"})
}

// TestWithoutVolumes: a copy of the volumes that is left from an earlier run is
// not that of this one.
func TestWithoutVolumes(t *testing.T) {
	const without = `, "volumes": false`
	old := func(w *world) {
		w.fails = "/images/load"
		if result := w.run("", 0, 0); result["failed"] != true {
			t.Fatal("the load did not fail")
		}
		w.fails = ""
		w.put(volumeFile, "a month later")
	}
	w := newWorld(t)
	old(w)
	if result := w.run(without, 0, 0); result["failed"] == true || w.driver() != "vfs" {
		t.Errorf("the switch without volumes: %v", message(result))
	}
	w.want(map[string]string{volumeFile: "a month later"})
	w = killedOnVfs(t, without, old)
	w.cut(volumeFile)
	if result := w.run(without, 0, 0); result["failed"] == true {
		t.Errorf("the run after a killed one: %v", message(result))
	}
	w.want(map[string]string{volumeFile: ""})
}

// TestCannotTell: with a directory that cannot be read, nobody knows what was
// made on the new driver, and nothing of it is hidden or removed.
func TestCannotTell(t *testing.T) {
	const layer = "var/lib/docker/vfs/dir/beef/data"
	w := killedOnVfs(t, "", asItIs)
	w.put("var/lib/docker/containers/beef/config.v2.json", `{"Name":"/db","Driver":"vfs"}`)
	w.put(layer, "by db")
	w.put("var/lib/docker/image/zz/imagedb/content/sha256", "a file")
	w.fails = "/images/load"
	result := w.run("", 0, 0)
	if result["failed"] != true || !strings.Contains(message(result), "Docker stays with vfs") {
		t.Errorf("the run: %v", message(result))
	}
	w.want(map[string]string{layer: "by db", "etc/docker/daemon.json": withVfs})
}
