// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Of reads the spec from the struct tags of t, a struct or a pointer to one.
//
// Every exported field needs the tag `arg:"name"`, or `arg:"-"` if it is no
// option. Fields of embedded structs without an arg tag count as the struct's
// own. The further tags are type, elements, default, required, choices,
// aliases, no_log, apply_defaults, removed_in_version, removed_at_date,
// removed_from, deprecated_aliases. Lists are separated by commas;
// deprecated_aliases has entries such as old=3.0.0 or old=2027-01-31, and they
// need not be repeated in aliases. The default of a dict is JSON, that of a list
// JSON or comma-separated; default:"" is an empty list or dict. An option whose
// name looks like a secret must have a no_log tag, be it "false".
//
// The type follows from the Go type: string is str, bool is bool, int or int64
// int, float64 float, []T a list with the elements of T, a map or struct a dict,
// any and json.RawMessage raw; the type tag may say something narrower. A
// struct has sub-options. A pointer is nil if the option is not set.
//
// A struct that implements Constrained states its rules. An error names the
// field; it is a mistake in the program.
func Of(t reflect.Type) (Spec, error) {
	return specOf(t, nil)
}

func specOf(t reflect.Type, outer []reflect.Type) (Spec, error) {
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return Spec{}, fmt.Errorf("invalid params type %v, expected a struct", t)
	}
	if slices.Contains(outer, t) {
		return Spec{}, fmt.Errorf("invalid params type %v, it contains itself", t)
	}
	outer = append(slices.Clip(outer), t)

	spec := Spec{Options: map[string]Option{}}
	fields, err := fieldsOf(t)
	if err != nil {
		return Spec{}, err
	}
	owners := map[string]string{}
	for _, f := range fields {
		option, err := optionOf(f, outer)
		if err != nil {
			return Spec{}, fmt.Errorf("invalid field %v.%s: %w", t, f.Name, err)
		}
		for _, name := range append([]string{f.option}, option.Aliases...) {
			if owner, taken := owners[name]; taken {
				return Spec{}, fmt.Errorf("invalid field %v.%s: the name %q belongs to field %s", t, f.Name, name, owner)
			}
			owners[name] = f.Name
		}
		spec.Options[f.option] = option
	}
	if c, ok := reflect.New(t).Interface().(Constrained); ok {
		spec.Constraints = c.Constraints()
	}
	if err := spec.Check(); err != nil {
		return Spec{}, fmt.Errorf("invalid params type %v: %w", t, err)
	}
	return spec, nil
}

// field is a struct field that is an option.
type field struct {
	reflect.StructField
	option string
	path   []int // for FieldByIndex from the outermost struct
}

func fieldsOf(t reflect.Type) ([]field, error) {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, tagged := f.Tag.Lookup("arg")
		if f.Anonymous && !tagged && f.Type.Kind() == reflect.Struct {
			inner, err := fieldsOf(f.Type)
			if err != nil {
				return nil, err
			}
			for _, in := range inner {
				in.path = append([]int{i}, in.path...)
				fields = append(fields, in)
			}
			continue
		}
		switch {
		case !f.IsExported() && tagged:
			return nil, fmt.Errorf("invalid field %v.%s: an option needs an exported field", t, f.Name)
		case !f.IsExported() || name == "-":
			continue
		case name == "" || strings.ContainsAny(name, " ,"):
			return nil, fmt.Errorf(`invalid field %v.%s: missing tag arg:"name", or arg:"-" if it is no option`, t, f.Name)
		}
		fields = append(fields, field{StructField: f, option: name, path: []int{i}})
	}
	return fields, nil
}

func optionOf(f field, outer []reflect.Type) (Option, error) {
	known := []string{"arg", "type", "elements", "default", "required", "choices", "aliases", "no_log", "apply_defaults",
		"removed_in_version", "removed_at_date", "removed_from", "deprecated_aliases"}
	if err := checkTagKeys(f.Tag, known); err != nil {
		return Option{}, err
	}
	o := Option{
		Aliases:          splitTag(f.Tag.Get("aliases")),
		RemovedInVersion: f.Tag.Get("removed_in_version"),
		RemovedAtDate:    f.Tag.Get("removed_at_date"),
		RemovedFrom:      f.Tag.Get("removed_from"),
	}
	for _, flag := range []struct {
		tag string
		to  *bool
	}{{"required", &o.Required}, {"no_log", &o.NoLog}, {"apply_defaults", &o.ApplyDefaults}} {
		text, ok := f.Tag.Lookup(flag.tag)
		if !ok {
			continue
		}
		value, err := strconv.ParseBool(text)
		if err != nil {
			return Option{}, fmt.Errorf("invalid tag %s:%q, expected true or false", flag.tag, text)
		}
		*flag.to = value
	}
	if _, said := f.Tag.Lookup("no_log"); !said && looksSecret(f.option) {
		return Option{}, fmt.Errorf(`missing tag no_log, the option %q may be a secret; say "true" or "false"`, f.option)
	}
	for _, entry := range splitTag(f.Tag.Get("deprecated_aliases")) {
		name, when, ok := strings.Cut(entry, "=")
		if !ok {
			return Option{}, fmt.Errorf("invalid tag deprecated_aliases:%q, expected alias=version or alias=date", entry)
		}
		old := DeprecatedAlias{Name: name, Version: when, CollectionName: o.RemovedFrom}
		if len(when) == len("2006-01-02") && when[4] == '-' {
			old.Version, old.Date = "", when
		}
		o.DeprecatedAliases = append(o.DeprecatedAliases, old)
		if !slices.Contains(o.Aliases, name) {
			o.Aliases = append(o.Aliases, name)
		}
	}
	if err := o.inferType(f, outer); err != nil {
		return Option{}, err
	}
	if err := o.readValues(f); err != nil {
		return Option{}, err
	}
	if o.ApplyDefaults && (o.Type != "dict" || o.Options == nil) {
		return Option{}, fmt.Errorf("invalid tag apply_defaults, the option is no dict with sub-options")
	}
	if o.Required && o.Default != nil {
		return Option{}, fmt.Errorf("invalid tags required and default, an option cannot have both")
	}
	return o, nil
}

// readValues reads the choices and the default, which must be good values.
func (o *Option) readValues(f field) error {
	single := o.Type
	if o.Type == "list" {
		single = o.Elements
	}
	for _, text := range splitTag(f.Tag.Get("choices")) {
		choice, err := convertTo(single, text)
		if err != nil {
			return fmt.Errorf("invalid choice %q, %w", text, err)
		}
		o.Choices = append(o.Choices, plain(choice))
	}
	text, ok := f.Tag.Lookup("default")
	if !ok {
		return nil
	}
	var value any = text
	switch {
	case text == "" && o.Type == "list", text == "[]" && o.Type == "list":
		value = []any{}
	case text == "" && o.Type == "dict":
		value = map[string]any{}
	case o.Type == "list" && strings.HasPrefix(text, "["), o.Type == "raw":
		value = parseJSON(text)
		if value == nil {
			return fmt.Errorf("invalid default %q, expected JSON", text)
		}
	}
	params := map[string]any{f.option: value}
	v := &validation{unknown: map[string]bool{}, secrets: map[string]bool{}}
	v.convert(*o, f.option, params, place{})
	v.choices(*o, f.option, params, place{})
	if len(v.errors) > 0 {
		return fmt.Errorf("invalid default: %w", v.errors[0])
	}
	// A path is kept as written: ~ and $HOME are the host's, not the program's.
	switch {
	case o.Elements == "path":
		if list, err := toList(value); err == nil {
			value = list
		}
	case o.Type != "path":
		value = plain(params[f.option])
	}
	o.Default = value
	return nil
}

// Check finds constraints that name no option, or a value that the option never
// has. Of calls it; who sets Constraints afterwards calls it again.
func (s Spec) Check() error {
	var names []string
	for _, groups := range [][][]string{s.MutuallyExclusive, s.RequiredTogether, s.RequiredOneOf} {
		for _, group := range groups {
			if len(group) < 2 {
				return fmt.Errorf("invalid constraints: the group %q needs at least two options", group)
			}
			names = append(names, group...)
		}
	}
	for _, rule := range s.RequiredIf {
		names = append(append(names, rule.Option), rule.Options...)
		if option := s.Options[rule.Option]; option.Choices != nil && !contains(option.Choices, plain(rule.Value)) {
			return fmt.Errorf("invalid constraints: option %q is never %v", rule.Option, rule.Value)
		}
	}
	for name, required := range s.RequiredBy {
		names = append(append(names, name), required...)
	}
	for _, name := range names {
		if _, ok := s.Options[name]; !ok {
			return fmt.Errorf("invalid constraints: there is no option %q", name)
		}
	}
	return nil
}

// checkTagKeys finds misspelt keys, which reflect.StructTag ignores.
func checkTagKeys(tag reflect.StructTag, known []string) error {
	rest := strings.TrimSpace(string(tag))
	for rest != "" {
		key, value, ok := strings.Cut(rest, ":")
		quoted, err := strconv.QuotedPrefix(value)
		if !ok || err != nil {
			return fmt.Errorf("invalid struct tag at %q", rest)
		}
		if key != "json" && !slices.Contains(known, key) {
			return fmt.Errorf("unknown tag %q, known are %s", key, strings.Join(known, ", "))
		}
		rest = strings.TrimSpace(value[len(quoted):])
	}
	return nil
}

// looksSecret tells by the name, as AnsibleModule does when it logs.
func looksSecret(option string) bool {
	name := strings.ToLower(option)
	name = strings.ReplaceAll(name, "passive", "")
	return strings.Contains(name, "pass") || strings.Contains(name, "secret") ||
		strings.Contains(name, "token") || strings.Contains(name, "cryptkey")
}

func splitTag(text string) []string {
	if text == "" {
		return nil
	}
	parts := strings.Split(text, ",")
	for i, part := range parts {
		parts[i] = strings.TrimSpace(part)
	}
	return parts
}

func isRawMessage(t reflect.Type) bool { return t == reflect.TypeFor[json.RawMessage]() }
