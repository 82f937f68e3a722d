// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_data_root is the module docker_data_root: the directory in
// which Docker keeps images, containers and volumes.
//
// A tour. checks.go judges the directory and who else uses it, filesystem.go
// what it lies on. What breaks containers or gives Docker's files away is
// refused; what is only unwise is a warning. move.go takes the data of another
// data-root over: it copies with package treecopy while the daemon is stopped,
// verifies, writes data-root into daemon.json and starts the daemon, which has
// to show what it showed before.
package docker_data_root

import (
	"context"
	"fmt"
	"os"
	"path"
	"strings"
	"syscall"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/configured"
	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
)

// Module is docker_data_root.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the module's options.
type Params struct {
	Path       string   `arg:"path" type:"path" default:"/var/lib/docker"`
	Filesystem []string `arg:"filesystem" default:"ext4,xfs"`
	MinFree    int64    `arg:"min_free" default:"2048"`
	MoveFrom   *string  `arg:"move_from" type:"path"`
	AllowStop  bool     `arg:"allow_interruption" default:"false"`
	State      string   `arg:"state" choices:"checked,present" default:"checked"`
}

// mode is what the engine gives its data-root (moby daemon/daemon_unix.go:
// 0710 since 20.10, 0711 before).
const mode = 0o710

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	if !path.IsAbs(p.Path) || path.Clean(p.Path) == "/" {
		return nil, fmt.Errorf("invalid value of option \"path\": %q: write the absolute path of a directory that is Docker's alone", p.Path)
	}
	p.Path = path.Clean(p.Path)
	if p.MinFree < 0 {
		return nil, fmt.Errorf("invalid value of option \"min_free\": %d: write mebibytes, 0 or more", p.MinFree)
	}
	config, err := configured.Read(h)
	if err != nil {
		return nil, err
	}
	f, err := look(h, p, config)
	if err != nil {
		return nil, err
	}
	out := &ansible.Plan{Result: f.result(p), Warnings: f.warnings}
	m, err := planMove(ctx, h, p, f)
	if err != nil {
		return out, err
	}
	if m != nil {
		// What the move needs was looked at with the rest.
		out.Result["moved"] = m.summary()
	}
	if len(f.problems) > 0 {
		return out, &ansible.Failure{Err: fmt.Errorf("cannot use %s as Docker's data-root: %s", p.Path, strings.Join(f.problems, "; ")), Result: out.Result}
	}
	if p.State == "checked" {
		return out, nil
	}
	acts, err := f.make(h, p)
	if err != nil {
		return out, err
	}
	out.Acts = acts
	if m != nil {
		out.Acts = append(out.Acts, m)
		return out, nil
	}
	renamed, err := f.rename(h, p)
	if err != nil {
		return out, err
	}
	out.Acts = append(out.Acts, renamed...)
	return out, nil
}

// rename returns the act that calls the key of this data-root by its name of
// today. The daemon has the same data-root with both.
func (f found) rename(h *host.Host, p Params) ([]ansible.Act, error) {
	if _, old := f.config.File["graph"]; !old || f.configured != p.Path {
		return nil, nil
	}
	before, err := file.Read(h, f.config.Path, 1<<20)
	if err != nil {
		return nil, err
	}
	content, err := withDataRoot(before, p.Path)
	if err != nil {
		return nil, err
	}
	return []ansible.Act{file.Replace{Before: before, Content: content, Mode: 0o644, Backup: true}}, nil
}

// make returns the acts that make the directory, or give an empty one or
// Docker's own to root.
func (f found) make(h *host.Host, p Params) ([]ansible.Act, error) {
	if f.exists {
		if f.owned {
			return nil, nil
		}
		return []ansible.Act{own{p.Path, f.mode}}, nil
	}
	var acts []ansible.Act
	for dir := path.Dir(p.Path); !h.Exists(dir); dir = path.Dir(dir) {
		acts = append([]ansible.Act{file.Directory{Path: dir, Mode: 0o755}}, acts...)
	}
	return append(acts, file.Directory{Path: p.Path, Mode: mode}), nil
}

// result is what the module returns.
func (f found) result(p Params) map[string]any {
	list := func(texts []string) []string { return append([]string{}, texts...) }
	return map[string]any{
		"path": p.Path, "configured": f.configured, "exists": f.exists, "in_use": f.inUse,
		"filesystem": f.mount.Type, "mount_point": f.mount.Point, "free_bytes": f.free,
		"strangers": list(f.strangers), "problems": list(f.problems), "moved": []string{},
	}
}

// own is the act that gives the directory to root alone.
type own struct {
	path string
	mode os.FileMode
}

// Describe implements [ansible.Act].
func (o own) Describe() string { return "give " + o.path + " to root alone" }

// Diff implements [ansible.Act].
func (o own) Diff() []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: o.path, AfterHeader: o.path, Before: fmt.Sprintf("mode %04o, or another owner\n", o.mode), After: fmt.Sprintf("owner root, mode %04o\n", o.mode&^0o022)}}
}

// Do implements [ansible.Act].
func (o own) Do(_ context.Context, h *host.Host) (map[string]any, error) {
	// The descriptor is the directory that is looked at, whatever somebody
	// puts in its place meanwhile.
	f, err := os.OpenFile(h.Path(o.path), os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err == nil {
		defer f.Close()
		if err = f.Chown(0, -1); err == nil {
			err = f.Chmod(o.mode &^ 0o022)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot give %s to root alone: %w", o.path, err)
	}
	return nil, nil
}

// configuredRoot is the data-root that the daemon is told.
func configuredRoot(c configured.Config) string { return dataroot.Of(c.All()) }
