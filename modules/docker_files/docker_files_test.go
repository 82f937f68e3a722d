// SPDX-License-Identifier: GPL-3.0-or-later

package docker_files

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/moduletest"
)

func TestMain(m *testing.M) { moduletest.Main(m, "docker_files", Module) }

func TestScripts(t *testing.T) { moduletest.Scripts(t) }

// write makes a file below root.
func write(t *testing.T, root, name, content string, mode os.FileMode) {
	t.Helper()
	name = filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
}

func TestOwnersAreRoots(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	root := t.TempDir()
	write(t, root, "etc/group", "root:x:0:\ndocker:x:4242:\n", 0o644)
	write(t, root, "etc/passwd", "root:x:0:0::/root:/bin/sh\n", 0o644)
	write(t, root, "etc/docker/daemon.json", "{}", 0o666)
	write(t, root, "run/docker.sock", "", 0o666)
	for _, name := range []string{"etc/docker/daemon.json", "run/docker.sock"} {
		if err := os.Chown(filepath.Join(root, name), 1000, 1000); err != nil {
			t.Fatal(err)
		}
	}
	result := moduletest.Run(t, Module, root, "{}")
	if result["changed"] != true || result["failed"] == true {
		t.Fatalf("the module returned %v", result)
	}
	h := host.New(root)
	for name, want := range map[string]attributes{
		"/etc/docker/daemon.json": {0, 0, 0o644},
		"/run/docker.sock":        {0, 4242, 0o660},
	} {
		if got, err := lookAt(h, name); err != nil || got != want {
			t.Errorf("%s has %v, %v; want %v", name, got, err, want)
		}
	}
	if again := moduletest.Run(t, Module, root, "{}"); again["changed"] != false {
		t.Errorf("the second run returned %v", again)
	}
}

// The group can be one of a directory service, which /etc/group does not have.
func TestSocketKeepsUnknownGroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	root := t.TempDir()
	write(t, root, "etc/group", "root:x:0:\n", 0o644)
	write(t, root, "run/docker.sock", "", 0o666)
	if err := os.Chown(filepath.Join(root, "run/docker.sock"), 0, 4242); err != nil {
		t.Fatal(err)
	}
	moduletest.Run(t, Module, root, "{}")
	if got, err := lookAt(host.New(root), "/run/docker.sock"); err != nil || got != (attributes{0, 4242, 0o660}) {
		t.Errorf("the socket has %v, %v; want its own group and mode 0660", got, err)
	}
}

func TestAccessRefusesAnotherState(t *testing.T) {
	root := t.TempDir()
	write(t, root, "file", "", 0o600)
	act := access{"/file", attributes{os.Getuid(), os.Getgid(), 0o666}, attributes{os.Getuid(), os.Getgid(), 0o644}}
	_, err := act.Do(context.Background(), host.New(root))
	if err == nil || !strings.Contains(err.Error(), "somebody else changed it") {
		t.Errorf("Do = %v; want a refusal", err)
	}
}

func TestAccessIsContentWithWhatItWants(t *testing.T) {
	root := t.TempDir()
	write(t, root, "file", "", 0o600)
	act := access{"/file", attributes{os.Getuid(), os.Getgid(), 0o666}, attributes{os.Getuid(), os.Getgid(), 0o600}}
	if _, err := act.Do(context.Background(), host.New(root)); err != nil {
		t.Errorf("Do = %v; want no error, as somebody else did it", err)
	}
}

// TestAccessDoesNotFollow: a link that somebody puts in the file's place while
// the module works does not lead it to another file.
func TestAccessDoesNotFollow(t *testing.T) {
	root := t.TempDir()
	write(t, root, "shadow", "", 0o600)
	write(t, root, "file", "", 0o666)
	h := host.New(root)
	before, err := lookAt(h, "/file")
	if err != nil {
		t.Fatal(err)
	}
	after := before
	after.mode = 0o644
	if err := os.Remove(filepath.Join(root, "file")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("shadow", filepath.Join(root, "file")); err != nil {
		t.Fatal(err)
	}
	for _, from := range []attributes{before, {before.uid, before.gid, 0o777}, {before.uid, before.gid, 0o600}} {
		if _, err := (access{"/file", from, after}).Do(context.Background(), h); err == nil || !strings.Contains(err.Error(), "somebody else changed it") {
			t.Errorf("Do from %v = %v; want a refusal", from, err)
		}
	}
	if got, err := lookAt(h, "/shadow"); err != nil || got.mode != 0o600 {
		t.Errorf("the other file has %v, %v; want the mode 0600", got, err)
	}
}
