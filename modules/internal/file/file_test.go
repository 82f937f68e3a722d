// SPDX-License-Identifier: GPL-3.0-or-later

package file

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
)

// tree is a host whose /etc has one file, config, with content "old\n".
func tree(t *testing.T) (h *host.Host, config string) {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	config = filepath.Join(root, "etc/config")
	if err := os.WriteFile(config, []byte("old\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	return host.New(root), config
}

func read(t *testing.T, h *host.Host, path string) State {
	t.Helper()
	s, err := Read(h, path, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// names are the entries of the directory of path.
func names(t *testing.T, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestReplaceKeepsModeOwnerAndAttributes(t *testing.T) {
	h, config := tree(t)
	if err := syscall.Setxattr(config, "user.note", []byte("kept"), 0); err != nil {
		t.Logf("extended attributes are not tested here: %v", err)
	}
	owner := os.Geteuid()
	if owner == 0 {
		owner = 4711
		if err := os.Chown(config, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	r := Replace{Before: read(t, h, "/etc/config"), Content: []byte("new\n"), Mode: 0o600}
	if _, err := r.Do(context.Background(), h); err != nil {
		t.Fatal(err)
	}
	after := read(t, h, "/etc/config")
	want := State{Path: "/etc/config", Exists: true, Content: []byte("new\n"), Mode: 0o640, UID: owner, GID: after.GID}
	if diff := cmp.Diff(want, after); diff != "" {
		t.Errorf("after Replace (-want +got):\n%s", diff)
	}
	note := make([]byte, 8)
	if n, err := syscall.Getxattr(config, "user.note", note); err == nil && string(note[:n]) != "kept" {
		t.Errorf("user.note = %q; want kept", note[:n])
	}
	if diff := cmp.Diff([]string{"config"}, names(t, config)); diff != "" {
		t.Errorf("files in the directory (-want +got):\n%s", diff)
	}
}

func TestReplaceMakesANewFileWithItsMode(t *testing.T) {
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	h, config := tree(t)
	r := Replace{Before: read(t, h, "/etc/other"), Content: []byte("new\n"), Mode: 0o644, Backup: true}
	result, err := r.Do(context.Background(), h)
	if err != nil {
		t.Fatal(err)
	}
	if len(result) != 0 {
		t.Errorf("Do = %v; want no backup of a file that was not there", result)
	}
	if got := read(t, h, "/etc/other").Mode; got != 0o644 {
		t.Errorf("mode = %o; want 644 under any umask", got)
	}
	if diff := cmp.Diff([]string{"config", "other"}, names(t, config)); diff != "" {
		t.Errorf("files in the directory (-want +got):\n%s", diff)
	}
}

func TestBackupsHaveTheirOwnNames(t *testing.T) {
	h, config := tree(t)
	backups := map[string]string{}
	for i := range 3 {
		before := read(t, h, "/etc/config")
		result, err := Replace{Before: before, Content: fmt.Appendf(nil, "%d\n", i), Backup: true}.Do(context.Background(), h)
		if err != nil {
			t.Fatal(err)
		}
		name, _ := result["backup_file"].(string)
		backups[name] = string(before.Content)
	}
	if len(backups) != 3 {
		t.Fatalf("backups = %v; want three of them", backups)
	}
	for name, want := range backups {
		if got := read(t, h, name); string(got.Content) != want || got.Mode != 0o640 {
			t.Errorf("%s = %q, mode %o; want %q, mode 640", name, got.Content, got.Mode, want)
		}
	}
	if got := len(names(t, config)); got != 4 {
		t.Errorf("%d files in the directory; want 4", got)
	}
}

func TestActsRefuseAnotherState(t *testing.T) {
	for _, test := range []struct {
		name string
		act  func(State) interface {
			Do(context.Context, *host.Host) (map[string]any, error)
		}
	}{
		{"replace", func(s State) interface {
			Do(context.Context, *host.Host) (map[string]any, error)
		} {
			return Replace{Before: s, Content: []byte("mine\n")}
		}},
		{"remove", func(s State) interface {
			Do(context.Context, *host.Host) (map[string]any, error)
		} {
			return Remove{Before: s}
		}},
	} {
		for _, theirs := range []string{"new\n", "old", "old\nand longer\n", ""} {
			h, config := tree(t)
			before := read(t, h, "/etc/config")
			if err := os.WriteFile(config, []byte(theirs), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := test.act(before).Do(context.Background(), h)
			if err == nil || !strings.Contains(err.Error(), "somebody else changed it") {
				t.Errorf("%s over %q = %v; want a refusal", test.name, theirs, err)
			}
			if got := string(read(t, h, "/etc/config").Content); got != theirs {
				t.Errorf("%s left %q; want theirs, %q", test.name, got, theirs)
			}
		}
	}
}

func TestReplaceRemovesWhatAKilledRunLeft(t *testing.T) {
	h, config := tree(t)
	dir := filepath.Dir(config)
	for _, name := range []string{".config.hardened-999999-123", ".config.hardened-x", ".other.hardened-1-1"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("par"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := (Replace{Before: read(t, h, "/etc/config"), Content: []byte("new\n")}).Do(context.Background(), h); err != nil {
		t.Fatal(err)
	}
	want := []string{".config.hardened-x", ".other.hardened-1-1", "config"}
	if diff := cmp.Diff(want, names(t, config)); diff != "" {
		t.Errorf("files in the directory (-want +got):\n%s", diff)
	}
}

func TestRemove(t *testing.T) {
	h, config := tree(t)
	result, err := Remove{Before: read(t, h, "/etc/config"), Backup: true}.Do(context.Background(), h)
	if err != nil {
		t.Fatal(err)
	}
	name, _ := result["backup_file"].(string)
	if diff := cmp.Diff([]string{filepath.Base(name)}, names(t, config)); diff != "" {
		t.Errorf("files in the directory (-want +got):\n%s", diff)
	}
	if got := string(read(t, h, name).Content); got != "old\n" {
		t.Errorf("backup = %q; want the old content", got)
	}
}

func TestDirectory(t *testing.T) {
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	h, _ := tree(t)
	for range 2 {
		if _, err := (Directory{Path: "/etc/docker", Mode: 0o755}).Do(context.Background(), h); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := h.Stat("/etc/docker"); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("Stat = %v, %v; want mode 755", info, err)
	}
	if _, err := (Directory{Path: "/etc/config", Mode: 0o755}).Do(context.Background(), h); err == nil {
		t.Error("Directory over a file = nil; want an error")
	}
}

func TestReadRefuses(t *testing.T) {
	h, config := tree(t)
	dir := filepath.Dir(config)
	for from, to := range map[string]string{"dangling": "nowhere", "link": "config", "loop": "loop"} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"config":           `invalid path "config"`,
		"/etc/":            "give the absolute path of a file",
		"/etc/dir":         "cannot read /etc/dir: it is a directory",
		"/etc/pipe":        "cannot read /etc/pipe: it is not a regular file",
		"/etc/dangling":    "cannot use /etc/dangling: it is a symbolic link to nowhere, which is not there",
		"/etc/link":        "cannot use /etc/link: it is a symbolic link to config",
		"/etc/loop":        "cannot use /etc/loop",
		"/etc/config/file": "a part of its path is not a directory",
		"/etc/config":      "it is too large: more than 2 bytes",
	} {
		_, err := Read(h, path, 2)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Read(%q) = %v; want ...%s...", path, err, want)
		}
	}
	if s, err := Read(h, "/etc/absent", 2); err != nil || s.Exists {
		t.Errorf("Read(absent) = %v, %v; want a state", s, err)
	}
}

func TestReadWithoutPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	h, config := tree(t)
	if err := os.Chmod(config, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(h, "/etc/config", 10); err == nil || !strings.Contains(err.Error(), "become: true") {
		t.Errorf("Read = %v; want a hint at become", err)
	}
}

func TestWriteErrorsSayWhatToDo(t *testing.T) {
	h, config := tree(t)
	before := read(t, h, "/etc/config")
	missing := State{Path: "/nowhere/config"}
	if _, err := (Replace{Before: missing}).Do(context.Background(), h); err == nil || !strings.Contains(err.Error(), "the directory /nowhere does not exist") {
		t.Errorf("Replace = %v; want the missing directory named", err)
	}
	// The largest file this process may write stands in for a full disk.
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	small := limit
	small.Cur = 1
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	_, err := Replace{Before: before, Content: []byte("new\n")}.Do(context.Background(), h)
	if restore := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); restore != nil {
		t.Fatal(restore)
	}
	if err == nil || !strings.Contains(err.Error(), "cannot write /etc/config: ") {
		t.Errorf("Replace = %v; want an error", err)
	}
	if diff := cmp.Diff([]string{"config"}, names(t, config)); diff != "" {
		t.Errorf("files in the directory (-want +got):\n%s", diff)
	}
	if got := string(read(t, h, "/etc/config").Content); got != "old\n" {
		t.Errorf("content = %q; want the old one", got)
	}
}
