// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// inferType sets the option's type, elements and sub-options from the field's Go
// type and its type and elements tags.
func (o *Option) inferType(f field, outer []reflect.Type) error {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	types, err := typesFor(t)
	if err != nil {
		return err
	}
	o.Type = types[0]
	if text, ok := f.Tag.Lookup("type"); ok {
		if !slices.Contains(types, text) {
			return fmt.Errorf("invalid tag type:%q, the Go type %v holds %s", text, t, strings.Join(types, ", "))
		}
		o.Type = text
	}
	elements, hasElements := f.Tag.Lookup("elements")
	if hasElements && o.Type != "list" {
		return fmt.Errorf("invalid tag elements:%q, the option is no list", elements)
	}

	inner := t
	if o.Type == "list" && t.Kind() == reflect.Slice && !isRawMessage(t) {
		inner = t.Elem()
		types, err := typesFor(inner)
		if err != nil {
			return err
		}
		o.Elements = types[0]
		if hasElements && !slices.Contains(types, elements) {
			return fmt.Errorf("invalid tag elements:%q, the Go type %v holds %s", elements, inner, strings.Join(types, ", "))
		}
	}
	if hasElements {
		if !slices.Contains(allTypes(), elements) {
			return fmt.Errorf("invalid tag elements:%q, expected one of %s", elements, strings.Join(allTypes(), ", "))
		}
		o.Elements = elements
	}
	if inner.Kind() == reflect.Struct {
		sub, err := specOf(inner, outer)
		if err != nil {
			return err
		}
		o.Options = &sub
	}
	return nil
}

func allTypes() []string {
	return []string{"raw", "str", "bool", "int", "float", "list", "dict", "path", "json", "jsonarg", "bytes", "bits"}
}

// typesFor returns the option types that a Go type can hold, its own first.
func typesFor(t reflect.Type) ([]string, error) {
	switch {
	case isRawMessage(t), t.Kind() == reflect.Interface && t.NumMethod() == 0:
		return allTypes(), nil
	case t.Kind() == reflect.String:
		return []string{"str", "path", "json", "jsonarg"}, nil
	case t.Kind() == reflect.Bool:
		return []string{"bool"}, nil
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return []string{"int", "bytes", "bits"}, nil
	case t.Kind() == reflect.Float64:
		return []string{"float"}, nil
	case t.Kind() == reflect.Slice:
		if _, err := typesFor(t.Elem()); err != nil {
			return nil, err
		}
		return []string{"list"}, nil
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		if _, err := typesFor(t.Elem()); err != nil {
			return nil, err
		}
		return []string{"dict"}, nil
	case t.Kind() == reflect.Struct:
		return []string{"dict"}, nil
	}
	return nil, fmt.Errorf("invalid Go type %v, no option type fits", t)
}
