// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestPlaces: a backup is refused where it would not last or is not root's
// alone, and volumes that cannot be copied, before anything is stopped.
func TestPlaces(t *testing.T) {
	mount := func(line string) func(w *world) {
		return func(w *world) {
			w.put("proc/self/mountinfo", "22 1 254:0 / / rw - ext4 /dev/vda rw\n"+line)
		}
	}
	link := func(target, name string) func(w *world) {
		return func(w *world) {
			w.put(target+"/x", "")
			if err := os.Symlink(target, w.path(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	theirs := func(mode os.FileMode, uid int) func(w *world) {
		return func(w *world) {
			dir := w.path("home/alice")
			err := os.MkdirAll(dir, 0o755)
			if err == nil {
				err = os.Chmod(dir, mode)
			}
			if err == nil {
				err = os.Chown(dir, uid, uid)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	both := func(a, b func(w *world)) func(w *world) { return func(w *world) { a(w); b(w) } }
	const tmpfs = "23 22 0:20 / /run rw - tmpfs tmpfs rw\n"
	const share = "23 22 0:20 / /var/lib/docker/volumes/data/_data rw - nfs server:/x rw\n"
	for _, test := range []struct {
		name, options string
		prepare       func(w *world)
		want          string // "" if all is well
	}{
		{"memory", `, "backup_dir": "/run/backup"`, mount(tmpfs), "gone after a reboot"},
		{"memory by a link", `, "backup_dir": "/lnk/backup"`, both(mount(tmpfs), link("run", "lnk")), "gone after a reboot"},
		{"the data-root by a link", `, "backup_dir": "/lnk/backup"`, link("var/lib/docker", "lnk"), "one inside of the other"},
		{"a link to nowhere", `, "backup_dir": "/lnk/backup"`, func(w *world) { _ = os.Symlink("nowhere", w.path("lnk")) }, "no such file"},
		{"another's directory", `, "backup_dir": "/home/alice/backup"`, theirs(0o755, 1000), "the owner of /home/alice is 1000"},
		{"everybody's directory", `, "backup_dir": "/home/alice/backup"`, theirs(0o777, 0), "the owner of /home/alice is 0 and its mode 0777"},
		{"a sticky directory", `, "backup_dir": "/home/alice/backup"`, theirs(0o777|os.ModeSticky, 0), ""},
		{"a mounted volume", "", mount(share), "mounted on /var/lib/docker/volumes/data/_data; set volumes: false"},
		{"a mounted volume, not copied", `, "volumes": false`, mount(share), ""},
		{"a volume that the daemon mounts", "", both(mount(share), func(w *world) { w.put("var/lib/docker/volumes/data/opts.json", "{}") }), ""},
		{"linked volumes", "", func(w *world) {
			w.move("var/lib/docker/volumes", "data/volumes")
			link("../../../data/volumes", "var/lib/docker/volumes")(w)
		}, "is a link; set volumes: false"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			test.prepare(w)
			result := w.run(test.options+`, "_ansible_check_mode": true`, 0, 0)
			if (result["failed"] == true) != (test.want != "") || !strings.Contains(message(result), test.want) {
				t.Errorf("in check mode: %v", message(result))
			}
		})
	}
}

// TestOtherOptions: options that a driver in use does not get are told.
func TestOtherOptions(t *testing.T) {
	for options, want := range map[string]bool{`["overlay2.size=10G"]`: true, `[]`: false} {
		w := newWorld(t)
		result := w.run(`, "driver": "overlay2", "options": `+options, 0, 0)
		if got := strings.Contains(fmt.Sprint(result["warnings"]), "gets options from docker_daemon_json"); got != want || result["changed"] != false {
			t.Errorf("options %s: %v", options, result)
		}
	}
}

// TestRoomForContainers: images of what containers wrote need room, too, where
// they are made.
func TestRoomForContainers(t *testing.T) {
	for containers, want := range map[string]bool{"save": true, "leave": false} {
		w := newWorld(t)
		w.wrote = 1 << 50
		result := w.run(fmt.Sprintf(`, "containers": %q, "_ansible_check_mode": true`, containers), 0, 0)
		if got := strings.Contains(message(result), "name a backup_dir on another disk"); got != want || (result["failed"] == true) != want {
			t.Errorf("containers: %s: %v", containers, message(result))
		}
	}
}
