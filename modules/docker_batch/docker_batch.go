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
	Name *string `arg:"name"`
	When *bool   `arg:"when"`
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
	k, err := readKeywords(item)
	if err != nil {
		return ansible.Task{}, err
	}
	named := slices.Sorted(maps.Keys(item))
	switch {
	case len(named) == 0:
		return ansible.Task{}, errors.New("missing module: give a module of this collection as a key with its options, such as docker_unit: {}")
	case len(named) > 1:
		return ansible.Task{}, fmt.Errorf("invalid item: it has %s; give one module, and besides it name and when", strings.Join(named, " and "))
	}
	task := ansible.Task{Module: strings.TrimPrefix(named[0], "hardened.docker."), Skip: k.When != nil && !*k.When}
	task.Name = task.Module
	if k.Name != nil && *k.Name != "" {
		task.Name = *k.Name
	}
	if err := json.Unmarshal(item[named[0]], &task.Args); err != nil {
		return ansible.Task{}, fmt.Errorf("invalid options of %s: give a dictionary, {} for none", task.Module)
	}
	return task, nil
}

// readKeywords takes the keywords out of an item. One that is null is not given.
func readKeywords(item map[string]json.RawMessage) (keywords, error) {
	var k keywords
	spec, err := argspec.Of(reflect.TypeFor[keywords]())
	if err != nil {
		return k, err
	}
	given := make(map[string]any)
	for name := range spec.Options {
		if text, ok := item[name]; ok {
			var value any
			if err := json.Unmarshal(text, &value); err != nil {
				return k, fmt.Errorf("invalid %s: %w", name, err)
			}
			given[name] = value
			delete(item, name)
		}
	}
	if _, ok := given["name"].(string); !ok && given["name"] != nil {
		return k, errors.New("invalid name: give a text")
	}
	checked := spec.Validate(given)
	if err := errors.Join(checked.Errors...); err != nil {
		return k, fmt.Errorf(`%w; write a condition as a template, when: "{{ ... }}"`, err)
	}
	return k, argspec.Bind(checked.Values, nil, spec, &k)
}
