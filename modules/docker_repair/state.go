// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repair

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/doctor"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/jsonedit"
)

// moveAside mends damaged state. What a running daemon has in memory it writes
// anew; everything else is moved out of its way, never deleted.
func moveAside(_ context.Context, p patient) (treatment, error) {
	s := p.snapshot
	running := len(s.Processes.Dockerd) > 0
	var t treatment
	// One that crashes while it starts has nothing in memory that matters.
	if running && s.Daemon != doctor.Up && !s.Docker.Crashing() {
		return t, fmt.Errorf("cannot tell which containers dockerd has in memory, as it runs and does not answer (%s): see daemon_hanging, or systemctl stop docker.socket docker.service", s.APIError)
	}
	var moves []ansible.Act
	var databases, containerd bool
	done := map[string]bool{}
	// A number, so that check mode names the very place.
	number := 1
	for p.host.Exists(path.Join(s.State.Root, doctor.AsideDir, strconv.Itoa(number))) {
		number++
	}
	for _, d := range s.State.Damages {
		if d.Container != "" && listed(s, d.Container) {
			if !done[d.Container] {
				done[d.Container] = true
				t.acts = append(t.acts, rewrite(p, d.Container))
			}
			continue
		}
		if slices.Contains(s.Processes.ContainerIDs(), d.Container) {
			return t, fmt.Errorf("cannot move the files of container %s aside: its processes run, and no dockerd has it in memory; save what it holds and end it (ctr -n moby tasks delete -f %s; ctr -n moby containers delete %s)",
				s.Name(d.Container), d.Container, d.Container)
		}
		from := place(d)
		if done[from] {
			continue
		}
		done[from] = true
		if d.Container == "" && d.Fatal || strings.HasSuffix(from, ".db") {
			databases = true
		}
		containerd = containerd || strings.HasPrefix(from, "/var/lib/containerd/")
		moves = append(moves, aside{from: from, to: target(p, from, number), why: d.Problem})
	}
	if len(moves) == 0 {
		return t, nil
	}
	if containerd {
		moves = append(moves, command{text: "start containerd.service", argv: []string{"systemctl", "--quiet", "restart", "containerd.service"}, what: "containerd.service", before: "failed", after: "running"})
	}
	// Only what dockerd has open needs it stopped. One that crashes and is started
	// again and again runs at one moment and not at the next.
	if databases {
		c := p.course("start", append([]ansible.Act{p.service("stop")}, moves...)...)
		c.halts, t.restarts = running || s.Docker.Crashing() || s.Socket.ActiveState == "active", true
		moves = []ansible.Act{c}
	}
	t.acts = append(t.acts, moves...)
	return t, nil
}

// listed reports whether the running daemon knows a container: its files are
// then written anew from what the daemon has in memory.
func listed(s *doctor.Snapshot, id string) bool {
	for _, c := range s.Listed {
		if c.ID == id {
			return true
		}
	}
	return false
}

// rewrite makes the daemon write a container's files.
func rewrite(p patient, id string) ansible.Act {
	return command{
		text: "let dockerd write the files of container " + p.snapshot.Name(id) + " anew",
		run: func(ctx context.Context, h *host.Host) error {
			return dockerd.NewClient(h, dockerd.FindProcesses(h), commandLimit).Flush(ctx, id)
		},
		what: "container " + id, before: "damaged files", after: "files as the daemon has them in memory",
		still: func(s *doctor.Snapshot) bool {
			for _, d := range s.State.Damages {
				if d.Container == id {
					return true
				}
			}
			return false
		},
		probe: doctor.OnlyState,
	}
}

// place is what has to go for a damaged file to be out of the way: a
// container's directory, a layer's, or the file alone.
func place(d doctor.Damage) string {
	if d.Container != "" {
		return path.Dir(d.Path)
	}
	if strings.Contains(d.Path, "/layerdb/sha256/") {
		return path.Dir(d.Path)
	}
	return d.Path
}

// target is where it goes: a directory of the data-root, which is on the same
// file system, or a name beside it for files that are elsewhere.
func target(p patient, from string, number int) string {
	root := strings.TrimRight(p.snapshot.State.Root, "/")
	if rest, ok := strings.CutPrefix(from, root+"/"); ok {
		return path.Join(root, doctor.AsideDir, strconv.Itoa(number), rest)
	}
	for p.host.Exists(from + "." + strconv.Itoa(number) + "~") {
		number++
	}
	return from + "." + strconv.Itoa(number) + "~"
}

// aside is the step that moves a file or a directory out of the way.
type aside struct {
	from, to, why string
}

// Describe implements [ansible.Act].
func (a aside) Describe() string { return "move " + a.from + " to " + a.to }

// Diff implements [ansible.Act].
func (a aside) Diff() []ansible.Diff { return diff(a.from, a.why, "moved to "+a.to) }

// Do implements [ansible.Act].
func (a aside) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	fail := func(err error) (map[string]any, error) {
		return nil, fmt.Errorf("cannot move %s aside: %w", a.from, err)
	}
	s, err := doctor.Look(ctx, h, doctor.OnlyState)
	if err != nil {
		return fail(err)
	}
	same := false
	for i := range s.State.Damages {
		d := &s.State.Damages[i]
		same = same || place(*d) == a.from && d.Problem == a.why && !slices.Contains(s.Processes.ContainerIDs(), d.Container)
	}
	if !same {
		return fail(errors.New("it is not as it was found any more; run the task again"))
	}
	if err := os.MkdirAll(h.Path(path.Dir(a.to)), 0o700); err != nil {
		return fail(err)
	}
	if _, err := os.Lstat(h.Path(a.to)); !errors.Is(err, fs.ErrNotExist) {
		return fail(fmt.Errorf("cannot use %s: there is something already", a.to))
	}
	if err := os.Rename(h.Path(a.from), h.Path(a.to)); err != nil {
		return fail(err)
	}
	for _, dir := range []string{path.Dir(a.from), path.Dir(a.to)} {
		if f, err := os.Open(h.Path(dir)); err == nil {
			_ = f.Sync() // as good as the file system can
			f.Close()
		}
	}
	return nil, nil
}

// emptyUUID takes the UUID of the base device out of devicemapper's metadata.
// No backup is left beside it: the engine reads every file there as a device.
func emptyUUID(_ context.Context, p patient) (treatment, error) {
	var t treatment
	// One that crashes and is started again runs at one moment and not at the next.
	c := p.course("start")
	t.restarts = true
	if p.snapshot.Docker.Crashing() {
		c.steps, c.halts = append(c.steps, p.service("stop")), true
	} else if len(p.snapshot.Processes.Dockerd) > 0 {
		return t, errors.New("cannot change metadata while dockerd runs: systemctl stop docker.socket docker.service")
	}
	for _, m := range p.snapshot.State.Metadata {
		if m.UUID == "" {
			continue
		}
		before, err := file.Read(p.host, m.Path, maxMetadata)
		if err != nil {
			return t, err
		}
		doc, err := jsonedit.Parse(before.Content)
		if err != nil {
			return t, fmt.Errorf("cannot change %s: %w", m.Path, err)
		}
		if _, err := doc.Set([]string{"BaseDeviceUUID"}, ""); err != nil {
			return t, fmt.Errorf("cannot change %s: %w", m.Path, err)
		}
		c.steps = append(c.steps, named{file.Replace{Before: before, Content: doc.Bytes(), Mode: 0o600}, "empty BaseDeviceUUID (" + m.UUID + ") in " + m.Path})
	}
	t.acts = append(t.acts, c)
	return t, nil
}

// maxMetadata is more than devicemapper's metadata have, in bytes.
const maxMetadata = 1 << 20
