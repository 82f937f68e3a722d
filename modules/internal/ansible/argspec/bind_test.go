// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type common struct {
	Path string `arg:"path" type:"path" default:"/etc/docker/daemon.json"`
}

type user struct {
	Name   string  `arg:"name" required:"true" aliases:"user"`
	Secret *string `arg:"secret" no_log:"true"`
	UID    int64   `arg:"uid" default:"1000"`
}

type sample struct {
	common
	Settings json.RawMessage            `arg:"settings" type:"dict" default:"{}" aliases:"config"`
	Remove   []string                   `arg:"remove" default:""`
	State    string                     `arg:"state" default:"present" choices:"present,absent"`
	Limit    *int                       `arg:"limit"`
	Ratio    float64                    `arg:"ratio"`
	Force    bool                       `arg:"force" default:"no"`
	Backup   *bool                      `arg:"backup"`
	Users    []user                     `arg:"users"`
	Owner    *user                      `arg:"owner"`
	Env      map[string]string          `arg:"env"`
	Labels   map[string]any             `arg:"labels"`
	Texts    map[string]json.RawMessage `arg:"texts"`
	Any      any                        `arg:"any"`
	Raw      json.RawMessage            `arg:"raw"`
	Ports    []int                      `arg:"ports"`
	Items    json.RawMessage            `arg:"items" type:"list"`
	Size     int64                      `arg:"size" type:"bytes"`
	Inner    string                     `arg:"-"`
}

// bindSample runs JSON arguments through Validate and Bind.
func bindSample(t *testing.T, args string) (sample, error) {
	t.Helper()
	spec, err := Of(reflect.TypeFor[sample]())
	if err != nil {
		t.Fatalf("Of() = %v; want no error", err)
	}
	decoded, _ := parseJSON(args).(map[string]any)
	result := spec.Validate(decoded)
	if len(result.Errors) > 0 {
		t.Fatalf("Validate(%s) = %v; want no errors", args, result.Errors)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(args), &raw); err != nil {
		t.Fatal(err)
	}
	var got sample
	err = Bind(result.Values, raw, spec, &got)
	return got, err
}

func TestBind(t *testing.T) {
	defaults := func(change func(*sample)) sample {
		s := sample{
			common:   common{Path: "/etc/docker/daemon.json"},
			Settings: json.RawMessage("{}"),
			Remove:   []string{},
			State:    "present",
		}
		change(&s)
		return s
	}
	text, yes, limit := "s3cret", true, 5
	tests := []struct {
		name, args string
		want       sample
	}{
		{"defaults only", `{}`, defaults(func(s *sample) {})},
		{"null is not set", `{"limit": null, "users": null, "raw": null, "owner": null}`, defaults(func(s *sample) {})},
		{"scalars", `{"limit": "5", "ratio": 1, "force": "yes", "backup": 1, "size": "1.5K", "state": "absent"}`, defaults(func(s *sample) {
			s.Limit, s.Ratio, s.Force, s.Backup, s.Size, s.State = &limit, 1, true, &yes, 1536, "absent"
		})},
		{"own JSON text", `{"settings": {"z": 1.0, "a": 1e3 , "b": {"y": 1, "x": "<"}}}`, defaults(func(s *sample) {
			s.Settings = json.RawMessage(`{"z": 1.0, "a": 1e3 , "b": {"y": 1, "x": "<"}}`)
		})},
		{"own JSON text under an alias", `{"settings": {"a": 1}, "config": {"z": 1, "b": 2}}`, defaults(func(s *sample) {
			s.Settings = json.RawMessage(`{"z": 1, "b": 2}`)
		})},
		{"converted dict is written anew", `{"settings": "z=1, a=<"}`, defaults(func(s *sample) {
			s.Settings = json.RawMessage(`{"a":"<","z":"1"}`)
		})},
		{"raw keeps any text", `{"raw": "k=v", "any": [1, "x"], "items": [1.0, {"z": 1, "a": 2}]}`, defaults(func(s *sample) {
			s.Raw, s.Items = json.RawMessage(`"k=v"`), json.RawMessage(`[1.0, {"z": 1, "a": 2}]`)
			s.Any = []any{json.Number("1"), "x"}
		})},
		{"list from a string is written anew", `{"items": "b,a"}`, defaults(func(s *sample) { s.Items = json.RawMessage(`["b","a"]`) })},
		{"lists and maps", `{"remove": "a,b", "ports": ["1", 2.0], "env": {"A": 1, "B": "x", "C": true, "D": null}, "labels": {"a": {"b": 1}}}`, defaults(func(s *sample) {
			s.Remove, s.Ports = []string{"a", "b"}, []int{1, 2}
			s.Env = map[string]string{"A": "1", "B": "x", "C": "True", "D": ""}
			s.Labels = map[string]any{"a": map[string]any{"b": json.Number("1")}}
		})},
		{"map of texts", `{"texts": {"a": {"z": 1, "b": 2}}}`, defaults(func(s *sample) {
			s.Texts = map[string]json.RawMessage{"a": json.RawMessage(`{"z": 1, "b": 2}`)}
		})},
		{"sub-options", `{"users": [{"user": "ann"}, "name=bob uid=7"], "owner": {"name": "eve", "secret": "s3cret"}}`, defaults(func(s *sample) {
			s.Users = []user{{Name: "ann", UID: 1000}, {Name: "bob", UID: 7}}
			s.Owner = &user{Name: "eve", Secret: &text, UID: 1000}
		})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := bindSample(t, test.args)
			if err != nil {
				t.Fatalf("Bind() = %v; want no error", err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(sample{})); diff != "" {
				t.Errorf("Bind(%s) (-want +got):\n%s", test.args, diff)
			}
		})
	}
}

func TestBindRefuses(t *testing.T) {
	tests := []struct{ name, args, want string }{
		{"integer beyond 64 bits", `{"limit": 9223372036854775808}`, `option "limit", expected an integer of 64 bits`},
		{"list in a map of strings", `{"env": {"A": [1]}}`, `option "env.A", expected a string`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := bindSample(t, test.args); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Bind(%s) = %v; want an error with %q", test.args, err, test.want)
			}
		})
	}
	if err := Bind(nil, nil, Spec{}, sample{}); err == nil {
		t.Error("Bind() into a struct that is no pointer = nil; want an error")
	}
	if err := Bind(nil, nil, Spec{}, &sample{}); err == nil {
		t.Error("Bind() with another struct's spec = nil; want an error")
	}
}
