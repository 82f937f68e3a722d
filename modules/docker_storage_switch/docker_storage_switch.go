// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_storage_switch is the module docker_storage_switch: another
// storage driver, with the images and volumes that the host has.
//
// A tour. look.go finds what there is, decide.go says what a switch takes and
// refuses what it would lose: both read only. record.go is the switch's memory
// in the backup's directory, so that a run goes on where a killed one stopped.
// switching.go has the act: save (save.go, archive.go), write daemon.json, start the daemon
// on the new driver, load and prove (restore.go), or go back (back.go).
package docker_storage_switch

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/jsonedit"
)

// Module is docker_storage_switch.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the module's options.
type Params struct {
	Driver        string    `arg:"driver" required:"true"`
	Options       *[]string `arg:"options"`
	BackupDir     string    `arg:"backup_dir" type:"path" required:"true"`
	Containers    string    `arg:"containers" choices:"refuse,save,leave" default:"refuse"`
	Volumes       bool      `arg:"volumes" default:"true"`
	AllowStop     bool      `arg:"allow_interruption" default:"false"`
	KeepBackup    bool      `arg:"keep_backup" default:"true"`
	MinFree       int64     `arg:"min_free" default:"2048"`
	EngineVersion *string   `arg:"engine_version"`
}

// The keys of daemon.json that a switch writes.
const (
	driverKey  = "storage-driver"
	optionsKey = "storage-opts"
)

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	if err := checkOptions(&p); err != nil {
		return nil, err
	}
	f, err := look(ctx, h, p)
	if err != nil {
		return nil, err
	}
	todo, err := decide(f, p)
	out := &ansible.Plan{Result: f.result(p, todo), Warnings: f.warnings}
	if err != nil {
		return out, &ansible.Failure{Err: err, Result: out.Result}
	}
	if todo == nothing || todo == undo {
		if todo == undo {
			out.Acts = append(out.Acts, f.comeback(p))
		}
		if !p.KeepBackup && f.record != nil {
			out.Acts = append(out.Acts, discard{p.BackupDir, f.driver})
		}
		out.Warnings = append(out.Warnings, f.otherOptions(p)...)
		return out, nil
	}
	s, err := f.prepare(h, p, todo)
	if err != nil {
		return out, &ansible.Failure{Err: err, Result: out.Result}
	}
	out.Warnings = append(out.Warnings, s.warnings()...)
	out.Acts = append(out.Acts, s)
	if !p.KeepBackup && todo != writeOnly && todo != restart {
		out.Acts = append(out.Acts, discard{p.BackupDir, p.Driver})
	}
	return out, nil
}

// checkOptions refuses what needs no look at the host.
func checkOptions(p *Params) error {
	const special = " \t\r\n'\"\\$`/"
	if p.Driver == "" || strings.ContainsAny(p.Driver, special) {
		return fmt.Errorf("invalid value of option \"driver\": %q: write the name of a storage driver, such as overlay2", p.Driver)
	}
	if snapshotter(p.Driver) {
		return fmt.Errorf("invalid value of option \"driver\": %q is a snapshotter of containerd, whose images have other IDs, so that nobody could prove that they are the same: set features with docker_daemon_json, and pull the images again", p.Driver)
	}
	if !path.IsAbs(p.BackupDir) || path.Clean(p.BackupDir) == "/" {
		return fmt.Errorf("invalid value of option \"backup_dir\": %q: write the absolute path of a directory for this backup alone", p.BackupDir)
	}
	p.BackupDir = path.Clean(p.BackupDir)
	if p.MinFree < 0 {
		return fmt.Errorf("invalid value of option \"min_free\": %d: write mebibytes, 0 or more", p.MinFree)
	}
	return nil
}

// snapshotter reports whether a driver is one of containerd's, as the engine
// names them with the containerd image store (moby daemon/containerd, 23.0 to 29).
func snapshotter(name string) bool {
	return slices.Contains([]string{"overlayfs", "native", "stargz", "blockfile", "fuse-overlayfs-snapshotter"}, name)
}

// otherOptions warns of options that only a switch writes.
func (f found) otherOptions(p Params) []string {
	have := []string{}
	if doc, err := jsonedit.Parse(f.config.Content); err == nil {
		value, _ := doc.Get(optionsKey)
		list, _ := value.Any().([]any)
		for _, one := range list {
			have = append(have, fmt.Sprint(one))
		}
	}
	if p.Options == nil || slices.Equal(have, *p.Options) {
		return nil
	}
	return []string{fmt.Sprintf("%s has %s %q, and the option options %q: a driver that is in use gets options from docker_daemon_json", f.config.Path, optionsKey, have, *p.Options)}
}

// toldDriver is the storage driver that a daemon.json has, "" if none.
func toldDriver(content []byte) string {
	doc, err := jsonedit.Parse(content)
	if err != nil {
		return ""
	}
	value, _ := doc.Get(driverKey)
	name, _ := value.Any().(string)
	return name
}

// withDriver returns daemon.json with the driver. Options of another driver go,
// as the daemon does not start with them.
func withDriver(content []byte, name, driver string, options *[]string) ([]byte, error) {
	doc := jsonedit.New()
	if content != nil {
		var err error
		if doc, err = jsonedit.Parse(content); err != nil {
			return nil, fmt.Errorf("cannot use %s: %w", name, err)
		}
	}
	if _, err := doc.Set([]string{driverKey}, driver); err != nil {
		return nil, fmt.Errorf("cannot set %s in %s: %w", driverKey, name, err)
	}
	list := []any{}
	if options != nil {
		for _, option := range *options {
			list = append(list, option)
		}
	} else if value, set := doc.Get(optionsKey); set {
		old, _ := value.Any().([]any)
		for _, option := range old {
			if text, ok := option.(string); ok && engine.OptionFits(text, driver) {
				list = append(list, option)
			}
		}
	}
	if len(list) == 0 && options == nil {
		doc.Remove(optionsKey)
	} else if _, err := doc.Set([]string{optionsKey}, list); err != nil {
		return nil, fmt.Errorf("cannot set %s in %s: %w", optionsKey, name, err)
	}
	return doc.Bytes(), nil
}
