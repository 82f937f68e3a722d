// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"context"
	"path"
	"sort"
	"strconv"
	"strings"
	"time"

	"hardened.docker/modules/internal/apt"
	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/dnf"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/kernelparam"
	"hardened.docker/modules/internal/machine"
)

// readSystem reads what the kernel says in small files.
func readSystem(_ context.Context, h *host.Host, _ *Snapshot) (func(*Snapshot), error) {
	k := machine.ReadKernel()
	sys := System{Kernel: k.Release, Architecture: k.Architecture, Hostname: k.Hostname,
		MachineID: line(h, "/etc/machine-id"), BootID: line(h, "/proc/sys/kernel/random/boot_id"),
		RedirectDir: line(h, "/sys/module/overlay/parameters/redirect_dir"), OverlayIndex: line(h, "/sys/module/overlay/parameters/index"),
		IPForward: line(h, "/proc/sys/net/ipv4/ip_forward"), BridgeNF: line(h, "/proc/sys/net/bridge/bridge-nf-call-iptables"),
	}
	sys.Sem, _ = kernelparam.ParseSem(line(h, kernelparam.SemFile))
	// A tree of a test has its own kernel.
	if release := line(h, "/proc/sys/kernel/osrelease"); release != "" {
		sys.Kernel = release
	}
	sys.PIDMax, _ = strconv.Atoi(line(h, "/proc/sys/kernel/pid_max"))
	sys.Load = line(h, "/proc/loadavg")
	sys.IOPressure, _, _ = strings.Cut(line(h, "/proc/pressure/io"), "\n")
	filesystems, err := h.ReadFile("/proc/filesystems")
	sys.Overlay = err != nil || strings.Contains(string(filesystems), "\toverlay\n")
	if release, err := distro.Read(h); err == nil {
		sys.Distribution = release.Pretty
	}
	return func(s *Snapshot) { s.System = sys }, nil
}

// line returns the content of a file that has one line, "" if it is not there.
func line(h *host.Host, name string) string {
	content, err := h.ReadFile(name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}

// cookiePrefix begins the keys of the semaphores that device mapper makes
// (libdm, DM_COOKIE_MAGIC 0x0D4D).
const cookiePrefix = "0x0d4d"

// readIPC lists device mapper's semaphore sets, from the kernel's own table
// (sysvipc(7)).
func readIPC(_ context.Context, h *host.Host, _ *Snapshot) (func(*Snapshot), error) {
	content, err := h.ReadFile("/proc/sysvipc/sem")
	if err != nil {
		return nil, err
	}
	found := ParseSemaphores(string(content))
	taken := max(0, len(strings.Split(strings.TrimSpace(string(content)), "\n"))-1) // below a line of titles
	return func(s *Snapshot) { s.Semaphores, s.SetsTaken = found, taken }, nil
}

// ParseSemaphores reads /proc/sysvipc/sem and returns device mapper's sets.
func ParseSemaphores(text string) []Semaphore {
	var found []Semaphore
	for _, l := range strings.Split(text, "\n") {
		// key semid perms nsems uid gid cuid cgid otime ctime
		f := strings.Fields(l)
		if len(f) < 10 {
			continue
		}
		key, err := strconv.ParseInt(f[0], 10, 64)
		if err != nil {
			continue
		}
		name := "0x" + padded(strconv.FormatUint(uint64(uint32(key)), 16))
		if !strings.HasPrefix(name, cookiePrefix) {
			continue
		}
		used, _ := strconv.ParseInt(f[8], 10, 64)
		changed, _ := strconv.ParseInt(f[9], 10, 64)
		found = append(found, Semaphore{Key: name, ID: f[1], Since: time.Unix(max(used, changed), 0)})
	}
	return found
}

func padded(digits string) string { return strings.Repeat("0", max(0, 8-len(digits))) + digits }

// readPackages reads what the package manager says of the engine: dpkg's
// database is a file that can be read, rpm's is asked for.
func readPackages(ctx context.Context, h *host.Host, _ *Snapshot) (func(*Snapshot), error) {
	p := Packages{Installed: map[string]string{}}
	switch distro.HasPackagesOf(h) {
	case distro.Apt:
		status, err := apt.ReadStatus(h)
		if err != nil {
			return nil, err
		}
		for _, name := range watchedPackages() {
			if version := status.Installed(name); version != "" {
				p.Installed[name] = version
			}
		}
		for _, name := range status.Interrupted() {
			for _, watched := range watchedPackages() {
				if name == watched {
					p.Interrupted = append(p.Interrupted, name)
				}
			}
		}
	case distro.Dnf:
		installed, err := dnf.ReadInstalled(ctx, h)
		if err != nil {
			return nil, err
		}
		for _, name := range watchedPackages() {
			if version := installed.Version(name); version != "" {
				p.Installed[name] = version
			}
		}
	}
	return func(s *Snapshot) { s.Packages = p }, nil
}

// watchedPackages are those that the engine is made of, or that bring files
// of the same names.
func watchedPackages() []string {
	return append(engineNames(), "docker-ce-cli", "docker-cli", "containerd.io", "containerd", "runc", "crun", "podman", "podman-docker", "docker-runc", "docker-containerd", "iptables", "nftables", "firewalld")
}

// readLimits reads the limits on processes that pam_limits sets, in the order
// in which it reads them.
func readLimits(_ context.Context, h *host.Host, _ *Snapshot) (func(*Snapshot), error) {
	files, err := h.Glob("/etc/security/limits.d/*.conf")
	if err != nil {
		return nil, err
	}
	sort.Strings(files)
	var limits []Limit
	for _, file := range append([]string{"/etc/security/limits.conf"}, files...) {
		content, err := h.ReadFile(file)
		if err != nil {
			continue
		}
		limits = append(limits, ParseLimits(path.Clean(file), string(content))...)
	}
	return func(s *Snapshot) { s.Limits = limits }, nil
}

// ParseLimits returns the lines about processes in a file of pam_limits,
// limits.conf(5).
func ParseLimits(file, text string) []Limit {
	var limits []Limit
	for n, l := range strings.Split(text, "\n") {
		code, _, _ := strings.Cut(l, "#")
		f := strings.Fields(code)
		if len(f) != 4 || f[2] != "nproc" {
			continue
		}
		value := -1
		if f[3] != "unlimited" && f[3] != "infinity" && f[3] != "-1" {
			parsed, err := strconv.Atoi(f[3])
			if err != nil {
				continue
			}
			value = parsed
		}
		limits = append(limits, Limit{file, file + ":" + number(n+1) + ": " + strings.Join(f, " "), f[0], f[1], value})
	}
	return limits
}
