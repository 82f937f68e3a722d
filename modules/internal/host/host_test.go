// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// script puts an executable script on a PATH of its own and returns the host.
func script(t *testing.T, name, text string) *Host {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return New("/")
}

func TestRun(t *testing.T) {
	tests := []struct {
		name, script string
		command      Command
		stdout       string
		code         int
		err          string // "" is success
	}{
		{"output", `echo out; echo err >&2`, Command{}, "out\n", 0, ""},
		{"arguments are no shell's", `printf '%s|' "$@"`, Command{Argv: []string{"x", "a b", "$(id)", ";", "*"}}, "a b|$(id)|;|*|", 0, ""},
		{"standard input", `cat`, Command{Stdin: []byte("in\n")}, "in\n", 0, ""},
		{"standard input by its name", `cat /dev/stdin`, Command{Stdin: []byte("in\n")}, "in\n", 0, ""},
		{"no standard input", `cat`, Command{}, "", 0, ""},
		{"input that is not read", `exec <&-; echo done`, Command{Stdin: make([]byte, 1<<20)}, "done\n", 0, ""},
		{"environment", `echo "$LC_ALL $LANG $X"`, Command{Env: []string{"X=1"}}, "C  1\n", 0, ""},
		{"directory", `pwd`, Command{}, "/\n", 0, ""},
		{"exit status", `echo why >&2; exit 3`, Command{}, "", 3, "cannot run x: it ended with exit status 3: why"},
		{"silent failure", `exit 1`, Command{}, "", 1, "cannot run x: it ended with exit status 1 and said nothing"},
		{"killed", `kill -9 $$`, Command{}, "", -1, "cannot run x: signal: killed"},
		{"limit", `echo begun; exec sleep 60`, Command{Limit: 200 * time.Millisecond}, "begun\n", -1, "cannot run x: it did not end within 200ms: begun"},
		{"a daemon keeps standard output", `sleep 60 & echo "$!"`, Command{}, "", 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := script(t, "x", test.script)
			t.Setenv("LANG", "de_DE.UTF-8")
			if test.command.Argv == nil {
				test.command.Argv = []string{"x"}
			}
			out, err := h.Run(context.Background(), test.command)
			message := ""
			if err != nil {
				message = err.Error()
			}
			if message != test.err || out.Code != test.code {
				t.Errorf("Run = %q, exit status %d; want %q, %d", message, out.Code, test.err, test.code)
			}
			if test.name == "a daemon keeps standard output" {
				pid := strings.TrimSpace(string(out.Stdout))
				// What the script started is the test's to end.
				if out, err := h.Run(context.Background(), Command{Argv: []string{"kill", pid}}); err != nil {
					t.Errorf("the daemon is gone: %v %s", err, out.Stderr)
				}
				return
			}
			if string(out.Stdout) != test.stdout {
				t.Errorf("stdout = %q; want %q", out.Stdout, test.stdout)
			}
		})
	}
}

func TestRunWithoutProgram(t *testing.T) {
	h := New("/")
	for _, name := range []string{"no-such-program", "/no/such/program"} {
		_, err := h.Run(context.Background(), Command{Argv: []string{name}})
		if !errors.Is(err, ErrNotFound) || !strings.HasPrefix(err.Error(), "cannot run "+name) {
			t.Errorf("Run(%s) = %v; want ErrNotFound", name, err)
		}
	}
}

func TestRunEndsTheWholeGroup(t *testing.T) {
	h := script(t, "x", "sleep 60 &\necho $!\nwait\n")
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	out, err := h.Run(ctx, Command{Argv: []string{"x"}})
	if err == nil {
		t.Fatal("Run = nil; want an error")
	}
	pid := strings.TrimSpace(string(out.Stdout))
	deadline := time.Now().Add(10 * time.Second)
	for {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		// A zombie has ended; its new parent has not looked yet.
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the command's child %s goes on: %s", pid, stat)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestRunAsUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	out, err := New("/").Run(context.Background(), Command{Argv: []string{"sh", "-c", "id -u; id -g; cat /dev/stdin"}, Stdin: []byte("in"), UID: 65534, GID: 65534})
	if err != nil || string(out.Stdout) != "65534\n65534\nin" {
		t.Errorf("Run = %q, %v; want the other user, who reads the input", out.Stdout, err)
	}
}

func TestPathHasTheSystemDirectories(t *testing.T) {
	t.Setenv("PATH", "relative:/usr/bin")
	h := New("/")
	want := []string{"/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/sbin", "/bin"}
	if diff := cmp.Diff(want, h.path); diff != "" {
		t.Errorf("path (-want +got):\n%s", diff)
	}
}

func TestReadsBelowItsRoot(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{"etc/a.conf": "a", "etc/b.conf": "b", "etc/c": "ccc"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "etc/pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := New(root)
	names, err := h.Glob("/etc/*.conf")
	if diff := cmp.Diff([]string{"/etc/a.conf", "/etc/b.conf"}, names); diff != "" || err != nil {
		t.Errorf("Glob: %v (-want +got):\n%s", err, diff)
	}
	if data, err := h.ReadFile("/etc/c"); string(data) != "ccc" || err != nil {
		t.Errorf("ReadFile = %q, %v; want ccc", data, err)
	}
	if _, err := h.ReadFile("/etc/d"); !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), root) {
		t.Errorf("ReadFile = %v; want an error with the host's own path", err)
	}
	for name, want := range map[string]error{"/etc/c": ErrTooLarge, "/etc": ErrDirectory, "/etc/pipe": ErrNotRegular, "/etc/d": fs.ErrNotExist} {
		if _, _, err := h.ReadRegular(name, 2); !errors.Is(err, want) {
			t.Errorf("ReadRegular(%s) = %v; want %v", name, err, want)
		}
	}
	if _, err := h.ReadFile("/etc/pipe"); !errors.Is(err, ErrNotRegular) {
		t.Errorf("ReadFile(pipe) = %v; want %v, without waiting for a writer", err, ErrNotRegular)
	}
	if data, info, err := h.ReadRegular("/etc/c", 3); string(data) != "ccc" || info.Size() != 3 || err != nil {
		t.Errorf("ReadRegular = %q, %v; want ccc", data, err)
	}
}
