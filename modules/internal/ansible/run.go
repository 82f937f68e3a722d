// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/ansible/argspec"
	"hardened.docker/modules/internal/host"
)

// internal has the arguments that Ansible adds for the module, as far as a
// module that plans needs them. Others that begin with _ansible_ are ignored:
// each ansible-core brings new ones.
type internal struct {
	check, diff, ignoreUnknown bool
	verbosity                  int // of the command line: 3 is -vvv
}

// call is one module's run, from arguments to result.
type call struct {
	name   string
	module Runner
	table  Table
	host   *host.Host
	opts   internal
	spec   argspec.Spec
	values map[string]any             // the options, valid and with their defaults
	raw    map[string]json.RawMessage // the options as the user wrote them
	own    map[string]json.RawMessage // Ansible's own arguments
	out    response
}

// prepare judges the arguments. What is wrong with them is in the call's result.
func prepare(name string, table Table, args map[string]json.RawMessage, h *host.Host) *call {
	c := &call{name: name, table: table, host: h}
	c.guard(func() {
		module, ok := table.find(name)
		if !ok {
			c.out.fail(fmt.Errorf("unknown module %q; the collection has %s", name, strings.Join(table.names(), ", ")))
			return
		}
		c.module = module
		c.judge(args)
	})
	return c
}

func (c *call) judge(args map[string]json.RawMessage) {
	var err error
	if c.spec, err = c.module.Spec(); err != nil {
		c.out.fail(fmt.Errorf("cannot use the options of %s: %w", c.name, err))
		return
	}
	var given map[string]any
	if given, err = c.split(args); err != nil {
		c.out.fail(err)
		return
	}
	checked := c.spec.Validate(given)
	if c.opts.ignoreUnknown && len(checked.Unknown) > 0 {
		for _, name := range checked.Unknown {
			delete(given, name)
		}
		checked = c.spec.Validate(given)
	}
	c.values = checked.Values
	c.out.secrets = checked.Secrets
	c.out.warnings = checked.Warnings
	c.out.deprecations = checked.Deprecations
	if _, ok := c.module.(lister); ok {
		if len(checked.Errors) > 0 {
			c.out.fail(fmt.Errorf("invalid options of %s: it takes %s, as its documentation shows; what was given is not shown, as it may hold secrets",
				c.name, strings.Join(slices.Sorted(maps.Keys(c.spec.Options)), " and ")))
		}
		return
	}
	c.out.set("invocation", map[string]any{"module_args": invocation(c.spec, checked.Values)})
	if err := errors.Join(checked.Errors...); err != nil {
		c.out.fail(fmt.Errorf("%s (module %s)", strings.ReplaceAll(err.Error(), "\n", "; "), c.name))
	}
}

// do runs the module, unless its arguments were wrong.
func (c *call) do(ctx context.Context) {
	if !c.out.failed {
		c.guard(func() { c.run(ctx) })
	}
}

// guard turns a panic into a failed result.
func (c *call) guard(do func()) {
	defer func() {
		if v := recover(); v != nil {
			c.out.fail(fmt.Errorf("cannot finish %s: it met a defect of its own (%v); please report it with the exception below", c.name, v))
			c.out.set("exception", string(debug.Stack()))
		}
	}()
	do()
}

func (c *call) run(ctx context.Context) {
	switch m := c.module.(type) {
	case planner:
		c.carryOut(ctx, m)
	case lister:
		c.runTasks(ctx, m)
	}
}

// bind copies the options into params.
func (c *call) bind(params any) error {
	return argspec.Bind(c.values, c.raw, c.spec, params)
}

// carryOut makes the plan and does it.
func (c *call) carryOut(ctx context.Context, m planner) {
	plan, err := m.plan(context.WithValue(ctx, checkMode{}, c.opts.check), c)
	if plan != nil {
		c.out.warnings = append(c.out.warnings, plan.Warnings...)
		if c.opts.check {
			c.out.warnings = append(c.out.warnings, plan.Caveats...)
		}
	}
	if err != nil {
		c.out.fail(interrupted(ctx, err))
		return
	}
	c.out.merge(plan.Result)
	if len(plan.Facts) > 0 {
		c.out.set("ansible_facts", plan.Facts)
	}
	acts := plan.Acts
	if c.opts.check {
		acts = append(acts[:len(acts):len(acts)], plan.Foreseen...)
	}
	c.out.act(ctx, c.host, acts, c.opts)
}

// split separates Ansible's own arguments from the user's, and decodes those.
func (c *call) split(args map[string]json.RawMessage) (map[string]any, error) {
	given := make(map[string]any)
	c.raw = make(map[string]json.RawMessage)
	c.own = make(map[string]json.RawMessage)
	for name, text := range args {
		if strings.HasPrefix(name, "_ansible_") {
			c.own[name] = text
			on := string(text) == "true"
			switch name {
			case "_ansible_check_mode":
				c.opts.check = on
			case "_ansible_diff":
				c.opts.diff = on
			case "_ansible_ignore_unknown_opts":
				c.opts.ignoreUnknown = on
			case "_ansible_verbosity":
				c.opts.verbosity, _ = strconv.Atoi(string(text))
			}
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		var value any
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("invalid value of option %q: %w", name, err)
		}
		given[name], c.raw[name] = value, text
	}
	return given, nil
}

// checkMode is the key of the context of a plan that is not going to be carried
// out.
type checkMode struct{}

// Checking reports whether the plan being made only predicts. A plan is the
// same in both cases; but what a run would fetch first and then decide by, only
// a prediction has to look up elsewhere.
func Checking(ctx context.Context) bool {
	checking, _ := ctx.Value(checkMode{}).(bool)
	return checking
}

// noLogMark stands in the place of a secret argument, as in AnsibleModule.
const noLogMark = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"

// invocation is the validated arguments as they are shown with -vvv, and kept in
// what a task registers.
func invocation(spec argspec.Spec, values map[string]any) map[string]any {
	shown := make(map[string]any, len(values))
	for name, value := range values {
		if value != nil && spec.Options[name].NoLog {
			value = noLogMark
		}
		shown[name] = shownValue(value)
	}
	return shown
}

// shownValue returns a value without the credentials of addresses in it: the
// address of a proxy is no secret, its password is.
func shownValue(value any) any {
	switch v := value.(type) {
	case string:
		return WithoutCredentials(v)
	case []any:
		list := make([]any, len(v))
		for i, one := range v {
			list[i] = shownValue(one)
		}
		return list
	case map[string]any:
		shown := make(map[string]any, len(v))
		for name, one := range v {
			shown[name] = shownValue(one)
		}
		return shown
	}
	return value
}

// act carries out the acts, or in check mode only tells of them.
func (r *response) act(ctx context.Context, h *host.Host, acts []Act, opts internal) {
	actions := make([]string, 0, len(acts))
	defer func() { r.set("actions", actions) }()
	if opts.diff {
		r.diff = []Diff{}
	}
	if !opts.check && len(acts) > 0 {
		// From here on a signal ends the run between two acts, never inside a file.
		_ = ctx.Done()
	}
	for _, act := range acts {
		if !opts.check {
			if ctx.Err() != nil {
				r.fail(interrupted(ctx, fmt.Errorf("cannot %s", act.Describe())))
				return
			}
			// Part of a failed act can have been done, also of one that panics.
			before := r.changed
			r.changed = true
			returned, err := act.Do(ctx, h)
			r.merge(returned)
			if err != nil {
				var nothing *NothingDone
				if errors.As(err, &nothing) {
					r.changed = before
				}
				r.fail(interrupted(ctx, err))
				return
			}
		}
		r.changed = true
		actions = append(actions, act.Describe())
		if opts.diff {
			r.diff = append(r.diff, act.Diff()...)
		}
	}
}

// interrupted says of an error that came with the end of the run that a
// signal was its cause.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("%w: the run was ended by a signal; run it again, it goes on where it stopped", err)
}
