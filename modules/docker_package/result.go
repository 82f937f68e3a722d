// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

// result is what the module returns of an outcome.
func (o outcome) result() map[string]any {
	available := []map[string]any{}
	for _, a := range o.offers.Available[o.unit.engine] {
		available = append(available, map[string]any{"version": a.Version, "source": a.Source})
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
	var table any
	if o.kubernetes != nil {
		table = o.kubernetes.result()
	}
	return map[string]any{
		"kubernetes":          table,
		"affected_containers": o.affected(o.running),
		"flavor":              string(o.unit.flavor),
		"version":             orNil(o.version),
		"available":           available,
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
