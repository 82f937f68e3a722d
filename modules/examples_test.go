// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/ansible/argspec"
)

const collection = "hardened.docker."

// action returns the module that a task runs, with its arguments. Keywords of
// tasks have no dots, and modules are named in full.
func action(task map[string]any) (module string, args map[string]any, err error) {
	for key, value := range task {
		if !strings.Contains(key, ".") {
			continue
		}
		if module != "" {
			return "", nil, fmt.Errorf("invalid task: it runs %s and %s", module, key)
		}
		module = key
		var ok bool
		if args, ok = value.(map[string]any); !ok && value != nil && strings.HasPrefix(key, collection) {
			return "", nil, fmt.Errorf("invalid arguments of %s: %v is not a dictionary", key, value)
		}
	}
	if module == "" {
		return "", nil, fmt.Errorf("missing module in a task that has only %q", slices.Sorted(maps.Keys(task)))
	}
	if task["name"] == nil {
		return "", nil, fmt.Errorf("missing name of a task that runs %s", module)
	}
	return module, args, nil
}

// binds judges a task's arguments with the module's own spec and binds them to
// its Params, as a run does. Templates become a value that the option may have.
func binds(module ansible.Runner, args map[string]any) error {
	spec, err := module.Spec()
	if err != nil {
		return err
	}
	data, err := json.Marshal(untemplate(args, argspec.Option{Options: &spec}))
	if err != nil {
		return err
	}
	given := make(map[string]any)
	raw := make(map[string]json.RawMessage)
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := errors.Join(decoder.Decode(&given), json.Unmarshal(data, &raw)); err != nil {
		return err
	}
	checked := spec.Validate(given)
	if err := errors.Join(checked.Errors...); err != nil {
		return err
	}
	function := reflect.ValueOf(module).FieldByName("Plan")
	if !function.IsValid() {
		function = reflect.ValueOf(module).FieldByName("Tasks") // of a Batch
	}
	params := reflect.New(function.Type().In(function.Type().NumIn() - 1))
	return argspec.Bind(checked.Values, raw, spec, params.Interface())
}

var template = regexp.MustCompile(`^\s*\{\{.*\}\}\s*$`)

// untemplate puts a good value of the option in the place of each template.
func untemplate(value any, option argspec.Option) any {
	switch v := value.(type) {
	case string:
		if template.MatchString(v) {
			return sample(option)
		}
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = untemplate(item, argspec.Option{Type: option.Elements, Choices: option.Choices, Options: option.Options})
		}
		return list
	case map[string]any:
		dict := make(map[string]any, len(v))
		for key, item := range v {
			inner := argspec.Option{Type: "raw"}
			if option.Options != nil {
				inner = option.Options.Options[key]
			}
			dict[key] = untemplate(item, inner)
		}
		return dict
	}
	return value
}

func sample(option argspec.Option) any {
	if len(option.Choices) > 0 && option.Type != "list" {
		return option.Choices[0]
	}
	switch option.Type {
	case "bool":
		return true
	case "int", "float", "bytes", "bits":
		return 1
	case "list":
		return []any{}
	case "dict":
		return map[string]any{}
	}
	return "text"
}

func TestUntemplate(t *testing.T) {
	spec := argspec.Spec{Options: map[string]argspec.Option{
		"wait":  {Type: "int"},
		"state": {Choices: []any{"present", "absent"}},
		"name":  {},
	}}
	got := untemplate(map[string]any{"wait": "{{ wait }}", "state": "{{ state }}", "name": "{{ a }}-x"}, argspec.Option{Options: &spec})
	want := map[string]any{"wait": 1, "state": "present", "name": "{{ a }}-x"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("untemplate(...) = %v; want %v", got, want)
	}
}

// tasksOf returns the tasks below a YAML node, those in blocks included.
func tasksOf(list []map[string]any) []map[string]any {
	var all []map[string]any
	for _, task := range list {
		inBlock := false
		for _, part := range []string{"block", "rescue", "always"} {
			inner, ok := task[part].([]any)
			inBlock = inBlock || ok
			for _, item := range inner {
				if task, ok := item.(map[string]any); ok {
					all = append(all, tasksOf([]map[string]any{task})...)
				}
			}
		}
		if !inBlock {
			all = append(all, task)
		}
	}
	return all
}

// checkTasks binds the arguments of every task that runs one of our modules,
// and returns the modules that were run.
func checkTasks(t *testing.T, where string, list []map[string]any) []string {
	t.Helper()
	var ran []string
	for _, task := range tasksOf(list) {
		name, args, err := action(task)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		name, ours := strings.CutPrefix(name, collection)
		if !ours {
			continue
		}
		i := slices.Index(names(), name)
		if i < 0 {
			t.Errorf("%s: unknown module %s%s", where, collection, name)
			continue
		}
		ran = append(ran, name)
		if err := binds(modules()[i].Module, args); err != nil {
			t.Errorf("%s: %q: %v", where, task["name"], err)
		}
		if name == "docker_batch" {
			ran = append(ran, checkTasks(t, where, batched(args))...)
		}
	}
	return ran
}

// batched returns the items of a docker_batch as tasks, their modules named in
// full.
func batched(args map[string]any) []map[string]any {
	var all []map[string]any
	for _, item := range dicts(args["tasks"]) {
		task := make(map[string]any)
		for key, value := range item {
			if key != "name" && key != "when" {
				key = collection + strings.TrimPrefix(key, collection)
			}
			task[key] = value
		}
		all = append(all, task)
	}
	return all
}

func TestExamples(t *testing.T) {
	eachModule(t, func(t *testing.T, name string, _ ansible.Runner, _ argspec.Spec, d docs) {
		if !slices.Contains(checkTasks(t, "EXAMPLES", d.examples), name) {
			t.Errorf("missing example of %s", name)
		}
	})
}

func TestBindsRefuses(t *testing.T) {
	module := modules()[0].Module
	if err := binds(module, map[string]any{"no_such_option": 1}); err == nil {
		t.Errorf("binds(no_such_option) = nil; want an error")
	}
	for _, text := range []string{"{name: a}", "{name: a, a.b.c: {}, a.b.d: {}}", "{a.b.c: {}}", "{name: a, hardened.docker.a: x=y}"} {
		var task map[string]any
		if err := yaml.Unmarshal([]byte(text), &task); err != nil {
			t.Fatal(err)
		}
		if name, _, err := action(task); err == nil {
			t.Errorf("action(%s) = %s; want an error", text, name)
		}
	}
}
