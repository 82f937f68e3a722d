// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
)

// checker collects the problems of one document for one engine.
type checker struct {
	Target
	version  Version
	doc      map[string]any
	problems []Problem
}

func (c *checker) name() string { return c.Target.name() }

func (c *checker) add(path string, stage Stage, severity Severity, format string, args ...any) {
	top := ""
	for name := range c.doc {
		if len(name) > len(top) && (path == name || strings.HasPrefix(path, name+".")) {
			top = name
		}
	}
	c.problems = append(c.problems, Problem{path, stage, severity, fmt.Sprintf(format, args...), top})
}

// Check judges a document for an engine and returns every problem, sorted by
// path. It sees what the document and the flags tell; that a user, a group, a
// certificate or a plugin exists is for the host to say.
//
// A Dangerous problem of a key that was in the file before is no reason to
// refuse another change: callers decide by Problem.Key.
func Check(doc map[string]any, target Target) []Problem {
	if !target.Version.Known() {
		return checkEvery(doc, target)
	}
	c := &checker{Target: target, version: target.Version, doc: doc}
	c.checkNames()
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		key, known := Lookup(name)
		if !known || !key.accepted(c.version) && name != "default-network-opts" {
			continue
		}
		if !c.checkKind(name, doc[name], c.kindOf(key)) || doc[name] == nil {
			continue
		}
		if c.checkLife(key) {
			c.checkValue(name)
		}
	}
	c.checkTogether()
	sort.SliceStable(c.problems, func(i, j int) bool {
		a, b := c.problems[i], c.problems[j]
		return a.Path < b.Path || a.Path == b.Path && a.Stage < b.Stage
	})
	return c.problems
}

// knownSeries are the releases that stand for all when the version is unknown.
func knownSeries() []Version {
	return []Version{series(18, 9), series(19, 3), series(20, 10), series(23, 0), series(24, 0),
		series(25, 0), series(26, 1), series(27, 5), series(28, 5), series(29, 7)}
}

// checkEvery returns the problems that every known engine has.
func checkEvery(doc map[string]any, target Target) []Problem {
	type where struct {
		path  string
		stage Stage
	}
	count := make(map[where]int)
	var last []Problem
	all := knownSeries()
	for _, version := range all {
		t := target
		t.Version = version
		last = Check(doc, t)
		seen := make(map[where]bool)
		for _, p := range last {
			if w := (where{p.Path, p.Stage}); !seen[w] {
				seen[w] = true
				count[w]++
			}
		}
	}
	var common []Problem
	for _, p := range last {
		if count[where{p.Path, p.Stage}] == len(all) {
			newest := target.Flavor.String() + " " + all[len(all)-1].String()
			p.Text = strings.ReplaceAll(p.Text, newest, target.name())
			common = append(common, p)
		}
	}
	return common
}

// kindOf is the kind the engine decodes a key into. Before 24.0 it knew no
// default-network-opts, looked only at the names below and ignored the rest.
func (c *checker) kindOf(key Key) Kind {
	if !key.accepted(c.version) {
		return anyValue
	}
	return key.Kind
}

// flat reports whether the engine takes an object under this name as it is.
// The members of every other object count as top-level keys (moby
// cmd/dockerd, flatOptions and configValuesSet).
func flat(name string, v Version) bool {
	switch name {
	case "builder", "features", "log-opts", "runtimes", "default-ulimits", "cluster-store-opts":
		return true
	case "default-network-opts":
		return v.since(24, 0)
	case "nri-opts":
		return v.since(29, 2)
	}
	return false
}

// knownName reports whether the engine accepts a name, as a key or as the
// spelling of a flag that it ignores.
func knownName(name string, v Version) bool {
	for _, key := range keys {
		if key.Name == name && key.accepted(v) && key.Kind != Proxies || key.Flag == name && key.hasFlag(v) {
			return true
		}
	}
	for _, key := range flagOnly {
		if key.Name == name && key.accepted(v) {
			return true
		}
	}
	return false
}

// checkNames finds names that the engine does not know, or knows and ignores.
func (c *checker) checkNames() {
	for _, name := range slices.Sorted(maps.Keys(c.doc)) {
		object, isObject := c.doc[name].(map[string]any)
		if !isObject || flat(name, c.version) {
			c.checkName(name, name)
			continue
		}
		for _, inner := range slices.Sorted(maps.Keys(object)) {
			if !knownName(inner, c.version) {
				c.checkNested(name, inner)
			}
		}
		key, known := Lookup(name)
		switch {
		case known && key.accepted(c.version): // a wrong type, or proxies
		case known && len(object) > 0 && c.problemIn(name):
		case known:
			c.add(name, Dangerous, Refuse, "unknown key %q: %s accepts and ignores it%s", name, c.name(), c.lifeHint(key))
		case c.problemIn(name):
		default:
			c.add(name, Dangerous, Refuse, "unknown key %q: %s accepts the object and ignores everything in it: write its settings at the top level", name, c.name())
		}
	}
}

// checkNested reports a member of an object that the engine takes for a
// top-level key.
func (c *checker) checkNested(outer, inner string) {
	if _, known := Lookup(outer); known || knownName(outer, c.version) || suggestion(outer, c.version) != "" {
		c.unknown(outer, outer+"."+inner)
		return
	}
	c.unknown(inner, outer+"."+inner)
}

func (c *checker) problemIn(key string) bool {
	return slices.ContainsFunc(c.problems, func(p Problem) bool { return p.Key() == key })
}

func (c *checker) checkName(name, path string) {
	switch name {
	case "config-file", "validate":
		if knownName(name, c.version) {
			c.add(path, Rejected, Refuse, "invalid key %q: it is only a flag of dockerd: remove it", name)
			return
		}
	}
	if !knownName(name, c.version) {
		c.unknown(name, path)
		return
	}
	if key, known := Lookup(name); known && key.accepted(c.version) {
		return
	}
	for _, key := range keys {
		if key.Flag == name && key.hasFlag(c.version) {
			c.add(path, Dangerous, Refuse, "unknown key %q: %s accepts it, because a flag has this name, and ignores it: write %s", name, c.name(), key.Name)
			return
		}
	}
	c.add(path, Dangerous, Refuse, "unknown key %q: %s accepts it, because a flag has this name, and ignores it: remove it", name, c.name())
}

// unknown reports a name that the engine does not know, with the remedy.
func (c *checker) unknown(name, path string) {
	if key, known := Lookup(name); known && !key.accepted(c.version) {
		c.add(path, Rejected, Refuse, "unknown key %q: %s%s", name, c.name(), c.lifeHint(key))
		return
	}
	if known := knownName(name, c.version); known {
		key, _ := KeyForFlag(name)
		c.add(path, Rejected, Refuse, "unknown key %q for %s: it is the flag's spelling: write %s", name, c.name(), key.Name)
		return
	}
	hint := suggestion(name, c.version)
	if hint == "" {
		hint = ": remove it, or correct its name; dockerd does not start with a key that it does not know"
	}
	c.add(path, Rejected, Refuse, "unknown key %q for %s%s", name, c.name(), hint)
}

// lifeHint says why the engine does not have a key and what to do.
func (c *checker) lifeHint(key Key) string {
	hint := " does not have it"
	switch {
	case key.Since.Known() && c.version.Compare(key.Since) < 0:
		hint = fmt.Sprintf(" does not have it, engines since %s do", key.Since)
	case key.Until.Known():
		hint = fmt.Sprintf(" does not have it, it was removed in %s", key.gone())
	}
	if key.Instead != "" {
		return hint + ": " + key.Instead
	}
	return hint + ": remove it"
}

// gone is the series in which a key stopped working.
func (k Key) gone() Version {
	if k.Dead.Known() {
		return k.Dead
	}
	return k.Until
}

// checkLife reports a key that is accepted but at the end of its life, and
// returns whether its value is worth a look.
func (c *checker) checkLife(key Key) bool {
	value := c.doc[key.Name]
	if key.Dead.Known() && c.version.Compare(key.Dead) >= 0 {
		if n, isInt := asInt(value); value != "" && !(isInt && n == 0) {
			c.add(key.Name, Rejected, Refuse, "invalid key %q: %s refuses it, it was removed in %s: %s", key.Name, c.name(), key.Dead, key.Instead)
		}
		return false
	}
	if key.Ignored.Known() && c.version.Compare(key.Ignored) >= 0 {
		c.add(key.Name, Dangerous, Warn, "cannot rely on %q: %s accepts it and ignores it, as all do since %s: remove it", key.Name, c.name(), key.Ignored)
		return false
	}
	if key.Until.Known() {
		c.add(key.Name, Dangerous, Warn, "cannot rely on %q: %s still takes it, engines since %s do not: %s", key.Name, c.name(), key.gone(), key.Instead)
	}
	return true
}
