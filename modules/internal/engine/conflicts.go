// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Conflicts returns what is set both by a flag and in the document, which
// keeps dockerd from starting and reloading, even with equal values. Only
// runtimes may be in both places.
func Conflicts(doc map[string]any, uses []FlagUse, v Version) []Problem {
	names := flatNames(doc, v)
	var problems []Problem
	for _, name := range slices.Sorted(maps.Keys(names)) {
		var clash []FlagUse
		for _, use := range uses {
			if name != "runtimes" && slices.Contains(use.Keys, name) {
				clash = append(clash, use)
			}
		}
		if len(clash) > 0 {
			problems = append(problems, Problem{Path: names[name], Stage: Rejected, Severity: Refuse, Text: conflictText(names[name], clash, v)})
		}
	}
	if v.since(23, 0) {
		return problems
	}
	// Engines up to 20.10 have two names for the data root and do not notice
	// one as a flag and the other in the file.
	for key, flag := range map[string]string{"graph": "data-root", "data-root": "graph"} {
		if doc[key] == nil {
			continue
		}
		for _, use := range uses {
			if use.Flag == flag && v.Known() {
				problems = append(problems, Problem{Path: key, Stage: Dangerous, Severity: Refuse, Text: fmt.Sprintf(
					"invalid key %q: %s at %s sets the same directory, and engine %s uses one of them without a word: %s",
					key, use.Spelt, use.Origin(), v, remedy(key, use))})
			}
		}
	}
	sort.SliceStable(problems, func(i, j int) bool { return problems[i].Path < problems[j].Path })
	return problems
}

// flatNames returns the names that count as set, each with its path.
func flatNames(doc map[string]any, v Version) map[string]string {
	names := make(map[string]string)
	for name, value := range doc {
		if object, isObject := value.(map[string]any); isObject && !flat(name, v) {
			for inner := range object {
				names[inner] = name + "." + inner
			}
			continue
		}
		names[name] = name
	}
	return names
}

func conflictText(path string, clash []FlagUse, v Version) string {
	var places []string
	for _, use := range clash {
		places = append(places, use.Spelt+" at "+use.Origin())
	}
	return fmt.Sprintf("invalid key %q: it is also the flag %s, and %s does not start with both, even if they agree: %s",
		path, strings.Join(places, " and "), Target{Version: v}.name(), remedy(path, clash[0]))
}

func remedy(path string, use FlagUse) string {
	if strings.HasSuffix(use.File, ".service") || strings.HasSuffix(use.File, ".conf") {
		return fmt.Sprintf("remove %q from the file, or move the flag out of the unit with docker_unit: flags", path)
	}
	return fmt.Sprintf("remove %q from the file, or %s from %s", path, use.Spelt, use.File)
}

// WithFlags returns the document that says in one place what a document and
// flags say together: what dockerd runs with.
func WithFlags(doc map[string]any, uses []FlagUse) map[string]any {
	merged := maps.Clone(doc)
	if merged == nil {
		merged = make(map[string]any)
	}
	for _, use := range uses {
		if len(use.Keys) == 0 {
			continue
		}
		name := use.Keys[0]
		key, _ := Lookup(name)
		switch key.Kind {
		case Bool:
			merged[name], _ = strconv.ParseBool(use.Value)
		case Int:
			merged[name] = json.Number(use.Value)
		case Strings, IPs:
			list, _ := merged[name].([]any)
			merged[name] = append(slices.Clone(list), any(use.Value))
		case StringMap, BoolMap:
			object, _ := merged[name].(map[string]any)
			if object = maps.Clone(object); object == nil {
				object = make(map[string]any)
			}
			option, value, found := strings.Cut(use.Value, "=")
			object[option] = value
			if key.Kind == BoolMap {
				on, err := strconv.ParseBool(value)
				object[option] = on && err == nil || !found
			}
			merged[name] = object
		case String, IP, Size:
			merged[name] = use.Value
		default:
			// Objects written in the flags' own notation are left to the file.
			list, _ := merged["--"+use.Flag].([]any)
			merged["--"+use.Flag] = append(slices.Clone(list), any(use.Value))
		}
	}
	return merged
}
