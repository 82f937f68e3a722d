// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"

	"hardened.docker/modules/internal/ansible/argspec"
)

// Batch is a module that runs others of its [Table], one after the other, in one
// process: what a role does in several tasks without a round trip for each.
// Their arguments are judged before the first of them runs. The first that fails
// ends the batch.
//
// What a batch is given is what its modules are given, whose secrets only they
// know. So it is shown by them alone: not as the batch's invocation, nor in an
// error about the batch's own options.
type Batch[P any] struct {
	// Tasks says which modules to run. It must not look at the host.
	Tasks func(p P) ([]Task, error)
}

// Task is one module of a [Batch] and what it is given.
type Task struct {
	Name   string // what the user calls it, for results and errors
	Module string
	Args   map[string]json.RawMessage
	Skip   bool
}

// Spec implements [Runner].
func (b Batch[P]) Spec() (argspec.Spec, error) {
	return specOf(reflect.TypeFor[P](), argspec.Constraints{})
}

func (b Batch[P]) tasks(c *call) ([]Task, error) {
	var p P
	if err := c.bind(&p); err != nil {
		return nil, err
	}
	return b.Tasks(p)
}

// runTasks runs what a batch lists.
func (c *call) runTasks(ctx context.Context, m lister) {
	tasks, err := m.tasks(c)
	if err != nil {
		c.out.fail(err)
		return
	}
	s := sequence{batch: c, tasks: tasks, actions: []string{}, facts: make(map[string]any)}
	s.run(ctx)
}

// sequence is a run of a batch's tasks.
type sequence struct {
	batch   *call
	tasks   []Task
	results []map[string]any
	actions []string
	facts   map[string]any
}

func (s *sequence) run(ctx context.Context) {
	out := &s.batch.out
	out.set("actions", s.actions)
	out.set("results", []map[string]any{})
	if s.batch.opts.diff {
		out.diff = []Diff{}
	}
	calls := make([]*call, len(s.tasks))
	for i, task := range s.tasks {
		if task.Skip {
			continue
		}
		calls[i] = s.call(task)
		out.secrets = append(out.secrets, calls[i].out.secrets...)
	}
	for i, c := range calls {
		if c != nil && c.out.failed {
			s.add(s.tasks[i], c.out)
			return
		}
	}
	skipped := 0
	for i, c := range calls {
		switch {
		case c == nil:
			skipped++
			s.skip(s.tasks[i])
			continue
		case ctx.Err() != nil:
			c.out.fail(interrupted(ctx, fmt.Errorf("cannot begin %s", c.name)))
		default:
			c.do(ctx)
		}
		s.add(s.tasks[i], c.out)
		if out.failed {
			return
		}
	}
	if skipped > 0 && skipped == len(calls) {
		out.set("skipped", true)
	}
}

// call judges a task's arguments, which come with what Ansible said of the whole
// batch: check mode, diff and so on.
func (s *sequence) call(task Task) *call {
	args := make(map[string]json.RawMessage)
	maps.Copy(args, task.Args)
	maps.Copy(args, s.batch.own)
	if task.Module == s.batch.name {
		c := &call{name: task.Module}
		c.out.fail(fmt.Errorf("invalid module %s in itself; list its tasks with the others", task.Module))
		return c
	}
	return prepare(task.Module, s.batch.table, args, s.batch.host)
}

func (s *sequence) skip(task Task) {
	s.note(task, map[string]any{"changed": false, "skipped": true})
}

// add puts what a module returned into the result of the batch. What Ansible
// shows to the user or acts upon is the whole batch's; below -vvv it would hide
// the arguments, too, but looks for them at the top alone.
func (s *sequence) add(task Task, done response) {
	out := &s.batch.out
	out.changed = out.changed || done.changed
	out.warnings = append(out.warnings, done.warnings...)
	out.deprecations = append(out.deprecations, done.deprecations...)
	out.diff = append(out.diff, done.diff...)
	done.diff, done.deprecations, done.warnings = nil, nil, nil
	result := done.all()
	if actions, ok := result["actions"].([]string); ok {
		s.actions = append(s.actions, actions...)
		out.set("actions", s.actions)
	}
	if facts, ok := result["ansible_facts"].(map[string]any); ok {
		maps.Copy(s.facts, facts)
		out.set("ansible_facts", s.facts)
		delete(result, "ansible_facts")
	}
	if exception, ok := result["exception"]; ok {
		out.set("exception", exception)
		delete(result, "exception")
	}
	if s.batch.opts.verbosity < 3 {
		delete(result, "invocation")
	}
	if done.failed {
		out.fail(fmt.Errorf("%v (task %q)", result["msg"], task.Name))
	}
	s.note(task, result)
}

// note lists a task's result under the name that the user gave the task.
func (s *sequence) note(task Task, result map[string]any) {
	result["task"], result["module"] = task.Name, task.Module
	s.results = append(s.results, result)
	s.batch.out.set("results", s.results)
}
