// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"errors"
	"fmt"
	"io/fs"

	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
)

// Configured returns the settings that the daemon has when it starts next, by
// key of its configuration file: those of the file, and the flags of its unit.
// A host without engine has none.
func Configured(h *host.Host) (map[string]any, error) {
	service, err := dropin.Read(h, Service)
	if err != nil {
		return nil, err
	}
	var uses []engine.FlagUse
	if service.Found {
		line, err := dropin.ReadLine(service)
		if err != nil {
			return nil, err
		}
		uses = line.Flags()
	}
	name := engine.ConfigFile(uses)
	content, err := h.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return engine.WithFlags(nil, uses), nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, err)
	}
	text := string(content)
	settings, err := ParseSettings(&text)
	if err != nil {
		return nil, fmt.Errorf("cannot use %s: %w: repair it first, or dockerd does not start", name, err)
	}
	return engine.WithFlags(settings.Document(), uses), nil
}
