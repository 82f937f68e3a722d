// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"hardened.docker/modules/internal/ansible/argspec"
	"hardened.docker/modules/internal/host"
)

// internal has the arguments that Ansible adds for the module, as far as a
// module that plans needs them. Others that begin with _ansible_ are ignored:
// each ansible-core brings new ones.
type internal struct {
	check, diff, ignoreUnknown bool
}

// run is a module's run from arguments to result. It does not panic.
func run(ctx context.Context, name string, m Runner, args map[string]json.RawMessage, h *host.Host) (out response) {
	defer func() {
		if v := recover(); v != nil {
			out.fail(fmt.Errorf("cannot finish %s: it met a defect of its own (%v); please report it with the exception below", name, v))
			out.set("exception", string(debug.Stack()))
		}
	}()
	spec, err := m.Spec()
	if err != nil {
		out.fail(fmt.Errorf("cannot use the options of %s: %w", name, err))
		return out
	}
	opts, given, raw, err := split(args)
	if err != nil {
		out.fail(err)
		return out
	}
	checked := spec.Validate(given)
	if opts.ignoreUnknown && len(checked.Unknown) > 0 {
		for _, name := range checked.Unknown {
			delete(given, name)
		}
		checked = spec.Validate(given)
	}
	out.secrets = checked.Secrets
	out.warnings = checked.Warnings
	out.deprecations = checked.Deprecations
	out.set("invocation", map[string]any{"module_args": invocation(spec, checked.Values)})
	if err := errors.Join(checked.Errors...); err != nil {
		out.fail(fmt.Errorf("%s (module %s)", strings.ReplaceAll(err.Error(), "\n", "; "), name))
		return out
	}
	plan, err := m.plan(context.WithValue(ctx, checkMode{}, opts.check), h, spec, checked.Values, raw)
	if plan != nil {
		out.warnings = append(out.warnings, plan.Warnings...)
		if opts.check {
			out.warnings = append(out.warnings, plan.Caveats...)
		}
	}
	if err != nil {
		out.fail(interrupted(ctx, err))
		return out
	}
	out.merge(plan.Result)
	if len(plan.Facts) > 0 {
		out.set("ansible_facts", plan.Facts)
	}
	acts := plan.Acts
	if opts.check {
		acts = append(acts[:len(acts):len(acts)], plan.Foreseen...)
	}
	out.act(ctx, h, acts, opts)
	return out
}

// split separates Ansible's own arguments from the user's, and decodes those.
func split(args map[string]json.RawMessage) (internal, map[string]any, map[string]json.RawMessage, error) {
	var opts internal
	given := make(map[string]any)
	raw := make(map[string]json.RawMessage)
	for name, text := range args {
		if strings.HasPrefix(name, "_ansible_") {
			on := string(text) == "true"
			switch name {
			case "_ansible_check_mode":
				opts.check = on
			case "_ansible_diff":
				opts.diff = on
			case "_ansible_ignore_unknown_opts":
				opts.ignoreUnknown = on
			}
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		var value any
		if err := decoder.Decode(&value); err != nil {
			return opts, nil, nil, fmt.Errorf("invalid value of option %q: %w", name, err)
		}
		given[name], raw[name] = value, text
	}
	return opts, given, raw, nil
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
	var diffs []Diff
	defer func() {
		r.set("actions", actions)
		if opts.diff {
			r.diffs(diffs)
		}
	}()
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
		diffs = append(diffs, act.Diff()...)
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
