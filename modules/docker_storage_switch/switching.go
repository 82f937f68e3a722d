// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/systemd"
)

// patience is for questions that stop, save and make images of containers.
const patience = time.Hour

// change is the act of the switch.
type change struct {
	Params
	found  found
	what   todo
	record record
	daemon dockerd.Daemon
	api    *dockerapi.Client
	since  time.Time // of the last start, for the journal
	inUse  bool      // containers were made on the new driver before an interrupted run was completed
	left   []string  // volumes that were written to by then, and stay as they are
}

// Do implements [ansible.Act]. Which driver the host has tells how far an
// earlier run came, and each step looks whether it is done.
func (s *change) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	s.daemon = s.found.daemon
	result := map[string]any{}
	if s.found.running {
		s.api = s.daemon.Client(h, s.found.settings, patience)
	}
	if s.what == saveFirst {
		if err := s.save(ctx, h); err != nil {
			return s.told(result), s.back(ctx, h, false, err)
		}
	}
	if s.what == restore {
		if err := s.settle(ctx, h); err != nil {
			return s.told(result), s.back(ctx, h, true, err)
		}
	}
	returned, err := s.configure(ctx, h)
	for key, value := range returned {
		result[key] = value
	}
	if err == nil && s.what != writeOnly {
		err = s.arrive(ctx, h)
	}
	if err != nil {
		return s.told(result), s.back(ctx, h, true, err)
	}
	return s.told(result), nil
}

// told adds to the result what only a run knows.
func (s *change) told(result map[string]any) map[string]any {
	if s.what == writeOnly || s.what == restart {
		return result
	}
	images := map[string]string{}
	for _, c := range s.record.Containers {
		if c.Image != "" {
			images[c.Name] = c.Image
		}
	}
	result["container_images"] = images
	if s.what == restore {
		result["volumes_left"] = append([]string{}, s.left...)
	}
	return result
}

// configure stops the daemon and writes daemon.json.
func (s *change) configure(ctx context.Context, h *host.Host) (map[string]any, error) {
	if s.what == restart {
		if err := s.daemon.Stop(ctx, h); err != nil {
			return nil, err
		}
	}
	now, err := file.Read(h, s.found.config.Path, 1<<20)
	if err != nil {
		return nil, err
	}
	if err := s.follow(h, now); err != nil || now.Exists && string(now.Content) == string(s.found.content) {
		return nil, err
	}
	if dir := path.Dir(now.Path); !h.Exists(dir) {
		if _, err := (file.Directory{Path: dir, Mode: 0o755}).Do(ctx, h); err != nil {
			return nil, err
		}
	}
	return file.Replace{Before: now, Content: s.found.content, Mode: 0o644, Backup: true}.Do(ctx, h)
}

// follow takes over what somebody changed in daemon.json since it was read: saving
// takes hours where there is much.
func (s *change) follow(h *host.Host, now file.State) error {
	if now.Exists == s.found.config.Exists && string(now.Content) == string(s.found.config.Content) {
		return nil
	}
	var err error
	if s.found.content, err = withDriver(now.Content, now.Path, s.Driver, s.Params.Options); err != nil {
		return err
	}
	s.found.config, s.found.told = now, toldDriver(now.Content)
	if s.what == restore {
		return nil
	}
	if err := s.rememberConfig(); err != nil {
		return err
	}
	return s.note(h)
}

// arrive starts the daemon on the new driver and brings everything there.
func (s *change) arrive(ctx context.Context, h *host.Host) error {
	if err := s.start(ctx, h, s.Driver); err != nil {
		return err
	}
	if s.what == restart {
		return nil
	}
	if err := s.load(ctx, h); err != nil {
		return err
	}
	s.record.Finished = true
	return s.record.write(h, s.BackupDir)
}

// start starts the daemon and proves that it has the driver.
func (s *change) start(ctx context.Context, h *host.Host, driver string) error {
	s.since = time.Now()
	text, err := h.ReadFile(s.found.config.Path)
	if err != nil {
		text = nil
	}
	content := string(text)
	settings, err := dockerd.ParseSettings(&content)
	if err != nil {
		return err
	}
	if s.daemon, s.api, err = s.daemon.Start(ctx, h, settings, patience); err != nil {
		if why := dockerd.Reason(systemd.Journal(ctx, h, dockerd.Service, s.since, 200)); why != "" {
			return fmt.Errorf("cannot start the daemon with the driver %s: %s", driver, why)
		}
		return err
	}
	info, err := s.api.Info(ctx)
	switch {
	case err != nil:
		return err
	case info.Driver != driver:
		return fmt.Errorf("cannot make the daemon use %s: it uses %s", driver, info.Driver)
	case info.DockerRootDir != s.record.DataRoot:
		return fmt.Errorf("cannot switch to %s: the daemon has the data-root %s now, and had %s", driver, info.DockerRootDir, s.record.DataRoot)
	}
	return nil
}

// discard is the act that removes a backup that is not needed any more: of a
// switch that is complete, or that was given up while the old driver is in use.
type discard struct{ dir, driver string }

// Describe implements [ansible.Act].
func (d discard) Describe() string { return "remove the backup " + d.dir }

// Diff implements [ansible.Act].
func (d discard) Diff() []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: d.dir, AfterHeader: d.dir, Before: "backup\n", After: "absent\n"}}
}

// Do implements [ansible.Act].
func (d discard) Do(_ context.Context, h *host.Host) (map[string]any, error) {
	r, err := readRecord(h, d.dir)
	if err != nil {
		return nil, err
	}
	if r == nil || !r.Finished && r.From != d.driver {
		return nil, &ansible.NothingDone{Err: fmt.Errorf("cannot remove %s: it is not the backup of a switch that is complete, or that was given up with the old driver in use", d.dir)}
	}
	// The record goes last: while it is there, the next run knows what the rest is.
	for _, name := range []string{archiveName, partName, volumesName, containersName, recordName} {
		if err := os.RemoveAll(h.Path(path.Join(d.dir, name))); err != nil {
			return nil, fmt.Errorf("cannot remove the backup: %w", err)
		}
	}
	if err := os.Remove(h.Path(d.dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot remove %s: %w", d.dir, err)
	}
	return nil, nil
}
