// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"hardened.docker/modules/internal/host"
)

// Process is a process of the engine.
type Process struct {
	PID    int
	Parent int
	Name   string   // as the kernel has it, at most 15 characters
	Args   []string // the command line
	// Ticks is the process's start in clock ticks since boot. With the PID it
	// names a process for good.
	Ticks uint64
}

// ReadProcess returns the process, or an error if there is none (any more).
func ReadProcess(h *host.Host, pid int) (Process, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := h.ReadFile(dir + "/stat")
	if err != nil {
		return Process{}, err
	}
	p, err := parseStat(string(stat))
	if err != nil {
		return Process{}, fmt.Errorf("cannot read %s/stat: %w", dir, err)
	}
	cmdline, err := h.ReadFile(dir + "/cmdline")
	if err != nil {
		return Process{}, err
	}
	if text := strings.TrimSuffix(string(cmdline), "\x00"); text != "" {
		p.Args = strings.Split(text, "\x00")
	}
	return p, nil
}

// parseStat reads /proc/PID/stat, proc_pid_stat(5). The name, in parentheses,
// may itself have spaces and parentheses.
func parseStat(text string) (Process, error) {
	begin, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if begin < 0 || end < begin {
		return Process{}, fmt.Errorf("invalid content %q", text)
	}
	rest := strings.Fields(text[end+1:])
	if len(rest) < 20 {
		return Process{}, fmt.Errorf("invalid content %q", text)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(text[:begin]))
	if err != nil || pid < 1 {
		return Process{}, fmt.Errorf("invalid content %q", text)
	}
	parent, _ := strconv.Atoi(rest[1])
	ticks, err := strconv.ParseUint(rest[19], 10, 64)
	if err != nil {
		return Process{}, fmt.Errorf("invalid content %q", text)
	}
	return Process{PID: pid, Parent: parent, Name: text[begin+1 : end], Ticks: ticks}, nil
}

// ticksPerSecond is USER_HZ, 100 on every architecture that Docker runs on.
const ticksPerSecond = 100

// Started returns when the process began, by the present wall clock.
func (p Process) Started() time.Time {
	return time.Now().Add(time.Duration(p.Ticks)*time.Second/ticksPerSecond - sinceBoot())
}

// sinceBoot is the time since boot with sleep, which processes' start times
// count. /proc/uptime is no substitute: lxcfs shows containers their own one.
func sinceBoot() time.Duration {
	const clockBoottime = 7
	var ts syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockBoottime, uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		return 0
	}
	return time.Duration(ts.Nano())
}

// Environment returns the environment that the process was started with.
func Environment(h *host.Host, pid int) (map[string]string, error) {
	data, err := h.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return nil, err
	}
	env := make(map[string]string)
	for _, entry := range strings.Split(string(data), "\x00") {
		if name, value, ok := strings.Cut(entry, "="); ok {
			env[name] = value
		}
	}
	return env, nil
}

// Replaced reports whether the program file of the process is gone, as after
// an upgrade that did not restart it.
func Replaced(h *host.Host, pid int) bool {
	target, err := h.Readlink("/proc/" + strconv.Itoa(pid) + "/exe")
	return err == nil && strings.HasSuffix(target, " (deleted)")
}

// Processes are the processes of an engine.
type Processes struct {
	Dockerd    []Process
	Containerd []Process
	Shims      []Process
	Proxies    []Process
}

// FindProcesses looks for the processes of the host's own engine among all of
// the host. It needs no daemon: containers that outlive theirs have a shim each.
// Engines that run in a container, or without root, show here too, and are left
// aside: they have a data-root, a network and a socket of their own.
func FindProcesses(h *host.Host) Processes {
	var found Processes
	entries, err := h.ReadDir("/proc")
	if err != nil {
		return found
	}
	own := namespaces(h, "self")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// The short name is one small file; most processes need no more.
		comm, err := h.ReadFile("/proc/" + e.Name() + "/comm")
		if err != nil {
			continue
		}
		var list *[]Process
		switch name := strings.TrimSpace(string(comm)); {
		case name == "dockerd":
			list = &found.Dockerd
		case name == "containerd", name == "docker-containe":
			list = &found.Containerd
		case strings.HasPrefix(name, "containerd-shim"):
			list = &found.Shims
		case name == "docker-proxy":
			list = &found.Proxies
		default:
			continue
		}
		// Only root may ask about root's processes. A user who may not takes what
		// bears the name for the host's own, or the daemon would seem to be down.
		if theirs := namespaces(h, e.Name()); theirs != own && theirs != [2]string{} {
			continue
		}
		if p, err := ReadProcess(h, pid); err == nil {
			*list = append(*list, p)
		}
	}
	return found
}

// namespaces names those that tell a process of the host (as /proc has it) from
// one in a container, which counts processes of its own, or of a daemon without
// root, which has users of its own.
func namespaces(h *host.Host, process string) (names [2]string) {
	for i, kind := range []string{"pid", "user"} {
		// A kernel without user namespaces has none to name.
		names[i], _ = h.Readlink("/proc/" + process + "/ns/" + kind)
	}
	return names
}

// ContainerIDs returns the containers that Docker's shims keep, known from
// their command lines (-id, -namespace moby).
func (p Processes) ContainerIDs() []string {
	var ids []string
	for _, shim := range p.Shims {
		id, moby := "", false
		for i, arg := range shim.Args {
			if i+1 == len(shim.Args) {
				break
			}
			switch arg {
			case "-id", "--id":
				id = shim.Args[i+1]
			case "-namespace", "--namespace":
				moby = shim.Args[i+1] == "moby"
			case "-workdir", "--workdir":
				// Shims of containerd 1.2 and before: .../moby/<id>
				if dir, last := filepath.Split(shim.Args[i+1]); filepath.Base(dir) == "moby" {
					id, moby = last, true
				}
			}
		}
		if id != "" && moby {
			ids = append(ids, id)
		}
	}
	return ids
}

// changedAt is the later of a file's content change and its inode change. An
// old file that was moved into place has an old modification time; only the
// inode's tells.
func changedAt(info fs.FileInfo) time.Time {
	at := info.ModTime()
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		if c := time.Unix(stat.Ctim.Unix()); c.After(at) {
			at = c
		}
	}
	return at
}
