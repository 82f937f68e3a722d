// SPDX-License-Identifier: GPL-3.0-or-later

package docker_daemon_json

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/moduletest"
)

// content makes daemon.json with a content.
func content(text string) func(path string) error {
	return func(path string) error { return os.WriteFile(path, []byte(text), 0o644) }
}

// TestRefuses pins what a user reads about a file or an argument that cannot
// be used, and that nothing is changed then.
func TestRefuses(t *testing.T) {
	icc := `"settings": {"icc": false}`
	tests := []struct {
		name string
		make func(path string) error // makes /etc/docker/daemon.json
		args string
		want string // the message begins so
	}{
		{"byte order mark", content("\xef\xbb\xbf{}\n"), icc, "cannot use /etc/docker/daemon.json: invalid JSON at line 1, column 1: "},
		{"comment", content("{\n  // why\n  \"debug\": true\n}\n"), icc, "cannot use /etc/docker/daemon.json: invalid JSON at line 2, column 3: comments"},
		{"trailing comma", content("{\n  \"debug\": true,\n}\n"), icc, "cannot use /etc/docker/daemon.json: invalid JSON at line 2, column 16: "},
		{"duplicate key", content("{\"log-opts\": {\"a\": \"1\",\n\"a\": \"2\"}}"), icc, "cannot use /etc/docker/daemon.json: invalid JSON at line 2, column 1: "},
		{"empty", content(""), icc, "cannot use /etc/docker/daemon.json: invalid JSON at line 1, column 1: "},
		{"a list", content("[]"), icc, "cannot use /etc/docker/daemon.json: invalid JSON at line 1, column 1: "},
		{"20 MB", content("{" + strings.Repeat(" ", 20<<20) + "}"), icc, "cannot read /etc/docker/daemon.json: it is too large: more than 1048576 bytes"},
		{"a directory", func(path string) error { return os.Mkdir(path, 0o755) }, icc, "cannot read /etc/docker/daemon.json: it is a directory, not a file; move it away, or name another path"},
		{"a pipe", func(path string) error { return syscall.Mkfifo(path, 0o644) }, icc, "cannot read /etc/docker/daemon.json: it is not a regular file"},
		{"a dangling link", func(path string) error { return os.Symlink("/nowhere", path) }, icc,
			"cannot use /etc/docker/daemon.json: it is a symbolic link to /nowhere, which is not there; remove the link or create its target"},
		{"a link", func(path string) error { return os.Symlink("../hostname", path) }, icc,
			"cannot use /etc/docker/daemon.json: it is a symbolic link to ../hostname, and replacing it would cut the link; name the target"},
		{"no parent", nil, icc + `, "path": "/etc/dokcer/daemon.json"`, "cannot write /etc/dokcer/daemon.json: the directory /etc/dokcer does not exist; create it or correct the path"},
		{"no grandparent", nil, icc + `, "path": "/opt/a/b/daemon.json"`, "cannot write /opt/a/b/daemon.json: the directory /opt does not exist; "},
		{"parent is a file", nil, icc + `, "path": "/etc/hostname/daemon.json"`, "cannot read /etc/hostname/daemon.json: a part of its path is not a directory"},
		{"relative path", nil, icc + `, "path": "daemon.json"`, `invalid path "daemon.json": give the absolute path`},
		{"path of a directory", nil, icc + `, "path": "/etc/docker/"`, `invalid path "/etc/docker/": give the absolute path of a file`},
		{"settings of the wrong type", nil, `"settings": ["icc"]`, `invalid value`},
		{"settings as a word", nil, `"settings": "icc"`, `invalid value`},
		{"key in settings and in remove", content("{}"), icc + `, "remove": ["icc"]`, "invalid options: icc is in settings and in remove; decide for one"},
		{"exclusive and remove", content("{}"), icc + `, "remove": ["debug"], "exclusive": true`, "invalid options: exclusive already removes"},
		{"a path of remove that cannot be read", content("{}"), `"remove": ["a..b"]`, `invalid value of option "remove": `},
		{"TCP for everybody", content("{}"), `"settings": {"hosts": ["unix:///x", "tcp://0.0.0.0:2375"]}, "tcp": "tls"`,
			`cannot write /etc/docker/daemon.json: missing tlsverify beside the host "tcp://0.0.0.0:2375"`},
		{"TCP for everybody, of somebody else", content(`{"hosts": ["tcp://:1"], "tlsverify": false}`), icc + `, "tcp": "tls"`, "cannot write /etc/docker/daemon.json: "},
		{"an option that is not there", content("{}"), `"setting": {}`, `unknown option "setting"`},
	}
	for _, test := range tests {
		for _, check := range []string{"true", "false"} {
			t.Run(test.name+", check "+check, func(t *testing.T) {
				root := t.TempDir()
				for _, dir := range []string{"etc", "etc/docker"} {
					if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
						t.Fatal(err)
					}
				}
				if err := os.WriteFile(filepath.Join(root, "etc/hostname"), []byte("h\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				if test.make != nil {
					if err := test.make(filepath.Join(root, "etc/docker/daemon.json")); err != nil {
						t.Fatal(err)
					}
				}
				before := moduletest.Tree(t, root)
				result := moduletest.Run(t, Module, root, `{"_ansible_check_mode": `+check+`, `+test.args+`}`)
				msg, _ := result["msg"].(string)
				if result["failed"] != true || !strings.HasPrefix(msg, test.want) {
					t.Errorf("msg = %q; want %q...", msg, test.want)
				}
				if result["changed"] != false {
					t.Errorf("changed = %v; want false", result["changed"])
				}
				if diff := cmp.Diff(before, moduletest.Tree(t, root)); diff != "" {
					t.Errorf("the host was changed (-before +after):\n%s", diff)
				}
			})
		}
	}
}
