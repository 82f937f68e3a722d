// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hardened.docker/modules/internal/host"
)

// snapshotDir has what the modules know about the running daemon. It is empty
// after a reboot, and so is what it tells of.
const snapshotDir = "/run/hardened.docker"

// SnapshotFile is where the configuration that was last proven to be in force
// is kept.
const SnapshotFile = snapshotDir + "/dockerd.json"

// Snapshot is a configuration that a running dockerd was proven to have.
type Snapshot struct {
	Format int    `json:"format"` // 1
	PID    int    `json:"pid"`
	Ticks  uint64 `json:"ticks"`
	// Version is what the daemon said of itself; empty if it was not asked.
	Version string `json:"version,omitempty"`
	// ConfigFile is daemon.json's path and Config its content; nil if the file
	// was not there.
	ConfigFile string  `json:"config_file"`
	Config     *string `json:"config"`
	// Service has the lines of the unit that a running service cannot take
	// over; nil if they are not known.
	Service *string `json:"service,omitempty"`
	// Variables are the environment variables that the unit set.
	Variables []string `json:"variables,omitempty"`
	// Unproven are keys that the restart did not put in force, and Accepted the
	// differences from the unit that it left: another one would not help.
	Unproven []string `json:"unproven,omitempty"`
	Accepted []string `json:"accepted,omitempty"`
	// Files are the unit's drop-ins and environment files, for a way back.
	Files map[string]string `json:"files,omitempty"`
}

// Of reports whether the snapshot is of this very process.
func (s *Snapshot) Of(p *Process) bool {
	return s != nil && p != nil && s.PID == p.PID && s.Ticks == p.Ticks
}

// LoadSnapshot returns the snapshot, or nil if there is none that can be
// trusted: one that somebody else than root could have written tells nothing.
func LoadSnapshot(h *host.Host) *Snapshot {
	for _, name := range []string{snapshotDir, SnapshotFile} {
		info, err := h.Lstat(name)
		if err != nil || !private(info) {
			return nil
		}
	}
	data, _, err := h.ReadRegular(SnapshotFile, 16<<20)
	if err != nil {
		return nil
	}
	var s Snapshot
	if json.Unmarshal(data, &s) != nil || s.Format != 1 {
		return nil
	}
	return &s
}

// private reports whether only the running user, root, may write there.
func private(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&0o022 == 0 && info.Mode()&fs.ModeSymlink == 0
}

// Save writes the snapshot. It is state of the modules, not of the host: a
// host that lost it is worse off by one restart in the place of a reload.
func (s *Snapshot) Save(h *host.Host) error {
	s.Format = 1
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", SnapshotFile, err)
	}
	dir := h.Path(snapshotDir)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("cannot make the directory %s: %w", snapshotDir, err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", snapshotDir, err)
	}
	if !info.IsDir() || !private(info) {
		return fmt.Errorf("cannot use %s: it is not a directory that root alone may write to; remove it", snapshotDir)
	}
	f, err := os.CreateTemp(dir, ".dockerd-*")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", SnapshotFile, err)
	}
	_, err = f.Write(data)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), h.Path(SnapshotFile))
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("cannot write %s: %w", SnapshotFile, err)
	}
	return nil
}

// Loaded is what is known about the daemon.json that a process has loaded.
type Loaded struct {
	Known  bool
	Config *string // nil: there was no file
	From   string  // how it is known, or why it is not
}

// LoadedConfig finds out which daemon.json the process works with. A snapshot
// of the process tells. Without one, a file that did not change since the
// process began is the one; and if it changed, the backup that
// docker_daemon_json made of it when it first did.
func LoadedConfig(h *host.Host, p *Process, s *Snapshot, configFile string) (Loaded, error) {
	if s.Of(p) && s.ConfigFile == configFile {
		return Loaded{Known: true, Config: s.Config, From: "the last proven configuration"}, nil
	}
	started := p.Started()
	content, info, err := h.ReadRegular(configFile, maxConfig)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if absentSince(h, configFile, started) {
			return Loaded{Known: true, From: "no file since dockerd started"}, nil
		}
	case err != nil:
		return Loaded{}, err
	case changedAt(info).Before(started):
		text := string(content)
		return Loaded{Known: true, Config: &text, From: "the file did not change since dockerd started"}, nil
	}
	if text, ok := backupOf(h, configFile, started); ok {
		return Loaded{Known: true, Config: &text, From: "the backup of the file that dockerd started with"}, nil
	}
	return Loaded{From: configFile + " changed after dockerd started"}, nil
}

// maxConfig is the size up to which a daemon.json is read.
const maxConfig = 16 << 20

// ChangedSince reports whether a file changed after a moment; one that is not
// there did not.
func ChangedSince(h *host.Host, name string, moment time.Time) bool {
	info, err := h.Stat(name)
	return err == nil && !changedAt(info).Before(moment)
}

// absentSince reports whether a file that is not there was not there at that
// moment either, as far as its directory tells: it did not change since, or
// its last change was the making of a file that is still there (dockerd 20.10
// makes a key.json at its first start).
func absentSince(h *host.Host, name string, since time.Time) bool {
	dir := filepath.Dir(name)
	info, err := h.Stat(dir)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	if info.ModTime().Before(since) {
		return true
	}
	entries, err := h.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		made, err := e.Info()
		if err != nil {
			continue
		}
		if apart := changedAt(made).Sub(info.ModTime()); apart > -50*time.Millisecond && apart < 50*time.Millisecond {
			return true
		}
	}
	return false
}

// backupOf finds the content that the file had at a moment among the backups
// beside it, which package file names daemon.json.<time of replacement>~: the
// first that was put aside after the moment and was last written before it.
func backupOf(h *host.Host, name string, moment time.Time) (string, bool) {
	backups, err := h.Glob(name + ".*~")
	if err != nil {
		return "", false
	}
	best, bestAt := "", time.Time{}
	for _, backup := range backups {
		stamp := strings.TrimSuffix(strings.TrimPrefix(backup, name+"."), "~")
		// A second backup in one second has a number after the time.
		stamp, _, numbered := strings.Cut(stamp, ".")
		at, err := time.Parse("2006-01-02T15-04-05Z", stamp)
		if err != nil || numbered || at.Add(time.Second).Before(moment) {
			continue
		}
		if best == "" || at.Before(bestAt) {
			best, bestAt = backup, at
		}
	}
	if best == "" {
		return "", false
	}
	content, info, err := h.ReadRegular(best, maxConfig)
	if err != nil || !info.ModTime().Before(moment) {
		return "", false
	}
	return string(content), true
}
