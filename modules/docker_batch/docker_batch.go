// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_batch is the module hardened.docker.docker_batch: several
// modules of the collection in one command on the host.
package docker_batch

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/ansible/argspec"
)

// Module is docker_batch as playbooks know it.
var Module = ansible.Batch[Params]{Tasks: tasks}

// Params are the options of docker_batch.
type Params struct {
	Tasks []json.RawMessage `arg:"tasks" type:"list" elements:"dict" required:"true"`
}

// keywords are what an item has besides its module.
type keywords struct {
	Name string `arg:"name"`
	When bool   `arg:"when" default:"true"`
}

func tasks(p Params) ([]ansible.Task, error) {
	var all []ansible.Task
	for i, text := range p.Tasks {
		task, err := read(text)
		if err != nil {
			return nil, fmt.Errorf("%w (item %d of tasks)", err, i+1)
		}
		all = append(all, task)
	}
	return all, nil
}

// read takes an item apart: its keywords, and under the only other key a module's
// name and options.
func read(text json.RawMessage) (ansible.Task, error) {
	var item map[string]json.RawMessage
	if err := json.Unmarshal(text, &item); err != nil {
		return ansible.Task{}, fmt.Errorf("invalid item: %w", err)
	}
	spec, err := argspec.Of(reflect.TypeFor[keywords]())
	if err != nil {
		return ansible.Task{}, err
	}
	given := make(map[string]any)
	for name := range spec.Options {
		if value, ok := item[name]; ok {
			var decoded any
			if err := json.Unmarshal(value, &decoded); err != nil {
				return ansible.Task{}, fmt.Errorf("invalid %s: %w", name, err)
			}
			given[name] = decoded
			delete(item, name)
		}
	}
	checked := spec.Validate(given)
	if err := errors.Join(checked.Errors...); err != nil {
		return ansible.Task{}, err
	}
	var k keywords
	if err := argspec.Bind(checked.Values, nil, spec, &k); err != nil {
		return ansible.Task{}, err
	}
	named := slices.Sorted(maps.Keys(item))
	switch {
	case len(named) == 0:
		return ansible.Task{}, errors.New("missing module: give a module of this collection as a key with its options, such as docker_unit: {}")
	case len(named) > 1:
		return ansible.Task{}, fmt.Errorf("invalid item: it has %s; give one module, and besides it name and when", strings.Join(named, " and "))
	}
	task := ansible.Task{Name: k.Name, Module: strings.TrimPrefix(named[0], "hardened.docker."), Skip: !k.When}
	if task.Name == "" {
		task.Name = task.Module
	}
	if err := json.Unmarshal(item[named[0]], &task.Args); err != nil {
		return ansible.Task{}, fmt.Errorf("invalid options of %s: give a dictionary, {} for none", task.Module)
	}
	return task, nil
}
