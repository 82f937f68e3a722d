// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRemember(t *testing.T) {
	text := func(s string) *string { return &s }
	tests := []struct {
		name    string
		started time.Time
		process string // its name; "" for none
		config  *string
		before  *Snapshot // of the process
		want    *Snapshot
	}{
		{"a file that it has read", time.Now().Add(time.Minute), "dockerd", text("{}"), nil, &Snapshot{ConfigFile: DefaultConfigFile, Config: text("{}")}},
		{"no file", time.Now().Add(time.Minute), "dockerd", nil, nil, &Snapshot{ConfigFile: DefaultConfigFile}},
		{"a file that changed since", time.Now().Add(-time.Minute), "dockerd", text("{}"), nil, nil},
		{"known already", time.Now().Add(time.Minute), "dockerd", text("{}"), &Snapshot{ConfigFile: DefaultConfigFile, Config: text("proven")}, &Snapshot{ConfigFile: DefaultConfigFile, Config: text("proven")}},
		{"another program with the old number", time.Now().Add(time.Minute), "sh", text("{}"), nil, nil},
		{"no daemon", time.Now(), "", text("{}"), nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h, root := tree(t)
			if test.config != nil {
				write(t, filepath.Join(root, DefaultConfigFile), *test.config, time.Time{})
			}
			p := startedAt(test.started)
			if test.process != "" {
				if err := os.MkdirAll(filepath.Join(root, "proc/7"), 0o755); err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(root, "run/docker.pid"), "7\n", time.Time{})
				write(t, filepath.Join(root, "proc/7/stat"), fmt.Sprintf("7 (%s) S 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 11 0 %d 2000 30\n", test.process, p.Ticks), time.Time{})
				write(t, filepath.Join(root, "proc/7/cmdline"), "/usr/bin/dockerd\x00", time.Time{})
			}
			for _, s := range []*Snapshot{test.before, test.want} {
				if s != nil {
					s.Format, s.PID, s.Ticks = 1, p.PID, p.Ticks
				}
			}
			if test.before != nil {
				if err := test.before.Save(h); err != nil {
					t.Fatal(err)
				}
			}
			if err := Remember(h, DefaultConfigFile); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, LoadSnapshot(h)); diff != "" {
				t.Errorf("the snapshot differs (-want +got):\n%s", diff)
			}
		})
	}
}
