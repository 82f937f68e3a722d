// SPDX-License-Identifier: GPL-3.0-or-later

// Command startup compares a module that finds nothing to do with an empty Go
// program: how long a run takes and how much memory it has resident.
//
// It is a small program of its own because the kernel counts the memory of the
// parent, from before the exec, as the child's.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	rounds      = 300
	mostRatio   = 2.0
	mostMemory  = 15 // MiB
	emptySource = "package main\n\nfunc main() {}\n"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: startup BINARY")
		os.Exit(2)
	}
	good, err := compare(os.Args[1])
	if err != nil {
		fmt.Fprintf(os.Stderr, "startup: %v\n", err)
		os.Exit(2)
	}
	if !good {
		os.Exit(1)
	}
}

func compare(binary string) (good bool, err error) {
	dir, err := os.MkdirTemp("", "startup-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	empty, err := buildEmpty(dir)
	if err != nil {
		return false, err
	}
	args := fmt.Sprintf(`{"path": %q}`, filepath.Join(dir, "daemon.json"))
	var module, nothing []time.Duration
	var memory int64
	for range rounds {
		took, _, err := run(exec.Command(empty), "")
		if err != nil {
			return false, err
		}
		nothing = append(nothing, took)
		took, resident, err := run(exec.Command(binary, "docker_daemon_json"), args)
		if err != nil {
			return false, err
		}
		module = append(module, took)
		memory = max(memory, resident)
	}
	ratio := float64(median(module)) / float64(median(nothing))
	fmt.Printf("a module that does nothing: %v, an empty Go program: %v, ratio %.2f, target %.2f (medians of %d runs)\n",
		median(module), median(nothing), ratio, mostRatio, rounds)
	fmt.Printf("resident memory: at most %.1f MiB, target %d\n", float64(memory)/1024, mostMemory)
	return ratio <= mostRatio && memory < mostMemory*1024, nil
}

func buildEmpty(dir string) (string, error) {
	source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "empty")
	if err := os.WriteFile(source, []byte(emptySource), 0o600); err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("cannot build an empty program: %w: %s", err, out)
	}
	return program, nil
}

// run returns how long a command took and its resident memory in KiB.
func run(cmd *exec.Cmd, stdin string) (time.Duration, int64, error) {
	cmd.Stdin = strings.NewReader(stdin)
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("cannot run %s: %w", cmd.Path, err)
	}
	took := time.Since(begin)
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return took, 0, fmt.Errorf("cannot tell the memory of %s", cmd.Path)
	}
	return took, usage.Maxrss, nil
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2].Round(time.Microsecond)
}
