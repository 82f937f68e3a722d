// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repair

import (
	"fmt"
	"slices"
	"testing"
)

// What starts dockerd ends the containers that outlived one that died, unless it
// has live-restore.
func TestStartEndsContainers(t *testing.T) {
	for _, test := range []struct {
		finding string
		files   map[string]string
	}{
		{"start_limit", map[string]string{"run/result": "start-limit-hit\n"}},
		{"corrupt_state", map[string]string{database: "no database\n"}},
	} {
		t.Run(test.finding, func(t *testing.T) {
			args := fmt.Sprintf(`{"findings":[%q],"_ansible_check_mode":true}`, test.finding)
			w := newWorld(t, test.files)
			w.shim("cafe")
			result := w.run(args)
			w.says(result, "cannot repair "+test.finding+" without stopping containers for a moment (web)")
			if result["interrupts"] != "containers" || w.exists("run/pid") {
				t.Errorf("interrupts %v; want containers", result["interrupts"])
			}
			w.write("etc/docker/daemon.json", `{"live-restore": true}`)
			if result = w.run(args); result["failed"] == true || result["interrupts"] != "none" {
				t.Errorf("with live-restore the module says %v", result)
			}
		})
	}
}

// The files of a container that runs stay where they are: without them it would
// be nobody's.
func TestRunningContainerStays(t *testing.T) {
	w := newWorld(t, map[string]string{"var/lib/docker/containers/cafe/hostconfig.json": ""})
	w.shim("cafe")
	w.says(w.run(corrupt), "cannot move the files of container web aside: its processes run", "ctr -n moby tasks delete -f cafe")
	if !w.exists("var/lib/docker/containers/cafe/hostconfig.json") {
		t.Error("the files were moved")
	}
	w.remove("proc/500")
	if result := w.run(corrupt); result["failed"] == true || w.exists("var/lib/docker/containers/cafe") {
		t.Errorf("without its processes the module says %v", result["msg"])
	}
}

// The host's own daemon is asked, whatever the program docker would ask.
func TestFilesWrittenAnew(t *testing.T) {
	w := newWorld(t, map[string]string{"var/lib/docker/containers/cafe/hostconfig.json": "", "../bin/docker": "#!/bin/sh\nexit 1\n"})
	w.up()
	if result := w.run(corrupt); result["failed"] == true || result["interrupts"] != "none" {
		t.Errorf("the module says %v", result)
	}
	if !slices.Equal(w.asked, []string{"/containers/cafe/update"}) {
		t.Errorf("the daemon was asked for %v", w.asked)
	}
	w.works()
}

// A container that was started with --rm is named before it goes, and afterwards.
func TestTemporaryContainers(t *testing.T) {
	w := newWorld(t, map[string]string{"var/lib/docker/containers/cafe/hostconfig.json": `{"AutoRemove":true}`, database: "no database\n"})
	w.gone = "web"
	w.up()
	w.says(w.run(`{"findings":["corrupt_state"]}`), "(web); what was started with --rm is gone then (web)")
	if result := w.run(corrupt); result["failed"] == true || fmt.Sprint(result["removed_containers"]) != "[web]" {
		t.Errorf("the module says %v", result)
	}
}
