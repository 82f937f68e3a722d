// SPDX-License-Identifier: GPL-3.0-or-later

package audit_docker

import (
	"context"
	"fmt"
	"path"
	"strings"
	"syscall"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/audit"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/systemd"
	"hardened.docker/modules/internal/unitfile"
)

// boot finds out what auditd does ("absent", "stopped" or "running") and what
// speaks against the rules being loaded at the next boot.
func boot(ctx context.Context, h *host.Host, p Params) (auditd string, warnings []string) {
	const cannot = "cannot promise the rules after a reboot: "
	if !h.Exists("/usr/sbin/auditd") && !h.Exists("/sbin/auditd") {
		return "absent", []string{cannot + "auditd is not installed, so that nothing reads " + p.RulesFile + "; install it with the package auditd or audit"}
	}
	names := []string{"auditd.service", "audit-rules.service"}
	units, err := systemd.Show(ctx, h, names...)
	if err != nil {
		return "unknown", []string{fmt.Sprintf("%s%v", cannot, err)}
	}
	auditd = "stopped"
	if units[0].MainPID > 0 {
		auditd = "running"
	}
	if !units[0].Enabled() && !units[1].Enabled() {
		return auditd, []string{cannot + "auditd.service is not enabled; run systemctl enable auditd"}
	}
	if path.Dir(p.RulesFile) != rulesFolder {
		return auditd, nil
	}
	for _, name := range names {
		unit, err := unitfile.Load(h, name)
		if err != nil {
			continue
		}
		for _, s := range unit.Settings {
			if strings.HasPrefix(s.Name, "ExecStart") && strings.Contains(s.Value, "augenrules") {
				return auditd, nil
			}
		}
	}
	return auditd, []string{cannot + "auditd.service of this host does not run augenrules, which reads " + rulesFolder + "; have it run augenrules --load, or set rules_file: /etc/audit/audit.rules"}
}

// temporary returns the acts for the file of systemd-tmpfiles that makes the
// directories below /run that rules need. auditd starts before containerd makes
// its own, and a rule whose directory is missing ends the loading of all rules.
func (s *selection) temporary(h *host.Host, p Params) ([]ansible.Act, error) {
	base := strings.TrimSuffix(path.Base(p.RulesFile), ".rules")
	before, err := file.Read(h, "/etc/tmpfiles.d/audit-"+base+".conf", maxSize)
	if err != nil {
		return nil, err
	}
	content := "# Written by audit_docker of hardened.docker. The rules in " + p.RulesFile + "\n# need these directories at boot, before others make them.\n"
	seen := map[string]bool{}
	for _, w := range s.wanted {
		dir := s.canonical(w.Path)
		if w.Target != audit.Tree {
			dir = path.Dir(dir)
		}
		if !strings.HasPrefix(dir, "/run/") || seen[dir] {
			continue
		}
		seen[dir] = true
		info, err := h.Stat(dir)
		if err != nil {
			return nil, fmt.Errorf("cannot look at %s: %w", dir, err)
		}
		owner := "0 0"
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			owner = fmt.Sprint(stat.Uid, " ", stat.Gid)
		}
		content += fmt.Sprintf("d %s %04o %s -\n", strings.ReplaceAll(dir, "%", "%%"), info.Mode().Perm(), owner)
	}
	switch {
	case len(seen) == 0 && !before.Exists, len(seen) > 0 && content == string(before.Content):
		return nil, nil
	case len(seen) == 0:
		return []ansible.Act{file.Remove{Before: before}}, nil
	}
	acts, err := parents(h, path.Dir(before.Path), 0o755)
	if err != nil {
		return nil, err
	}
	return append(acts, file.Replace{Before: before, Content: []byte(content), Mode: 0o644}), nil
}
