// SPDX-License-Identifier: GPL-3.0-or-later

package shared_test

import (
	"bytes"
	"encoding/json"
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

// TestVM takes one virtual machine through its life: booting a kernel takes its
// time, so there is one only.
func TestVM(t *testing.T) {
	b := newVMBench(t)
	start := time.Now()
	b.must("up", "machine", "--kind", "vm", "--disk", "64M", "--forward", "8080")
	t.Logf("host up took %v", time.Since(start))
	look := func(what, command, want string) {
		t.Helper()
		got, err := b.command("ssh", "machine", command).Output()
		if strings.TrimSpace(string(got)) != want {
			t.Errorf("%s: %s = %q, %v; want %q", what, command, got, err, want)
		}
	}
	look("suite", ". /etc/os-release && echo $VERSION_CODENAME", "bookworm")
	look("systemd", "systemctl is-system-running", "running")
	look("host name", "hostname", "machine")
	look("Python", "find / -xdev -name 'python*' -perm /111 '(' -type f -o -type l ')'", "")
	look("a kernel of its own", "modprobe overlay && test -w /sys/module/overlay/parameters/redirect_dir && echo yes", "yes")
	look("a spare disk", "blockdev --getsize64 /dev/disk/by-id/virtio-disk1", "67108864")
	look("a user's sudo", "su operator -c 'echo operator | sudo -S -p \"\" id -un'", "root")
	look("a user's passwordless sudo", "su deploy -c 'sudo -n id -un'", "root")

	var connection struct {
		Address       string
		Port          int
		SSHCommonArgs string `json:"ssh_common_args"`
		IdentityFile  string `json:"identity_file"`
	}
	if err := json.Unmarshal([]byte(b.must("connection", "machine")), &connection); err != nil {
		t.Fatalf("host connection: %v", err)
	}
	if !strings.HasPrefix(connection.Address, "127.") || connection.Port < 1024 {
		t.Errorf("host connection = %+v; want an address of the loopback and a port for everybody", connection)
	}
	if got := b.must("forward", "machine", "8081"); got != connection.Address+":8081" {
		t.Errorf("host forward = %q; want port 8081 at %s", got, connection.Address)
	}

	// Spare disks would not go back with the machine; it was never saved.
	if out, err := b.run("save", "machine"); err == nil || !strings.Contains(out, "it has spare disks") {
		t.Errorf("host save with a spare disk = %q, %v; want a refusal", out, err)
	}
	if out, err := b.run("restore", "machine"); err == nil || !strings.Contains(out, "it was not saved") {
		t.Errorf("host restore = %q, %v; want a refusal", out, err)
	}

	if path := b.must("attach", "machine", "32M"); path != "/dev/disk/by-id/virtio-disk2" {
		t.Errorf("host attach = %q", path)
	}
	look("the attached disk", "echo here >/dev/disk/by-id/virtio-disk2; sync; blockdev --getsize64 /dev/disk/by-id/virtio-disk2", "33554432")

	// What was synced survives a power cut, and the disks are there again.
	look("a file", "echo kept >/root/kept && sync && echo lost >/root/lost && echo written", "written")
	b.must("cut", "machine")
	if got := b.must("list"); !strings.HasSuffix(got, "down") {
		t.Errorf("host list after the cut = %q; want down", got)
	}
	if out, err := b.run("ssh", "machine", "true"); err == nil {
		t.Errorf("host ssh after the cut = %q; want an error", out)
	}
	b.must("boot", "machine")
	look("the synced file", "cat /root/kept", "kept")
	look("the attached disk after the cut", "head -c 4 /dev/disk/by-id/virtio-disk2", "here")
	if out, err := b.run("boot", "machine"); err == nil || !strings.Contains(out, "it is up") {
		t.Errorf("a second host boot = %q, %v; want a refusal", out, err)
	}

	id := b.identity("machine")
	b.must("down", "machine")
	b.mustBeGone("machine", id)
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
		{[]string{"save", "nobody"}, "unknown host nobody"},
		{[]string{"restore"}, "missing name"},
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
