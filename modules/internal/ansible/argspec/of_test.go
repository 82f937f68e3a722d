// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type ruled struct {
	Name string `arg:"name"`
	ID   *int   `arg:"id" type:"int"`
}

func (ruled) Constraints() Constraints {
	return Constraints{RequiredOneOf: [][]string{{"name", "id"}}}
}

type declared struct {
	common
	Name     string            `arg:"name" required:"true" aliases:"title, label" deprecated_aliases:"nom=3.0.0,nome=2027-01-31" removed_from:"hardened.docker"`
	State    string            `arg:"state" default:"present" choices:"present, absent"`
	Count    int               `arg:"count" default:"3" choices:"1,2,3" removed_in_version:"4.0.0"`
	Ratio    *float64          `arg:"ratio" default:"0.5" removed_at_date:"2028-01-01"`
	Force    bool              `arg:"force" default:"yes"`
	Size     int64             `arg:"size" type:"bytes" default:"1K"`
	Remove   []string          `arg:"remove" default:"a,b" choices:"a,b,c"`
	Ports    []int             `arg:"ports" default:"[1, \"2\"]"`
	Keys     []string          `arg:"keys" elements:"path" default:"~/a"`
	Free     []any             `arg:"free" default:""`
	Settings json.RawMessage   `arg:"settings" type:"dict" default:"{}"`
	Items    json.RawMessage   `arg:"items" type:"list" elements:"dict"`
	Env      map[string]string `arg:"env" default:""`
	Any      any               `arg:"any" default:"[1]"`
	Token    string            `arg:"token" no_log:"true"`
	PassFD   bool              `arg:"pass_fd" no_log:"false"`
	Sub      ruled             `arg:"sub" apply_defaults:"true"`
	Subs     []ruled           `arg:"subs"`
	Ignored  chan int          `arg:"-"`
}

func TestOf(t *testing.T) {
	sub := &Spec{
		Options:     map[string]Option{"name": {Type: "str"}, "id": {Type: "int"}},
		Constraints: Constraints{RequiredOneOf: [][]string{{"name", "id"}}},
	}
	want := Spec{Options: map[string]Option{
		"path": {Type: "path", Default: "/etc/docker/daemon.json"},
		"name": {Type: "str", Required: true, Aliases: []string{"title", "label", "nom", "nome"}, RemovedFrom: "hardened.docker", DeprecatedAliases: []DeprecatedAlias{
			{Name: "nom", Version: "3.0.0", CollectionName: "hardened.docker"}, {Name: "nome", Date: "2027-01-31", CollectionName: "hardened.docker"}}},
		"state":    {Type: "str", Default: "present", Choices: []any{"present", "absent"}},
		"count":    {Type: "int", Default: json.Number("3"), Choices: []any{json.Number("1"), json.Number("2"), json.Number("3")}, RemovedInVersion: "4.0.0"},
		"ratio":    {Type: "float", Default: json.Number("0.5"), RemovedAtDate: "2028-01-01"},
		"force":    {Type: "bool", Default: true},
		"size":     {Type: "bytes", Default: json.Number("1024")},
		"remove":   {Type: "list", Elements: "str", Default: []any{"a", "b"}, Choices: []any{"a", "b", "c"}},
		"ports":    {Type: "list", Elements: "int", Default: []any{json.Number("1"), json.Number("2")}},
		"keys":     {Type: "list", Elements: "path", Default: []any{"~/a"}},
		"free":     {Type: "list", Elements: "raw", Default: []any{}},
		"settings": {Type: "dict", Default: map[string]any{}},
		"items":    {Type: "list", Elements: "dict"},
		"env":      {Type: "dict", Default: map[string]any{}},
		"any":      {Type: "raw", Default: []any{json.Number("1")}},
		"token":    {Type: "str", NoLog: true},
		"pass_fd":  {Type: "bool"},
		"sub":      {Type: "dict", Options: sub, ApplyDefaults: true},
		"subs":     {Type: "list", Elements: "dict", Options: sub},
	}}
	for _, of := range []reflect.Type{reflect.TypeFor[declared](), reflect.TypeFor[*declared]()} {
		got, err := Of(of)
		if err != nil {
			t.Fatalf("Of(%v) = %v; want no error", of, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Of(%v) (-want +got):\n%s", of, diff)
		}
	}
}

type endless struct {
	Inner []endless `arg:"inner"`
}

type badRule struct {
	Name string `arg:"name"`
}

func (badRule) Constraints() Constraints {
	return Constraints{RequiredBy: map[string][]string{"name": {"nmae"}}}
}

type neverRule struct {
	State string `arg:"state" choices:"a,b"`
	Name  string `arg:"name"`
}

func (*neverRule) Constraints() Constraints {
	return Constraints{RequiredIf: []RequiredIf{{Option: "state", Value: "c", Options: []string{"name"}}}}
}

func TestOfRefuses(t *testing.T) {
	tests := []struct {
		params any
		want   string
	}{
		{5, "expected a struct"},
		{struct{ Name string }{}, `missing tag arg:"name"`},
		{struct {
			Name string `arg:""`
		}{}, `missing tag arg:"name"`},
		{struct {
			name string `arg:"name"`
		}{}, "exported"},
		{struct {
			A string `arg:"a"`
			B string `arg:"b" aliases:"a"`
		}{}, `the name "a" belongs to field A`},
		{struct {
			A string `arg:"a" requird:"true"`
		}{}, `unknown tag "requird"`},
		{struct {
			A string `arg:"a" required:"maybe"`
		}{}, "expected true or false"},
		{struct {
			A string `arg:"a" required:"true" default:"x"`
		}{}, "cannot have both"},
		{struct {
			A string `arg:"a" default:"z" choices:"x,y"`
		}{}, "invalid default"},
		{struct {
			A int `arg:"a" default:"five"`
		}{}, "invalid default"},
		{struct {
			A int `arg:"a" choices:"1,two"`
		}{}, `invalid choice "two"`},
		{struct {
			A any `arg:"a" default:"{"`
		}{}, "expected JSON"},
		{struct {
			A string `arg:"a" type:"int"`
		}{}, `invalid tag type:"int"`},
		{struct {
			A []int `arg:"a" elements:"str"`
		}{}, `invalid tag elements:"str"`},
		{struct {
			A string `arg:"a" elements:"str"`
		}{}, "no list"},
		{struct {
			A json.RawMessage `arg:"a" type:"list" elements:"string"`
		}{}, `invalid tag elements:"string"`},
		{struct {
			A chan int `arg:"a"`
		}{}, "no option type fits"},
		{struct {
			A []byte `arg:"a"`
		}{}, "no option type fits"},
		{struct {
			A map[int]string `arg:"a"`
		}{}, "no option type fits"},
		{struct {
			A string `arg:"a" apply_defaults:"true"`
		}{}, "apply_defaults"},
		{struct {
			A string `arg:"a" deprecated_aliases:"b"`
		}{}, "expected alias=version"},
		{struct {
			Password string `arg:"password"`
		}{}, "missing tag no_log"},
		{struct {
			Sub struct {
				B uint `arg:"b"`
			} `arg:"sub"`
		}{}, "no option type fits"},
		{endless{}, "contains itself"},
		{badRule{}, `no option "nmae"`},
		{neverRule{}, `option "state" is never c`},
	}
	for _, test := range tests {
		if _, err := Of(reflect.TypeOf(test.params)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Of(%T) = %v; want an error with %q", test.params, err, test.want)
		}
	}
	if _, err := Of(nil); err == nil {
		t.Error("Of(nil) = nil; want an error")
	}
}
