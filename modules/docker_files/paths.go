// SPDX-License-Identifier: GPL-3.0-or-later

package docker_files

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"syscall"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/unitfile"
)

// rule says who owns a path and how open it may be. The numbers are those of
// the CIS Docker Benchmark 1.6.0; "" has none there.
type rule struct {
	path string
	most fs.FileMode // bits that are not in it are taken away
	gid  int         // anyGroup leaves the group as it is
	cis  string
}

const anyGroup = -1

// rulesFor returns the rules for what the host has, by path. The owner is
// always root.
func rulesFor(h *host.Host, config map[string]any, dockerGID int) ([]rule, error) {
	rules := []rule{
		{"/etc/docker", 0o755, 0, "3.5, 3.6"},
		{"/etc/docker/daemon.json", 0o644, 0, "3.17, 3.18"},
		{"/etc/default/docker", 0o644, 0, "3.19, 3.20"},
		{"/etc/sysconfig/docker", 0o644, 0, "3.21, 3.22"},
		{"/etc/sysconfig/docker-network", 0o644, 0, ""},
		{"/etc/sysconfig/docker-storage", 0o644, 0, ""},
		{"/etc/containerd/config.toml", 0o644, 0, ""},
		{"/run/containerd/containerd.sock", 0o660, 0, "3.23, 3.24"},
		{"/run/docker.sock", 0o660, dockerGID, "3.15, 3.16"},
		// With a remapped root its group owns the directory.
		{dataroot.Of(config), 0o711, anyGroup, ""},
	}
	for unit, cis := range map[string]string{"docker.service": "3.1, 3.2", "docker.socket": "3.3, 3.4", "containerd.service": ""} {
		loaded, err := unitfile.Load(h, unit)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if loaded.Fragment == "" || loaded.Masked {
			continue
		}
		rules = append(rules, rule{loaded.Fragment, 0o644, 0, cis})
		for _, dropIn := range loaded.DropIns {
			// Who writes into the directory gives the unit another drop-in.
			rules = append(rules, rule{dropIn, 0o644, 0, cis}, rule{path.Dir(dropIn), 0o755, 0, ""})
		}
	}
	for _, program := range []string{"dockerd", "docker-proxy", "docker-init", "containerd", "containerd-shim", "containerd-shim-runc-v1", "containerd-shim-runc-v2", "runc", "docker-containerd", "docker-runc"} {
		for _, dir := range []string{"/usr/bin", "/usr/sbin", "/usr/libexec/docker"} {
			rules = append(rules, rule{path.Join(dir, program), 0o755, 0, ""})
		}
	}
	for _, name := range hosts(config) {
		if socket, ok := strings.CutPrefix(name, "unix://"); ok && socket != "" {
			rules = append(rules, rule{socket, 0o660, dockerGID, "3.15, 3.16"})
		}
	}
	certificates, err := registryCertificates(h)
	if err != nil {
		return nil, err
	}
	rules = append(rules, certificates...)
	if files, on := tlsFiles(config); on {
		rules = append(rules, rule{files.ca, 0o444, 0, "3.9, 3.10"}, rule{files.cert, 0o444, 0, "3.11, 3.12"}, rule{files.key, 0o400, 0, "3.13, 3.14"})
	}
	return rules, nil
}

// registryCertificates are the files below /etc/docker/certs.d, one directory
// for each registry: authorities (.crt), and clients' pairs (.cert, .key). Who
// writes into a directory has an authority of his own there.
func registryCertificates(h *host.Host) ([]rule, error) {
	const dir = "/etc/docker/certs.d"
	rules := []rule{{dir, 0o755, 0, ""}}
	for _, pattern := range []string{dir + "/*", dir + "/*/*"} {
		names, err := h.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			info, err := h.Stat(name)
			switch {
			case err == nil && info.IsDir():
				rules = append(rules, rule{name, 0o755, 0, ""})
			case path.Ext(name) == ".crt", path.Ext(name) == ".cert":
				rules = append(rules, rule{name, 0o444, 0, "3.7, 3.8"})
			case path.Ext(name) == ".key":
				rules = append(rules, rule{name, 0o400, 0, "3.7, 3.8"})
			}
		}
	}
	return rules, nil
}

// hosts are the addresses on which the daemon is to listen.
func hosts(config map[string]any) []string {
	list, _ := config["hosts"].([]any)
	var all []string
	for _, item := range list {
		if text, ok := item.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// compare looks at the files that are there. A file with several names is
// looked at once, a link at what it leads to.
func compare(h *host.Host, rules []rule) (files []map[string]any, wrong []string, acts []ansible.Act, err error) {
	files, wrong = []map[string]any{}, []string{}
	sort.SliceStable(rules, func(i, j int) bool { return rules[i].path < rules[j].path })
	seen := map[string]bool{}
	for _, r := range rules {
		name, err := h.Resolve(r.path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			continue
		}
		if err != nil {
			return nil, nil, nil, fmt.Errorf("cannot look at %s: %w", r.path, err)
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		before, err := lookAt(h, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, nil, err
		}
		after := before
		after.uid = 0
		if r.gid != anyGroup {
			after.gid = r.gid
		}
		after.mode &= r.most
		files = append(files, map[string]any{
			"path": name, "uid": after.uid, "gid": after.gid, "mode": fmt.Sprintf("%04o", after.mode), "cis": r.cis,
		})
		if after != before {
			wrong = append(wrong, fmt.Sprintf("%s: %s, not %s", name, before, after))
			acts = append(acts, access{name, before, after})
		}
	}
	return files, wrong, acts, nil
}

// socketWarnings names what will give the socket another owner or mode when it
// is made anew.
func socketWarnings(h *host.Host, group string) []string {
	unit, err := unitfile.Load(h, "docker.socket")
	if err != nil || unit.Masked {
		return nil
	}
	last := map[string]unitfile.Setting{}
	for _, s := range unit.Settings {
		if s.Section == "Socket" {
			last[s.Name] = s
		}
	}
	var warnings []string
	for _, good := range []struct {
		name   string
		values []string
	}{
		{"SocketMode", []string{"0660", "660", "0600", "600"}},
		{"SocketUser", []string{"", "root", "0"}},
		{"SocketGroup", []string{"", "root", "0", group}},
	} {
		s, set := last[good.name]
		switch {
		case set && !slices.Contains(good.values, s.Value):
			warnings = append(warnings, fmt.Sprintf("cannot promise the socket after its next start: %s:%d says %s=%s; write %s=%s there", s.File, s.Line, s.Name, s.Value, s.Name, good.values[0]))
		case !set && good.name == "SocketMode" && unit.Fragment != "":
			// systemd's own default is 0666.
			warnings = append(warnings, fmt.Sprintf("cannot promise the socket after its next start: %s has no SocketMode, and systemd's default lets everybody use it; write SocketMode=0660 there", unit.Fragment))
		}
	}
	return warnings
}

// flagTrue reports whether a setting is on.
func flagTrue(config map[string]any, key string) bool {
	on, _ := config[key].(bool)
	return on
}

// groupName is the group that owns the socket.
func groupName(config map[string]any) string {
	if name, _ := config["group"].(string); name != "" {
		return name
	}
	return "docker"
}
