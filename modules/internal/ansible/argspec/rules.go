// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// mutuallyExclusive runs before defaults are set, so that only what the user
// gave counts; null counts.
func (v *validation) mutuallyExclusive(c Constraints, params map[string]any, at place) {
	for _, group := range c.MutuallyExclusive {
		if both := given(group, params); len(both) > 1 {
			v.fail("invalid combination of options %s, give one of them only", at.names(both, " and "))
		}
	}
}

// requirements checks the rules that see defaults as given.
func (v *validation) requirements(c Constraints, params map[string]any, at place) {
	for _, group := range c.RequiredTogether {
		if some := given(group, params); len(some) > 0 {
			if missing := without(group, some); len(missing) > 0 {
				v.fail("missing option %s, required together with %s", at.names(missing, ", "), at.names(some, ", "))
			}
		}
	}
	for _, group := range c.RequiredOneOf {
		if len(given(group, params)) == 0 {
			v.fail("missing option, one of %s is required", at.names(group, ", "))
		}
	}
	for _, rule := range c.RequiredIf {
		value, ok := params[rule.Option]
		if !ok || !equal(value, rule.Value) {
			continue
		}
		missing := without(rule.Options, given(rule.Options, params))
		why := fmt.Sprintf("because option %q is %s", at.name(rule.Option), show(rule.Value))
		switch {
		case len(missing) == 0:
		case !rule.Any:
			v.fail("missing option %s, required %s", at.names(missing, ", "), why)
		case len(missing) == len(rule.Options):
			v.fail("missing option, one of %s is required %s", at.names(missing, ", "), why)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.RequiredBy)) {
		if params[name] == nil {
			continue
		}
		var missing []string
		for _, required := range c.RequiredBy[name] {
			if params[required] == nil {
				missing = append(missing, required)
			}
		}
		if len(missing) > 0 {
			v.fail("missing option %s, required by option %q", at.names(missing, ", "), at.name(name))
		}
	}
}

// given returns those of names that params has, null included.
func given(names []string, params map[string]any) []string {
	var found []string
	for _, name := range names {
		if _, ok := params[name]; ok && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found
}

func without(names, some []string) []string {
	var rest []string
	for _, name := range names {
		if !slices.Contains(some, name) {
			rest = append(rest, name)
		}
	}
	return rest
}

// place is where in the arguments a spec applies.
type place struct {
	shown string // prefix of option names in messages: "settings." or "users[1]."
	plain string // the same without positions in lists, as ansible-core names unknown options
}

func (p place) name(option string) string { return p.shown + option }

func (p place) item(option string, i int) string {
	return fmt.Sprintf("%s%s[%d]", p.shown, option, i)
}

func (p place) names(options []string, separator string) string {
	quoted := make([]string, len(options))
	for i, option := range options {
		quoted[i] = fmt.Sprintf("%q", p.name(option))
	}
	return strings.Join(quoted, separator)
}

// child is the place of the sub-options of option; i is its position if the
// option is a list.
func (p place) child(option string, i int, isList bool) place {
	shown := p.name(option)
	if isList {
		shown = p.item(option, i)
	}
	return place{shown: shown + ".", plain: p.plain + option + "."}
}

// inside completes a message that does not name its place.
func (p place) inside() string {
	if p.shown == "" {
		return ""
	}
	return fmt.Sprintf(" in %q", strings.TrimSuffix(p.shown, "."))
}
