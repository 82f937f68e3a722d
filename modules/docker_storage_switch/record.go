// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"syscall"

	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
)

// What is in the directory of a backup.
const (
	recordName     = "switch.json"
	archiveName    = "images.tar"
	partName       = "images.tar.part"
	volumesName    = "volumes"
	containersName = "containers"
)

// record is what a switch must not forget, whatever ends its run. Which driver
// the host has is not in it: that is asked.
type record struct {
	Format   int    `json:"format"` // 1
	From     string `json:"from"`
	To       string `json:"to"`
	DataRoot string `json:"data_root"`
	// Config is daemon.json before the switch; nil: it was not there.
	Config *string `json:"config"`
	// Fresh tells that the data-root had nothing of the new driver, so that what
	// a failed switch leaves of it can go.
	Fresh      bool        `json:"fresh"`
	Images     []image     `json:"images"`
	Containers []container `json:"containers"`
	// Running are the names of the containers that ran.
	Running []string `json:"running"`
	Volumes []string `json:"volumes"`
	// Saved: all that is to be in the backup is, and was proven.
	Saved bool `json:"saved"`
	// VolumesSaved: the volumes are among it, and not left from an earlier run.
	VolumesSaved bool `json:"volumes_saved"`
	// Returning are the volumes that were being put back.
	Returning []string `json:"returning,omitempty"`
	// Finished: all of it is on the new driver, and was proven.
	Finished bool `json:"finished"`
}

// image is an image of the old driver.
type image struct {
	ID      string   `json:"id"`
	Tags    []string `json:"tags"`
	Digests []string `json:"digests"`
}

// name is how users know the image.
func (i image) name() string {
	switch {
	case len(i.Tags) > 0:
		return i.Tags[0]
	case len(i.Digests) > 0:
		return i.Digests[0]
	}
	return short(i.ID)
}

// container is a container of the old driver.
type container struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Changes counts the files that it changed outside of volumes.
	Changes int `json:"changes"`
	// Image has what it changed, if that was saved, since it ended at Ended.
	Image string `json:"image,omitempty"`
	Ended string `json:"ended,omitempty"`
}

func short(id string) string {
	const digits = len("sha256:") + 12
	if len(id) > digits && id[:7] == "sha256:" {
		return id[7:digits]
	}
	return id[:min(len(id), 12)]
}

// readRecord reads the record in a backup's directory, nil if there is none. A
// directory with anything else is somebody else's.
func readRecord(h *host.Host, dir string) (*record, error) {
	info, err := h.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, syscall.ENOTDIR):
		return nil, fmt.Errorf("cannot use %s for a backup: a part of its path is not a directory", dir)
	case err != nil:
		return nil, fmt.Errorf("cannot look at %s: %w", dir, err)
	case info.Mode()&fs.ModeSymlink != 0 || !info.IsDir():
		return nil, fmt.Errorf("cannot use %s for a backup: it is a link or a file; name a directory", dir)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && (stat.Uid != 0 || info.Mode().Perm()&0o022 != 0) {
		return nil, fmt.Errorf("cannot use %s for a backup: its owner is %d and its mode %04o, and who may write there may change images; name a directory that does not exist", dir, stat.Uid, info.Mode().Perm())
	}
	text, err := h.ReadFile(path.Join(dir, recordName))
	if errors.Is(err, fs.ErrNotExist) {
		entries, err := h.ReadDir(dir)
		entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return begun(h, dir, e) })
		if err != nil || len(entries) > 0 {
			return nil, fmt.Errorf("cannot use %s for a backup: it has files of others (%s); name an empty directory", dir, firstName(entries))
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the record of a switch: %w", err)
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil || r.Format != 1 {
		return nil, fmt.Errorf("cannot use %s: it is no record of a switch that this version reads; move %s away", path.Join(dir, recordName), dir)
	}
	return &r, nil
}

// begun reports whether an entry is what a run leaves that ended before its
// record was written.
func begun(h *host.Host, dir string, entry fs.DirEntry) bool {
	if entry.Name() != containersName {
		return file.Stale(entry.Name(), recordName) && entry.Type().IsRegular()
	}
	inside, err := h.ReadDir(path.Join(dir, entry.Name()))
	return err == nil && len(inside) == 0
}

func firstName(entries []fs.DirEntry) string {
	if len(entries) == 0 {
		return "it cannot be read"
	}
	return entries[0].Name()
}

// write replaces the record.
func (r *record) write(h *host.Host, dir string) error {
	r.Format = 1
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	before, err := file.Read(h, path.Join(dir, recordName), 64<<20)
	if err != nil {
		return err
	}
	_, err = file.Replace{Before: before, Content: append(text, '\n'), Mode: 0o600}.Do(context.Background(), h)
	return err
}
