// SPDX-License-Identifier: GPL-3.0-or-later

package docker_host_facts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"hardened.docker/modules/internal/apt"
	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/dnf"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
	"hardened.docker/modules/internal/systemd"
	"hardened.docker/modules/internal/unitfile"
)

// enginePackages are the engine's packages in all flavors, the engines first.
func enginePackages() []string {
	return []string{"docker-ce", "docker.io", "docker-engine", "moby-engine",
		"docker-ce-cli", "docker-cli", "docker-ce-rootless-extras", "docker-buildx-plugin", "docker-compose-plugin", "docker-buildx", "docker-compose-v2",
		"containerd.io", "containerd", "runc", "iptables", "nftables", "firewalld", "auditd", "audit", "apparmor", "container-selinux"}
}

// packages tells the versions of the engine's packages and whose they are.
func packages(ctx context.Context, h *host.Host) (map[string]any, error) {
	installed, held := map[string]string{}, []string{}
	var err error
	switch distro.HasPackagesOf(h) {
	case distro.Apt:
		var status apt.Status
		if status, err = apt.ReadStatus(h); err != nil {
			break
		}
		for _, name := range enginePackages() {
			if version := status.Installed(name); version != "" {
				installed[name] = version
			}
			if status.Held(name) {
				held = append(held, name)
			}
		}
	default:
		installed, err = rpms(ctx, h)
	}
	var flavor any
	version := any(nil)
	for _, name := range enginePackages()[:4] {
		if v := installed[name]; v != "" {
			flavor, version = name, v
			break
		}
	}
	return map[string]any{"packages": map[string]any{"flavor": flavor, "version": version, "installed": installed, "held": held}}, err
}

// candidates tells which versions of the engine the host's repositories have,
// from what the package manager knows already: no network is used.
func candidates(ctx context.Context, h *host.Host) (map[string]any, error) {
	list := map[string]any{}
	facts := map[string]any{"candidates": list}
	names := append(enginePackages()[:4:4], "docker-ce-cli", "docker-cli", "containerd.io", "containerd")
	var offers pkgmgr.Offers
	var err error
	switch distro.HasPackagesOf(h) {
	case distro.Apt:
		offers, err = apt.View{}.ReadOffers(ctx, h, names)
	case distro.Dnf:
		if tool, missing := dnf.Find(h); missing == nil {
			offers, err = tool.ReadOffers(ctx, h, names)
		}
	}
	for _, name := range names {
		if versions := offers.Versions(name); len(versions) > 0 {
			list[name] = map[string]any{"candidate": offers.Candidate[name], "versions": versions}
		}
	}
	return facts, err
}

// rpms asks rpm for the engine's packages. It exits with the number of those
// that are not there, so its status says nothing.
func rpms(ctx context.Context, h *host.Host) (map[string]string, error) {
	installed := map[string]string{}
	if _, ok := h.Look("rpm"); !ok {
		return installed, nil
	}
	out, err := h.Run(ctx, host.Command{
		Argv:  append([]string{"rpm", "-q", "--queryformat", "%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\n"}, enginePackages()...),
		Limit: 30 * time.Second,
	})
	var failed *host.CommandError
	if errors.As(err, &failed) && failed.Err != nil {
		return installed, err
	}
	for _, line := range out.Lines() {
		if name, version, ok := strings.Cut(line, "\t"); ok {
			installed[name] = version
		}
	}
	return installed, nil
}

// daemonJSON reads the configuration file.
func daemonJSON(_ context.Context, h *host.Host) (map[string]any, error) {
	path := dockerd.DefaultConfigFile
	facts := map[string]any{"path": path, "exists": false, "settings": nil, "error": nil, "mode": nil}
	result := map[string]any{"daemon_json": facts}
	info, err := h.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		facts["settings"] = map[string]any{}
		return result, nil
	}
	facts["exists"] = true
	if err == nil {
		facts["mode"] = fmt.Sprintf("%04o", info.Mode().Perm())
	}
	content, _, err := h.ReadRegular(path, 16<<20)
	if err != nil {
		facts["error"] = err.Error()
		return result, nil
	}
	text := string(content)
	settings, err := dockerd.ParseSettings(&text)
	if err != nil {
		facts["error"] = err.Error()
		return result, nil
	}
	facts["settings"] = settings.Document()
	return result, nil
}

// service tells of the units and of how dockerd was started.
func service(ctx context.Context, h *host.Host) (map[string]any, error) {
	facts := map[string]any{"service": nil, "flags": flags(h)}
	d, err := dockerd.Read(ctx, h)
	if errors.Is(err, systemd.ErrNotRunning) {
		return facts, nil
	}
	if err != nil {
		return facts, err
	}
	facts["service"] = map[string]any{
		"exists":             d.Service.Exists(),
		"load_state":         d.Service.LoadState,
		"active_state":       d.Service.ActiveState,
		"sub_state":          d.Service.SubState,
		"result":             d.Service.Result,
		"unit_file_state":    d.Service.UnitFileState,
		"enabled":            d.Service.Enabled(),
		"unit_file":          d.Service.FragmentPath,
		"drop_ins":           append([]string{}, d.Service.DropIns...),
		"need_daemon_reload": d.Service.NeedDaemonReload,
		"restarts":           d.Service.Restarts,
		"main_pid":           d.Service.MainPID,
		"running":            d.Running(),
		"socket":             map[string]any{"exists": d.Socket.Exists(), "active_state": d.Socket.ActiveState, "result": d.Socket.Result},
	}
	return facts, nil
}

// flags tells the flags of dockerd as the unit starts it, each with the file
// and line that it comes from and the key of daemon.json that means the same.
func flags(h *host.Host) []map[string]any {
	list := []map[string]any{}
	unit, err := unitfile.Load(h, dockerd.Service)
	if err != nil {
		return list
	}
	command, _, err := unitfile.ExecStart(h, unit)
	if err != nil {
		return list
	}
	uses, _ := engine.ParseFlags(command.Args(), engine.Version{})
	for _, u := range uses {
		list = append(list, map[string]any{"flag": u.Flag, "value": u.Value, "source": u.Origin(), "keys": append([]string{}, u.Keys...)})
	}
	return list
}

// processes tells of the engine's processes, which are there, in part, also
// when the daemon is not.
func processes(_ context.Context, h *host.Host) (map[string]any, error) {
	found := dockerd.FindProcesses(h)
	list := func(from []dockerd.Process) []map[string]any {
		out := []map[string]any{}
		for _, p := range from {
			out = append(out, map[string]any{"pid": p.PID, "parent": p.Parent, "args": append([]string{}, p.Args...), "started": p.Started().UTC().Format(time.RFC3339)})
		}
		return out
	}
	containers := found.ContainerIDs()
	if containers == nil {
		containers = []string{}
	}
	return map[string]any{"processes": map[string]any{
		"dockerd": list(found.Dockerd), "containerd": list(found.Containerd), "shims": list(found.Shims), "proxies": list(found.Proxies), "containers": containers,
	}}, nil
}
