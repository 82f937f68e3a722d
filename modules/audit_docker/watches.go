// SPDX-License-Identifier: GPL-3.0-or-later

package audit_docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/audit"
	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
)

// defaults are the paths to watch, as far as they are there: those of the
// source document (without the data-root, which is an option of its own), and
// those of current engines, which the CIS Docker Benchmark 1.6.0 has in 1.1.3
// to 1.1.18. A file that two of them name is watched once, by the first name.
func defaults() []string {
	return []string{
		"/etc/docker",
		"/usr/lib/systemd/system/docker.service",
		"/usr/lib/systemd/system/docker.socket",
		"/etc/sysconfig/docker",
		"/usr/bin/docker-containerd",
		"/usr/bin/docker-runc",
		"/etc/docker/daemon.json",
		"/lib/systemd/system/docker.service",
		"/lib/systemd/system/docker.socket",
		"/etc/systemd/system/docker.service.d",
		"/etc/sysconfig/docker-network",
		"/etc/sysconfig/docker-storage",
		"/etc/default/docker",
		"/usr/bin/dockerd",
		"/usr/sbin/dockerd",
		"/etc/containerd/config.toml",
		"/usr/lib/systemd/system/containerd.service",
		"/lib/systemd/system/containerd.service",
		"/usr/bin/containerd",
		"/usr/bin/containerd-shim",
		"/usr/bin/containerd-shim-runc-v1",
		"/usr/bin/containerd-shim-runc-v2",
		"/usr/bin/runc",
		"/usr/sbin/runc",
		"/run/docker.sock",
		"/run/containerd",
		"/run/containerd/containerd.sock",
	}
}

// selection is what the options ask for.
type selection struct {
	// wanted are the rules to have, with the paths as they were given; named
	// those that the options name also where none are wanted (state=absent).
	wanted, named []audit.Watch
	missing       []string
	warnings      []string
	caveats       []string
	canonical     func(string) string
}

// choose looks which paths are there.
func choose(h *host.Host, p Params, perm audit.Perm) (selection, error) {
	s := selection{missing: []string{}, canonical: remembering(h)}
	list := defaults()
	if p.Watches != nil {
		list = *p.Watches
	}
	root := dataroot.Default
	doc, err := dockerd.Configured(h)
	if err == nil {
		root = dataroot.Of(doc)
	} else if p.WatchDataRoot && p.State == "present" {
		return s, err
	}
	if p.WatchDataRoot {
		list = append(slices.Clone(list), root)
	}
	for _, name := range list {
		if err := s.add(h, path.Clean(name), perm, p.Key); err != nil {
			return s, err
		}
	}
	s.named = s.wanted
	if p.State == "absent" {
		s.wanted, s.missing = nil, []string{}
		return s, nil
	}
	for _, w := range s.wanted {
		if at := s.canonical(w.Path); w.Target == audit.Tree && (at == root || strings.HasPrefix(root, strings.TrimSuffix(at, "/")+"/")) {
			s.warnings = append(s.warnings, fmt.Sprintf("cannot recommend the watch on %s: all that containers write there is recorded; one docker run took 236 kB of audit log with -p wa, and 280 kB with -p rwxa, in place of 5 kB (docker 20.10); set the size and number of logs in auditd.conf, or leave it out", w.Path))
		}
	}
	if !h.Exists("/usr/bin/dockerd") && !h.Exists("/usr/sbin/dockerd") && len(s.missing) > 0 {
		s.caveats = append(s.caveats, "cannot tell yet which paths there are to watch: the engine is not installed")
	}
	return s, nil
}

// add adds the watch for a path, and one for what the path links to: a watch on
// a link records what happens to the link alone.
func (s *selection) add(h *host.Host, name string, perm audit.Perm, key string) error {
	info, err := h.Stat(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		if second(h, name) {
			s.once(audit.Watch{Path: name, Target: audit.File, Perm: perm, Key: key})
			return nil
		}
		if !slices.Contains(s.missing, name) {
			s.missing = append(s.missing, name)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot look at %s: %w", name, err)
	}
	w := audit.Watch{Path: name, Target: audit.File, Perm: perm, Key: key}
	if link, err := h.Lstat(name); err == nil && link.Mode()&fs.ModeSymlink != 0 {
		s.once(w)
		w.Path = resolved(h, name)
	}
	if info.IsDir() {
		w.Target = audit.Tree
	}
	s.once(w)
	return nil
}

// second reports whether the daemon is in one of the two directories where
// packages put it (Docker's own in /usr/bin, Debian's in /usr/sbin), and the name
// is that in the other one. Somebody who puts a second daemon there is
// recorded, and auditors look for the rule whatever package the host has.
func second(h *host.Host, name string) bool {
	other := map[string]string{"/usr/bin/dockerd": "/usr/sbin/dockerd", "/usr/sbin/dockerd": "/usr/bin/dockerd"}[name]
	return other != "" && h.Exists(other) && h.Exists(path.Dir(name))
}

func (s *selection) once(w audit.Watch) {
	if !s.in(w, s.wanted) {
		s.wanted = append(s.wanted, w)
	}
}

// in reports whether the list has a watch on the same file that means the same.
func (s *selection) in(w audit.Watch, list []audit.Watch) bool {
	w.Path = s.canonical(w.Path)
	for _, other := range list {
		other.Path = s.canonical(other.Path)
		if w.Same(other) {
			return true
		}
	}
	return false
}

// remembering returns canonical for this host, with a memory: a kernel can have
// thousands of rules to compare with.
func remembering(h *host.Host) func(string) string {
	known := map[string]string{}
	return func(name string) string {
		one, ok := known[name]
		if !ok {
			one = canonical(h, name)
			known[name] = one
		}
		return one
	}
}

// canonical is the one name of a file whose directory has several, such as
// /lib and /usr/lib: rules watch the name in the directory.
func canonical(h *host.Host, name string) string {
	return path.Join(resolved(h, path.Dir(name)), path.Base(name))
}

// resolved is the name without symbolic links, or as it is if it is not there.
func resolved(h *host.Host, name string) string {
	name, _ = h.Resolve(name)
	return name
}

// elsewhere are the wanted rules that other files declare.
func (s *selection) elsewhere(f files) []audit.Watch {
	var list []audit.Watch
	for _, w := range s.wanted {
		if s.in(w, f.others) {
			list = append(list, w)
		}
	}
	return list
}

// files returns the acts that make the files say what is wanted. A rule that
// another file has is left out: auditctl -R ends at a rule that is there
// already, and loads none of those behind it.
func (s *selection) files(h *host.Host, p Params, f files) ([]ansible.Act, error) {
	var own []audit.Watch
	for _, w := range s.wanted {
		if !s.in(w, f.others) {
			// auditctl is to look itself whether it is a directory.
			w.Target = audit.AsFound
			own = append(own, w)
		}
	}
	acts, err := s.temporary(h, p)
	if err != nil {
		return nil, err
	}
	if s.equal(own, f.declared) {
		return acts, nil
	}
	next := f.own.Set(p.Key, own)
	if next.Empty() && len(own) == 0 {
		return append(acts, file.Remove{Before: f.before, Backup: p.Backup}), nil
	}
	parents, err := parents(h, path.Dir(f.before.Path), 0o750)
	if err != nil {
		return nil, err
	}
	content := next.Bytes()
	if !f.before.Exists {
		content = append([]byte("# Declared by audit_docker of hardened.docker: the watches with the key "+p.Key+".\n"), content...)
	}
	acts = append(acts, parents...)
	return append(acts, file.Replace{Before: f.before, Content: content, Mode: 0o640, Backup: p.Backup}), nil
}

func (s *selection) equal(a, b []audit.Watch) bool {
	if len(a) != len(b) {
		return false
	}
	for _, w := range a {
		if !s.in(w, b) {
			return false
		}
	}
	return true
}

// later stands for the rules of an engine that is still to be installed.
type later struct{ rulesFile string }

// Describe implements [ansible.Act].
func (l later) Describe() string { return "write " + l.rulesFile }

// Diff implements [ansible.Act].
func (l later) Diff() []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: l.rulesFile, AfterHeader: l.rulesFile, After: "(watches on the paths that the engine will have)\n"}}
}

// Do implements [ansible.Act]. A run never comes here.
func (l later) Do(context.Context, *host.Host) (map[string]any, error) {
	return nil, &ansible.NothingDone{Err: fmt.Errorf("cannot write %s: the engine is not installed", l.rulesFile)}
}

// parents returns the acts that make a directory with what is missing above it.
func parents(h *host.Host, dir string, mode fs.FileMode) ([]ansible.Act, error) {
	var acts []ansible.Act
	for ; ; dir = path.Dir(dir) {
		info, err := h.Stat(dir)
		switch {
		case err == nil && info.IsDir():
			return acts, nil
		case err == nil:
			return nil, fmt.Errorf("cannot make files in %s: it is not a directory", dir)
		case !errors.Is(err, fs.ErrNotExist) || dir == "/":
			return nil, fmt.Errorf("cannot look at the directory %s: %w", dir, err)
		}
		acts = append([]ansible.Act{file.Directory{Path: dir, Mode: mode}}, acts...)
	}
}
