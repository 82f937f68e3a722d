// SPDX-License-Identifier: GPL-3.0-or-later

package docker_service

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/unitfile"
)

// A systemd and a dockerd for the scripts, as far as the module uses them. The
// dockerd is a process with a socket; it reads daemon.json at its start and on
// SIGHUP, refuses the key "nope", and does not start with the log driver
// "nonesuch". It ends with the script's directory.

// manager is what systemd knows, kept in $ROOT/../systemd.json between calls.
type manager struct {
	PID     int
	Failed  bool
	Result  string
	Stopped bool // the socket, too
	Off     bool // not enabled
	Starts  int  // since the last reset-failed; three are allowed
	Args    []string
	Env     []string
	DropIns []string
	Started int64 // microseconds of the monotonic clock
	// Again: the unit has Restart= and waits for its next try, which comes after
	// some looks at it.
	Again           bool
	Looks, Restarts int
	Skipped         bool // the last start, by docker_package's condition
}

func fakePath(name string) string { return filepath.Join(filepath.Dir(os.Getenv("ROOT")), name) }

func fakeHost() *host.Host { return host.New(os.Getenv("ROOT")) }

func say(format string, args ...any) {
	f, err := os.OpenFile(fakePath("journal"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		fmt.Fprintf(f, format+"\n", args...)
		f.Close()
	}
}

func (m *manager) load() {
	data, err := os.ReadFile(fakePath("systemd.json"))
	if err != nil {
		m.reread()
		return
	}
	if err := json.Unmarshal(data, m); err != nil {
		panic(err)
	}
	if m.PID != 0 && gone(m.PID) {
		m.PID, m.Failed, m.Result = 0, true, "signal"
	}
}

func (m *manager) save() {
	data, err := json.Marshal(m)
	if err == nil {
		err = os.WriteFile(fakePath("systemd.json"), data, 0o600)
	}
	if err != nil {
		panic(err)
	}
}

// reread is daemon-reload.
func (m *manager) reread() {
	m.Args, m.Env, m.DropIns = nil, nil, nil
	unit, err := unitfile.Load(fakeHost(), "docker.service")
	if err != nil {
		return
	}
	m.DropIns = unit.DropIns
	command, _, _ := unitfile.ExecStart(fakeHost(), unit)
	for _, word := range command.Words {
		m.Args = append(m.Args, word.Text)
	}
	environment, _, _ := unitfile.Environment(fakeHost(), unit)
	for name, value := range environment {
		m.Env = append(m.Env, name+"="+value.Value)
	}
	slices.Sort(m.Env)
}

func fakeSystemctl(args []string) int {
	var m manager
	m.load()
	defer m.save()
	args = slices.DeleteFunc(args, func(a string) bool { return strings.HasPrefix(a, "-") })
	say("systemctl %s", strings.Join(args, " "))
	switch args[0] {
	case "show":
		for i, unit := range args[1:] {
			if i > 0 {
				fmt.Println()
			}
			m.show(unit)
		}
	case "daemon-reload":
		m.reread()
	case "reset-failed":
		m.Starts, m.Failed, m.Result = 0, false, ""
	case "enable", "disable":
		m.Off = args[0] == "disable"
	case "stop":
		m.stop()
		m.Stopped = true
	case "start":
		if m.skips() {
			return 0
		}
		if m.PID == 0 {
			m.Restarts = 0
			return m.start()
		}
	case "restart":
		m.stop()
		if m.skips() {
			return 0
		}
		m.Restarts = 0
		return m.start()
	case "reload":
		if m.PID == 0 || syscall.Kill(m.PID, syscall.SIGHUP) != nil {
			return 1
		}
	default:
		fmt.Fprintf(os.Stderr, "unknown command %q\n", args[0])
		return 2
	}
	return 0
}

func (m *manager) show(unit string) {
	loaded, state, file := "loaded", "inactive", "enabled"
	switch _, err := os.Lstat(fakeHost().Path("/usr/lib/systemd/system/" + unit)); {
	case err != nil:
		loaded, file = "not-found", ""
	case m.Off:
		file = "disabled"
	}
	if target, err := fakeHost().Readlink("/etc/systemd/system/" + unit); err == nil && target == "/dev/null" {
		loaded, file = "masked", "masked"
	}
	switch {
	case unit == "docker.service" && m.Again:
		state = "activating"
	case m.Failed:
		state = "failed"
	case unit == "docker.service" && m.PID != 0, unit == "docker.socket" && !m.Stopped && loaded == "loaded":
		state = "active"
	}
	fmt.Printf("Id=%s\nLoadState=%s\nActiveState=%s\nUnitFileState=%s\nResult=%s\nJob=\n", unit, loaded, state, file, m.Result)
	if unit == "docker.socket" {
		fmt.Printf("Listen=/var/run/docker.sock (Stream)\n")
		return
	}
	if m.Again {
		fmt.Printf("SubState=auto-restart\n")
		if m.Looks++; m.Looks%3 == 0 {
			defer func() {
				m.Restarts++
				m.start()
			}()
		}
	}
	now := manager{}
	now.reread()
	stale := "no"
	if !slices.Equal(now.Args, m.Args) || !slices.Equal(now.Env, m.Env) {
		stale = "yes"
	}
	condition := "yes"
	if m.Skipped {
		condition = "no"
	}
	fmt.Printf("MainPID=%d\nNeedDaemonReload=%s\nDropInPaths=%s\nStartLimitBurst=3\nStartLimitIntervalUSec=1min\nExecMainStartTimestampMonotonic=%d\nConditionResult=%s\nNRestarts=%d\n",
		m.PID, stale, strings.Join(m.DropIns, " "), m.Started, condition, m.Restarts)
}

// skips reports whether a start is skipped, and leaves a trace of it.
func (m *manager) skips() bool {
	if m.Skipped = dockerd.HeldBack(fakeHost()); m.Skipped {
		say("a condition is not met")
	}
	return m.Skipped
}

func (m *manager) stop() {
	if m.PID == 0 {
		return
	}
	pid := m.PID
	m.PID = 0
	_ = syscall.Kill(pid, syscall.SIGTERM)
	waitFor(func() bool { return gone(pid) })
	os.RemoveAll(fakeHost().Path("/proc/" + strconv.Itoa(pid)))
}

// gone reports whether a process has ended. One that its new parent has not
// taken note of yet has ended, too.
func gone(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// waitFor waits until a condition holds, at most 20 seconds.
func waitFor(condition func() bool) {
	for end := time.Now().Add(20 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			panic("the condition did not come true within 20 s")
		}
	}
}

func (m *manager) start() int {
	if masked, err := fakeHost().Readlink("/etc/systemd/system/docker.service"); err == nil && masked == "/dev/null" {
		fmt.Fprintln(os.Stderr, "Failed to start docker.service: Unit docker.service is masked.")
		return 1
	}
	m.Stopped, m.Again, m.Looks = false, false, 0
	if m.Starts++; m.Starts > 3 {
		m.Failed, m.Result = true, "start-limit-hit"
		say("docker.service: Start request repeated too quickly.")
		fmt.Fprintln(os.Stderr, "Job for docker.service failed.")
		return 1
	}
	// The double fork of a daemon: the shell ends, so nobody here has to wait
	// for the daemon's own end.
	ready := fakePath("ready")
	os.Remove(ready)
	cmd := exec.Command("/bin/sh", "-c", `FAKE=dockerd setsid "$0" "$@" </dev/null >/dev/null 2>&1 & echo $!`, os.Args[0])
	cmd.Args = append(cmd.Args, m.Args...)
	out, err := cmd.Output()
	if err != nil {
		panic(err)
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(out)))
	waitFor(func() bool {
		_, err := os.Stat(ready)
		return err == nil || gone(pid)
	})
	if _, err := os.Stat(ready); err != nil {
		m.Result = "exit-code"
		say("docker.service: Failed with result 'exit-code'.")
		_, err := os.Stat(fakePath("again"))
		m.Again, m.Failed = err == nil, err != nil
		return 0
	}
	m.PID, m.Failed, m.Result, m.Started = pid, false, "success", uptime()
	dir := fakeHost().Path("/proc/" + strconv.Itoa(pid))
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	for name, content := range map[string]string{"stat": string(stat), "comm": "dockerd\n", "cmdline": strings.Join(m.Args, "\x00") + "\x00", "environ": strings.Join(m.Env, "\x00") + "\x00"} {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644)
		}
	}
	if err == nil {
		err = os.Symlink(m.Args[0], filepath.Join(dir, "exe"))
	}
	if err != nil {
		panic(err)
	}
	return 0
}

// uptime is the monotonic clock in microseconds, on a machine that never slept.
func uptime() int64 {
	data, err := os.ReadFile("/proc/uptime")
	if err != nil {
		panic(err)
	}
	seconds, err := strconv.ParseFloat(strings.Fields(string(data))[0], 64)
	if err != nil {
		panic(err)
	}
	return int64(seconds * 1e6)
}

func fakeJournalctl(args []string) int {
	data, _ := os.ReadFile(fakePath("journal"))
	skip := 0
	for _, arg := range args {
		if at, ok := strings.CutPrefix(arg, "--after-cursor="); ok {
			skip, _ = strconv.Atoi(at)
		}
	}
	if slices.Contains(args, "--show-cursor") {
		fmt.Printf("-- cursor: %d\n", len(data))
		return 0
	}
	os.Stdout.Write(data[skip:])
	return 0
}
