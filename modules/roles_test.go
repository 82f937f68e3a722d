// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// roleOption is an option in a role's meta/argument_specs.yml.
type roleOption struct {
	Description prose
	Type        string
	Elements    string
	Choices     []any
	Default     any
	Required    bool
	Options     map[string]roleOption
}

func roles(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("../roles")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}

// roleOptions returns what meta/argument_specs.yml says of a role's options.
func roleOptions(t *testing.T, role string) map[string]roleOption {
	t.Helper()
	var specs struct {
		ArgumentSpecs map[string]struct {
			ShortDescription string `yaml:"short_description"`
			Description      prose
			Options          map[string]roleOption
		} `yaml:"argument_specs"`
	}
	path := filepath.Join("roles", role, "meta/argument_specs.yml")
	decode(t, path, read(t, path), &specs)
	main := specs.ArgumentSpecs["main"]
	if main.ShortDescription == "" || len(main.Description) == 0 {
		t.Errorf("%s: missing short_description or description of main", path)
	}
	return main.Options
}

// TestRoleDefaults compares the two places in which Ansible wants a role's
// variables: those that work and those that are documentation and contract.
func TestRoleDefaults(t *testing.T) {
	for _, role := range roles(t) {
		t.Run(role, func(t *testing.T) {
			options := roleOptions(t, role)
			var defaults map[string]any
			path := filepath.Join("roles", role, "defaults/main.yml")
			decode(t, path, read(t, path), &defaults)
			required := func(name string, option roleOption) bool { return option.Required }
			optional := maps.Clone(options)
			maps.DeleteFunc(optional, required)
			if diff := cmp.Diff(slices.Sorted(maps.Keys(optional)), slices.Sorted(maps.Keys(defaults))); diff != "" {
				t.Errorf("defaults/main.yml has other variables than meta/argument_specs.yml (-argument_specs +defaults):\n%s", diff)
			}
			for name, option := range options {
				if !strings.HasPrefix(name, "docker_") {
					t.Errorf("the variable %s does not begin with docker_", name)
				}
				if len(option.Description) == 0 || option.Type == "" {
					t.Errorf("missing description or type of %s", name)
				}
				if text, ok := defaults[name].(string); ok && strings.Contains(text, "{{") {
					if option.Default != nil {
						t.Errorf("%s has a default that is computed; describe it, the one in argument_specs.yml would never be used", name)
					}
					continue
				}
				if diff := cmp.Diff(option.Default, defaults[name]); diff != "" {
					t.Errorf("the default of %s is another one in defaults/main.yml (-argument_specs +defaults):\n%s", name, diff)
				}
			}
		})
	}
}

// TestRoleTasks binds what roles give to our modules with the modules' own
// argument specs.
func TestRoleTasks(t *testing.T) {
	for _, role := range roles(t) {
		for _, folder := range []string{"tasks", "handlers"} {
			paths, err := filepath.Glob(filepath.Join("../roles", role, folder, "*.yml"))
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range paths {
				var tasks []map[string]any
				decode(t, path, read(t, strings.TrimPrefix(path, "../")), &tasks)
				checkTasks(t, strings.TrimPrefix(path, "../"), tasks)
			}
		}
	}
}

// TestPlaysGatherNoFacts: setup is a Python module, and hosts have no Python.
// Plays on the controller itself and imports of playbooks are no plays on hosts.
func TestPlaysGatherNoFacts(t *testing.T) {
	for _, path := range files(t) {
		if filepath.Ext(path) != ".yml" || !strings.HasPrefix(path, "playbooks/") && !strings.HasPrefix(path, "molecule/") {
			continue
		}
		var list []map[string]any
		if yaml.Unmarshal([]byte(read(t, path)), &list) != nil {
			continue // no list: variables, an inventory
		}
		for _, play := range list {
			if play["hosts"] == nil {
				continue
			}
			if play["gather_facts"] != false {
				t.Errorf("%s: missing gather_facts: false in the play %q", path, play["name"])
			}
			checkRoles(t, path, play)
			for _, part := range []string{"pre_tasks", "tasks", "post_tasks", "handlers"} {
				checkTasks(t, path, dicts(play[part]))
			}
		}
	}
}

// checkRoles looks whether the roles of a play are named in full and are there.
func checkRoles(t *testing.T, path string, play map[string]any) {
	t.Helper()
	list, _ := play["roles"].([]any)
	for _, item := range list {
		name, ok := item.(string)
		if entry, isDict := item.(map[string]any); isDict {
			name, ok = entry["role"].(string)
		}
		role, ours := strings.CutPrefix(name, collection)
		if !ok || !ours || !slices.Contains(roles(t), role) {
			t.Errorf("%s: unknown role %v; name a role of this collection in full, as %s%s", path, item, collection, roles(t)[0])
		}
	}
}

func dicts(value any) []map[string]any {
	list, _ := value.([]any)
	var all []map[string]any
	for _, item := range list {
		if dict, ok := item.(map[string]any); ok {
			all = append(all, dict)
		}
	}
	return all
}
