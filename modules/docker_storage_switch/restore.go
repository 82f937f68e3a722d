// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

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

	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/treecopy"
)

// settle sets the volumes right after an interruption, for which a daemon that
// runs with the new driver stops, unless containers were made there already:
// their volumes are theirs.
func (s *change) settle(ctx context.Context, h *host.Host) error {
	held, err := dataroot.Holdings(h, s.record.DataRoot)
	if err != nil {
		return err
	}
	if s.inUse = len(held.Of(s.Driver).Containers) > 0; s.inUse {
		return nil
	}
	if s.found.running {
		list, err := s.api.Containers(ctx, false)
		if err != nil || len(list) > 0 {
			s.inUse = true
			return err
		}
	}
	if err := s.daemon.Stop(ctx, h); err != nil {
		return err
	}
	return s.returnVolumes(ctx, h)
}

// returnVolumes copies volumes back that are not as they were saved, as after a
// power cut. Those that somebody wrote to since stay as they are.
func (s *change) returnVolumes(ctx context.Context, h *host.Host) error {
	from, to := s.volumes()
	if !s.hasVolumes(h) || !h.Exists(to) {
		return nil
	}
	var err error
	if s.left, err = written(h.Path(from), h.Path(to), s.record.Returning); err != nil {
		return fmt.Errorf("cannot compare %s with its backup: %w", to, err)
	}
	differ, err := s.compareVolumes(ctx, h)
	if err != nil {
		return fmt.Errorf("cannot compare %s with its backup: %w", to, err)
	}
	if len(differ) == 0 {
		return nil
	}
	entries, err := h.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !slices.Contains(s.left, entry.Name()) && !slices.Contains(s.record.Returning, entry.Name()) {
			s.record.Returning = append(s.record.Returning, entry.Name())
		}
	}
	if err := s.record.write(h, s.BackupDir); err != nil {
		return err
	}
	return mirror(ctx, h, from, to, append(engineOwn(), s.left...))
}

// volumes are the directories of the saved volumes and of the daemon's.
func (s *change) volumes() (saved, used string) {
	return path.Join(s.BackupDir, volumesName), path.Join(s.record.DataRoot, "volumes")
}

// hasVolumes reports whether the backup has the volumes of this switch.
func (s *change) hasVolumes(h *host.Host) bool {
	saved, _ := s.volumes()
	return s.record.VolumesSaved && h.Exists(saved)
}

// compareVolumes compares volumes with their copy. Their database changes with
// each start of the daemon.
func (s *change) compareVolumes(ctx context.Context, h *host.Host) ([]string, error) {
	saved, used := s.volumes()
	return treecopy.Compare(ctx, h.Path(saved), h.Path(used), append(append(engineOwn(), volumesDB), s.left...))
}

// volumesDB is the daemon's own list of the volumes.
const volumesDB = "metadata.db"

// written names the entries of the directory of volumes that somebody wrote to
// since they were saved: a power cut leaves no later time than the copy has.
// Those that an interrupted run was putting back have directories of its own
// times.
func written(saved, used string, returning []string) ([]string, error) {
	entries, err := os.ReadDir(used)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		name := entry.Name()
		if name == volumesDB || name == treecopy.TempName || slices.Contains(engineOwn(), name) {
			continue
		}
		later, err := changed(filepath.Join(saved, name), filepath.Join(used, name), slices.Contains(returning, name))
		if err != nil {
			return nil, err
		}
		if later {
			names = append(names, name)
		}
	}
	return names, nil
}

func changed(saved, used string, returning bool) (bool, error) {
	was, err := os.Lstat(saved)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	is, err := os.Lstat(used)
	if err != nil {
		return false, err
	}
	if is.IsDir() != was.IsDir() || is.ModTime().After(was.ModTime()) && !(is.IsDir() && returning) {
		return true, nil
	}
	if !is.IsDir() {
		return false, nil
	}
	entries, err := os.ReadDir(used)
	if err != nil {
		return false, err
	}
	for _, entry := range entries {
		if entry.Name() == treecopy.TempName {
			continue
		}
		later, err := changed(filepath.Join(saved, entry.Name()), filepath.Join(used, entry.Name()), returning)
		if err != nil || later {
			return later, err
		}
	}
	return false, nil
}

// load loads the images and proves that all are there, and the volumes, too.
func (s *change) load(ctx context.Context, h *host.Host) error {
	if err := s.loadImages(ctx, h); err != nil {
		return err
	}
	have, err := s.api.Volumes(ctx)
	if err != nil {
		return err
	}
	for _, name := range s.record.Volumes {
		if !slices.Contains(have, name) {
			return fmt.Errorf("cannot find the volume %s with the driver %s", name, s.Driver)
		}
	}
	running, err := s.api.Containers(ctx, false)
	if err != nil {
		return err
	}
	saved, volumes := s.volumes()
	if s.inUse || len(running) > 0 || !s.hasVolumes(h) {
		return nil // they write to their volumes, as they should
	}
	differ, err := s.compareVolumes(ctx, h)
	if err == nil && len(differ) > 0 {
		err = fmt.Errorf("%s", strings.Join(differ, "; "))
	}
	if err != nil {
		return fmt.Errorf("cannot verify the volumes in %s with their backup in %s: %w", volumes, saved, err)
	}
	return nil
}

// loadImages loads the archive unless all of it is there.
func (s *change) loadImages(ctx context.Context, h *host.Host) error {
	if len(s.record.Images) == 0 || s.loaded(ctx) == nil {
		return nil
	}
	name := path.Join(s.BackupDir, archiveName)
	in, err := os.Open(h.Path(name))
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", name, err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", name, err)
	}
	if err := s.api.Load(ctx, in, info.Size()); err != nil {
		return fmt.Errorf("cannot load the images of %s: %w", name, err)
	}
	return s.loaded(ctx)
}

// loaded is nil if the daemon has all images.
func (s *change) loaded(ctx context.Context) error {
	list, err := s.api.Images(ctx)
	if err != nil {
		return err
	}
	tags := map[string][]string{}
	for _, i := range list {
		tags[i.ID] = i.RepoTags
	}
	return s.missing(tags, "cannot find all images with the driver "+s.Driver)
}
