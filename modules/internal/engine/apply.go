// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"
)

// Need is what must happen before a change of the file is in force.
type Need int

// The needs, the least disruptive first.
const (
	None    Need = iota // the running engine behaves the same already
	Reload              // SIGHUP: containers notice nothing
	Restart             // dockerd stops and starts; without live-restore containers do, too
)

func (n Need) String() string { return [...]string{"none", "reload", "restart"}[n] }

// Reason says what the change of one key needs and why.
type Reason struct {
	Key  string
	Need Need
	Text string
}

// Apply says what it takes until an engine that runs with old runs with new,
// and why, key by key. An engine of unknown version is restarted.
func Apply(old, new map[string]any, v Version) (Need, []Reason) {
	var reasons []Reason
	need := None
	for _, name := range changed(old, new) {
		reason := applyKey(name, old[name], new[name], v)
		need = max(need, reason.Need)
		reasons = append(reasons, reason)
	}
	return need, reasons
}

// changed returns the keys with different values, sorted. A null means the
// same as no key at all.
func changed(old, new map[string]any) []string {
	var names []string
	for _, doc := range []map[string]any{old, new} {
		for name := range doc {
			if !equal(old[name], new[name]) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// equal compares decoded JSON, with numbers by their text.
func equal(a, b any) bool {
	return reflect.DeepEqual(plain(a), plain(b))
}

func plain(value any) any {
	switch v := value.(type) {
	case json.Number:
		return v.String()
	case int, int64, float64:
		return fmt.Sprint(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, member := range v {
			object[name] = plain(member)
		}
		return object
	}
	return value
}

func applyKey(name string, old, new any, v Version) Reason {
	key, known := Lookup(name)
	switch {
	case !v.Known():
		return Reason{name, Restart, fmt.Sprintf("%s: the engine's version is unknown, so only a restart is sure to apply it", name)}
	case !known && knownName(name, v), known && key.Ignored.Known() && v.Compare(key.Ignored) >= 0:
		return Reason{name, None, fmt.Sprintf("%s: engine %s ignores it", name, v)}
	case !known || !key.Live.contains(v) || !key.accepted(v):
		return Reason{name, Restart, fmt.Sprintf("%s: engine %s reads it only when it starts", name, v)}
	case name == "features" && !equal(without(old, "buildkit"), without(new, "buildkit")):
		return Reason{name, Restart, fmt.Sprintf("%s: engine %s reads all features but buildkit only when it starts", name, v)}
	case new == nil && !key.Reset:
		return Reason{name, Restart, fmt.Sprintf("%s: engine %s keeps the old value of a removed key until it is restarted", name, v)}
	}
	return Reason{name, Reload, fmt.Sprintf("%s: engine %s reads it on reload", name, v)}
}

// without returns the members of an object but one; nil when none is left.
func without(value any, name string) any {
	object, _ := value.(map[string]any)
	rest := maps.Clone(object)
	delete(rest, name)
	if len(rest) == 0 {
		return nil
	}
	return rest
}

// Hazard is a change that hides or loses containers, images or volumes.
type Hazard struct {
	Key      string
	Old, New string // "" is the engine's default
	Text     string
}

// DataHazards returns what a change would hide or lose if the host holds
// containers, images or volumes. Old and New let the caller compare with what
// the running engine really uses: a default written out is no change.
func DataHazards(old, new map[string]any, v Version) []Hazard {
	var hazards []Hazard
	add := func(key, before, after string) {
		if before == after {
			return
		}
		known, _ := Lookup(key)
		hazards = append(hazards, Hazard{key, before, after, fmt.Sprintf("cannot change %s from %s to %s without hiding data: %s",
			key, spoken(key, before), spoken(key, after), known.Hazard)})
	}
	root := func(doc map[string]any) string {
		for _, name := range []string{"data-root", "graph"} {
			if dir, _ := doc[name].(string); dir != "" {
				return path.Clean(dir)
			}
		}
		return "/var/lib/docker"
	}
	text := func(doc map[string]any, name, standard string) string {
		if value, _ := doc[name].(string); value != "" {
			return value
		}
		return standard
	}
	add("data-root", root(old), root(new))
	add("storage-driver", text(old, "storage-driver", ""), text(new, "storage-driver", ""))
	add("userns-remap", text(old, "userns-remap", ""), text(new, "userns-remap", ""))
	add("features", imageStore(old, v), imageStore(new, v))
	add("containerd", text(old, "containerd", containerdSocket), text(new, "containerd", containerdSocket))
	add("containerd-namespace", text(old, "containerd-namespace", "moby"), text(new, "containerd-namespace", "moby"))
	return hazards
}

const containerdSocket = "/run/containerd/containerd.sock"

// spoken writes a value so that a sentence with it can be understood: userns-remap
// has a value "default" that is not its default.
func spoken(key, value string) string {
	switch {
	case key == "userns-remap" && value == "":
		return "none"
	case key == "userns-remap":
		return strconv.Quote(value)
	case value == "":
		return "the default"
	}
	return value
}

// imageStore names where a document puts images: the containerd image store is
// a choice since 23.0, and since 29.0 the default of new installations.
func imageStore(doc map[string]any, v Version) string {
	features, _ := doc["features"].(map[string]any)
	on, set := features["containerd-snapshotter"].(bool)
	switch {
	case v.Known() && !v.since(23, 0):
		return ""
	case on:
		return "containerd-snapshotter"
	case set && (v.since(29, 0) || !v.Known()):
		return "no containerd-snapshotter"
	}
	return ""
}
