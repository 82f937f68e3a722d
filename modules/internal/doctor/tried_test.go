// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// madeOnHosts returns the checks whose faults the scenario doctor makes: those
// that it wants to be found.
func madeOnHosts(t *testing.T) map[string]bool {
	t.Helper()
	made := map[string]bool{}
	for name, key := range map[string]string{"vars/faults.yml": "find", "prepare.yml": "deserved"} {
		text, err := os.ReadFile("../../../molecule/doctor/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range regexp.MustCompile(key+`: \[([a-z_,\s]+)\]`).FindAllStringSubmatch(string(text), -1) {
			for id := range strings.SplitSeq(list[1], ",") {
				made[strings.TrimSpace(id)] = true
			}
		}
	}
	for id := range made {
		if _, ok := Find(id); !ok {
			t.Errorf("molecule/doctor wants %q to be found; there is no such check", id)
		}
	}
	return made
}

// onData returns why the fault of a check is not made on a host.
func onData() map[string]string {
	const (
		thin     = "thin pools take a virtual machine, and the scenario has container hosts"
		kernel   = "a container host has the kernel of the machine"
		packages = "Debian's mirror has no such packages"
	)
	return map[string]string{
		"package_conflicts": packages + "; the scenario openeuler has docker_package meet them",
		"engine_support":    packages, "versions_mixed": packages,
		"container_umask": "only openEuler's engine has it", "crash_files": "only openEuler's engine does it",
		"directory_conflict": "the host would lose what the other faults need", "backing_filesystem": kernel + ", which mounts no images",
		"copy_up_space": "the disk is the machine's", "storage_driver": "the host would lose its containers; the scenario storage moves such a host",
		"daemon_down":       "each fault that stops the daemon has a cause, and that is found in its place",
		"devicemapper_loop": thin, "devicemapper_deferred": thin, "devicemapper_filesystem": thin, "thin_pool_autoextend": thin,
		"thin_pool_damaged": thin, "stale_base_device_uuid": thin,
		"firewalld_after_docker": "firewalld is not on these hosts; the scenario firewalld restarts it under Docker",
		"pid_max":                kernel, "engine_warnings": kernel, "redirect_dir": kernel, "overlay_index": kernel, "overlay_kernel": kernel,
		"audit_cost": kernel + ", and audit is the machine's",
	}
}

// TestOnData: those are in the tables of this package's tests.
func TestOnData(t *testing.T) {
	var all strings.Builder
	names, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for id := range onData() {
		if !regexp.MustCompile(`"` + id + `:(info|warning|error)"`).MatchString(all.String()) {
			t.Errorf("%s: no test of this package finds it", id)
		}
	}
}
