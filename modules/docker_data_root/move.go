// SPDX-License-Identifier: GPL-3.0-or-later

package docker_data_root

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/jsonedit"
	"hardened.docker/modules/internal/treecopy"
)

// markerName is the file in the new data-root that says that a move into it is
// not finished.
const markerName = ".hardened-docker-move"

// marker is its content.
type marker struct {
	From string
	// Running are the containers to start again.
	Running []string
	// Up tells that the daemon ran before.
	Up bool
	// Switched is set when the copy is complete and verified.
	Switched bool
}

// kept are entries of the directories that are not Docker's.
func kept() []string { return []string{markerName, "lost+found"} }

// move is the act that takes the data of another data-root over.
type move struct {
	from, to string
	config   file.State // daemon.json as it is
	content  []byte     // and as it is to be
	marker   marker
	holds    dataroot.Contents
	daemon   dockerd.Daemon
}

// planMove decides whether there is anything to move.
func planMove(ctx context.Context, h *host.Host, p Params, f found) (*move, error) {
	if p.MoveFrom == nil {
		if f.resuming {
			return nil, fmt.Errorf("cannot use %s as Docker's data-root: a move into it was interrupted (%s); give its move_from again to complete it", p.Path, markerName)
		}
		return nil, nil
	}
	m := &move{from: path.Clean(*p.MoveFrom), to: p.Path}
	if p.State == "checked" {
		return nil, errors.New("invalid options: move_from changes the host; give state: present with it")
	}
	if m.from == m.to || strings.HasPrefix(m.from+"/", m.to+"/") || strings.HasPrefix(m.to+"/", m.from+"/") {
		return nil, fmt.Errorf("invalid options: %s and %s are the same, or one is inside of the other", m.from, m.to)
	}
	if f.resuming {
		if err := m.readMarker(h); err != nil {
			return nil, err
		}
	}
	if info, err := h.Lstat(m.from); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return nil, fmt.Errorf("cannot move %s: it is a symbolic link; name the directory itself", m.from)
	}
	switch {
	case !f.resuming && (f.configured == m.to || !dataroot.InUse(h, m.from)):
		return nil, nil // moved already, or nothing to move
	case !f.resuming && f.inUse:
		return nil, fmt.Errorf("cannot move %s to %s: an engine has used %s already; name an empty directory", m.from, m.to, m.to)
	case f.configured != m.from && f.configured != m.to:
		return nil, fmt.Errorf("cannot move %s: the daemon is told to use %s; name that in move_from", m.from, f.configured)
	}
	if m.marker.Switched && f.configured == m.from {
		// Somebody went back to the old data-root, which is the newer one again.
		m.marker.Switched = false
	}
	if f.resuming && !m.marker.Switched && f.configured == m.to {
		return nil, fmt.Errorf("cannot go on with the move of %s to %s: it was interrupted before the copy was complete, and %s has the new data-root already; set the old one there, and run the task again", m.from, m.to, f.config.Path)
	}
	for _, name := range []string{"data-root", "graph"} {
		if use, set := f.config.Flag(name); set {
			return nil, fmt.Errorf("cannot move the data-root: %s has %s %s, which daemon.json cannot change; take it off the command line with docker_unit and flags: [data-root]", use.Origin(), use.Spelt, use.Value)
		}
	}
	var err error
	if m.config, err = file.Read(h, f.config.Path, 1<<20); err != nil {
		return nil, err
	}
	if m.content, err = withDataRoot(m.config, m.to); err != nil {
		return nil, err
	}
	if m.holds, err = dataroot.All(h, m.from); err != nil {
		return nil, err
	}
	return m, m.judge(ctx, h, p, f)
}

// judge refuses a move that would interrupt, or that does not fit.
func (m *move) judge(ctx context.Context, h *host.Host, p Params, f found) error {
	var err error
	if m.daemon, err = dockerd.Read(ctx, h); err != nil {
		return err
	}
	for _, mount := range f.mounts {
		// What containers have mounted goes with them; the daemon's bind mounts too.
		own := mount.Type == "overlay" || mount.Type == "tmpfs" || mount.Type == "nsfs" || strings.Contains(mount.Source, "docker-")
		if strings.HasPrefix(mount.Point, m.from+"/") && !own && !strings.HasSuffix(mount.Point, "/overlay2") && !strings.HasSuffix(mount.Point, "/btrfs") {
			return fmt.Errorf("cannot move %s: %s is mounted on %s, and a copy would leave it behind; unmount it, or move it by hand", m.from, mount.Source, mount.Point)
		}
	}
	if m.daemon.Running() {
		m.marker.Up = true
		running, err := m.client(h, 20*time.Second).Containers(ctx, false)
		if err != nil {
			return fmt.Errorf("cannot tell which containers run: %w", err)
		}
		var names []string
		for _, c := range running {
			names = append(names, c.Name())
		}
		if len(names) > 0 && !p.AllowStop {
			return fmt.Errorf("cannot move %s while containers run (%s): they are stopped for as long as the copy takes and started again; set allow_interruption: true", m.from, strings.Join(names, ", "))
		}
		if len(names) > 0 {
			m.marker.Running = names
		}
	}
	if m.marker.Switched {
		return nil
	}
	size, err := treecopy.Size(h.Path(m.from))
	if err != nil {
		return fmt.Errorf("cannot tell how large %s is: %w", m.from, err)
	}
	there := int64(0)
	if f.resuming {
		if there, err = treecopy.Size(h.Path(m.to)); err != nil {
			return fmt.Errorf("cannot tell how large %s is: %w", m.to, err)
		}
	}
	if wanted := size - there + p.MinFree<<20; int64(f.free) < wanted {
		return fmt.Errorf("cannot move %s: it has %d MiB, and %s has %d MiB free, of which min_free keeps %d", m.from, size>>20, f.mount.Point, f.free>>20, p.MinFree)
	}
	return nil
}

// withDataRoot returns daemon.json with another data-root.
func withDataRoot(before file.State, root string) ([]byte, error) {
	doc := jsonedit.New()
	if before.Exists {
		var err error
		if doc, err = jsonedit.Parse(before.Content); err != nil {
			return nil, fmt.Errorf("cannot use %s: %w", before.Path, err)
		}
	}
	doc.Remove("graph")
	if _, err := doc.Set([]string{"data-root"}, root); err != nil {
		return nil, fmt.Errorf("cannot set data-root in %s: %w", before.Path, err)
	}
	return doc.Bytes(), nil
}

func (m *move) readMarker(h *host.Host) error {
	text, err := h.ReadFile(path.Join(m.to, markerName))
	if err != nil {
		return fmt.Errorf("cannot read the state of an interrupted move: %w", err)
	}
	if err := json.Unmarshal(text, &m.marker); err != nil {
		// The power went while it was written: nothing was copied yet, or the
		// copy is only looked through again.
		m.marker = marker{From: m.from}
	}
	if m.marker.From != m.from {
		return fmt.Errorf("cannot move %s to %s: a move of %s into it was interrupted; complete that first", m.from, m.to, m.marker.From)
	}
	return nil
}

// summary is what is moved, for the result.
func (m *move) summary() []string {
	all := append([]string{}, m.holds.ContainerNames()...)
	return append(append(all, m.holds.ImageNames()...), m.holds.Volumes...)
}

// Describe implements [ansible.Act].
func (m *move) Describe() string {
	if len(m.marker.Running) > 0 {
		return fmt.Sprintf("stop Docker and its containers (%s), copy %s to %s, verify, and start them again", strings.Join(m.marker.Running, ", "), m.from, m.to)
	}
	return fmt.Sprintf("stop Docker, copy %s to %s, verify, and start it again", m.from, m.to)
}

// Diff implements [ansible.Act].
func (m *move) Diff() []ansible.Diff {
	return append((file.Replace{Before: m.config, Content: m.content}).Diff(),
		ansible.Diff{BeforeHeader: m.to, AfterHeader: m.to, Before: "nothing\n", After: m.holds.String() + " of " + m.from + "\n"})
}
