// SPDX-License-Identifier: GPL-3.0-or-later

package docker_batch

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/docker_daemon_json"
	"hardened.docker/modules/docker_limits"
	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/moduletest"
)

func TestMain(m *testing.M) {
	moduletest.Main(m, "docker_batch", Module,
		ansible.Entry{Name: "docker_daemon_json", Module: docker_daemon_json.Module},
		ansible.Entry{Name: "docker_limits", Module: docker_limits.Module})
}

func TestScripts(t *testing.T) { moduletest.Scripts(t) }

func TestTasks(t *testing.T) {
	options := func(text string) map[string]json.RawMessage {
		return map[string]json.RawMessage{"state": json.RawMessage(text)}
	}
	tests := []struct {
		name, item string
		want       ansible.Task
	}{
		{"a module", `{"docker_unit": {"state": "absent"}}`, ansible.Task{Name: "docker_unit", Module: "docker_unit", Args: options(`"absent"`)}},
		{"named in full", `{"hardened.docker.docker_unit": {}}`, ansible.Task{Name: "docker_unit", Module: "docker_unit", Args: map[string]json.RawMessage{}}},
		{"without options", `{"docker_unit": null}`, ansible.Task{Name: "docker_unit", Module: "docker_unit"}},
		{"with a name", `{"name": "Set limits", "docker_unit": null}`, ansible.Task{Name: "Set limits", Module: "docker_unit"}},
		{"an empty name", `{"name": "", "docker_unit": null}`, ansible.Task{Name: "docker_unit", Module: "docker_unit"}},
		{"keywords left empty", `{"name": null, "when": null, "docker_unit": null}`, ansible.Task{Name: "docker_unit", Module: "docker_unit"}},
		{"skipped", `{"when": false, "docker_unit": null}`, ansible.Task{Name: "docker_unit", Module: "docker_unit", Skip: true}},
		{"a template's False", `{"when": "False", "docker_unit": null}`, ansible.Task{Name: "docker_unit", Module: "docker_unit", Skip: true}},
		{"a template's True", `{"when": "True", "docker_unit": null}`, ansible.Task{Name: "docker_unit", Module: "docker_unit"}},
		{"numbers as they were written", `{"docker_unit": {"state": 1.50}}`, ansible.Task{Name: "docker_unit", Module: "docker_unit", Args: options(`1.50`)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tasks(Params{Tasks: []json.RawMessage{json.RawMessage(tt.item)}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]ansible.Task{tt.want}, got); diff != "" {
				t.Errorf("tasks(%s) (-want +got):\n%s", tt.item, diff)
			}
		})
	}
}

func TestTasksRefuse(t *testing.T) {
	good := json.RawMessage(`{"docker_unit": null}`)
	tests := []struct{ name, item, want string }{
		{"no module", `{"name": "a"}`, "missing module: give a module of this collection as a key with its options, such as docker_unit: {} (item 2 of tasks)"},
		{"two modules", `{"docker_unit": {}, "docker_files": {}}`, "it has docker_files and docker_unit; give one module"},
		{"a keyword of tasks", `{"docker_unit": {}, "register": "x"}`, "it has docker_unit and register; give one module, and besides it name and when"},
		{"options as text", `{"docker_unit": "state=absent"}`, "invalid options of docker_unit: give a dictionary"},
		{"options as a list", `{"docker_unit": []}`, "invalid options of docker_unit"},
		{"a condition that is none", `{"when": "sometimes", "docker_unit": {}}`, `expected a boolean such as true, false, yes or no; write a condition as a template, when: "{{ ... }}"`},
		{"a name that is none", `{"name": {"a": 1}, "docker_unit": {}}`, "invalid name: give a text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tasks(Params{Tasks: []json.RawMessage{good, json.RawMessage(tt.item)}})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasSuffix(err.Error(), "(item 2 of tasks)") {
				t.Errorf("tasks(%s) = %v; want an error with %q", tt.item, err, tt.want)
			}
		})
	}
}
