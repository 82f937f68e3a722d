// SPDX-License-Identifier: GPL-3.0-or-later

package systemd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
)

// command puts a script on PATH as the host's command of that name, and
// returns a host that finds it.
func command(t *testing.T, name, script string) *host.Host {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return host.New(t.TempDir())
}

// What systemctl of systemd 257 prints, with the properties of each unit in an
// order of its own.
const shown = `MainPID=354
Result=success
NRestarts=2
ExecMainStartTimestampMonotonic=2488478311
Id=docker.service
LoadState=loaded
ActiveState=active
SubState=running
FragmentPath=/usr/lib/systemd/system/docker.service
DropInPaths=/etc/systemd/system/docker.service.d/a.conf /etc/systemd/system/docker.service.d/b.conf
UnitFileState=enabled
Job=
NeedDaemonReload=yes
ConditionResult=yes
StartLimitIntervalUSec=1min
StartLimitBurst=3
InvocationID=a11bd1c12f5649dda7304e83257c8886

Listen=/run/docker.sock (Stream)
Result=service-start-limit-hit
Id=docker.socket
LoadState=loaded
ActiveState=failed
SubState=failed
UnitFileState=enabled
Job=71
StartLimitIntervalUSec=10s
StartLimitBurst=5
`

func TestShow(t *testing.T) {
	h := command(t, "systemctl", "cat <<'EOF'\n"+shown+"EOF\n")
	got, err := Show(context.Background(), h, "docker.service", "docker.socket")
	if err != nil {
		t.Fatal(err)
	}
	want := []Unit{
		{Name: "docker.service", LoadState: "loaded", ActiveState: "active", SubState: "running", UnitFileState: "enabled", Result: "success",
			FragmentPath: "/usr/lib/systemd/system/docker.service",
			DropIns:      []string{"/etc/systemd/system/docker.service.d/a.conf", "/etc/systemd/system/docker.service.d/b.conf"},
			MainPID:      354, Started: 2488478311 * time.Microsecond, Restarts: 2, NeedDaemonReload: true,
			StartLimitBurst: 3, StartLimitInterval: time.Minute, InvocationID: "a11bd1c12f5649dda7304e83257c8886"},
		{Name: "docker.socket", LoadState: "loaded", ActiveState: "failed", SubState: "failed", UnitFileState: "enabled", Result: "service-start-limit-hit",
			Job: 71, StartLimitBurst: 5, StartLimitInterval: 10 * time.Second, Listen: []string{"/run/docker.sock (Stream)"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Show() differs (-want +got):\n%s", diff)
	}
}

func TestShowErrors(t *testing.T) {
	tests := []struct {
		name, script string
		notRunning   bool
		text         string
	}{
		{"no systemd", "echo \"System has not been booted with systemd as init system (PID 1). Can't operate.\" >&2; exit 1", true, "has not been booted"},
		{"no bus", "echo 'Failed to connect to bus: No such file or directory' >&2; exit 1", true, "connect to bus"},
		{"refused", "echo 'Access denied' >&2; exit 4", false, "exit status 4: Access denied; run the task with become: true"},
		{"garbage", "echo hello", false, "told of 0 units, not 1"},
		{"silent", "true", false, "told of 0 units, not 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Show(context.Background(), command(t, "systemctl", test.script), "docker.service")
			if err == nil || !strings.HasPrefix(err.Error(), "cannot ask systemd about docker.service: ") || !strings.Contains(err.Error(), test.text) {
				t.Fatalf("Show() = %v; want an error with %q", err, test.text)
			}
			if got := errors.Is(err, ErrNotRunning); got != test.notRunning {
				t.Errorf("errors.Is(%v, ErrNotRunning) = %v; want %v", err, got, test.notRunning)
			}
		})
	}
}

func TestUnit(t *testing.T) {
	tests := []struct {
		unit                             Unit
		exists, enabled, masked, runtime bool
	}{
		{Unit{LoadState: "not-found"}, false, false, false, false},
		{Unit{LoadState: "loaded", UnitFileState: "enabled"}, true, true, false, false},
		{Unit{LoadState: "loaded", UnitFileState: "disabled"}, true, false, false, false},
		{Unit{LoadState: "loaded", UnitFileState: "static"}, true, true, false, false},
		{Unit{LoadState: "loaded", UnitFileState: "indirect"}, true, false, false, false},
		{Unit{LoadState: "masked", UnitFileState: "masked"}, true, false, true, false},
		{Unit{LoadState: "masked", UnitFileState: "masked-runtime"}, true, false, true, true},
		{Unit{LoadState: "loaded", UnitFileState: "masked"}, true, false, true, false}, // masked after it was started
	}
	for _, test := range tests {
		masked, runtime := test.unit.Masked()
		if got := test.unit.Exists(); got != test.exists {
			t.Errorf("%+v.Exists() = %v; want %v", test.unit, got, test.exists)
		}
		if got := test.unit.Enabled(); got != test.enabled {
			t.Errorf("%+v.Enabled() = %v; want %v", test.unit, got, test.enabled)
		}
		if masked != test.masked || runtime != test.runtime {
			t.Errorf("%+v.Masked() = %v, %v; want %v, %v", test.unit, masked, runtime, test.masked, test.runtime)
		}
	}
}

func TestSpan(t *testing.T) {
	const forever = time.Duration(1<<63 - 1)
	tests := map[string]time.Duration{
		"": 0, "0": 0, "1min": time.Minute, "1min 30s": 90 * time.Second, "10s": 10 * time.Second, "500ms": 500 * time.Millisecond,
		"1.5s": 1500 * time.Millisecond, "2h 5min": 125 * time.Minute, "infinity": forever, "1fortnight": forever,
	}
	for text, want := range tests {
		if got := span(text); got != want {
			t.Errorf("span(%q) = %v; want %v", text, got, want)
		}
	}
}

func TestCall(t *testing.T) {
	h := command(t, "systemctl", `echo "Failed to start docker.service: Unit docker.service is masked." >&2; exit 1`)
	err := Call(context.Background(), h, time.Minute, "start", "--", "docker.service")
	if want := "cannot start docker.service: "; err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "is masked") {
		t.Errorf("Call() = %v; want %q and the reason", err, want)
	}
	slow := command(t, "systemctl", "exec sleep 60")
	if err := Call(context.Background(), slow, 50*time.Millisecond, "stop", "--", "docker.service"); err == nil || !strings.Contains(err.Error(), "did not end within 50ms") {
		t.Errorf("Call() = %v; want the end of the time", err)
	}
}

func TestStartedWithin(t *testing.T) {
	if u := (Unit{}); u.StartedWithin(time.Hour) {
		t.Error("a unit that never started was started within an hour")
	}
	if u := (Unit{Started: 1}); u.StartedWithin(time.Nanosecond) {
		t.Error("a unit that started at boot was started within a nanosecond")
	}
	if u := (Unit{Started: 1}); !u.StartedWithin(1<<63 - 1) {
		t.Error("a unit that started at boot was not started within 292 years")
	}
}

func TestJournal(t *testing.T) {
	h := command(t, "journalctl", `
case "$*" in
*--show-cursor*) echo last line; echo "-- cursor: s=1;i=2" ;;
*--after-cursor=s=1\;i=2*) printf 'one\n\ntwo\n' ;;
*--since=@100*) echo since ;;
esac`)
	ctx := context.Background()
	cursor := Cursor(ctx, h, "docker.service")
	if cursor != "s=1;i=2" {
		t.Fatalf("Cursor() = %q; want s=1;i=2", cursor)
	}
	if diff := cmp.Diff([]string{"one", "two"}, JournalAfter(ctx, h, "docker.service", cursor)); diff != "" {
		t.Errorf("JournalAfter() differs (-want +got):\n%s", diff)
	}
	if got := JournalAfter(ctx, h, "docker.service", ""); got != nil {
		t.Errorf("JournalAfter() without a cursor = %q; want nothing", got)
	}
	if diff := cmp.Diff([]string{"since"}, Journal(ctx, h, "docker.service", time.Unix(100, 999), 5)); diff != "" {
		t.Errorf("Journal() differs (-want +got):\n%s", diff)
	}
	broken := command(t, "journalctl", "exit 1")
	if got := Cursor(ctx, broken, "docker.service") + strings.Join(Journal(ctx, broken, "docker.service", time.Time{}, 5), ""); got != "" {
		t.Errorf("of a journal that cannot be read: %q; want nothing", got)
	}
}

func TestCallNamesTheVerb(t *testing.T) {
	h := command(t, "systemctl", "echo 'Access denied' >&2; exit 4")
	err := Call(t.Context(), h, Limit, "--no-block", "restart", "--", "docker.service")
	const want = "cannot restart docker.service: "
	if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), "run the task with become: true") {
		t.Errorf("Call() = %v; want an error that begins with %q and ends with a hint at become", err, want)
	}
	var nothing *ansible.NothingDone
	if !errors.As(err, &nothing) {
		t.Errorf("Call() = %v; want that nothing was done", err)
	}
	h = command(t, "systemctl", "echo 'Job for docker.service failed' >&2; exit 1")
	if err := Call(t.Context(), h, Limit, "restart"); err == nil || errors.As(err, &nothing) {
		t.Errorf("Call() = %v; want an error of an attempt", err)
	}
}
