// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
)

const containerdRoot = "/var/lib/containerd"

// data is what the engine keeps on the host's disks.
type data struct {
	dirs   []string        // those that are there
	remove []directoryTree // those that this task removes
	warn   []string
}

// dataOf finds the engine's data and, if they are to be removed, refuses to
// lose what users put into containers and volumes.
func dataOf(ctx context.Context, h *host.Host, p Params, have inventory, removed []string) (data, error) {
	var d data
	roots, warn := dataRoots(h)
	d.warn = warn
	for _, dir := range append(slices.Clone(roots), containerdRoot) {
		if info, err := h.Stat(dir); err == nil && info.IsDir() {
			d.dirs = append(d.dirs, dir)
		}
	}
	if !p.RemoveData {
		return d, nil
	}
	if stranger := foreignEngine(h, removed); stranger != nil && len(d.dirs) > 0 {
		return d, fmt.Errorf("cannot remove the engine's data: %s, which no package that this task removes brought, runs; stop it, and remove it if nobody needs it", describe(*stranger))
	}
	for _, root := range roots {
		if err := holdsNothing(h, root, p.AllowDataLoss); err != nil {
			return d, err
		}
	}
	for _, dir := range d.dirs {
		if dir == containerdRoot {
			if why := containerdInUse(h, have, removed); why != "" {
				d.warn = append(d.warn, containerdRoot+" stays: "+why)
				continue
			}
		}
		entries, strangers, err := ownEntries(h, dir)
		if err != nil {
			return d, err
		}
		if len(strangers) > 0 {
			d.warn = append(d.warn, fmt.Sprintf("%s stays, with what Docker did not make: %s", dir, strings.Join(strangers, ", ")))
		}
		if mounts := mountsBelow(h, dir); len(mounts) > 0 {
			// Those of running containers go when the engine stops.
			d.warn = append(d.warn, fmt.Sprintf("file systems are mounted below %s: %s; the task fails if they still are when the engine is gone", dir, strings.Join(mounts, ", ")))
		}
		if len(entries) > 0 || len(strangers) == 0 {
			d.remove = append(d.remove, directoryTree{dir: dir, entries: entries, whole: len(strangers) == 0})
		}
	}
	return d, nil
}

// holdsNothing returns an error if a data-root has something to lose.
func holdsNothing(h *host.Host, root string, allowed bool) error {
	if root == "/" {
		// What has the engine's names there, /opt and /tmp, is everybody's.
		return errors.New("cannot remove the engine's data: its data-root is /, where they cannot be told from the host's own directories; remove them yourself")
	}
	if allowed {
		return nil
	}
	held, err := dataroot.All(h, root)
	if err != nil {
		return fmt.Errorf("%w; look into it, or set allow_data_loss: true", err)
	}
	held.Images = nil // they can be fetched again
	if !held.Empty() {
		return fmt.Errorf("cannot remove %s: it has %s; back up what you need, then remove them or set allow_data_loss: true", root, held)
	}
	return nil
}

func directories(h *host.Host, dir string) []string {
	entries, err := h.ReadDir(dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// containerdInUse says why containerd's data must stay, or "".
func containerdInUse(h *host.Host, have inventory, removed []string) string {
	for _, name := range []string{"containerd", "containerd.io"} {
		if have.Installed(name) != "" && !slices.Contains(removed, name) {
			return name + " stays"
		}
	}
	if others := otherNamespaces(h); len(others) > 0 {
		return "it has containers of " + strings.Join(others, ", ")
	}
	return ""
}

// otherNamespaces returns the namespaces, such as Kubernetes' k8s.io, of the
// containers that containerd runs for others than Docker.
func otherNamespaces(h *host.Host) []string {
	const tasks = "/run/containerd/io.containerd.runtime.v2.task"
	var found []string
	for _, namespace := range directories(h, tasks) {
		if namespace != "moby" && len(directories(h, tasks+"/"+namespace)) > 0 {
			found = append(found, "the namespace "+namespace)
		}
	}
	return found
}

// mountsBelow returns the mount points below dir, without dir itself. The
// kernel knows them by their real paths, and a data root is often a link.
func mountsBelow(h *host.Host, dir string) []string {
	text, err := h.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	real := dir
	if resolved, err := filepath.EvalSymlinks(h.Path(dir)); err == nil {
		if rel, err := filepath.Rel(h.Path("/"), resolved); err == nil {
			real = path.Join("/", rel)
		}
	}
	// proc_pid_mountinfo(5) has these characters in octal.
	plain := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var found []string
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Fields(line); len(f) > 4 && strings.HasPrefix(plain.Replace(f[4]), real+"/") {
			found = append(found, plain.Replace(f[4]))
		}
	}
	return found
}

// directoryTree is the act that removes a data directory's entries, and the
// directory too if nothing else is in it.
type directoryTree struct {
	dir     string
	entries []string
	whole   bool
}

func (d directoryTree) Describe() string { return "remove the data in " + d.dir }

func (d directoryTree) Diff() []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: d.dir, AfterHeader: d.dir, Before: strings.Join(d.entries, "\n") + "\n", After: ""}}
}

func (d directoryTree) Do(_ context.Context, h *host.Host) (map[string]any, error) {
	if running := dockerd.FindProcesses(h).Dockerd; len(running) > 0 {
		return nil, fmt.Errorf("cannot remove %s: %s still runs; stop it and run again", d.dir, describe(running[0]))
	}
	if mounts := mountsBelow(h, d.dir); len(mounts) > 0 {
		return nil, fmt.Errorf("cannot remove %s: file systems are mounted below it: %s; stop what uses them, unmount them and run again", d.dir, strings.Join(mounts, ", "))
	}
	// What is there now: the engine may have written since the plan was made.
	entries, _, err := ownEntries(h, d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // the package's own script removed it
	}
	if err != nil {
		return nil, err
	}
	for _, name := range entries {
		if err := os.RemoveAll(filepath.Join(h.Path(d.dir), name)); err != nil {
			return nil, fmt.Errorf("cannot remove %s/%s: %w", d.dir, name, err)
		}
	}
	if d.whole {
		// A mount point stays, empty.
		_ = os.Remove(h.Path(d.dir))
	}
	return nil, nil
}
