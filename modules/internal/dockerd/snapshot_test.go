// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
)

// tree makes a host with an /etc/docker and a /run.
func tree(t *testing.T) (*host.Host, string) {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"etc/docker", "run"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return host.New(root), root
}

func write(t *testing.T, name, content string, modified time.Time) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	if !modified.IsZero() {
		if err := os.Chtimes(name, modified, modified); err != nil {
			t.Fatal(err)
		}
	}
}

// startedAt is a process that started at about that moment.
func startedAt(moment time.Time) *Process {
	since := sinceBoot() - time.Since(moment)
	return &Process{PID: 7, Ticks: uint64(max(0, since) / (time.Second / ticksPerSecond))}
}

func TestSnapshotSavedAndLoaded(t *testing.T) {
	h, root := tree(t)
	text := "{}"
	want := &Snapshot{PID: 7, Ticks: 8, ConfigFile: DefaultConfigFile, Config: &text, Files: map[string]string{"/etc/default/docker": "x"}}
	if got := LoadSnapshot(h); got != nil {
		t.Fatalf("LoadSnapshot() = %+v; want none", got)
	}
	if err := want.Save(h); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, LoadSnapshot(h)); diff != "" {
		t.Errorf("LoadSnapshot() differs (-want +got):\n%s", diff)
	}
	for name, mode := range map[string]os.FileMode{"run/hardened.docker": 0o700, "run/hardened.docker/dockerd.json": 0o600} {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, %v; want %v", name, info.Mode().Perm(), err, mode)
		}
	}
	if !want.Of(&Process{PID: 7, Ticks: 8}) || want.Of(&Process{PID: 7, Ticks: 9}) || want.Of(nil) || (*Snapshot)(nil).Of(&Process{}) {
		t.Error("Of() does not tell processes apart")
	}
}

// A snapshot that somebody else could have written is none.
func TestSnapshotTrust(t *testing.T) {
	for name, spoil := range map[string]func(file string) error{
		"writable for others":           func(file string) error { return os.Chmod(file, 0o602) },
		"directory writable for others": func(file string) error { return os.Chmod(filepath.Dir(file), 0o777) },
		"a symbolic link": func(file string) error {
			if err := os.Rename(file, file+".other"); err != nil {
				return err
			}
			return os.Symlink(file+".other", file)
		},
		"not JSON":       func(file string) error { return os.WriteFile(file, []byte("x"), 0o600) },
		"another format": func(file string) error { return os.WriteFile(file, []byte(`{"format":2}`), 0o600) },
	} {
		h, root := tree(t)
		if err := (&Snapshot{PID: 7}).Save(h); err != nil {
			t.Fatal(err)
		}
		if err := spoil(filepath.Join(root, SnapshotFile)); err != nil {
			t.Fatal(err)
		}
		if got := LoadSnapshot(h); got != nil {
			t.Errorf("%s: LoadSnapshot() = %+v; want none", name, got)
		}
	}
}

func TestSaveRefusesForeignDirectory(t *testing.T) {
	h, root := tree(t)
	if err := os.Mkdir(filepath.Join(root, "run/hardened.docker"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(root, "run/hardened.docker"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := (&Snapshot{}).Save(h); err == nil {
		t.Error("Save() into a directory that others may write to = nil; want an error")
	}
}

func TestLoadedConfig(t *testing.T) {
	now := time.Now()
	started, dayAgo := now.Add(-time.Minute), now.Add(-24*time.Hour)
	stamp := func(at time.Time) string { return at.UTC().Format("2006-01-02T15-04-05Z") }
	old := "old"
	text := func(s string) *string { return &s }
	tests := []struct {
		name     string
		started  time.Time
		snapshot *Snapshot
		make     func(config string)
		want     Loaded
	}{
		{name: "unchanged since the start", started: now.Add(time.Minute), make: func(config string) { write(t, config, "now", time.Time{}) },
			want: Loaded{true, text("now"), "the file did not change since dockerd started"}},
		{name: "changed since the start", started: started, make: func(config string) { write(t, config, "now", time.Time{}) },
			want: Loaded{From: "/etc/docker/daemon.json changed after dockerd started"}},
		{name: "an old file moved into place", started: started, make: func(config string) { write(t, config, "now", dayAgo) },
			want: Loaded{From: "/etc/docker/daemon.json changed after dockerd started"}},
		{name: "with the backup of the first change", started: started, make: func(config string) {
			write(t, config, "now", time.Time{})
			write(t, config+"."+stamp(now.Add(-2*time.Minute))+"~", "before dockerd", dayAgo)
			write(t, config+"."+stamp(now.Add(-30*time.Second))+"~", "old", dayAgo)
			write(t, config+"."+stamp(now.Add(-10*time.Second))+"~", "in between", now.Add(-30*time.Second))
			write(t, config+".mine~", "somebody's own", dayAgo)
		}, want: Loaded{true, &old, "the backup of the file that dockerd started with"}},
		{name: "with a backup of a file that had changed by then", started: started, make: func(config string) {
			write(t, config, "now", time.Time{})
			write(t, config+"."+stamp(now.Add(-30*time.Second))+"~", "edited by hand", now.Add(-40*time.Second))
		}, want: Loaded{From: "/etc/docker/daemon.json changed after dockerd started"}},
		{name: "never there", started: now.Add(time.Minute), make: func(string) {}, want: Loaded{Known: true, From: "no file since dockerd started"}},
		{name: "not there, and dockerd made its key", started: started, make: func(config string) { write(t, filepath.Join(filepath.Dir(config), "key.json"), "k", time.Time{}) },
			want: Loaded{Known: true, From: "no file since dockerd started"}},
		{name: "removed since the start", started: started, make: func(config string) {
			write(t, config, "now", time.Time{})
			write(t, filepath.Join(filepath.Dir(config), "aside"), "k", time.Time{})
			if err := os.Remove(config); err != nil {
				t.Fatal(err)
			}
			// Nothing that is there was made when the directory changed last.
			later := now.Add(10 * time.Second)
			if err := os.Chtimes(filepath.Dir(config), later, later); err != nil {
				t.Fatal(err)
			}
		}, want: Loaded{From: "/etc/docker/daemon.json changed after dockerd started"}},
		{name: "known from a snapshot", started: started, snapshot: &Snapshot{ConfigFile: DefaultConfigFile, Config: &old},
			make: func(config string) { write(t, config, "now", time.Time{}) },
			want: Loaded{true, &old, "the last proven configuration"}},
		{name: "the snapshot is of another file", started: started, snapshot: &Snapshot{ConfigFile: "/other.json", Config: &old},
			make: func(config string) { write(t, config, "now", time.Time{}) },
			want: Loaded{From: "/etc/docker/daemon.json changed after dockerd started"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h, root := tree(t)
			test.make(filepath.Join(root, DefaultConfigFile))
			p := startedAt(test.started)
			if test.snapshot != nil {
				test.snapshot.PID, test.snapshot.Ticks = p.PID, p.Ticks
			}
			got, err := LoadedConfig(h, p, test.snapshot, DefaultConfigFile)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("LoadedConfig() differs (-want +got):\n%s", diff)
			}
		})
	}
}
