// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"fmt"
	"os"
	"path"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An engine in a container has process numbers of its own, one without root
// users of its own; the host sees the processes of both.
func TestFindProcessesOfTheHostAlone(t *testing.T) {
	h, root := tree(t)
	process := func(dir, pid, user string) {
		for kind, number := range map[string]string{"pid": pid, "user": user} {
			name := path.Join(root, "proc", dir, "ns", kind)
			if err := os.MkdirAll(path.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(kind+":["+number+"]", name); err != nil {
				t.Fatal(err)
			}
		}
	}
	process("self", "4026531836", "4026531837")
	for number, p := range map[int]struct{ name, args, pid, user string }{
		900:  {"dockerd", "/usr/bin/dockerd\x00", "4026531836", "4026531837"},
		1234: {"dockerd", "dockerd\x00--host=tcp://0.0.0.0:2376\x00", "4026533000", "4026531837"},
		1300: {"dockerd", "dockerd\x00", "4026531836", "4026534000"},
		950:  {"dockerd", "dockerd\x00", "", ""}, // of which this user may not be told
		901:  {"containerd-shim", "/usr/bin/containerd-shim-runc-v2\x00-namespace\x00moby\x00-id\x00aaaa\x00-address\x00x\x00", "4026531836", "4026531837"},
		1240: {"containerd-shim", "/usr/bin/containerd-shim-runc-v2\x00-namespace\x00moby\x00-id\x00bbbb\x00-address\x00x\x00", "4026533000", "4026531837"},
	} {
		dir := fmt.Sprint(number)
		if p.pid == "" {
			if err := os.MkdirAll(path.Join(root, "proc", dir), 0o755); err != nil {
				t.Fatal(err)
			}
		} else {
			process(dir, p.pid, p.user)
		}
		for file, content := range map[string]string{
			"comm": p.name + "\n", "cmdline": p.args,
			"stat": fmt.Sprintf("%d (%s) S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 42 0 0\n", number, p.name),
		} {
			if err := os.WriteFile(path.Join(root, "proc", dir, file), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	found := FindProcesses(h)
	var daemons []int
	for _, p := range found.Dockerd {
		daemons = append(daemons, p.PID)
	}
	slices.Sort(daemons)
	if diff := cmp.Diff([]int{900, 950}, daemons); diff != "" {
		t.Errorf("FindProcesses: dockerd (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"aaaa"}, found.ContainerIDs()); diff != "" {
		t.Errorf("FindProcesses: containers (-want +got):\n%s", diff)
	}
}
