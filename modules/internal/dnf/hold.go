// SPDX-License-Identifier: GPL-3.0-or-later

package dnf

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// Holds keep packages at their version. There are two ways. Where the plugin
// versionlock is installed and on, its list has them: that is what dnf
// versionlock list shows. Elsewhere they are among the excluded packages of
// the main configuration, which every dnf and yum knows. Both are read, one is
// written. See docs/design/packages.md.
type Holds struct {
	tool Tool
	// list is the plugin's list, "" without the plugin.
	list   string
	locked map[string][]string // versions by name
	config string
	option string // as it is called in config
	hidden []string
}

const confLimit = 1 << 20

// ReadHolds reads what is held.
func (t Tool) ReadHolds(h *host.Host) (Holds, error) {
	o := Holds{tool: t, config: "/etc/dnf/dnf.conf", option: "excludepkgs", locked: make(map[string][]string)}
	plugin, conf, list := "/usr/lib/python3*/site-packages/dnf-plugins/versionlock.py", "/etc/dnf/plugins/versionlock.conf", "/etc/dnf/plugins/versionlock.list"
	if t.Generation == 3 {
		o.config, o.option = "/etc/yum.conf", "exclude"
		plugin, conf, list = "/usr/lib/yum-plugins/versionlock.py", "/etc/yum/pluginconf.d/versionlock.conf", "/etc/yum/pluginconf.d/versionlock.list"
	}
	if found, _ := h.Glob(plugin); len(found) > 0 && t.Generation < 5 {
		text, err := file.Read(h, conf, confLimit)
		if err != nil {
			return o, err
		}
		for _, s := range Sections(string(text.Content)) {
			on := s.Words("enabled")
			if s.Name == "main" && len(on) > 0 && slices.Contains([]string{"1", "true", "yes", "on"}, strings.ToLower(on[0])) {
				o.list = list
				if other := s.Words("locklist"); len(other) > 0 {
					o.list = other[0]
				}
			}
		}
	}
	if o.list != "" {
		text, err := file.Read(h, o.list, confLimit)
		if err != nil {
			return o, err
		}
		for _, line := range strings.Split(string(text.Content), "\n") {
			if name, version, ok := parseLock(line); ok {
				o.locked[name] = append(o.locked[name], version)
			}
		}
	}
	text, err := file.Read(h, o.config, confLimit)
	if err != nil {
		return o, err
	}
	for _, s := range Sections(string(text.Content)) {
		if s.Name != "main" {
			continue
		}
		for _, key := range []string{"exclude", "excludepkgs"} {
			if words := s.Words(key); len(words) > 0 {
				o.hidden, o.option = append(o.hidden, words...), key
			}
		}
	}
	return o, nil
}

// parseLock reads a line of versionlock's list: NAME-EPOCH:VERSION-RELEASE.ARCH
// of dnf, or EPOCH:NAME-VERSION-RELEASE.ARCH of yum. Lines that begin with "!"
// forbid a version, and lines with patterns in their name are others' too.
func parseLock(line string) (name, version string, ok bool) {
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "!") {
		return "", "", false
	}
	line, _, _ = cutLast(line, '.') // the architecture
	line, release, ok1 := cutLast(line, '-')
	name, version, ok2 := cutLast(line, '-')
	if !ok1 || !ok2 || strings.ContainsAny(name, "*?[") {
		return "", "", false
	}
	if epoch, rest, ok := strings.Cut(name, ":"); ok {
		name, version = rest, epoch+":"+version
	}
	return name, Canonical(version + "-" + release), true
}

// lock is the line for a package in its installed version.
func (o Holds) lock(name, version string) string {
	epoch, rest := pkgmgr.Epoch(version)
	if o.tool.Generation == 3 {
		return epoch + ":" + name + "-" + rest + ".*"
	}
	return name + "-" + epoch + ":" + rest + ".*"
}

// Held reports whether a package is kept at version.
func (o Holds) Held(name, version string) bool {
	return slices.Contains(o.hidden, name) || slices.Contains(o.locked[name], version)
}

// Excluded reports whether a package is held whatever its version.
func (o Holds) Excluded(name string) bool { return slices.Contains(o.hidden, name) }

// Mentions reports whether the holds say anything of a package.
func (o Holds) Mentions(name string) bool { return o.Excluded(name) || len(o.locked[name]) > 0 }

// Set holds packages at their versions, or with on=false releases them.
func (o Holds) Set(ctx context.Context, h *host.Host, versions map[string]string, on bool) error {
	ours := func(name string) bool { _, ok := versions[name]; return ok }
	var names []string
	for name := range versions {
		names = append(names, name)
	}
	slices.Sort(names)
	if o.list != "" {
		err := edit(ctx, h, o.list, func(text string) string {
			var b strings.Builder
			for _, line := range strings.SplitAfter(text, "\n") {
				if name, _, ok := parseLock(line); !ok || !ours(name) {
					b.WriteString(line)
				}
			}
			if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
				b.WriteString("\n")
			}
			for _, name := range names {
				if on {
					b.WriteString(o.lock(name, versions[name]) + "\n")
				}
			}
			return b.String()
		})
		if err != nil {
			return err
		}
		if on {
			return nil
		}
	}
	return edit(ctx, h, o.config, func(text string) string {
		words := slices.DeleteFunc(slices.Clone(o.hidden), func(name string) bool { return !on && ours(name) })
		for _, name := range names {
			if on && !slices.Contains(words, name) {
				words = append(words, name)
			}
		}
		if slices.Equal(words, o.hidden) {
			return text
		}
		return setMain(text, o.option, words)
	})
}

// setMain gives an option of the section [main] other words.
func setMain(text, key string, words []string) string {
	var b strings.Builder
	found := false
	for _, s := range Sections(text) {
		if s.Name == "main" && !found {
			found = true
			// Two names of one option: the words are in one of them from now on.
			for _, name := range []string{"exclude", "excludepkgs"} {
				if name != key {
					s = s.With(name, nil)
				}
			}
			s = s.With(key, words)
		}
		b.WriteString(s.Text)
	}
	if !found {
		// At the end: what stands before the first heading is not to come into it.
		if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
			b.WriteString("\n")
		}
		b.WriteString(Section{Name: "main", Text: "[main]\n"}.With(key, words).Text)
	}
	return b.String()
}

func edit(ctx context.Context, h *host.Host, path string, change func(string) string) error {
	before, err := file.Read(h, path, confLimit)
	if err != nil {
		return err
	}
	after := change(string(before.Content))
	if after == string(before.Content) {
		return nil
	}
	if _, err := (file.Replace{Before: before, Content: []byte(after), Mode: 0o644}).Do(ctx, h); err != nil {
		return fmt.Errorf("cannot change what is held: %w", err)
	}
	return nil
}
