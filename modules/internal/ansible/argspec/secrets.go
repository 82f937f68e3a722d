// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"fmt"
	"maps"
	"slices"
)

// noLogValues adds the string forms of the no_log arguments to secrets, those
// of sub-options included. It sees arguments before their conversion, so a dict
// may still be a string. ansible-core refuses here what is no dict, even if a
// list could be made of it later (common/parameters.py, _list_no_log_values).
func noLogValues(s Spec, params map[string]any, secrets map[string]bool) error {
	var first error
	for _, name := range slices.Sorted(maps.Keys(s.Options)) {
		option, value := s.Options[name], params[name]
		if option.NoLog && truthy(value) {
			addStrings(secrets, value)
		}
		if value == nil || !option.hasSubOptions() {
			continue
		}
		items, isList := value.([]any)
		if !isList {
			items = []any{value}
		}
		for _, item := range items {
			if text, ok := item.(string); ok {
				if parsed, err := toDict(text); err == nil {
					item = parsed
				}
			}
			sub, ok := item.(map[string]any)
			if !ok {
				if first == nil {
					first = fmt.Errorf("invalid value %s for option %q, expected a dictionary", show(item), name)
				}
				continue
			}
			if err := noLogValues(*option.Options, sub, secrets); err != nil && first == nil {
				first = err
			}
		}
	}
	return first
}

// addStrings adds the string forms of all scalars in value to secrets. Booleans
// and null are no secrets: hiding every "True" would hide nothing but sense.
func addStrings(secrets map[string]bool, value any) {
	switch value := value.(type) {
	case nil, bool:
	case []any:
		for _, item := range value {
			addStrings(secrets, item)
		}
	case map[string]any:
		for _, item := range value {
			addStrings(secrets, item)
		}
	default:
		secrets[str(value)] = true
	}
}

// sorted returns the members of set, nil if there are none.
func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
