// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Bind copies valid values into params, a pointer to the struct that spec was
// read from. An option that is nil leaves its field at its zero value.
//
// raw holds the arguments' own JSON text by the name that the user gave, alias
// or not. A field of type json.RawMessage receives this text, with its key order
// and its spelling of numbers, if the user gave JSON of the option's type, and
// else the JSON of the value: after "k=v", for instance, or for a default.
func Bind(values map[string]any, raw map[string]json.RawMessage, spec Spec, params any) error {
	v := reflect.ValueOf(params)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("invalid params %T, expected a pointer to a struct", params)
	}
	return bindStruct(v.Elem(), values, raw, spec, place{})
}

func bindStruct(dst reflect.Value, values map[string]any, raw map[string]json.RawMessage, spec Spec, at place) error {
	fields, err := fieldsOf(dst.Type())
	if err != nil {
		return err
	}
	for _, f := range fields {
		option, ok := spec.Options[f.option]
		if !ok {
			return fmt.Errorf("unknown option %q of field %v.%s, the spec is another one", at.name(f.option), dst.Type(), f.Name)
		}
		text := raw[f.option]
		for _, alias := range option.Aliases {
			if given, ok := raw[alias]; ok {
				text = given // as in Validate, the last alias counts
			}
		}
		b := binding{option: option, name: f.option, at: at}
		if err := b.bind(dst.FieldByIndex(f.path), values[f.option], text); err != nil {
			return err
		}
	}
	return nil
}

// binding is the copying of one option or, as its elements, of a list's items.
type binding struct {
	option Option
	name   string
	at     place
}

func (b binding) fail(value any, expected string) error {
	return fmt.Errorf("invalid value %s for option %q, expected %s", show(value), b.at.name(b.name), expected)
}

func (b binding) bind(dst reflect.Value, value any, text json.RawMessage) error {
	if value == nil {
		return nil
	}
	if isRawMessage(dst.Type()) {
		if !b.keepsText(text) {
			var err error
			if text, err = marshal(value); err != nil {
				return fmt.Errorf("cannot write option %q as JSON: %w", b.at.name(b.name), err)
			}
		}
		dst.SetBytes(bytes.Clone(text))
		return nil
	}
	switch dst.Kind() {
	case reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		return b.bind(dst.Elem(), value, text)
	case reflect.Interface:
		dst.Set(reflect.ValueOf(value))
	case reflect.String:
		switch value.(type) {
		case map[string]any, []any:
			return b.fail(value, "a string")
		}
		dst.SetString(str(value))
	case reflect.Bool:
		truth, ok := value.(bool)
		if !ok {
			return b.fail(value, "a boolean")
		}
		dst.SetBool(truth)
	case reflect.Int, reflect.Int64:
		number, err := toInt(value)
		n, ok := number.(int64)
		if err != nil || !ok || dst.OverflowInt(n) {
			return b.fail(value, "an integer of 64 bits")
		}
		dst.SetInt(n)
	case reflect.Float64:
		number, err := toFloat(value)
		if err != nil {
			return b.fail(value, "a number")
		}
		dst.SetFloat(number.(float64))
	case reflect.Slice:
		return b.bindList(dst, value, text)
	case reflect.Map:
		return b.bindMap(dst, value, text)
	case reflect.Struct:
		dict, ok := value.(map[string]any)
		if !ok || b.option.Options == nil {
			return b.fail(value, "a dictionary")
		}
		return bindStruct(dst, dict, textsOf(text), *b.option.Options, b.at.child(b.name, 0, false))
	default:
		return fmt.Errorf("cannot bind option %q to the Go type %v", b.at.name(b.name), dst.Type())
	}
	return nil
}

func (b binding) bindList(dst reflect.Value, value any, text json.RawMessage) error {
	items, ok := value.([]any)
	if !ok {
		return b.fail(value, "a list")
	}
	var texts []json.RawMessage
	if json.Unmarshal(text, &texts) != nil || len(texts) != len(items) {
		texts = make([]json.RawMessage, len(items))
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(items), len(items)))
	for i, item := range items {
		element := binding{
			option: Option{Type: b.option.Elements, Options: b.option.Options},
			name:   fmt.Sprintf("%s[%d]", b.name, i),
			at:     b.at,
		}
		if err := element.bind(dst.Index(i), item, texts[i]); err != nil {
			return err
		}
	}
	return nil
}

func (b binding) bindMap(dst reflect.Value, value any, text json.RawMessage) error {
	dict, ok := value.(map[string]any)
	if !ok {
		return b.fail(value, "a dictionary")
	}
	texts := textsOf(text)
	dst.Set(reflect.MakeMapWithSize(dst.Type(), len(dict)))
	for key, item := range dict {
		element := binding{option: Option{Type: "raw"}, name: b.name + "." + key, at: b.at}
		target := reflect.New(dst.Type().Elem()).Elem()
		if err := element.bind(target, item, texts[key]); err != nil {
			return err
		}
		dst.SetMapIndex(reflect.ValueOf(key).Convert(dst.Type().Key()), target)
	}
	return nil
}

// keepsText reports whether the user's own JSON is the value: it has the
// option's type, and no item of it was converted.
func (b binding) keepsText(text json.RawMessage) bool {
	trimmed := strings.TrimLeft(string(text), " \t\r\n")
	if trimmed == "" || b.option.Options != nil {
		return false
	}
	switch b.option.Type {
	case "raw":
		return true
	case "dict":
		return trimmed[0] == '{'
	case "list":
		return trimmed[0] == '[' && (b.option.Elements == "" || b.option.Elements == "raw")
	}
	return false
}

// textsOf returns the texts of a JSON object's values, nil if text is none.
func textsOf(text json.RawMessage) map[string]json.RawMessage {
	var texts map[string]json.RawMessage
	if json.Unmarshal(text, &texts) != nil {
		return nil
	}
	return texts
}

// marshal writes compact JSON in which <, > and & stay as they are.
func marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
