// SPDX-License-Identifier: GPL-3.0-or-later

package docker_data_root

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/machine"
	"hardened.docker/modules/internal/treecopy"
)

// Do implements [ansible.Act]. Whatever fails before the daemon runs on the new
// data-root leads back to the old one, which nothing has changed.
func (m *move) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	wasUp := m.marker.Up
	m.marker.From = m.from
	if err := m.write(h); err != nil {
		return nil, err
	}
	if err := m.stop(ctx, h); err != nil {
		return nil, m.back(ctx, h, wasUp, err)
	}
	if !m.marker.Switched {
		if err := m.copy(ctx, h); err != nil {
			return nil, m.back(ctx, h, wasUp, err)
		}
		m.marker.Switched = true
		if err := m.write(h); err != nil {
			return nil, m.back(ctx, h, wasUp, err)
		}
	}
	result := map[string]any{}
	if string(m.content) != string(m.config.Content) {
		returned, err := file.Replace{Before: m.config, Content: m.content, Mode: 0o644, Backup: true}.Do(ctx, h)
		if err != nil {
			return result, m.back(ctx, h, wasUp, err)
		}
		result = returned
	}
	if wasUp {
		if err := m.start(ctx, h, m.to); err != nil {
			return result, m.undo(ctx, h, err)
		}
	}
	if err := os.Remove(filepath.Join(h.Path(m.to), markerName)); err != nil {
		return result, fmt.Errorf("cannot end the move: %w", err)
	}
	return result, nil
}

// write keeps the state of the move, for a run after an interruption.
func (m *move) write(h *host.Host) error {
	text, err := json.Marshal(m.marker)
	if err != nil {
		return err
	}
	before, err := file.Read(h, path.Join(m.to, markerName), 1<<20)
	if err != nil {
		return err
	}
	_, err = file.Replace{Before: before, Content: text, Mode: 0o600}.Do(context.Background(), h)
	return err
}

func (m *move) settings() dockerd.Settings {
	text := string(m.config.Content)
	settings, err := dockerd.ParseSettings(&text)
	if err != nil {
		return nil
	}
	return settings
}

func (m *move) client(h *host.Host, limit time.Duration) *dockerapi.Client {
	return m.daemon.Client(h, m.settings(), limit)
}

// stop stops the containers, with their own time to end, and the daemon.
func (m *move) stop(ctx context.Context, h *host.Host) error {
	if m.daemon.Running() {
		client := m.client(h, 10*time.Minute)
		for _, name := range m.marker.Running {
			if err := client.Stop(ctx, name); err != nil {
				return fmt.Errorf("cannot stop the container %s: %w", name, err)
			}
		}
	}
	if err := m.daemon.Stop(ctx, h); err != nil {
		return err
	}
	mounts, err := machine.Mounts(h)
	if err != nil {
		return err
	}
	for _, mount := range mounts {
		if strings.HasPrefix(mount.Point, m.from+"/") {
			return fmt.Errorf("cannot copy %s: %s is still mounted on %s; unmount it", m.from, mount.Source, mount.Point)
		}
	}
	return nil
}

// copy copies and verifies. What the first copy took for equal, because a file
// of an interrupted run looked so, is copied anew where it is not.
func (m *move) copy(ctx context.Context, h *host.Host) error {
	from, to := h.Path(m.from), h.Path(m.to)
	for try := 0; ; try++ {
		if err := treecopy.Copy(ctx, from, to, kept()); err != nil {
			return fmt.Errorf("cannot copy %s to %s: %w", m.from, m.to, err)
		}
		found, err := treecopy.Compare(ctx, from, to, kept())
		if err != nil {
			return fmt.Errorf("cannot verify the copy of %s: %w", m.from, err)
		}
		if len(found) == 0 {
			return nil
		}
		if try == 1 {
			return fmt.Errorf("cannot verify the copy of %s in %s: %s", m.from, m.to, strings.Join(found, "; "))
		}
		for _, one := range found {
			name, _, _ := strings.Cut(one, ": ")
			if name != "." {
				if err := os.RemoveAll(filepath.Join(to, name)); err != nil {
					return err
				}
			}
		}
	}
}

// start starts the daemon and the containers that ran, and proves that the
// daemon has the data-root and as many containers as before.
func (m *move) start(ctx context.Context, h *host.Host, root string) error {
	daemon, client, err := m.daemon.Start(ctx, h, m.settings(), dockerd.StartLimit)
	if err != nil {
		return err
	}
	m.daemon = daemon
	info, err := client.Info(ctx)
	// Those of another storage driver moved, too, and no daemon shows them.
	shown := m.holds.Shown(info.Driver)
	switch {
	case err != nil:
		return fmt.Errorf("cannot ask the daemon after its start: %w", err)
	case info.DockerRootDir != root && !strings.HasPrefix(info.DockerRootDir, root+"/"):
		return fmt.Errorf("cannot make the daemon use %s: it uses %s", root, info.DockerRootDir)
	case info.Containers < shown && info.DockerRootDir == root:
		return fmt.Errorf("cannot find all containers in %s: the daemon shows %d of %d", root, info.Containers, shown)
	}
	for _, name := range m.marker.Running {
		if err := client.Start(ctx, name); err != nil {
			return fmt.Errorf("cannot start the container %s again: %w", name, err)
		}
	}
	return nil
}

// back starts the daemon on the old data-root after a failure. A run that a
// signal ended goes on next time.
func (m *move) back(ctx context.Context, h *host.Host, wasUp bool, cause error) error {
	if !wasUp {
		return fmt.Errorf("%w; %s is as it was, and the next run goes on with the copy", cause, m.from)
	}
	if err := m.start(context.WithoutCancel(ctx), h, m.from); err != nil {
		return fmt.Errorf("%w; and Docker does not start again on %s: %w", cause, m.from, err)
	}
	return fmt.Errorf("%w; Docker runs on %s as before, and the next run goes on with the copy", cause, m.from)
}

// undo puts daemon.json back after the daemon did not do with the new data-root.
func (m *move) undo(ctx context.Context, h *host.Host, cause error) error {
	ctx = context.WithoutCancel(ctx)
	m.marker.Switched = false
	now, err := file.Read(h, m.config.Path, 1<<20)
	if err == nil {
		if m.config.Exists {
			_, err = file.Replace{Before: now, Content: m.config.Content, Mode: m.config.Mode}.Do(ctx, h)
		} else {
			_, err = file.Remove{Before: now}.Do(ctx, h)
		}
	}
	err = errors.Join(err, m.write(h), m.daemon.Stop(ctx, h))
	if err != nil {
		return fmt.Errorf("%w; and the way back failed: %w", cause, err)
	}
	return m.back(ctx, h, true, cause)
}
