// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/treecopy"
)

// settle sets the volumes right after an interruption, for which a daemon that
// runs with the new driver stops, unless somebody works with it already.
func (s *change) settle(ctx context.Context, h *host.Host) error {
	if s.found.running {
		list, err := s.api.Containers(ctx, false)
		if err != nil || len(list) > 0 {
			return err
		}
	}
	if err := s.daemon.Stop(ctx, h); err != nil {
		return err
	}
	return s.returnVolumes(ctx, h)
}

// returnVolumes copies volumes back that are not as they were saved, as after a
// power cut. Nobody has written to them since: the daemon stands still.
func (s *change) returnVolumes(ctx context.Context, h *host.Host) error {
	from, to := s.volumes()
	if !h.Exists(from) {
		return nil
	}
	differ, err := compareVolumes(ctx, h, from, to)
	if err != nil {
		return fmt.Errorf("cannot compare %s with its backup: %w", to, err)
	}
	if len(differ) == 0 {
		return nil
	}
	return mirror(ctx, h, from, to)
}

// volumes are the directories of the saved volumes and of the daemon's.
func (s *change) volumes() (saved, used string) {
	return path.Join(s.BackupDir, volumesName), path.Join(s.record.DataRoot, "volumes")
}

// compareVolumes compares volumes with their copy. Their database changes with
// each start of the daemon.
func compareVolumes(ctx context.Context, h *host.Host, saved, used string) ([]string, error) {
	return treecopy.Compare(ctx, h.Path(saved), h.Path(used), append(engineOwn(), "metadata.db"))
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
	if len(running) > 0 || !h.Exists(saved) {
		return nil // they write to their volumes, as they should
	}
	differ, err := compareVolumes(ctx, h, saved, volumes)
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
