// SPDX-License-Identifier: GPL-3.0-or-later

package docker_daemon_json

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/moduletest"
)

// TestKilled ends the module with SIGKILL at random moments of its run. The
// file must be the old or the new one after each, to the byte, and the next
// run must succeed and leave no trace of the killed ones.
func TestKilled(t *testing.T) {
	const kills = 120
	if testing.Short() {
		t.Skip("a hundred runs take some seconds")
	}
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "etc/docker"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "etc/docker/daemon.json")
	// Large files make the writing a larger part of the run.
	want := []string{}
	args := []string{}
	for i := range 2 {
		labels := make([]string, 10_000)
		for n := range labels {
			labels[n] = fmt.Sprintf(`"n%d=%d"`, n, i)
		}
		args = append(args, `{"exclusive": true, "backup": false, "settings": {"labels": [`+strings.Join(labels, ",")+`]}}`)
		name := filepath.Join(t.TempDir(), "args.json")
		if err := os.WriteFile(name, []byte(args[i]), 0o600); err != nil {
			t.Fatal(err)
		}
		if result := moduletest.Run(t, Module, root, args[i]); result["changed"] != true {
			t.Fatalf("result = %v; want a change", result)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, string(content))
		args[i] = name
	}
	// How long an unhurried run takes bounds the moments.
	begin := time.Now()
	if err := module(root, args[0]).Run(); err != nil {
		t.Fatal(err)
	}
	longest := time.Since(begin)

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, a run takes %v", seed, longest)
	random := rand.New(rand.NewPCG(seed, 0))
	now, killed, finished := 0, 0, 0
	for killed < kills {
		cmd := module(root, args[1-now])
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(random.Int64N(int64(longest))), func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		var exit *exec.ExitError
		switch {
		case err == nil:
			finished++
		case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
			killed++
		default:
			t.Fatalf("the module ended with %v; want success or the kill", err)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		switch string(content) {
		case want[now]:
			if exit == nil {
				t.Fatalf("a run that succeeded left the old file")
			}
		case want[1-now]:
			now = 1 - now
		default:
			t.Fatalf("after kill %d the file is neither the old nor the new one: %d bytes", killed, len(content))
		}
	}
	t.Logf("%d runs killed, %d came to their end", killed, finished)
	if err := module(root, args[1-now]).Run(); err != nil {
		t.Errorf("the run after the kills: %v; want success", err)
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if diff := cmp.Diff([]string{"daemon.json"}, names); diff != "" {
		t.Errorf("files after the next run (-want +got):\n%s", diff)
	}
}

// module is a run of the module as a process of its own; TestMain put the
// command on PATH.
func module(root, args string) *exec.Cmd {
	cmd := exec.Command("module", "docker_daemon_json", args)
	cmd.Env = append(os.Environ(), "ROOT="+root)
	return cmd
}
