// SPDX-License-Identifier: GPL-3.0-or-later

package shared_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// newVMBench skips the test where no virtual machine can be booted.
func newVMBench(t *testing.T) *bench {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped in short mode: boots virtual machines")
	}
	b := &bench{t: t, state: t.TempDir()}
	if out, err := b.run("check", "--kind", "vm"); err != nil {
		t.Skipf("no virtual machine can be booted here: %s", out)
	}
	if out, err := b.run("image", "--kind", "vm", "bookworm"); err != nil {
		t.Skipf("no disk for a virtual machine: %s", out)
	}
	t.Cleanup(func() {
		if out, err := b.run("down", "--all"); err != nil {
			t.Errorf("host down --all = %v; %s", err, out)
		}
	})
	return b
}

// TestVMInterrupted ends `up` while the machine boots.
func TestVMInterrupted(t *testing.T) {
	b := newVMBench(t)
	directory := filepath.Join(b.state, "hardened.docker/hosts/cut")
	stages := map[string]func() bool{
		"noted":   func() bool { return b.identity("cut") != "" },
		"booting": func() bool { return exists(directory + "/pid") },
		"console": func() bool { return exists(directory + "/console.log") },
	}
	for stage, reached := range stages {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
			t.Run(stage+" "+sig.String(), func(t *testing.T) {
				b := &bench{t: t, state: b.state}
				command := b.command("up", "cut", "--kind", "vm")
				command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
				var out bytes.Buffer
				command.Stdout, command.Stderr = &out, &out
				if err := command.Start(); err != nil {
					t.Fatal(err)
				}
				eventually(t, stage, reached)
				id := b.identity("cut")
				target := command.Process.Pid
				if sig == syscall.SIGINT {
					target = -target
				}
				if err := syscall.Kill(target, sig); err != nil {
					t.Fatal(err)
				}
				command.WaitDelay = time.Minute
				if err := command.Wait(); err == nil {
					t.Fatalf("host up ended well after %v; %s", sig, out.String())
				}
				if sig == syscall.SIGKILL {
					b.must("down", "cut")
				}
				b.mustBeGone("cut", id)
			})
		}
	}
}

func TestVMRefusals(t *testing.T) {
	b := &bench{t: t, state: t.TempDir()}
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"up", "a", "--kind", "vm", "--disk", "1"}, "invalid size"},
		{[]string{"up", "a", "--kind", "vm", "--disk", "0M"}, "invalid size"},
		{[]string{"up", "a", "--kind", "vm", "--forward", "80"}, "invalid port"},
		{[]string{"up", "a", "--kind", "vm", "--memory", "much"}, "invalid memory"},
		{[]string{"up", "a", "--disk", "1G"}, "only hosts of kind vm"},
		{[]string{"up", "a", "--forward"}, "missing value"},
		{[]string{"up", "a", "--engine"}, "only hosts of kind vm"},
		{[]string{"attach", "nobody", "1G"}, "unknown host nobody"},
		{[]string{"attach", "nobody"}, "missing name or size"},
		{[]string{"forward", "nobody", "8080"}, "unknown host nobody"},
		{[]string{"cut", "nobody"}, "unknown host nobody"},
		{[]string{"boot"}, "missing name"},
		{[]string{"image", "--kind", "raft", "bookworm"}, "unknown kind raft"},
		{[]string{"check", "--kind"}, "missing value"},
		{[]string{"check", "vm"}, "unknown argument"},
	}
	for _, test := range tests {
		out, err := b.run(test.args...)
		if err == nil || !strings.Contains(out, test.want) {
			t.Errorf("host %q = %q, %v; want %q", test.args, out, err, test.want)
		}
	}
	if _, err := exec.LookPath("qemu-system-x86_64"); err == nil {
		if got := b.must("list"); got != "" {
			t.Errorf("host list after refusals = %q; want nothing", got)
		}
	}
}
