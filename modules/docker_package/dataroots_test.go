// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
)

// tree makes a host with files, whose names may end with "/" for directories.
func tree(t *testing.T, files map[string]string) *host.Host {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(path, 0o755)
		} else if err == nil {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return host.New(root)
}

// What others have in a data-root that is not Docker's alone stays, whatever
// it is called.
func TestOwnEntries(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	h := tree(t, map[string]string{
		"srv/opt/vendor/x":                          "",
		"srv/tmp/upload":                            "",
		"srv/image/photo.jpg":                       "",
		"srv/network/map":                           "",
		"srv/containers/quay/x":                     "",
		"srv/volumes/disk1":                         "",
		"srv/www/x":                                 "",
		"srv/overlay2/l/x":                          "",
		"srv/100000.100000/x":                       "",
		"srv/lost+found/":                           "",
		"data/opt/":                                 "",
		"data/tmp/docker-builder1/x":                "",
		"data/image/overlay2/imagedb/x":             "",
		"data/network/files/local-kv.db":            "",
		"data/containers/" + id + "/config.v2.json": "",
		"data/volumes/metadata.db":                  "",
		"data/plugins/storage/x":                    "",
		"data/swarm/":                               "",
		"data/engine-id":                            "",
		"data/image2":                               "",
		"var/lib/docker/opt/x":                      "",
		"var/lib/docker/tmp/x":                      "",
		"var/lib/docker/mine":                       "",
	})
	tests := []struct {
		dir            string
		own, strangers []string
	}{
		{"/srv", []string{"100000.100000", "overlay2"}, []string{"containers", "image", "network", "opt", "tmp", "volumes", "www"}},
		{"/data", []string{"containers", "engine-id", "image", "network", "opt", "plugins", "swarm", "tmp", "volumes"}, []string{"image2"}},
		{"/var/lib/docker", []string{"opt", "tmp"}, []string{"mine"}},
	}
	for _, test := range tests {
		own, strangers, err := ownEntries(h, test.dir)
		if diff := cmp.Diff([][]string{test.own, test.strangers}, [][]string{own, strangers}); diff != "" || err != nil {
			t.Errorf("ownEntries(%s): %v (-want +got)\n%s", test.dir, err, diff)
		}
	}
}

func TestDataRoots(t *testing.T) {
	const unit = "usr/lib/systemd/system/docker.service"
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"default", nil, []string{"/var/lib/docker"}},
		{"file", map[string]string{"etc/docker/daemon.json": `{"data-root": "/data/"}`}, []string{"/data"}},
		{"old name", map[string]string{"etc/docker/daemon.json": `{"graph": "/data"}`}, []string{"/data"}},
		{"flag", map[string]string{unit: "[Service]\nExecStart=/usr/bin/dockerd --data-root=/mnt/d -H fd://\n"}, []string{"/mnt/d"}},
		{"old flag in an environment file", map[string]string{unit: "[Service]\nEnvironmentFile=-/etc/sysconfig/docker\nExecStart=/usr/bin/dockerd $OPTIONS\n", "etc/sysconfig/docker": "OPTIONS='-g /mnt/g'\n"}, []string{"/mnt/g"}},
		{"other file", map[string]string{unit: "[Service]\nExecStart=/usr/bin/dockerd --config-file /etc/d.json\n", "etc/d.json": `{"data-root": "/x"}`}, []string{"/x"}},
		{"running elsewhere", map[string]string{"proc/77/comm": "dockerd\n", "proc/77/cmdline": "dockerd\x00--data-root\x00/run/d\x00", "proc/77/stat": "77 (dockerd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0"}, []string{"/run/d", "/var/lib/docker"}},
	}
	for _, test := range tests {
		got, warn := dataRoots(tree(t, test.files))
		if diff := cmp.Diff(test.want, got); diff != "" || len(warn) > 0 {
			t.Errorf("%s: %v (-want +got)\n%s", test.name, warn, diff)
		}
	}
	h := tree(t, map[string]string{"etc/docker/daemon.json": "{"})
	if got, warn := dataRoots(h); len(got) != 1 || len(warn) != 1 || !strings.Contains(warn[0], "/etc/docker/daemon.json") {
		t.Errorf("dataRoots with a broken file = %v, %v; want the default and a warning", got, warn)
	}
}

func TestForeignEngine(t *testing.T) {
	files := func(program string) map[string]string {
		return map[string]string{"proc/77/comm": "dockerd\n", "proc/77/cmdline": program + "\x00-H\x00fd://\x00", "proc/77/stat": "77 (dockerd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0"}
	}
	tests := []struct {
		program string
		removed []string
		want    bool
	}{
		{"/usr/bin/dockerd", []string{"docker-ce"}, false},
		{"/usr/sbin/dockerd", []string{"docker.io"}, false},
		{"/usr/local/bin/dockerd", []string{"docker-ce"}, true},
		{"/usr/bin/dockerd", nil, true},
	}
	for _, test := range tests {
		if got := foreignEngine(tree(t, files(test.program)), test.removed); (got != nil) != test.want {
			t.Errorf("foreignEngine(%s, %v) = %v; want one: %v", test.program, test.removed, got, test.want)
		}
	}
}
