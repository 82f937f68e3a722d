// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
)

// listed is a batch whose items are module, options and whether to skip.
type listed struct {
	Items []item `arg:"items" type:"list" elements:"dict"`
}

type item struct {
	Name   string          `arg:"name"`
	Module string          `arg:"module" default:"probe"`
	Args   json.RawMessage `arg:"args" type:"dict" default:"{}"`
	Skip   bool            `arg:"skip" default:"false"`
}

var listedModule = Batch[listed]{Tasks: func(p listed) ([]Task, error) {
	var all []Task
	for _, i := range p.Items {
		task := Task{Name: i.Name, Module: i.Module, Skip: i.Skip}
		if err := json.Unmarshal(i.Args, &task.Args); err != nil {
			return nil, err
		}
		all = append(all, task)
	}
	return all, nil
}}

// runBatch runs probes in a batch and returns the result and what was done.
func runBatch(t *testing.T, items, own string) (map[string]any, []string, string) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "done")
	var out bytes.Buffer
	Main(Table{{"batch", listedModule}, {"probe", probeModule(log)}}, Process{
		Args: []string{"hardened-docker", "batch"}, Stdin: strings.NewReader(`{"items": ` + items + own + `}`), Stdout: &out, Stderr: &out, Host: host.New(t.TempDir()),
	})
	var result map[string]any
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatalf("standard output is not a JSON object: %v\n%s", err, out.Bytes())
	}
	data, err := os.ReadFile(log)
	if err != nil {
		return result, nil, out.String()
	}
	return result, strings.Fields(string(data)), out.String()
}

func TestBatch(t *testing.T) {
	tests := []struct {
		name, items, own string
		done             []string
		want             map[string]any // a part of the result
	}{
		{
			name:  "in order",
			items: `[{"name": "x", "args": {"do": ["a", "b"]}}, {"name": "y", "args": {"do": ["c"], "result": {"found": 1}}}]`,
			done:  []string{"a", "b", "c"},
			want:  map[string]any{"changed": true, "failed": nil, "diff": nil, "invocation": nil, "actions": []any{"do a", "do b", "do c"}},
		},
		{
			name:  "check mode",
			items: `[{"name": "x", "args": {"do": ["a"], "caveat": ["who knows"]}}]`, own: `, "_ansible_check_mode": true`,
			want: map[string]any{"changed": true, "actions": []any{"do a"}, "warnings": []any{"who knows"}},
		},
		{
			name:  "an item does not leave check mode",
			items: `[{"name": "x", "args": {"do": ["a"], "_ansible_check_mode": false}}]`, own: `, "_ansible_check_mode": true`,
			want: map[string]any{"changed": true, "failed": nil},
		},
		{
			name:  "nothing to do",
			items: `[{"name": "x"}, {"name": "y"}]`,
			want:  map[string]any{"changed": false, "failed": nil, "actions": []any{}},
		},
		{
			name:  "one of two has a diff",
			items: `[{"name": "x", "args": {"do": ["a"]}}, {"name": "y"}]`, own: `, "_ansible_diff": true`, done: []string{"a"},
			want: map[string]any{"diff": map[string]any{"before_header": "a", "after_header": "a", "before": "0\n", "after": "1\n"}},
		},
		{
			name:  "the first that fails is the last",
			items: `[{"name": "x", "args": {"do": ["a", "fail:b"]}}, {"name": "y", "args": {"do": ["c"]}}]`,
			done:  []string{"a", "fail:b"},
			want:  map[string]any{"changed": true, "failed": true, "msg": `cannot do fail:b (task "x")`, "actions": []any{"do a"}},
		},
		{
			name:  "nothing was done before one that does nothing",
			items: `[{"name": "x"}, {"name": "y", "args": {"do": ["untouched:b"]}}]`,
			done:  []string{"untouched:b"},
			want:  map[string]any{"changed": false, "failed": true},
		},
		{
			name:  "a change stays one when a later module fails",
			items: `[{"name": "x", "args": {"do": ["a"]}}, {"name": "y", "args": {"fail": "cannot y"}}]`,
			done:  []string{"a"},
			want:  map[string]any{"changed": true, "failed": true, "msg": `cannot y (task "y")`},
		},
		{
			name:  "options are judged before the first module runs",
			items: `[{"name": "x", "args": {"do": ["a"]}}, {"name": "y", "args": {"no_such": 1}}]`,
			want:  map[string]any{"changed": false, "failed": true},
		},
		{
			name:  "options of what is skipped are not judged",
			items: `[{"name": "x", "args": {"do": ["a"]}}, {"name": "y", "skip": true, "args": {"no_such": 1}}]`,
			done:  []string{"a"},
			want:  map[string]any{"changed": true, "failed": nil, "skipped": nil},
		},
		{
			name:  "all are skipped",
			items: `[{"name": "x", "skip": true}, {"name": "y", "skip": true}]`,
			want:  map[string]any{"changed": false, "skipped": true},
		},
		{
			name:  "facts of all",
			items: `[{"name": "x", "args": {"facts": {"a": 1, "b": 1}}}, {"name": "y", "args": {"facts": {"b": 2}}}]`,
			want:  map[string]any{"ansible_facts": map[string]any{"a": 1.0, "b": 2.0}},
		},
		{
			name:  "no such module",
			items: `[{"name": "x", "module": "prob", "args": {"do": ["a"]}}]`,
			want:  map[string]any{"failed": true, "msg": `unknown module "prob"; the collection has batch, probe (task "x")`},
		},
		{
			name:  "a batch in a batch",
			items: `[{"name": "x", "module": "batch"}]`,
			want:  map[string]any{"failed": true, "msg": `invalid module batch in itself; list its tasks with the others (task "x")`},
		},
		{
			name:  "a defect of a module",
			items: `[{"name": "x", "args": {"do": ["panic"]}}, {"name": "y", "args": {"do": ["c"]}}]`,
			done:  []string{"panic"},
			want: map[string]any{"changed": true, "failed": true,
				"msg": `cannot finish probe: it met a defect of its own (act); please report it with the exception below (task "x")`},
		},
		{
			name:  "a signal ends it between two modules",
			items: `[{"name": "x", "args": {"do": ["kill"]}}, {"name": "y", "args": {"do": ["c"]}}]`,
			done:  []string{"kill"},
			want: map[string]any{"changed": true, "failed": true,
				"msg": `cannot begin probe: the run was ended by a signal; run it again, it goes on where it stopped (task "y")`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			result, done, _ := runBatch(t, tt.items, tt.own)
			if diff := cmp.Diff(tt.done, done); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
			got := map[string]any{}
			for key := range tt.want {
				got[key] = result[key]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBatchResults(t *testing.T) {
	result, _, _ := runBatch(t, `[{"name": "x", "args": {"do": ["a"], "warn": ["mind"]}}, {"name": "y", "skip": true},
		{"name": "z", "args": {"fail": "cannot z", "result": {"line": 3}}}, {"name": "never"}]`, "")
	list, _ := result["results"].([]any)
	want := []any{
		map[string]any{"task": "x", "module": "probe", "changed": true, "actions": []any{"do a"}, "last": "a"},
		map[string]any{"task": "y", "module": "probe", "changed": false, "skipped": true},
		map[string]any{"task": "z", "module": "probe", "changed": false, "failed": true, "msg": "cannot z", "line": 3.0},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"mind"}, result["warnings"]); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// TestBatchInvocations: arguments are in the results for -vvv, and as everywhere
// without secrets. Ansible takes them out below it, but not from results in results.
func TestBatchInvocations(t *testing.T) {
	for verbosity, want := range map[string]bool{"0": false, "2": false, "3": true, "4": true} {
		_, _, text := runBatch(t, `[{"name": "x", "args": {"secret": "s3cret"}}]`, `, "_ansible_verbosity": `+verbosity)
		if got := strings.Contains(text, "invocation"); got != want || strings.Contains(text, "s3cret") {
			t.Errorf("verbosity %s: the arguments are in the results: %t; want %t, and no secret:\n%s", verbosity, got, want, text)
		}
	}
}

// TestBatchKeepsSecrets: what one module calls a secret is hidden wherever it
// comes up, in the results of the others too, also when nothing ran.
func TestBatchKeepsSecrets(t *testing.T) {
	for name, items := range map[string]string{
		"in results":       `[{"name": "x", "args": {"secret": "s3cret", "do": ["a"]}}, {"name": "y", "args": {"result": {"seen": "a s3cret"}}}]`,
		"in an error":      `[{"name": "x", "args": {"secret": "s3cret", "fail": "cannot s3cret"}}]`,
		"in a refusal":     `[{"name": "x", "args": {"secret": "s3cret"}}, {"name": "y", "args": {"no_such": "s3cret"}}]`,
		"given wrongly":    `{"name": "x", "args": {"secret": "s3cret"}}`,
		"in a wrong list":  `[{"name": "x", "args": {"secret": "s3cret"}}, "y"]`,
		"nested":           `[{"name": "x", "args": {"nested": {"token": "s3cret"}}}, {"name": "y", "args": {"warn": ["s3cret"]}}]`,
		"in its own panic": `[{"name": "x", "args": {"secret": "s3cret", "panic": true}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, text := runBatch(t, items, ""); strings.Contains(text, "s3cret") || !strings.Contains(text, `"changed"`) {
				t.Errorf("the result shows the secret, or is none:\n%s", text)
			}
		})
	}
}
