// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Command is a program to run, by argument vector: no shell reads it.
type Command struct {
	Argv  []string
	Env   []string      // additions to the environment, "NAME=value"
	Stdin []byte        // standard input, empty by default
	Limit time.Duration // how long it may take; 0 is as long as the module
	Dir   string        // working directory, "/" by default
	// UID and GID, when not zero, run the program as that user.
	UID, GID uint32
}

// Output is what a command printed and how it ended.
type Output struct {
	Stdout, Stderr []byte
	Code           int // exit status; -1 if it could not start or was killed
}

// Lines returns the non-empty lines of standard output.
func (o Output) Lines() []string {
	var lines []string
	for _, line := range strings.Split(string(o.Stdout), "\n") {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// CommandError is a command that did not end with exit status 0.
type CommandError struct {
	Argv   []string
	Output Output
	Err    error // the cause, when the command did not run to its end
}

func (e *CommandError) Error() string {
	what := strings.Join(e.Argv, " ")
	text := tail(e.Output.Stderr, 2000)
	if text == "" {
		text = tail(e.Output.Stdout, 2000)
	}
	switch {
	case e.Err != nil && text != "":
		return fmt.Sprintf("cannot run %s: %v: %s", what, e.Err, text)
	case e.Err != nil:
		return fmt.Sprintf("cannot run %s: %v", what, e.Err)
	case text == "":
		return fmt.Sprintf("cannot run %s: it ended with exit status %d and said nothing", what, e.Output.Code)
	}
	return fmt.Sprintf("cannot run %s: it ended with exit status %d: %s", what, e.Output.Code, text)
}

func (e *CommandError) Unwrap() error { return e.Err }

// tail returns the end of what a program printed, where programs say why
// they failed.
func tail(text []byte, limit int) string {
	text = bytes.TrimSpace(text)
	if len(text) > limit {
		text = append([]byte("..."), text[len(text)-limit:]...)
	}
	return string(text)
}

// ErrNotFound is the cause of a CommandError for a program that is not there.
var ErrNotFound = errors.New("the program is not installed")

// Look returns the path of the named program and whether it is there.
func (h *Host) Look(name string) (string, bool) {
	if filepath.IsAbs(name) {
		name = h.Path(name)
		info, err := os.Stat(name)
		return name, err == nil && !info.IsDir() && info.Mode()&0o111 != 0
	}
	for _, dir := range h.path {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return path, true
		}
	}
	return "", false
}

// Run runs a command to its end. Its locale is C, so that what it prints can
// be read; its standard streams are never those of the module. When ctx ends
// or the limit passes, the command's whole process group is ended: first with
// SIGTERM, after five seconds with SIGKILL.
//
// The error is a *CommandError unless the exit status is 0. The output is
// returned in either case.
func (h *Host) Run(ctx context.Context, c Command) (Output, error) {
	path, ok := h.Look(c.Argv[0])
	if !ok {
		return Output{Code: -1}, &CommandError{Argv: c.Argv, Output: Output{Code: -1}, Err: ErrNotFound}
	}
	if c.Limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.Limit, fmt.Errorf("it did not end within %v", c.Limit))
		defer cancel()
	}
	cmd := exec.CommandContext(ctx, path, c.Argv[1:]...)
	cmd.Env = append(h.environment(), c.Env...)
	cmd.Dir = c.Dir
	if cmd.Dir == "" {
		cmd.Dir = "/"
	}
	stdin, err := c.stdin()
	if err != nil {
		return Output{Code: -1}, &CommandError{Argv: c.Argv, Output: Output{Code: -1}, Err: err}
	}
	defer stdin.Close()
	cmd.Stdin = stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.UID != 0 || c.GID != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: c.UID, Gid: c.GID}
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	// Past WaitDelay the process is killed; its group follows below.
	cmd.WaitDelay = 5 * time.Second
	err = cmd.Run()
	out := Output{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), Code: -1}
	if cmd.ProcessState != nil {
		out.Code = cmd.ProcessState.ExitCode()
		if ctx.Err() != nil {
			_ = syscall.Kill(-cmd.ProcessState.Pid(), syscall.SIGKILL)
		}
	}
	if cause := context.Cause(ctx); cause != nil && err != nil {
		return out, &CommandError{Argv: c.Argv, Output: out, Err: cause}
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out, nil
	case errors.As(err, &exit) && out.Code >= 0:
		return out, &CommandError{Argv: c.Argv, Output: out}
	case errors.Is(err, fs.ErrNotExist):
		return out, &CommandError{Argv: c.Argv, Output: out, Err: ErrNotFound}
	case errors.Is(err, exec.ErrWaitDelay) && out.Code == 0:
		// A child of the command kept its standard output open, as a daemon
		// started by a maintainer script can: the command itself has ended well.
		return out, nil
	}
	return out, &CommandError{Argv: c.Argv, Output: out, Err: err}
}

// stdin returns the reading end of a pipe with the command's input in it. The
// pipe belongs to the command's user, so that a program can also open it by
// the name /dev/stdin.
func (c Command) stdin() (*os.File, error) {
	if len(c.Stdin) == 0 {
		return os.Open(os.DevNull)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	if c.UID != 0 || c.GID != 0 {
		if err := read.Chown(int(c.UID), int(c.GID)); err != nil {
			read.Close()
			write.Close()
			return nil, err
		}
	}
	go func() {
		defer write.Close()
		// The command may end without having read it all; that is its affair.
		_, _ = write.Write(c.Stdin)
	}()
	return read, nil
}

// environment is the module's own environment with a PATH that has the system
// directories and a locale whose messages can be parsed.
func (h *Host) environment() []string {
	env := make([]string, 0, len(os.Environ())+3)
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if name == "PATH" || name == "LANG" || name == "LANGUAGE" || strings.HasPrefix(name, "LC_") {
			continue
		}
		env = append(env, kv)
	}
	return append(env, "PATH="+strings.Join(h.path, ":"), "LC_ALL=C")
}
