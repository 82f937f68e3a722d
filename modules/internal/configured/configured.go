// SPDX-License-Identifier: GPL-3.0-or-later

// Package configured reads what the Docker daemon is told on the disk: by
// daemon.json, and by flags on the command line of docker.service, which come
// from the unit, its drop-ins and environment files. Whether the daemon runs,
// and with what, is package dockerd's knowledge.
package configured

import (
	"errors"
	"fmt"
	"io/fs"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
)

// maxSize is how large a daemon.json may be, in bytes.
const maxSize = 1 << 20

// Config is what the daemon is told.
type Config struct {
	// Path is that of daemon.json, also if it is not there.
	Path string
	// File is what daemon.json says.
	File map[string]any
	// Flags are dockerd's, in the order of the command line.
	Flags []engine.FlagUse
	// Unit is false on a host without docker.service.
	Unit bool
}

// Read reads unit and file.
func Read(h *host.Host) (Config, error) {
	service, err := dropin.Read(h, dockerd.Service)
	if err != nil {
		return Config{}, err
	}
	if !service.Found {
		return ReadFile(h, nil)
	}
	line, err := dropin.ReadLine(service)
	if err != nil {
		return Config{}, err
	}
	c, err := ReadFile(h, line.Flags())
	c.Unit = true
	return c, err
}

// ReadFile reads the daemon.json of a daemon with these flags. One that is not
// there says nothing.
func ReadFile(h *host.Host, flags []engine.FlagUse) (Config, error) {
	c := Config{Path: engine.ConfigFile(flags), Flags: flags}
	content, _, err := h.ReadRegular(c.Path, maxSize)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("cannot read %s: %w", c.Path, err)
	}
	text := string(content)
	settings, err := dockerd.ParseSettings(&text)
	if err != nil {
		return c, fmt.Errorf("cannot use %s: %w: repair it first, or dockerd does not start", c.Path, err)
	}
	c.File = settings.Document()
	return c, nil
}

// All returns file and flags as one document.
func (c Config) All() map[string]any { return engine.WithFlags(c.File, c.Flags) }

// Flag returns where a flag is set that does what the key of daemon.json does.
func (c Config) Flag(name string) (engine.FlagUse, bool) {
	for _, use := range c.Flags {
		if use.Flag == name {
			return use, true
		}
	}
	return engine.FlagUse{}, false
}
