// SPDX-License-Identifier: GPL-3.0-or-later

package docker_service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
)

// questionLimit is how long the daemon may take for one answer. A busy one
// takes seconds; one that hangs must not hold up the run.
const questionLimit = 15 * time.Second

// container is a running container in the results.
type container struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// found is the host as the module found it.
type found struct {
	daemon     dockerd.Daemon
	configFile string
	config     *string // daemon.json on the disk; nil: not there
	settings   dockerd.Settings
	configErr  error // why daemon.json cannot be read or is not JSON

	snapshot *dockerd.Snapshot
	loaded   dockerd.Loaded // what the running dockerd has read
	unit     unitState      // what the unit would start, against what runs
	replaced bool           // dockerd's program was replaced since it started

	version engine.Version
	info    dockerapi.Info
	bridge  *dockerapi.Network
	apiErr  error // why the API does not answer; nil also if dockerd is not running

	unproven []string    // keys that the running daemon should have and has not
	running  []container // running containers, as far as known
	warnings []string
}

// observe reads the host.
func observe(ctx context.Context, h *host.Host) (*found, error) {
	d, err := dockerd.Read(ctx, h)
	if err != nil {
		return nil, err
	}
	f := &found{daemon: d, running: []container{}, snapshot: dockerd.LoadSnapshot(h)}
	if !d.Service.Exists() {
		f.warnings = append(f.warnings, fmt.Sprintf("%s does not exist on this host yet; the prediction is for an engine that was just installed", dockerd.Service))
		return f, nil
	}
	f.unit = readUnit(h, f)
	f.warnings = append(f.warnings, f.unit.warnings...)
	f.readConfig(h)
	if d.Process == nil {
		f.running = orphans(h)
		return f, nil
	}
	if f.loaded, err = dockerd.LoadedConfig(h, d.Process, f.snapshot, f.configFile); err != nil {
		f.loaded = dockerd.Loaded{From: err.Error()}
	}
	if !d.Running() {
		// On its way up or down, it does not answer.
		f.running = orphans(h)
		return f, nil
	}
	f.replaced = dockerd.Replaced(h, d.Process.PID)
	f.ask(ctx, h)
	return f, nil
}

// readConfig reads daemon.json, from where the unit says that it is.
func (f *found) readConfig(h *host.Host) {
	f.configFile = dockerd.ConfigFile(f.unit.args)
	content, _, err := h.ReadRegular(f.configFile, 16<<20)
	if errors.Is(err, fs.ErrNotExist) {
		f.settings = dockerd.Settings{}
		return
	}
	if err != nil {
		f.configErr = err
		return
	}
	text := string(content)
	f.config = &text
	f.settings, f.configErr = dockerd.ParseSettings(f.config)
	if f.configErr != nil {
		f.configErr = fmt.Errorf("%s is broken: %w", f.configFile, f.configErr)
	}
}

// ask asks the running daemon about itself.
func (f *found) ask(ctx context.Context, h *host.Host) {
	client := f.daemon.Client(h, f.loadedSettings(), questionLimit)
	if f.info, f.apiErr = client.Info(ctx); f.apiErr != nil {
		f.running = orphans(h)
		// What it would say of itself it was told by its configuration.
		f.info.LiveRestoreEnabled = f.liveRestore(f.loadedSettings())
		return
	}
	f.version, _ = engine.Parse(f.info.ServerVersion)
	f.bridge, f.running, f.apiErr = describe(ctx, client)
}

// describe asks for the default bridge and the running containers.
func describe(ctx context.Context, client *dockerapi.Client) (*dockerapi.Network, []container, error) {
	var bridge *dockerapi.Network
	// There is none with bridge: none, so an error is an answer.
	if n, err := client.Network(ctx, "bridge"); err == nil {
		bridge = &n
	}
	list, err := client.Containers(ctx, false)
	running := make([]container, 0, len(list))
	for _, c := range list {
		running = append(running, container{ID: c.ID, Name: c.Name()})
	}
	return bridge, running, err
}

// loadedSettings are the settings that the running daemon has, as far as known.
func (f *found) loadedSettings() dockerd.Settings {
	if f.loaded.Known {
		if settings, err := dockerd.ParseSettings(f.loaded.Config); err == nil {
			return settings
		}
	}
	return f.settings
}

// keepsContainers reports whether containers go on while dockerd restarts: the
// old one must leave them alone, and the new one take them over.
func (f *found) keepsContainers() bool {
	return f.info.LiveRestoreEnabled && (f.configErr != nil || f.liveRestore(f.settings))
}

// liveRestore reports whether settings or the unit's flags turn it on.
func (f *found) liveRestore(settings dockerd.Settings) bool {
	return string(settings["live-restore"]) == "true" || slices.Contains(f.unit.args, "--live-restore") || slices.Contains(f.unit.args, "--live-restore=true")
}

// orphans lists the containers that run while no daemon answers, known by
// their shims. Only the daemon knows names.
func orphans(h *host.Host) []container {
	list := []container{}
	for _, id := range dockerd.FindProcesses(h).ContainerIDs() {
		list = append(list, container{ID: id})
	}
	return list
}
