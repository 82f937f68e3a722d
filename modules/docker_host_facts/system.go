// SPDX-License-Identifier: GPL-3.0-or-later

package docker_host_facts

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/kernelparam"
	"hardened.docker/modules/internal/machine"
)

// system tells the distribution, the kernel and the machine.
func system(_ context.Context, h *host.Host) (map[string]any, error) {
	facts := map[string]any{"distribution": nil, "kernel": nil, "architecture": nil, "hostname": nil, "init": initSystem(h), "cgroup_version": cgroupVersion(h), "apparmor": flagFile(h, "/sys/module/apparmor/parameters/enabled"), "selinux": selinux(h)}
	if k := machine.ReadKernel(); k.Release != "" {
		facts["kernel"], facts["architecture"], facts["hostname"] = k.Release, k.Architecture, k.Hostname
	}
	release, err := distro.Read(h)
	if err != nil {
		return facts, err
	}
	d := map[string]any{"id": release.ID, "like": release.Like, "version": release.VersionID, "codename": release.Codename, "name": release.Pretty, "package_manager": nil}
	if manager, err := release.Manager(); err == nil {
		d["package_manager"] = string(manager)
	}
	facts["distribution"] = d
	return facts, nil
}

// initSystem is the name of the first process, "systemd" where it manages the
// host (sd_booted(3)).
func initSystem(h *host.Host) any {
	if h.Exists("/run/systemd/system") {
		return "systemd"
	}
	name, err := h.ReadFile("/proc/1/comm")
	if err != nil {
		return nil
	}
	return strings.TrimSpace(string(name))
}

// cgroupVersion is 2 where the unified hierarchy is the only one.
func cgroupVersion(h *host.Host) any {
	switch {
	case h.Exists("/sys/fs/cgroup/cgroup.controllers"):
		return 2
	case h.Exists("/sys/fs/cgroup"):
		return 1
	}
	return nil
}

// flagFile reads a kernel parameter that is Y or N.
func flagFile(h *host.Host, name string) bool {
	text, err := h.ReadFile(name)
	return err == nil && strings.HasPrefix(string(text), "Y")
}

func selinux(h *host.Host) string {
	text, err := h.ReadFile("/sys/fs/selinux/enforce")
	switch {
	case err != nil:
		return "disabled"
	case strings.TrimSpace(string(text)) == "1":
		return "enforcing"
	}
	return "permissive"
}

// limits tells the kernel limits that containers and device mapper run into.
func limits(_ context.Context, h *host.Host) (map[string]any, error) {
	values := map[string]any{}
	for name, file := range map[string]string{
		"pid_max": "/proc/sys/kernel/pid_max", "threads_max": "/proc/sys/kernel/threads-max", "file_max": "/proc/sys/fs/file-max",
		"inotify_instances": "/proc/sys/fs/inotify/max_user_instances", "user_namespaces": "/proc/sys/user/max_user_namespaces",
	} {
		values[name] = number(h, file)
	}
	values["kernel_sem"] = nil
	if text, _, err := kernelparam.Read(h, kernelparam.SemFile); err == nil {
		if sem, ok := kernelparam.ParseSem(text); ok {
			numbers := map[string]int{}
			for i, name := range []string{"per_array", "total", "per_call", "arrays"} {
				numbers[name] = sem[i]
			}
			values["kernel_sem"] = numbers
		}
	}
	return map[string]any{"limits": values}, nil
}

// number reads a file that has one number; nil if it has none.
func number(h *host.Host, name string) any {
	text, err := h.ReadFile(name)
	if err != nil {
		return nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return nil
	}
	return n
}

// switches reads the kernel's network switches that Docker depends on.
func switches(h *host.Host) map[string]any {
	return map[string]any{
		"ip_forward":                 number(h, "/proc/sys/net/ipv4/ip_forward"),
		"bridge_nf_call_iptables":    number(h, "/proc/sys/net/bridge/bridge-nf-call-iptables"),
		"bridge_nf_call_ip6tables":   number(h, "/proc/sys/net/bridge/bridge-nf-call-ip6tables"),
		"ipv6_all_disabled":          number(h, "/proc/sys/net/ipv6/conf/all/disable_ipv6"),
		"ip_unprivileged_port_start": number(h, "/proc/sys/net/ipv4/ip_unprivileged_port_start"),
	}
}

// audit tells whether the kernel's audit is used, and by which rule files.
func audit(_ context.Context, h *host.Host) (map[string]any, error) {
	_, installed := h.Look("auditctl")
	running := alive(h, "/run/auditd.pid")
	files, err := h.Glob("/etc/audit/rules.d/*.rules")
	rules := []string{}
	for _, file := range files {
		rules = append(rules, path.Base(file))
	}
	return map[string]any{"audit": map[string]any{"installed": installed, "running": running, "rules_files": rules}}, err
}

// firewall tells what keeps the packet filter: which iptables, which services.
// It runs no iptables: that would load kernel modules on a host without them.
func firewall(_ context.Context, h *host.Host) (map[string]any, error) {
	f := map[string]any{"iptables": iptables(h), "nft": false, "firewalld": firewallService(h, "firewall-cmd", "/run/firewalld.pid"), "ufw": firewallService(h, "ufw", "")}
	_, f["nft"] = h.Look("nft")
	return map[string]any{"firewall": f, "sysctl": switches(h)}, nil
}

// iptables tells which variant the command iptables is: the link's target, as
// alternatives set it, names it.
func iptables(h *host.Host) any {
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/bin"} {
		name := dir + "/iptables"
		if !h.Exists(name) {
			continue
		}
		for range 8 {
			target, err := h.Readlink(name)
			if err != nil {
				break
			}
			if !path.IsAbs(target) {
				target = path.Join(path.Dir(name), target)
			}
			name = target
		}
		switch {
		case strings.Contains(name, "nft"):
			return "nft"
		case strings.Contains(name, "legacy"), strings.Contains(name, "xtables"):
			return "legacy"
		}
		return "unknown"
	}
	return nil
}

// firewallService tells of a service by its program and its PID file; "" if
// it has none.
func firewallService(h *host.Host, program, pidFile string) map[string]any {
	_, installed := h.Look(program)
	return map[string]any{"installed": installed, "running": pidFile != "" && alive(h, pidFile)}
}

// alive reports whether the process that a PID file names is there. A file
// that only root may read is taken for one of a service that runs.
func alive(h *host.Host, pidFile string) bool {
	text, err := h.ReadFile(pidFile)
	if err != nil {
		return errors.Is(err, fs.ErrPermission)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return err == nil && h.Exists("/proc/"+strconv.Itoa(pid))
}
