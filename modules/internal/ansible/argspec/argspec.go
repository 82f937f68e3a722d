// SPDX-License-Identifier: GPL-3.0-or-later

// Package argspec is Ansible's argument spec: it says which options a module
// has, and checks and converts the arguments that a task gives.
//
// A module declares its options as a struct. [Of] reads the [Spec] from the
// struct's tags, [Spec.Validate] judges the arguments of one call, and [Bind]
// copies what is valid into the struct:
//
//	type params struct {
//		Path     string          `arg:"path" type:"path" default:"/etc/docker/daemon.json"`
//		Settings json.RawMessage `arg:"settings" type:"dict" default:"{}"`
//		State    string          `arg:"state" default:"present" choices:"present,absent"`
//		Token    *string         `arg:"token" no_log:"true" aliases:"api_token"`
//	}
//
// The reference is ansible-core 2.19's ArgumentSpecValidator: what it accepts,
// refuses, converts and masks, this package does too, in the same order. The
// parity test feeds both the same cases. Error texts are our own.
//
// ansible-core 2.15 to 2.18 differ from 2.19 in a few conversions; the newer
// behaviour holds here whatever version the controller has:
//   - an int also comes from 5.0, "5.0" and "5e0" (2.15: refused);
//   - null for a str or path that is required or has a default is "" (2.15: refused);
//   - bytes and bits want exact units: "1 MB" and "1 megabyte", but not "1 MBx" (2.15: accepted);
//   - a string that looks like a Python literal is a dict only if it is a dict.
//
// Deliberate differences from ansible-core, named in the parity test or
// levelled by its testdata/reference.py:
//   - Values holds the spec's options only, not a copy under each alias.
//   - An int given as true or false is 1 or 0, which Python calls equal.
//   - Where a dict is turned into text (str, json), its keys are sorted.
//   - NaN and infinity are refused: JSON, and so a result, cannot carry them.
//   - Numbers in strings use ASCII digits.
//   - A default is a fresh copy at each use; in ansible-core all items of a list
//     of dicts share a sub-option's default, changes included.
//   - An int is not read from a list of sign, digits and exponent.
//   - In Python literals tuples become lists and keys become strings; bytes, sets,
//     complex numbers, keys that are tuples and \N{...} are refused.
//   - Secrets also has the converted forms of no_log values and the parts of
//     list and dict defaults, on which ansible-core fails with a traceback.
//
// Fallbacks (values from the environment) do not exist: a managed host's
// environment is no place to configure a module from.
package argspec

// Spec describes the options of a module, or of an option that is a dict.
type Spec struct {
	Options map[string]Option
	Constraints
}

// Constraints are the rules between the options of one Spec. Names are option
// names, not aliases. An option given as null counts as given, except for
// RequiredBy. Defaults count as given, except for MutuallyExclusive.
type Constraints struct {
	// MutuallyExclusive lists groups of which at most one option may be given.
	MutuallyExclusive [][]string
	// RequiredTogether lists groups of which all options are needed if one is given.
	RequiredTogether [][]string
	// RequiredOneOf lists groups of which at least one option is needed.
	RequiredOneOf [][]string
	// RequiredIf lists what the value of one option makes necessary.
	RequiredIf []RequiredIf
	// RequiredBy maps an option to those that must be given and not null if it is.
	RequiredBy map[string][]string
}

// RequiredIf says that if Option equals Value then all of Options are needed,
// or one of them if Any is set.
type RequiredIf struct {
	Option  string
	Value   any
	Options []string
	Any     bool
}

// Constrained is implemented by a params struct, or by the struct of a dict
// option, to state the rules between its options. Of asks a zero value.
type Constrained interface {
	Constraints() Constraints
}

// Option describes one option. The zero value is an optional string.
type Option struct {
	// Type is one of Ansible's types: str (also ""), bool, int, float, list,
	// dict, path, raw, json, jsonarg, bytes, bits.
	Type string
	// Elements is the type of the items of a list; "" leaves them as they are.
	Elements string
	// Default is converted like an argument; nil means no default.
	Default  any
	Required bool
	// Choices limits the value, or each item of a list; nil means no limit.
	Choices []any
	Aliases []string
	// NoLog makes the value a secret; see Result.Secrets.
	NoLog bool
	// Options are the sub-options of a dict or of a list of dicts.
	Options *Spec
	// ApplyDefaults makes a dict that was not given an empty one, so that the
	// defaults of its sub-options apply.
	ApplyDefaults bool

	// RemovedInVersion or RemovedAtDate (YYYY-MM-DD) deprecates the option,
	// RemovedFrom is the collection that counts the version.
	RemovedInVersion string
	RemovedAtDate    string
	RemovedFrom      string
	// DeprecatedAliases says which of Aliases are deprecated.
	DeprecatedAliases []DeprecatedAlias
}

// DeprecatedAlias says when the alias Name goes away.
type DeprecatedAlias struct {
	Name           string
	Version        string
	Date           string
	CollectionName string
}

// Deprecation is one entry of a result's "deprecations".
type Deprecation struct {
	Msg            string `json:"msg"`
	Version        string `json:"version,omitempty"`
	Date           string `json:"date,omitempty"`
	CollectionName string `json:"collection_name,omitempty"`
}

// Result is the outcome of Validate. The arguments are valid if Errors is empty.
type Result struct {
	// Values has every option of the spec, converted, nil if it was not given
	// and has no default. An int is an int64 (a json.Number if it does not fit),
	// a float a float64; raw values and what lists and dicts hold without a
	// type of their own are left as encoding/json read them.
	Values map[string]any
	// Unknown has the options that the spec does not know, sub-options with
	// their parents' names ("settings.foo"), sorted.
	Unknown []string
	// Errors has everything that is wrong, in the order of ansible-core's checks.
	Errors []error
	// Warnings names options that were given together with one of their aliases.
	Warnings     []string
	Deprecations []Deprecation
	// Secrets has the string forms of all no_log values, given or default,
	// sub-options included, sorted; also when Errors is not empty. Never "".
	Secrets []string
}
