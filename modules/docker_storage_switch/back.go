// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/jsonedit"
	"hardened.docker/modules/internal/machine"
)

// back leads to the old driver after a failure, which nothing has changed.
// What is saved stays for the next run.
func (s *change) back(ctx context.Context, h *host.Host, switched bool, cause error) error {
	ctx = context.WithoutCancel(ctx)
	wasUp := s.found.running || s.what == saveFirst || s.what == restore
	if s.what == restore {
		made, err := s.made(h)
		if err != nil {
			return fmt.Errorf("%w; Docker stays with %s, since nobody can tell what was made there already: %w", cause, s.Driver, err)
		}
		if len(made.Containers) > 0 {
			return fmt.Errorf("%w; Docker stays with %s, where containers were made already; the next run goes on", cause, s.Driver)
		}
	}
	if switched {
		if err := s.unswitch(ctx, h); err != nil {
			return fmt.Errorf("%w; and the way back to %s failed: %w", cause, s.record.From, err)
		}
	}
	// The host goes on with the old driver, and what was saved gets old: another
	// run must save it anew, whatever driver is in use by then.
	s.record.Saved, s.record.VolumesSaved = false, false
	if err := s.note(h); err != nil {
		cause = fmt.Errorf("%w; and %w", cause, err)
	}
	if !wasUp {
		return fmt.Errorf("%w; %s is as it was", cause, s.found.config.Path)
	}
	text, err := s.again(ctx, h)
	if err != nil {
		return fmt.Errorf("%w; and %w", cause, err)
	}
	if s.what == saveFirst || s.what == restore {
		text += fmt.Sprintf("; the next run uses what is in %s", s.BackupDir)
	}
	return fmt.Errorf("%w; %s", cause, text)
}

// again starts Docker with the old driver, and the containers that ran.
func (s *change) again(ctx context.Context, h *host.Host) (string, error) {
	if err := s.start(ctx, h, s.record.From); err != nil {
		return "", fmt.Errorf("cannot start Docker again with %s: %w", s.record.From, err)
	}
	var failed []error
	for waiting := s.record.Running; len(waiting) > 0; {
		// One that shares the network of another starts after that.
		var still []string
		failed = nil
		for _, name := range waiting {
			if err := s.api.Start(ctx, name); err != nil {
				still = append(still, name)
				failed = append(failed, fmt.Errorf("cannot start the container %s again: %w", name, err))
			}
		}
		if len(still) == len(waiting) {
			break
		}
		waiting = still
	}
	text := fmt.Sprintf("Docker runs with %s as before", s.record.From)
	if len(failed) > 0 {
		return "", fmt.Errorf("%s, but %w", text, errors.Join(failed...))
	}
	if len(s.record.Running) > 0 {
		text += ", with the containers that ran (" + strings.Join(s.record.Running, ", ") + ")"
	}
	// Who stops one from now on wants it stopped.
	s.record.Running = nil
	if err := s.note(h); err != nil {
		return "", fmt.Errorf("%s; and %w", text, err)
	}
	return text, nil
}

// note writes the record of a switch that has a backup.
func (s *change) note(h *host.Host) error {
	if s.what == writeOnly || s.what == restart || !h.Exists(s.BackupDir) {
		return nil
	}
	return s.record.write(h, s.BackupDir)
}

// unswitch puts daemon.json back, and takes away what the new driver made.
func (s *change) unswitch(ctx context.Context, h *host.Host) error {
	if s.what != writeOnly {
		if err := s.daemon.Stop(ctx, h); err != nil {
			return err
		}
	}
	if err := s.clear(h); err != nil {
		return err
	}
	now, err := file.Read(h, s.found.config.Path, 1<<20)
	if err != nil {
		return err
	}
	content, keep := s.former(now)
	if h.Exists(path.Join(s.record.DataRoot, s.Driver)) && toldDriver(content) == "" {
		// With files of two drivers, a daemon that is not told which to use does
		// not start.
		if content, err = withDriver(content, now.Path, s.record.From, nil); err != nil {
			return err
		}
	}
	switch {
	case content == nil && !now.Exists || now.Exists && content != nil && string(now.Content) == string(content):
		return nil
	case content == nil:
		_, err = file.Remove{Before: now}.Do(ctx, h)
	default:
		_, err = file.Replace{Before: now, Content: content, Mode: 0o644, Backup: keep}.Do(ctx, h)
	}
	return err
}

// former is daemon.json as it was before the switch, nil if it was not there.
// What somebody else changed in it since stays, or is kept beside it where it
// cannot be read.
func (s *change) former(now file.State) (content []byte, keep bool) {
	if s.record.Config != nil {
		content = []byte(*s.record.Config)
	}
	wrote, err := withDriver(content, now.Path, s.Driver, s.Params.Options)
	if !now.Exists || err == nil && string(now.Content) == string(wrote) {
		return content, false
	}
	doc, err := jsonedit.Parse(now.Content)
	if err != nil {
		return content, true
	}
	old := jsonedit.New()
	if content != nil {
		if old, err = jsonedit.Parse(content); err != nil {
			return content, true
		}
	}
	for _, key := range []string{driverKey, optionsKey} {
		if value, set := old.Get(key); !set {
			doc.Remove(key)
		} else if _, err := doc.Set([]string{key}, value.Any()); err != nil {
			return content, true
		}
	}
	return doc.Bytes(), false
}

// made is what is there of the new driver that the backup does not have.
func (s *change) made(h *host.Host) (dataroot.Contents, error) {
	held, err := dataroot.Holdings(h, s.record.DataRoot)
	if err != nil {
		return held, err
	}
	held = held.Of(s.Driver)
	held.Containers = slices.DeleteFunc(held.Containers, func(c dataroot.Container) bool { return c.Driver == "" })
	saved := map[string]bool{}
	for _, i := range s.record.Images {
		saved[short(i.ID)] = true
		for _, tag := range i.Tags {
			saved[tag] = true
		}
	}
	held.Images = slices.DeleteFunc(held.Images, func(i dataroot.Image) bool { return saved[i.Name] })
	return held, nil
}

// clear takes away what the new driver made of the backup, or the disk would
// stay full of it. It leaves alone what others made there, what it cannot tell,
// and drivers that have more than files: devices, subvolumes, mounts.
func (s *change) clear(h *host.Host) error {
	if !s.record.Fresh || !slices.Contains([]string{"overlay2", "vfs", "fuse-overlayfs"}, s.Driver) {
		return nil
	}
	if made, err := s.made(h); err != nil || !made.Empty() {
		return nil
	}
	dirs := []string{path.Join(s.record.DataRoot, "image", s.Driver), path.Join(s.record.DataRoot, s.Driver)}
	mounts, err := machine.Mounts(h)
	if err != nil {
		return err
	}
	for _, m := range mounts {
		if m.Point == dirs[1] || strings.HasPrefix(m.Point, dirs[1]+"/") {
			return nil
		}
	}
	for _, dir := range dirs {
		if err := os.RemoveAll(h.Path(dir)); err != nil {
			return fmt.Errorf("cannot remove what %s left: %w", s.Driver, err)
		}
	}
	return nil
}
