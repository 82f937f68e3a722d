// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"fmt"
	"strings"
)

// result is what the module returns of an outcome.
func (o outcome) result() map[string]any {
	available := []map[string]any{}
	var table strings.Builder
	for _, a := range o.offers.Available[o.unit.engine] {
		available = append(available, map[string]any{"version": a.Version, "source": a.Source})
		fmt.Fprintf(&table, "%s | %s | %s\n", o.unit.engine, a.Version, a.Source)
	}
	conflicts := o.conflicts
	if conflicts == nil {
		conflicts = []conflict{}
	}
	packages := make(map[string]map[string]any)
	set := func(name, before, after string) {
		packages[name] = map[string]any{"before": orNil(before), "after": orNil(after)}
	}
	if o.have != nil {
		for _, name := range o.unit.members() {
			if v := o.have.Installed(name); v != "" && name != "" {
				set(name, v, v)
			}
		}
	}
	for _, c := range o.changes {
		set(c.Name, c.Before, c.After)
	}
	var kubernetes any
	if o.kubernetes != nil {
		kubernetes = o.kubernetes.result()
	}
	return map[string]any{
		"kubernetes":          kubernetes,
		"affected_containers": o.affected(o.running),
		"flavor":              string(o.unit.flavor),
		"version":             orNil(o.version),
		"available":           available,
		"available_text":      table.String(),
		"packages":            packages,
		"conflicts":           conflicts,
	}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
