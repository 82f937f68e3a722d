// SPDX-License-Identifier: GPL-3.0-or-later

// Package ansible is the SDK that the modules are written with: Ansible's
// module JSON protocol, check mode, diff, and the rule that a module plans
// and the SDK acts.
//
// A module is a value of type [Module]: a struct type whose tagged fields are
// the options (see package argspec), and a function that reads the host and
// returns a [Plan]:
//
//	var Module = ansible.Module[Params]{Plan: plan}
//
//	type Params struct {
//		Path string `arg:"path" type:"path" default:"/etc/docker/daemon.json"`
//	}
//
//	func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error)
//
// A plan changes nothing. It has the acts that would change the host, in
// order, and what the module returns. [Main] carries the acts out, or in check
// mode leaves them, and takes changed, the diff and the list of actions from
// the same acts in both cases: what check mode predicts is what a run does.
// A plan without acts is a run without changes.
//
// A plan's error is a failed task. Its text tells what, where and what to do
// next, and begins with cannot, unknown, missing or invalid. [Failure] adds
// values to return with it.
package ansible

import (
	"context"
	"reflect"

	"hardened.docker/modules/internal/ansible/argspec"
	"hardened.docker/modules/internal/host"
)

// Module is an Ansible module with options P, a struct type tagged as package
// argspec describes.
type Module[P any] struct {
	// Plan reads the host and says what to change. It must not change
	// anything itself.
	Plan func(ctx context.Context, h *host.Host, p P) (*Plan, error)
	// Constraints are the rules between options: mutually exclusive, required
	// together, and so on.
	argspec.Constraints
}

// Plan is what a module found and what it would change.
type Plan struct {
	// Acts change the host, in order. None: there is nothing to change.
	Acts []Act
	// Foreseen are acts that check mode alone shows: what a run will do when an
	// earlier task of the same play, which check mode leaves, has been there. A
	// run finds that done, plans anew, and has them among its acts.
	Foreseen []Act
	// Result has the values that the module returns. What the acts return is
	// merged over it; in check mode it is all there is, so it has the
	// prediction of everything that can be predicted.
	Result map[string]any
	// Facts are set as host facts (ansible_facts).
	Facts map[string]any
	// Warnings are shown to the user also when nothing changes.
	Warnings []string
	// Caveats say what the prediction cannot know, such as the version of a
	// package whose repository is still to be added. They are warnings in check
	// mode and nothing in a run, which finds out.
	Caveats []string
}

// Act is one change of the host.
type Act interface {
	// Describe says in a few words what the act does, as an imperative:
	// "write /etc/docker/daemon.json", "restart docker.service".
	Describe() string
	// Diff is what the act changes, for --diff. It may be empty.
	Diff() []Diff
	// Do makes the change. The values that it returns are merged into the
	// module's result, also when it fails.
	Do(ctx context.Context, h *host.Host) (map[string]any, error)
}

// Diff is a change as Ansible shows it under --diff.
type Diff struct {
	BeforeHeader string `json:"before_header"`
	AfterHeader  string `json:"after_header"`
	Before       string `json:"before"`
	After        string `json:"after"`
}

// Failure is an error that has values to return beside its text.
type Failure struct {
	Err    error
	Result map[string]any
}

func (f *Failure) Error() string { return f.Err.Error() }
func (f *Failure) Unwrap() error { return f.Err }

// NothingDone is the error of an act that changed nothing, so that the task
// does not claim a change: what the act needs was not made by an earlier task,
// or a file cannot be written. Without it a failed act counts as a change,
// because a part of it can have been done.
type NothingDone struct{ Err error }

func (n *NothingDone) Error() string { return n.Err.Error() }
func (n *NothingDone) Unwrap() error { return n.Err }

// Table is the list of modules of a binary, sorted by name.
type Table []Entry

// Entry is a module under the name that playbooks use.
type Entry struct {
	Name   string
	Module Runner
}

func (t Table) names() []string {
	names := make([]string, 0, len(t))
	for _, e := range t {
		names = append(names, e.Name)
	}
	return names
}

func (t Table) find(name string) (Runner, bool) {
	for _, e := range t {
		if e.Name == name {
			return e.Module, true
		}
	}
	return nil, false
}

// Runner is any [Module] or [Batch], whatever its options.
type Runner interface {
	// Spec is the module's argument spec, or what is wrong with its tags.
	Spec() (argspec.Spec, error)
}

// planner is a [Module].
type planner interface {
	plan(ctx context.Context, c *call) (*Plan, error)
}

// lister is a [Batch].
type lister interface {
	tasks(c *call) ([]Task, error)
}

// Spec implements [Runner].
func (m Module[P]) Spec() (argspec.Spec, error) { return specOf(reflect.TypeFor[P](), m.Constraints) }

func specOf(params reflect.Type, constraints argspec.Constraints) (argspec.Spec, error) {
	spec, err := argspec.Of(params)
	if err != nil {
		return argspec.Spec{}, err
	}
	spec.Constraints = constraints
	return spec, spec.Check()
}

func (m Module[P]) plan(ctx context.Context, c *call) (*Plan, error) {
	var p P
	if err := c.bind(&p); err != nil {
		return nil, err
	}
	return m.Plan(ctx, c.host, p)
}
