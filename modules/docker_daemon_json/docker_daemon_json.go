// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_daemon_json changes the engine's configuration file,
// daemon.json, and leaves alone what it was not asked to change: other keys,
// the order of keys, the spelling of numbers, indentation.
//
// The module writes the file; it does not touch the daemon. What the daemon
// needs to take the change up is returned as apply, and docker_service with
// state=converged does it.
package docker_daemon_json

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/jsonedit"
)

// Module is docker_daemon_json.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the module's options.
type Params struct {
	Path          string          `arg:"path" type:"path" default:"/etc/docker/daemon.json" aliases:"dest"`
	Settings      json.RawMessage `arg:"settings" type:"dict" default:"{}"`
	Remove        []string        `arg:"remove" default:"[]"`
	Exclusive     bool            `arg:"exclusive" default:"false"`
	Validate      bool            `arg:"validate" default:"true"`
	Backup        bool            `arg:"backup" default:"true"`
	AllowDataLoss bool            `arg:"allow_data_loss" default:"false"`
	TCP           string          `arg:"tcp" choices:"tls,any" default:"any"`
	EngineVersion *string         `arg:"engine_version"`
}

// maxSize is how large a daemon.json may be, in bytes. Real ones have less
// than a hundredth of that; a larger file is not a configuration.
const maxSize = 1 << 20

// engineDirectory belongs to the engine. Its packages make it, but a
// configuration that is to be in place before the engine's first start comes
// earlier. Parents of other paths must be there: a missing one is a typing
// error more often than not.
const engineDirectory = "/etc/docker"

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	before, err := file.Read(h, p.Path, maxSize)
	if errors.Is(err, host.ErrTooLarge) {
		return nil, fmt.Errorf("%w; a daemon.json is small, so %s is probably not one", err, p.Path)
	}
	if err != nil {
		return nil, err
	}
	// Units and processes are asked about the file by its plain name.
	p.Path = before.Path
	old, edited, err := edit(before, p)
	if err != nil {
		return nil, err
	}
	changed := append([]string{}, jsonedit.Diff(old, edited)...)
	content := edited.Bytes()
	touch := string(content) != string(before.Content)
	verdict := verdict{apply: engine.None.String(), affected: []string{}}
	if !before.Exists && len(changed) == 0 {
		// Nothing to say, and no file says just that: there is nothing to judge.
		touch = false
	} else if verdict, err = judge(ctx, h, p, old, edited, changed, content); err != nil {
		return nil, err
	}
	out := &ansible.Plan{
		Result: map[string]any{
			"path":                before.Path,
			"changed_keys":        changed,
			"apply":               verdict.apply,
			"affected_containers": verdict.affected,
			"engine_version":      verdict.version,
		},
		Warnings: verdict.warnings,
	}
	if !touch {
		return out, nil
	}
	if out.Acts, err = directory(h, before.Path); err != nil {
		return nil, err
	}
	out.Acts = append(out.Acts, write{file.Replace{Before: before, Content: content, Mode: 0o644, Backup: p.Backup}})
	return out, nil
}

// write is the act that replaces the file. Before that it keeps what the
// running daemon has read, since nobody could tell afterwards, and applying the
// change would cost a restart where a reload does.
type write struct{ file.Replace }

// Do implements [ansible.Act].
func (w write) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	// A failure costs that reload and nothing else; the write matters more.
	_ = dockerd.Remember(h, w.Before.Path)
	return w.Replace.Do(ctx, h)
}

// edit returns the document as it is and as it is to be.
func edit(before file.State, p Params) (old, edited *jsonedit.Document, err error) {
	old = jsonedit.New()
	edited = jsonedit.New()
	if before.Exists {
		if old, err = jsonedit.Parse(before.Content); err != nil {
			return nil, nil, fmt.Errorf("cannot use %s: %w", before.Path, err)
		}
		if edited, err = jsonedit.Parse(before.Content); err != nil {
			return nil, nil, err
		}
	}
	settings, err := jsonedit.Parse(p.Settings)
	if err != nil {
		return nil, nil, fmt.Errorf("invalid value of option \"settings\": %w", err)
	}
	if p.Exclusive {
		if len(p.Remove) > 0 {
			return nil, nil, errors.New("invalid options: exclusive already removes every key that settings does not have; leave out remove")
		}
		edited.Replace(settings)
		return old, edited, nil
	}
	for _, name := range p.Remove {
		path, err := jsonedit.ParsePath(name)
		if err != nil {
			return nil, nil, fmt.Errorf("invalid value of option \"remove\": %w", err)
		}
		if _, both := settings.Get(path...); both {
			return nil, nil, fmt.Errorf("invalid options: %s is in settings and in remove; decide for one", name)
		}
		resolved, found, err := edited.Resolve(name)
		if err != nil {
			return nil, nil, fmt.Errorf("invalid value of option \"remove\": %w", err)
		}
		if found {
			edited.Remove(resolved...)
			prune(edited, resolved)
		}
	}
	edited.Merge(settings)
	return old, edited, nil
}

// prune removes the objects that a removal left empty: {"log-opts": {}} says
// nothing that its absence does not say.
func prune(d *jsonedit.Document, removed []string) {
	for i := len(removed) - 1; i > 0; i-- {
		parent, ok := d.Get(removed[:i]...)
		if !ok || len(parent.Keys()) > 0 {
			return
		}
		d.Remove(removed[:i]...)
	}
}

// directory returns the act that makes the engine's own directory where it is
// not there yet, and refuses other missing parents.
func directory(h *host.Host, path string) ([]ansible.Act, error) {
	dir := filepath.Dir(path)
	info, err := h.Stat(dir)
	switch {
	case err == nil && info.IsDir():
		return nil, nil
	case err == nil:
		return nil, fmt.Errorf("cannot write %s: %s is not a directory", path, dir)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("cannot look at the directory %s: %w", dir, err)
	case dir == engineDirectory:
		return []ansible.Act{file.Directory{Path: dir, Mode: 0o755}}, nil
	}
	missing := dir
	for !h.Exists(filepath.Dir(missing)) {
		missing = filepath.Dir(missing)
	}
	return nil, fmt.Errorf("cannot write %s: the directory %s does not exist; create it or correct the path", path, strings.TrimSuffix(missing, "/"))
}
