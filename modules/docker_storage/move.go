// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage

import (
	"fmt"
	"maps"
	"path"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/configured"
	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/jsonedit"
)

// move returns the acts that write into daemon.json what only the flags say, and
// has config say so. A key that daemon.json has stays: it is what the daemon
// would start with if the flag were not there.
func (t target) move(h *host.Host, p Params, config *configured.Config) ([]ansible.Act, error) {
	drivers, opts := valuesOf(t.own(), "storage-driver"), valuesOf(t.own(), "storage-opt")
	if p.State != "moved" || len(drivers)+len(opts) == 0 {
		return nil, nil
	}
	before, err := file.Read(h, config.Path, maxSize)
	if err != nil {
		return nil, err
	}
	doc := jsonedit.New()
	if before.Exists {
		if doc, err = jsonedit.Parse(before.Content); err != nil {
			return nil, fmt.Errorf("cannot use %s: %w", config.Path, err)
		}
	}
	all := maps.Clone(config.File)
	if all == nil {
		all = map[string]any{}
	}
	if _, set := all[driverKey]; !set && len(drivers) > 0 {
		all[driverKey] = drivers[len(drivers)-1]
	}
	if _, set := all[optionsKey]; !set {
		fit := []any{}
		for _, option := range opts {
			// The daemon does not start with those of another driver.
			if driver := text(all, driverKey); driver == "" || engine.OptionFits(option, driver) {
				fit = append(fit, option)
			}
		}
		if len(fit) > 0 {
			all[optionsKey] = fit
		}
	}
	if len(all) == len(config.File) {
		return nil, nil
	}
	for _, key := range []string{driverKey, optionsKey} {
		if value, set := all[key]; set {
			if _, err := doc.Set([]string{key}, value); err != nil {
				return nil, fmt.Errorf("cannot set %s in %s: %w", key, config.Path, err)
			}
		}
	}
	config.File = all
	acts, err := dropin.Parents(h, path.Dir(config.Path))
	if err != nil {
		return nil, err
	}
	return append(acts, file.Replace{Before: before, Content: doc.Bytes(), Mode: 0o644, Backup: p.Backup}), nil
}
