// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/unitfile"
)

// dataRoots finds where the engine keeps its data: where the one that runs
// does, and where the next one would, by its flags or by daemon.json.
func dataRoots(h *host.Host) (roots, warn []string) {
	var lines [][]string
	for _, p := range dockerd.FindProcesses(h).Dockerd {
		lines = append(lines, p.Args)
	}
	lines = append(lines, unitArgs(h))
	for _, args := range lines {
		root := dockerd.DataRootFlag(args)
		if root == "" {
			var err error
			if root, err = configuredRoot(h, dockerd.ConfigFile(args)); err != nil {
				warn = append(warn, fmt.Sprintf("cannot read data-root from %s (%v): its default %s is looked at", dockerd.ConfigFile(args), err, dataroot.Default))
			}
		}
		if !path.IsAbs(root) {
			root = dataroot.Default
		}
		if root = path.Clean(root); !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	return roots, slices.Compact(warn)
}

// unitArgs is the command line of docker.service, its program first.
func unitArgs(h *host.Host) []string {
	unit, err := unitfile.Load(h, dockerd.Service)
	if err != nil {
		return nil
	}
	command, _, err := unitfile.ExecStart(h, unit)
	if err != nil {
		return nil
	}
	var args []string
	for _, word := range command.Words {
		args = append(args, word.Text)
	}
	return args
}

func configuredRoot(h *host.Host, file string) (string, error) {
	text, _, err := h.ReadRegular(file, 1<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return dataroot.Default, nil
	}
	if err != nil {
		return dataroot.Default, err
	}
	config := string(text)
	settings, err := dockerd.ParseSettings(&config)
	if err != nil {
		return dataroot.Default, err
	}
	return dataroot.Of(settings.Document()), nil
}

// foreignEngine returns a dockerd that stays when packages are removed, or
// nil: one outside of the places where packages have theirs, or any if none is
// removed.
func foreignEngine(h *host.Host, removed []string) *dockerd.Process {
	for _, p := range dockerd.FindProcesses(h).Dockerd {
		program, err := h.Readlink(fmt.Sprintf("/proc/%d/exe", p.PID))
		if err != nil && len(p.Args) > 0 {
			program = p.Args[0]
		}
		// The kernel says so of a program that an upgrade replaced.
		program = strings.TrimSuffix(program, " (deleted)")
		if len(removed) == 0 || program != "/usr/bin/dockerd" && program != "/usr/sbin/dockerd" {
			return &p
		}
	}
	return nil
}

func describe(p dockerd.Process) string {
	return fmt.Sprintf("process %d (%s)", p.PID, strings.Join(p.Args, " "))
}

// ownEntries returns what in a data directory the engine made, and what not:
// a data-root of "/srv" must not cost what others have there. The default
// directories are the engine's alone, so that a name is enough; elsewhere what
// has a common name must have the engine's files in it too.
func ownEntries(h *host.Host, dir string) (own, strangers []string, err error) {
	entries, err := h.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot look into %s: %w", dir, err)
	}
	dedicated := dir == dataroot.Default || dir == containerdRoot
	for _, e := range entries {
		name := e.Name()
		if name == "lost+found" {
			continue // the file system's own
		}
		if known(name, e.IsDir()) || common(name) && (dedicated || e.IsDir() && made(h, dir+"/"+name)) {
			own = append(own, name)
		} else {
			strangers = append(strangers, name)
		}
	}
	return own, strangers, nil
}

// known reports whether nobody but the engine has an entry of that name.
func known(name string, dir bool) bool {
	names := []string{"aufs", "buildkit", "devicemapper", "engine-id", "fuse-overlayfs", "nuke-graph-directory.sh", "overlay2", "tmp-old", "tmpmounts"}
	return slices.Contains(names, name) || dir && dataroot.Remapped(name) || strings.HasPrefix(name, "io.containerd.")
}

// common reports whether the engine has an entry of that name, as others may.
func common(name string) bool {
	return slices.Contains([]string{"btrfs", "builder", "containerd", "containers", "graph", "image", "init", "network", "opt", "overlay", "plugins", "rootfs", "runtimes", "swarm", "tmp", "trust", "vfs", "volumes", "zfs"}, name)
}

// made reports whether the engine made a directory of its data-root: an empty
// one is nobody's loss, and in others it leaves marks (moby 19.03 to 28).
func made(h *host.Host, dir string) bool {
	entries, err := h.ReadDir(dir)
	if err != nil {
		return false
	}
	marks := map[string][]string{
		"builder":    {"fscache.db"},
		"containerd": {"daemon"},
		"network":    {"files"},
		"plugins":    {"storage"},
		"swarm":      {"docker-state.json", "certificates", "raft", "worker"},
		"vfs":        {"dir"},
		"btrfs":      {"subvolumes"},
		"volumes":    {"metadata.db", "backingFsBlockDev"},
	}[path.Base(dir)]
	all := true
	for _, e := range entries {
		if slices.Contains(marks, e.Name()) {
			return true
		}
		switch path.Base(dir) {
		case "image": // image/<driver>/imagedb
			if !h.Exists(dir+"/"+e.Name()+"/imagedb") && !h.Exists(dir+"/"+e.Name()+"/layerdb") {
				all = false
			}
		case "tmp":
			all = all && (strings.HasPrefix(e.Name(), "docker-") || strings.HasPrefix(e.Name(), "GetImageBlob"))
		case "containers", "graph", "overlay", "rootfs", "zfs", "init", "runtimes", "trust":
			all = all && digest(e.Name())
		default:
			all = false
		}
	}
	return all
}

// digest reports whether a name is an ID of the engine's: 64 hexadecimal
// digits, of a layer's first state with "-init".
func digest(name string) bool {
	name = strings.TrimSuffix(name, "-init")
	return len(name) == 64 && strings.Trim(name, "0123456789abcdef") == ""
}
