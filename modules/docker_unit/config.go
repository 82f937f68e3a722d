// SPDX-License-Identifier: GPL-3.0-or-later

package docker_unit

import (
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/jsonedit"
)

// configEdit is daemon.json with another content.
type configEdit struct {
	before  file.State
	content []byte
	parents []ansible.Act
}

// syncConfig takes the values of flags that go off the command line to
// daemon.json, and those of flags that come onto it out of there. The daemon
// is thus configured as before; it starts with no key that is in both places.
func (c *change) syncConfig(h *host.Host, p Params, f found, now, next []engine.FlagUse) error {
	gone, back := missingIn(now, next), missingIn(next, now)
	c.removed, c.returned = spelt(gone), spelt(back)
	c.config = engine.ConfigFile(next)
	if len(gone) == 0 && len(back) == 0 {
		return nil
	}
	before, err := file.Read(h, c.config, maxSize)
	if err != nil {
		return err
	}
	doc := jsonedit.New()
	if before.Exists && len(strings.TrimSpace(string(before.Content))) > 0 {
		if doc, err = jsonedit.Parse(before.Content); err != nil {
			return fmt.Errorf("cannot use %s: %w", before.Path, err)
		}
	}
	old := decoded(doc)
	if p.KeepValues && p.State == "present" {
		wanted, err := flagNames(p.Flags)
		if err != nil {
			return err
		}
		// A flag that goes because the packaged unit does not have it any more
		// is none of the user's settings.
		listed := slices.DeleteFunc(slices.Clone(gone), func(use engine.FlagUse) bool { return !wanted[use.Flag] })
		if err := c.keep(doc, listed); err != nil {
			return err
		}
	}
	if err := c.giveBack(doc, next, back); err != nil {
		return err
	}
	if err := guard(h, old, decoded(doc), now, next); err != nil {
		return err
	}
	c.advise(f, decoded(doc), gone, next)
	if content := doc.Bytes(); string(content) != string(before.Content) && !maps.EqualFunc(old, decoded(doc), reflectEqual) {
		acts, err := dropin.Parents(h, path.Dir(c.config))
		if err != nil {
			return err
		}
		c.configEdit = &configEdit{before, content, acts}
	}
	return nil
}

func reflectEqual(a, b any) bool { return reflect.DeepEqual(a, b) }

// missingIn returns the uses of flags that the other command line does not
// have at all.
func missingIn(uses, other []engine.FlagUse) []engine.FlagUse {
	var list []engine.FlagUse
	for _, use := range uses {
		if !slices.ContainsFunc(other, func(one engine.FlagUse) bool { return one.Flag == use.Flag }) {
			list = append(list, use)
		}
	}
	return list
}

func decoded(d *jsonedit.Document) map[string]any {
	top, _ := d.Get()
	doc, _ := top.Any().(map[string]any)
	return doc
}

// keep writes the values of flags into the document. A key that is there
// already has the user's own value.
func (c *change) keep(doc *jsonedit.Document, gone []engine.FlagUse) error {
	values := engine.WithFlags(nil, gone)
	// Sorted, so that a run writes what check mode showed.
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values[name]
		if strings.HasPrefix(name, "--") {
			return fmt.Errorf("cannot write the value of %s into %s: the file has another notation for it: set it there yourself and take the flag off with keep_values: false", name, c.config)
		}
		if present, ok := doc.Get(name); ok {
			if !reflect.DeepEqual(present.Any(), value) {
				c.warnings = append(c.warnings, fmt.Sprintf("%s in %s has another value than the flag that is taken off the command line; the one in the file counts from now on", name, c.config))
			}
			continue
		}
		if _, err := doc.Set([]string{name}, value); err != nil {
			return err
		}
	}
	return nil
}

// giveBack takes keys out of the document that are flags again. One with
// another value is the user's to decide about: dockerd does not start with
// both.
func (c *change) giveBack(doc *jsonedit.Document, next, back []engine.FlagUse) error {
	for _, problem := range engine.Conflicts(decoded(doc), back, engine.Version{}) {
		key := problem.Key()
		present, _ := doc.Get(key)
		flags := engine.WithFlags(nil, back)[key]
		if !reflect.DeepEqual(present.Any(), flags) {
			var uses []engine.FlagUse
			for _, use := range next {
				if slices.Contains(use.Keys, key) {
					uses = append(uses, use)
				}
			}
			return fmt.Errorf("cannot bring %s back onto the command line (%s): %s has %q with another value, and dockerd does not start with both: remove the key first, with docker_daemon_json and remove: [%s], or have %s in flags",
				strings.Join(spelt(uses), " "), uses[0].Origin(), c.config, key, key, key)
		}
		doc.Remove(key)
	}
	return nil
}

// guard refuses what would hide containers, images or volumes: a flag such as
// --data-root that is gone and that daemon.json does not make up for.
func guard(h *host.Host, old, new map[string]any, now, next []engine.FlagUse) error {
	before, after := engine.WithFlags(old, now), engine.WithFlags(new, next)
	for _, hazard := range engine.DataHazards(before, after, engine.Version{}) {
		root := dataroot.Of(before)
		var all dataroot.Contents
		var err error
		if hazard.Key == "storage-driver" {
			all, err = dataroot.HiddenByDriver(h, root, hazard.Old, hazard.New)
		} else {
			all, err = dataroot.All(h, root)
		}
		if err != nil {
			return err
		}
		if !all.Empty() {
			return fmt.Errorf("%s; %s holds %s: set %q to %q in daemon.json, which keep_values: true does where the file does not have the key", hazard.Text, root, all, hazard.Key, hazard.Old)
		}
	}
	return nil
}

// advise warns about a daemon that would not be where everybody looks for it.
func (c *change) advise(f found, doc map[string]any, gone, next []engine.FlagUse) {
	has := func(flag string) bool {
		return slices.ContainsFunc(gone, func(use engine.FlagUse) bool { return use.Flag == flag })
	}
	after := engine.WithFlags(doc, next)
	if hosts, _ := after["hosts"].([]any); has("host") && len(hosts) > 0 && !slices.ContainsFunc(hosts, onSocket) && f.systemd.socket {
		c.warnings = append(c.warnings, fmt.Sprintf("cannot reach dockerd by its usual socket then: docker.socket holds /run/docker.sock and nobody answers there, so that docker commands hang: add \"fd://\" to hosts in %s", c.config))
	}
	if _, set := after["containerd"]; has("containerd") && !set {
		c.warnings = append(c.warnings, fmt.Sprintf("cannot be sure which containerd dockerd uses then: where /run/containerd/containerd.sock is missing at its start it runs one of its own, which does not know the running containers: set \"containerd\" in %s", c.config))
	}
}

// onSocket reports whether a host is the socket that docker.socket holds.
func onSocket(value any) bool {
	name, _ := value.(string)
	switch strings.TrimSuffix(name, "/") {
	case "fd:", "unix:", "unix:///run/docker.sock", "unix:///var/run/docker.sock", "":
		return true
	}
	return strings.HasPrefix(name, "fd://")
}
