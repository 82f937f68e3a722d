// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Validate checks and converts the arguments of one call. The arguments are as
// encoding/json reads them with UseNumber, without Ansible's internal ones
// (_ansible_*); they are not changed.
//
// The order of the checks is that of ansible-core 2.19
// module_utils/common/arg_spec.py and parameters.py, because it decides what
// is accepted: mutually exclusive options are counted before defaults, the
// other rules after them.
func (s Spec) Validate(args map[string]any) Result {
	params := plain(args).(map[string]any)
	v := &validation{unknown: map[string]bool{}, secrets: map[string]bool{}}
	v.level(s, params, place{}, true)
	delete(v.secrets, "")
	return Result{
		Values:       params,
		Unknown:      sorted(v.unknown),
		Errors:       v.errors,
		Warnings:     v.warnings,
		Deprecations: v.deprecations,
		Secrets:      sorted(v.secrets),
	}
}

// validation collects the findings of one Validate.
type validation struct {
	unknown      map[string]bool
	secrets      map[string]bool
	errors       []error
	warnings     []string
	deprecations []Deprecation
}

func (v *validation) fail(format string, args ...any) {
	v.errors = append(v.errors, fmt.Errorf(format, args...))
}

// level validates params, the arguments of one spec, in place.
func (v *validation) level(s Spec, params map[string]any, at place, top bool) {
	names := slices.Sorted(maps.Keys(s.Options))

	known := v.aliases(s, names, params, at)
	errorsBefore := len(v.errors)
	notDict := noLogValues(s, params, v.secrets)
	if top {
		v.deprecated(s, params, at)
	}
	v.unknownOptions(s, params, known, at)
	v.mutuallyExclusive(s.Constraints, params, at)
	v.defaults(s, names, params, false)
	for _, name := range names {
		if _, given := params[name]; s.Options[name].Required && !given {
			v.fail("missing required option %q", at.name(name))
		}
	}
	for _, name := range names {
		v.convert(s.Options[name], name, params, at)
	}
	for _, name := range names {
		v.choices(s.Options[name], name, params, at)
	}
	v.requirements(s.Constraints, params, at)
	v.defaults(s, names, params, true)
	for _, name := range names {
		v.subOptions(s.Options[name], name, params, at)
	}
	if notDict != nil && len(v.errors) == errorsBefore {
		v.errors = append(v.errors, fmt.Errorf("%w%s", notDict, at.inside()))
	}

	maps.DeleteFunc(params, func(name string, _ any) bool {
		_, isOption := s.Options[name]
		return !isOption
	})
	for _, name := range names {
		if s.Options[name].NoLog && truthy(params[name]) {
			addStrings(v.secrets, params[name])
		}
	}
}

// aliases copies each argument given under an alias to the option's name and
// returns all names that are known. An alias wins over the name, a later alias
// over an earlier one.
func (v *validation) aliases(s Spec, names []string, params map[string]any, at place) map[string]bool {
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
		option := s.Options[name]
		for _, old := range option.DeprecatedAliases {
			if _, given := params[old.Name]; given {
				v.deprecations = append(v.deprecations, Deprecation{
					Msg:            fmt.Sprintf("option %q is a deprecated alias, use %q", at.name(old.Name), at.name(name)),
					Version:        old.Version,
					Date:           old.Date,
					CollectionName: old.CollectionName,
				})
			}
		}
		if option.Required && option.Default != nil {
			v.fail("invalid argument spec: option %q is required and has a default", at.name(name))
		}
		for _, alias := range option.Aliases {
			known[alias] = true
			value, given := params[alias]
			if !given {
				continue
			}
			if _, both := params[name]; both {
				v.warnings = append(v.warnings, fmt.Sprintf("option %q and its alias %q are both given, the alias counts", at.name(name), at.name(alias)))
			}
			params[name] = plain(value)
		}
	}
	return known
}

// deprecated reports the deprecated options that were given, sub-options
// included.
func (v *validation) deprecated(s Spec, params map[string]any, at place) {
	for _, name := range slices.Sorted(maps.Keys(s.Options)) {
		value, given := params[name]
		if !given {
			continue
		}
		option := s.Options[name]
		d := Deprecation{
			Msg:            fmt.Sprintf("option %q is deprecated", at.name(name)),
			Date:           option.RemovedAtDate,
			CollectionName: option.RemovedFrom,
		}
		if d.Date == "" {
			d.Version = option.RemovedInVersion
		}
		if d.Date != "" || d.Version != "" {
			v.deprecations = append(v.deprecations, d)
		}
		if option.Options == nil {
			continue
		}
		items, isList := value.([]any)
		if !isList {
			items = []any{value}
		}
		for i, item := range items {
			if sub, ok := item.(map[string]any); ok {
				v.deprecated(*option.Options, sub, at.child(name, i, isList))
			}
		}
	}
}

func (v *validation) unknownOptions(s Spec, params map[string]any, known map[string]bool, at place) {
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if known[name] {
			continue
		}
		v.unknown[at.plain+name] = true
		switch near := nearest(name, slices.Sorted(maps.Keys(known))); {
		case near != "":
			v.fail("unknown option %q, did you mean %q?", at.name(name), at.name(near))
		case len(s.Options) == 0:
			v.fail("unknown option %q, there are no options here", at.name(name))
		default:
			v.fail("unknown option %q, known are %s", at.name(name), strings.Join(slices.Sorted(maps.Keys(s.Options)), ", "))
		}
	}
}

// defaults sets the defaults of options that were not given: at first those
// that exist, at last (all) null for the rest.
func (v *validation) defaults(s Spec, names []string, params map[string]any, all bool) {
	for _, name := range names {
		option := s.Options[name]
		if _, given := params[name]; given || option.Default == nil && !all {
			continue
		}
		value := plain(option.Default)
		if option.NoLog && truthy(value) {
			// A default is a secret as a whole, also a true, which ansible-core
			// does not hide if it was given.
			if b, ok := value.(bool); ok && b {
				v.secrets["True"] = true
			}
			addStrings(v.secrets, value)
		}
		params[name] = value
	}
}

// convert converts one argument to the option's type, a list's items included.
// Items that cannot be converted are dropped, as ansible-core does before it
// looks at the choices.
func (v *validation) convert(option Option, name string, params map[string]any, at place) {
	value, given := params[name]
	if !given || value == nil && !option.Required && option.Default == nil {
		return
	}
	converted, err := convertTo(option.Type, value)
	if err != nil {
		v.fail("invalid value %s for option %q, %w", show(value), at.name(name), err)
		return
	}
	params[name] = converted
	if option.Elements == "" {
		return
	}
	items, ok := converted.([]any)
	if !ok {
		v.fail("invalid value %s for option %q, expected a list", show(value), at.name(name))
		return
	}
	list := []any{}
	for i, item := range items {
		converted, err := convertTo(option.Elements, item)
		if err != nil {
			v.fail("invalid value %s for option %q, %w", show(item), at.item(name, i), err)
			continue
		}
		list = append(list, converted)
	}
	params[name] = list
}

func (v *validation) choices(option Option, name string, params map[string]any, at place) {
	value, given := params[name]
	if option.Choices == nil || !given {
		return
	}
	if items, ok := value.([]any); ok {
		for i, item := range items {
			if !contains(option.Choices, item) {
				v.fail("invalid value %s for option %q, expected one of %s", show(item), at.item(name, i), showAll(option.Choices))
			}
		}
		return
	}
	if contains(option.Choices, value) {
		return
	}
	// YAML reads a bare yes or no as a boolean. If just one choice means that
	// boolean, the user meant this choice.
	if only, ok := booleanChoice(option.Choices, value); ok {
		params[name] = only
		return
	}
	v.fail("invalid value %s for option %q, expected one of %s", show(value), at.name(name), showAll(option.Choices))
}

// subOptions validates the sub-options of a dict or of a list of dicts.
func (v *validation) subOptions(option Option, name string, params map[string]any, at place) {
	if !option.hasSubOptions() {
		return
	}
	if params[name] == nil {
		if !option.ApplyDefaults {
			return
		}
		params[name] = map[string]any{}
	}
	items, isList := params[name].([]any)
	if !isList {
		items = []any{params[name]}
	}
	for i, item := range items {
		sub, ok := item.(map[string]any)
		if !ok {
			continue // the conversion has failed and said so
		}
		v.level(*option.Options, sub, at.child(name, i, isList), false)
	}
}

func (o Option) hasSubOptions() bool {
	return o.Options != nil && (o.Type == "dict" || o.Type == "list" && o.Elements == "dict")
}
