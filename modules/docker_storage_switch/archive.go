// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"syscall"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/imagearchive"
)

// keepImages saves all images in one archive, which has each layer once, and
// proves it by the sums that images are named by.
func (s *change) keepImages(ctx context.Context, h *host.Host) error {
	have, err := read(ctx, s.api, s.api)
	if err != nil {
		return err
	}
	s.record.Images = have.images
	if err := s.record.write(h, s.BackupDir); err != nil || len(have.images) == 0 {
		return err
	}
	archive := path.Join(s.BackupDir, archiveName)
	if h.Exists(archive) && s.proveArchive(h, archive) == nil {
		return nil // an interrupted run wrote it
	}
	part := path.Join(s.BackupDir, partName)
	if err := s.writeArchive(ctx, h, part); err != nil {
		return fmt.Errorf("cannot save the images in %s: %w", part, err)
	}
	if err := s.proveArchive(h, part); err != nil {
		return err
	}
	if err := os.Rename(h.Path(part), h.Path(archive)); err != nil {
		return fmt.Errorf("cannot give %s its name: %w", archive, err)
	}
	if err := flush(h.Path(s.BackupDir)); err != nil {
		return err
	}
	after, err := read(ctx, s.api, s.api)
	if err != nil {
		return err
	}
	if !slices.EqualFunc(have.images, after.images, equal) {
		return errors.New("cannot switch: somebody pulled, built or removed images while they were saved; run the task again")
	}
	return nil
}

func equal(a, b image) bool { return a.ID == b.ID && slices.Equal(a.Tags, b.Tags) }

func (s *change) writeArchive(ctx context.Context, h *host.Host, name string) error {
	var names []string
	for _, i := range s.record.Images {
		if len(i.Tags) == 0 {
			names = append(names, i.ID)
		}
		names = append(names, i.Tags...)
	}
	out, err := os.OpenFile(h.Path(name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	buffered := bufio.NewWriterSize(out, 1<<20)
	if err := s.api.Save(ctx, names, buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	return out.Close()
}

// flush has a directory's entries written to the disk.
func flush(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// proveArchive reads an archive to its end and compares it with the list of
// images.
func (s *change) proveArchive(h *host.Host, name string) error {
	in, err := os.Open(h.Path(name))
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", name, err)
	}
	defer in.Close()
	found, err := imagearchive.Read(bufio.NewReaderSize(in, 1<<20))
	if err != nil {
		return fmt.Errorf("cannot trust %s: %w", name, err)
	}
	tags := map[string][]string{}
	for _, i := range found {
		tags[i.ID] = append(tags[i.ID], i.Tags...)
	}
	return s.missing(tags, "cannot trust "+name)
}

// missing refuses a place that has not all images with all of their tags.
func (s *change) missing(tags map[string][]string, what string) error {
	for _, i := range s.record.Images {
		have, there := tags[i.ID]
		if !there {
			return fmt.Errorf("%s: the image %s (%s) is not in it", what, i.name(), short(i.ID))
		}
		for _, tag := range i.Tags {
			if !slices.Contains(have, tag) {
				return fmt.Errorf("%s: the image %s lacks the tag %s", what, short(i.ID), tag)
			}
		}
	}
	return nil
}
