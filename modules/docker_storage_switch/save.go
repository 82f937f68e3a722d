// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"sort"
	"strings"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/treecopy"
)

// save brings all that would be hidden into the backup, proves it, and leaves
// the daemon stopped.
func (s *change) save(ctx context.Context, h *host.Host) error {
	if err := s.folder(ctx, h); err != nil {
		return err
	}
	s.record.Saved, s.record.VolumesSaved, s.record.Returning = false, false, nil
	s.remember(s.found.store.running)
	if err := s.record.write(h, s.BackupDir); err != nil {
		return err
	}
	if !s.found.running {
		if err := s.start(ctx, h, s.record.From); err != nil {
			return err
		}
	}
	if err := s.halt(ctx, h); err != nil {
		return err
	}
	if err := s.keepContainers(ctx, h); err != nil {
		return err
	}
	if err := s.keepImages(ctx, h); err != nil {
		return err
	}
	if err := s.daemon.Stop(ctx, h); err != nil {
		return err
	}
	if ids := dockerd.FindProcesses(h).ContainerIDs(); len(ids) > 0 {
		return fmt.Errorf("cannot save the volumes: a container was started meanwhile (%s)", short(ids[0]))
	}
	if err := s.keepVolumes(ctx, h); err != nil {
		return err
	}
	s.record.Saved = true
	return s.record.write(h, s.BackupDir)
}

// folder makes the directory of the backup, for root alone: images have
// secrets in them.
func (s *change) folder(ctx context.Context, h *host.Host) error {
	if err := os.MkdirAll(h.Path(path.Dir(s.BackupDir)), 0o755); err != nil {
		return fmt.Errorf("cannot make the directories above %s: %w", s.BackupDir, err)
	}
	_, err := (file.Directory{Path: s.BackupDir, Mode: 0o700}).Do(ctx, h)
	return err
}

// remember adds containers to those that ran.
func (s *change) remember(names []string) {
	for _, name := range names {
		if !slices.Contains(s.record.Running, name) {
			s.record.Running = append(s.record.Running, name)
		}
	}
	slices.Sort(s.record.Running)
}

// halt stops the containers, with their own time to end.
func (s *change) halt(ctx context.Context, h *host.Host) error {
	list, err := s.api.Containers(ctx, false)
	if err != nil {
		return err
	}
	var names []string
	var now store
	for _, c := range list {
		names = append(names, c.Name())
		passes, err := s.api.RemovesItself(ctx, c.ID)
		if err != nil {
			return err
		}
		if passes {
			now.passing = append(now.passing, c.Name())
		}
	}
	if err := now.ends(); err != nil {
		return err
	}
	slices.Sort(names)
	if len(names) > 0 && !s.AllowStop {
		return fmt.Errorf("cannot stop containers that were started meanwhile (%s): set allow_interruption: true", strings.Join(names, ", "))
	}
	s.remember(names)
	if err := s.record.write(h, s.BackupDir); err != nil {
		return err
	}
	for _, c := range list {
		if err := s.api.Stop(ctx, c.ID); err != nil {
			return fmt.Errorf("cannot stop the container %s: %w", c.Name(), err)
		}
	}
	return nil
}

// savedRepository is the name of the images that have what containers changed.
const savedRepository = "hardened-docker/saved"

// keepContainers writes down how each container was made and, if that is
// wanted, makes an image of what it changed.
func (s *change) keepContainers(ctx context.Context, h *host.Host) error {
	list, err := s.api.Containers(ctx, true)
	if err != nil {
		return err
	}
	if _, err := (file.Directory{Path: path.Join(s.BackupDir, containersName), Mode: 0o700}).Do(ctx, h); err != nil {
		return err
	}
	earlier := map[string]container{}
	for _, c := range s.record.Containers {
		earlier[c.ID] = c
	}
	var kept []container
	for _, c := range list {
		one, err := s.keepContainer(ctx, h, c, earlier[c.ID])
		if err != nil {
			return fmt.Errorf("cannot save the container %s: %w", c.Name(), err)
		}
		kept = append(kept, one)
	}
	sort.Slice(kept, func(a, b int) bool { return kept[a].Name < kept[b].Name })
	s.record.Containers = kept
	return s.record.write(h, s.BackupDir)
}

func (s *change) keepContainer(ctx context.Context, h *host.Host, c dockerapi.Container, earlier container) (container, error) {
	one := container{ID: c.ID, Name: c.Name()}
	text, err := s.api.Inspect(ctx, c.ID)
	if err != nil {
		return one, err
	}
	before, err := file.Read(h, path.Join(s.BackupDir, containersName, one.Name+".json"), 64<<20)
	if err != nil {
		return one, err
	}
	if _, err := (file.Replace{Before: before, Content: text, Mode: 0o600}).Do(ctx, h); err != nil {
		return one, err
	}
	if one.Changes, err = s.api.Changes(ctx, c.ID); err != nil || one.Changes == 0 || s.Containers != "save" {
		return one, err
	}
	ended, err := s.api.Finished(ctx, c.ID)
	if err != nil {
		return one, err
	}
	one.Ended = ended.String()
	if earlier.Image != "" && earlier.Ended == one.Ended && earlier.Changes == one.Changes {
		// An interrupted run has saved it, and it did not run since.
		one.Image = earlier.Image
		return one, nil
	}
	tag := one.Name[:min(len(one.Name), 100)] + "-" + short(c.ID)
	if _, err := s.api.Commit(ctx, c.ID, savedRepository, tag); err != nil {
		return one, err
	}
	one.Image = savedRepository + ":" + tag
	return one, nil
}

// engineOwn is what the daemon makes anew among the volumes.
func engineOwn() []string { return []string{"backingFsBlockDev"} }

// keepVolumes copies the volumes and compares them with the copy.
func (s *change) keepVolumes(ctx context.Context, h *host.Host) error {
	to, from := s.volumes()
	if !s.Volumes || !h.Exists(from) {
		return nil
	}
	if !h.Exists(to) {
		if _, err := (file.Directory{Path: to, Mode: 0o700}).Do(ctx, h); err != nil {
			return err
		}
	}
	err := mirror(ctx, h, from, to, engineOwn())
	s.record.VolumesSaved = err == nil
	return err
}

// mirror makes one tree equal to another, but for what is named, and proves it.
func mirror(ctx context.Context, h *host.Host, from, to string, keep []string) error {
	if err := treecopy.Copy(ctx, h.Path(from), h.Path(to), keep); err != nil {
		return fmt.Errorf("cannot copy %s to %s: %w", from, to, err)
	}
	differ, err := treecopy.Compare(ctx, h.Path(from), h.Path(to), keep)
	if err == nil && len(differ) > 0 {
		err = errors.New(strings.Join(differ, "; "))
	}
	if err != nil {
		return fmt.Errorf("cannot verify the copy of %s in %s: %w", from, to, err)
	}
	return nil
}
