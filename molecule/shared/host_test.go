// SPDX-License-Identifier: GPL-3.0-or-later

// Package shared_test tests the host script on the machine that runs the
// tests: it boots real hosts, and interrupts them. It needs root and the tools
// of `host install-tools`; without them it is skipped with the reason.
package shared_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bench is one test's own set of hosts, apart from those of the machine's users.
type bench struct {
	t     *testing.T
	state string
}

// newBench skips the test where no host can be booted, and in short mode. When
// the test is over it takes down what the test left.
func newBench(t *testing.T) *bench {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped in short mode: boots hosts")
	}
	b := &bench{t: t, state: t.TempDir()}
	if out, err := b.run("check"); err != nil {
		t.Skipf("no host can be booted here: %s", out)
	}
	t.Cleanup(func() {
		if out, err := b.run("down", "--all"); err != nil {
			t.Errorf("host down --all = %v; %s", err, out)
		}
	})
	return b
}

func (b *bench) command(args ...string) *exec.Cmd {
	command := exec.Command("./host", args...)
	command.Env = append(os.Environ(), "XDG_STATE_HOME="+b.state, "HOST_SCOPE=")
	return command
}

// run returns what the script wrote, on either stream.
func (b *bench) run(args ...string) (string, error) {
	out, err := b.command(args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (b *bench) must(args ...string) string {
	b.t.Helper()
	out, err := b.run(args...)
	if err != nil {
		b.t.Fatalf("host %s = %v; %s", strings.Join(args, " "), err, out)
	}
	return out
}

// identity is the name that a host has on the machine, once `up` noted it.
func (b *bench) identity(name string) string {
	facts, err := os.ReadFile(filepath.Join(b.state, "hardened.docker/hosts", name, "facts"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(facts)) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "id "); ok {
			return id
		}
	}
	return ""
}

// mustBeGone fails if anything of a host is left: its directory, interface,
// registration, control groups, or a process.
func (b *bench) mustBeGone(name, id string) {
	b.t.Helper()
	if id == "" {
		b.t.Fatalf("identity of %s is not known", name)
	}
	for _, path := range []string{
		filepath.Join(b.state, "hardened.docker/hosts", name),
		"/sys/class/net/" + id,
		"/run/hardened.docker/hosts/" + id,
		"/run/systemd/nspawn/propagate/" + id,
	} {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			b.t.Errorf("%s is left of %s", path, name)
		}
	}
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && strings.Contains(entry.Name(), id) {
			b.t.Errorf("the control group %s is left of %s", path, name)
		}
		return nil
	})
	commands, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range commands {
		line, err := os.ReadFile(path)
		if err == nil && bytes.Contains(line, []byte(b.state)) {
			b.t.Errorf("a process is left of %s: %s", name, bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
		}
	}
}

// eventually waits for a condition that another process brings about.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited five minutes in vain until %s", what)
		case <-tick.C:
		}
	}
}

func TestUpBothSuites(t *testing.T) {
	b := newBench(t)
	b.must("image", "bookworm", "trixie")
	hosts := map[string]string{"first": "bookworm", "second": "trixie"}
	failures := make(chan string, len(hosts))
	for name, suite := range hosts {
		go func() {
			out, err := b.run("up", name, "--suite", suite)
			if err != nil {
				failures <- name + ": " + out
				return
			}
			failures <- ""
		}()
	}
	for range hosts {
		if failure := <-failures; failure != "" {
			t.Fatal(failure)
		}
	}
	for name, suite := range hosts {
		t.Run(suite, func(t *testing.T) {
			checks := []struct{ what, command, want string }{
				{"suite", ". /etc/os-release && echo $VERSION_CODENAME", suite},
				{"systemd", "systemctl is-system-running", "running"},
				{"Python", "find / -xdev -name 'python*' -perm /111 '(' -type f -o -type l ')'", ""},
				{"host name", "hostname", name},
				{"own network", "ls /sys/class/net | tr '\\n' ' '", "host0 lo"},
				{"writable memory group", "d=/sys/fs/cgroup; test -d $d/memory && d=$d/memory; mkdir $d/probe && rmdir $d/probe && echo yes", "yes"},
				{"a user's sudo", "su operator -c 'echo operator | sudo -S -p \"\" id -un'", "root"},
				{"a user's passwordless sudo", "su deploy -c 'sudo -n id -un'", "root"},
				{"firewall", "iptables -t nat -S PREROUTING", "-P PREROUTING ACCEPT"},
				{"the way to the mirrors", "apt-get update >/dev/null 2>&1 && echo works", "works"},
			}
			for _, check := range checks {
				got, err := b.command("ssh", name, check.command).Output()
				if strings.TrimSpace(string(got)) != check.want {
					t.Errorf("%s: %s = %q, %v; want %q", check.what, check.command, got, err, check.want)
				}
			}
		})
	}
	var connection struct {
		Name, Address  string
		SSHCommonArgs  string `json:"ssh_common_args"`
		IdentityFile   string `json:"identity_file"`
		HostKey, Suite string
	}
	if err := json.Unmarshal([]byte(b.must("connection", "first")), &connection); err != nil {
		t.Fatalf("host connection: %v", err)
	}
	if !strings.Contains(connection.SSHCommonArgs, "StrictHostKeyChecking=yes") {
		t.Errorf("host connection = %+v; want strict checking of the host key", connection)
	}
	if got := b.must("address", "first"); got != connection.Address {
		t.Errorf("host address = %q; want %q", got, connection.Address)
	}
	for _, user := range []string{"root", "operator", "deploy"} {
		args := append(strings.Fields(connection.SSHCommonArgs), "-F", "/dev/null", "-i", connection.IdentityFile, user+"@"+connection.Address, "id -un")
		if out, err := exec.Command("ssh", args...).Output(); strings.TrimSpace(string(out)) != user {
			t.Errorf("login as %s = %q, %v", user, out, err)
		}
	}
	if out, err := b.run("up", "first"); err == nil || !strings.Contains(out, "exists already") {
		t.Errorf("a second host up first = %q, %v; want a refusal", out, err)
	}
	b.must("ssh", "first", "touch /root/kept")
	b.must("reboot", "first")
	b.must("ssh", "first", "test -e /root/kept")

	ids := map[string]string{"first": b.identity("first"), "second": b.identity("second")}
	b.must("down", "first", "second")
	for name, id := range ids {
		b.mustBeGone(name, id)
	}
	b.must("down", "first")
}

// TestUpTime holds the promise that a host is up in 10 s from the cached root.
// The best of three counts, because other work on the machine slows it down; a
// machine with more to do than processors can do says nothing about the host.
func TestUpTime(t *testing.T) {
	b := newBench(t)
	if load := loadAverage(t); load > float64(runtime.NumCPU()) {
		t.Skipf("the machine is busy with other work: load %.1f on %d processors", load, runtime.NumCPU())
	}
	b.must("image", "bookworm")
	best := time.Hour
	for range 3 {
		start := time.Now()
		b.must("up", "quick")
		best = min(best, time.Since(start))
		b.must("down", "quick")
	}
	if best > 10*time.Second {
		t.Errorf("host up took %v at best; want at most 10 s", best)
	}
	t.Logf("host up took %v at best", best)
}

func loadAverage(t *testing.T) float64 {
	t.Helper()
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(content), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		t.Fatal(err)
	}
	return load
}

// TestUpInterrupted ends `up` at several stages: by Ctrl-C, after which nothing
// may be left, and by SIGKILL, after which `down` must find everything.
func TestUpInterrupted(t *testing.T) {
	b := newBench(t)
	b.must("image", "bookworm")
	directory := filepath.Join(b.state, "hardened.docker/hosts/cut")
	stages := map[string]func() bool{
		"noted":     func() bool { return b.identity("cut") != "" },
		"copying":   func() bool { return exists(directory + "/root/usr") },
		"booting":   func() bool { return exists(directory + "/console.log") },
		"connected": func() bool { id := b.identity("cut"); return id != "" && exists("/sys/class/net/"+id) },
	}
	for stage, reached := range stages {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
			t.Run(stage+" "+sig.String(), func(t *testing.T) {
				b := &bench{t: t, state: b.state}
				command := b.command("up", "cut")
				// Ctrl-C reaches the whole foreground process group.
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

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestUpFails has a host that never becomes ready: the console is shown, and
// nothing is left.
func TestUpFails(t *testing.T) {
	b := newBench(t)
	b.must("image", "bookworm")
	command := b.command("up", "late")
	command.Env = append(command.Env, "HOST_READY_TIMEOUT=0")
	out, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "cannot boot late") || !strings.Contains(string(out), "console") {
		t.Errorf("host up with no time = %v; %s", err, out)
	}
	if got := b.must("list"); got != "" {
		t.Errorf("host list = %q; want nothing", got)
	}
}

// TestCut takes the power of a host with a file system of its own: what was
// synced is there afterwards, and what was not is lost.
func TestCut(t *testing.T) {
	b := newBench(t)
	b.must("image", "bookworm")
	b.must("up", "cut", "--filesystem")
	b.must("ssh", "cut", "echo kept >/root/kept && sync && echo lost >/root/lost")
	if got := b.must("ssh", "cut", "cat /root/kept /root/lost"); got != "kept\nlost" {
		t.Fatalf("before the cut: %q", got)
	}
	b.must("cut", "cut")
	b.must("boot", "cut")
	if got := b.must("ssh", "cut", "cat /root/kept; [ -s /root/lost ] || echo lost is lost"); got != "kept\nlost is lost" {
		t.Errorf("after the cut: %q", got)
	}

	// A reboot loses nothing, and an interrupted host leaves no mount.
	b.must("ssh", "cut", "echo more >/root/more")
	b.must("reboot", "cut")
	if got := b.must("ssh", "cut", "cat /root/more"); got != "more" {
		t.Errorf("after a reboot: %q", got)
	}
	id := b.identity("cut")
	b.must("down", "cut")
	b.mustBeGone("cut", id)
}

func TestRefusals(t *testing.T) {
	b := newBench(t)
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"up"}, "missing name"},
		{[]string{"up", ""}, "missing name"},
		{[]string{"up", "../escape"}, "invalid name"},
		{[]string{"up", "Upper"}, "invalid name"},
		{[]string{"up", "-x"}, "unknown option"},
		{[]string{"up", "end-"}, "invalid name"},
		{[]string{"up", "two words"}, "invalid name"},
		{[]string{"up", strings.Repeat("a", 64)}, "invalid name"},
		{[]string{"up", "a", "b"}, "unknown argument b"},
		{[]string{"up", "a", "--suite"}, "missing value"},
		{[]string{"up", "a", "--suite", "sarge"}, "unknown suite sarge"},
		{[]string{"up", "a", "--kind", "zeppelin"}, "unknown kind zeppelin"},
		{[]string{"up", "a", "--kind", "vm", "--filesystem"}, "a host of kind vm has a file system of its own"},
		{[]string{"image"}, "missing suite"},
		{[]string{"image", "sarge"}, "unknown suite"},
		{[]string{"down"}, "missing name"},
		{[]string{"down", "/"}, "invalid name"},
		{[]string{"down", "--all", "a"}, "stands alone"},
		{[]string{"ssh", "nobody"}, "unknown host nobody"},
		{[]string{"console", "nobody"}, "unknown host nobody"},
		{[]string{"reboot", "nobody"}, "unknown host nobody"},
		{[]string{"inventory", "nobody"}, "unknown host nobody"},
		{[]string{"fly"}, "unknown verb fly"},
	}
	for _, test := range tests {
		out, err := b.run(test.args...)
		if err == nil || !strings.Contains(out, test.want) {
			t.Errorf("host %q = %q, %v; want %q", test.args, out, err, test.want)
		}
	}
	if got := b.must("list"); got != "" {
		t.Errorf("host list after refusals = %q; want nothing", got)
	}
	b.must("down", "nobody")
}

// TestScope has two callers with the same name for different hosts.
func TestScope(t *testing.T) {
	b := newBench(t)
	b.must("image", "bookworm")
	scoped := func(scope string, args ...string) string {
		command := b.command(args...)
		command.Env = append(command.Env, "HOST_SCOPE="+scope)
		out, err := command.Output()
		if err != nil {
			t.Fatalf("host %q in scope %q = %v; %s", args, scope, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	scoped("one", "up", "same")
	scoped("two", "up", "same")
	if one, two := scoped("one", "address", "same"), scoped("two", "address", "same"); one == two {
		t.Errorf("host address = %q in both scopes", one)
	}
	scoped("one", "down", "--all")
	if one, two := scoped("one", "list"), scoped("two", "list"); one != "" || !strings.HasPrefix(two, "same ") {
		t.Errorf("host list = %q and %q; want none, and one named same", one, two)
	}
	if got := len(strings.Split(b.must("list"), "\n")); got != 1 {
		t.Errorf("host list without a scope has %d lines; want 1", got)
	}
}
