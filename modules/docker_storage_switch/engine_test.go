// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"hardened.docker/modules/internal/imagearchive"
	"hardened.docker/modules/internal/moduletest"
)

// world is a host with an engine whose daemon answers while systemd, a script,
// says that it runs, with the driver that daemon.json says.
type world struct {
	t    *testing.T
	root string
	bin  string

	mu                  sync.Mutex
	images              map[string]map[string][]string // driver, ID, tags
	running             bool                           // the container web, of overlay2
	requests            int
	strikes             int    // the request that ends the module; 0: none
	strike              func() // ends it
	needs               int    // not 0: there is a container app, too, which does not start before web
	wrote               int64  // by the container web
	hook                func(string)
	dataRoot            string
	autoRemove, removed bool
	fails               string // a path whose requests fail
}

// The image of the world, as an archive has it.
const layer = "layer"

func imageConfig() string {
	return fmt.Sprintf(`{"rootfs":{"diff_ids":["sha256:%s"]}}`, digest(layer))
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "switch") // the names of sockets are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w := &world{t: t, root: filepath.Join(dir, "r"), bin: filepath.Join(dir, "bin"), running: true, dataRoot: "/var/lib/docker"}
	id := "sha256:" + digest(imageConfig())
	w.images = map[string]map[string][]string{"overlay2": {id: {"app:1", "app:2"}}}
	for name, content := range map[string]string{
		"r/etc/docker/daemon.json":                          "{\n  \"debug\": true\n}\n",
		"r/usr/lib/systemd/system/docker.service":           "[Service]\nExecStart=/usr/sbin/dockerd -H fd://\n",
		"r/proc/self/mountinfo":                             "22 1 254:0 / / rw - ext4 /dev/vda rw\n",
		"r/proc/77/stat":                                    "77 (dockerd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0\n",
		"r/proc/77/cmdline":                                 "dockerd\x00",
		"r/run/active":                                      "",
		"r/var/lib/docker/volumes/data/_data/file":          "content",
		"r/var/lib/docker/volumes/metadata.db":              "db",
		"r/var/lib/docker/overlay2/l/x":                     "",
		"r/var/lib/docker/image/overlay2/repositories.json": `{"Repositories":{"app":{"app:1":"` + id + `"}}}`,
		"r/var/lib/docker/containers/cafe/config.v2.json":   `{"Name":"/web","Driver":"overlay2"}`,
		"r/var/run/x":                                       "",
		"bin/dockerd":                                       "#!/bin/sh\necho Docker version 26.1.5, build x\n",
		"bin/journalctl":                                    "#!/bin/sh\necho 'failed to start daemon: error initializing graphdriver: no such thing'\n",
		"bin/systemctl": `#!/bin/sh
echo x >>"$ROOT/calls"
if test "$(wc -l <"$ROOT/calls")" = "$STRIKE"; then kill -9 $PPID; fi
case "$*" in
*show*)
	active=inactive pid=0
	if test -e "$ROOT/run/active"; then active=active pid=77; fi
	printf 'Id=docker.service\nLoadState=loaded\nActiveState=%s\nMainPID=%s\n\nId=docker.socket\nLoadState=not-found\nActiveState=inactive\nMainPID=0\n' $active $pid ;;
*" stop "*) rm -f "$ROOT/run/active" ;;
*" start "*) if grep -q bad "$ROOT/etc/docker/daemon.json"; then exit 1; fi; touch "$ROOT/run/active" ;;
esac
`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	moduletest.StartAPI(t, w.root, w)
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.root, name) }

func (w *world) read(name string) string {
	text, err := os.ReadFile(w.path(name))
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return string(text)
}

func (w *world) exists(name string) bool {
	_, err := os.Lstat(w.path(name))
	return err == nil
}

// driver is what a daemon that reads daemon.json now uses.
func (w *world) driver() string {
	var doc map[string]any
	_ = json.Unmarshal([]byte(w.read("etc/docker/daemon.json")), &doc)
	if name, ok := doc["storage-driver"].(string); ok {
		return name
	}
	return "overlay2"
}

func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if !w.exists("run/active") {
		panic(http.ErrAbortHandler) // nobody is there
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	if w.hook != nil {
		w.hook(r.URL.Path)
	}
	if w.requests == w.strikes {
		w.strike()
		panic(http.ErrAbortHandler)
	}
	if w.fails != "" && strings.HasPrefix(r.URL.Path, w.fails) {
		http.Error(out, `{"message": "no space left on device"}`, http.StatusInternalServerError)
		return
	}
	answer, code := w.answer(r)
	if code != 0 {
		out.WriteHeader(code)
	}
	_, _ = out.Write(answer)
}

func (w *world) answer(r *http.Request) (answer []byte, code int) {
	driver := w.driver()
	own := driver == "overlay2" && !w.removed // the containers are of this driver
	list := func(value any) []byte { text, _ := json.Marshal(value); return text }
	switch path := r.URL.Path; {
	case path == "/_ping":
		return []byte("OK"), 0
	case path == "/info":
		return list(map[string]any{"Driver": driver, "DockerRootDir": w.dataRoot, "ServerVersion": "26.1.5"}), 0
	case path == "/images/json":
		images := []map[string]any{}
		for id, tags := range w.images[driver] {
			images = append(images, map[string]any{"Id": id, "RepoTags": tags, "Size": 1000})
		}
		return list(images), 0
	case path == "/system/df":
		return list(map[string]any{"LayersSize": 1000, "Containers": []any{map[string]any{"SizeRw": w.wrote}}}), 0
	case path == "/volumes":
		return list(map[string]any{"Volumes": []any{map[string]any{"Name": "data"}}}), 0
	case path == "/containers/json":
		containers := []map[string]any{}
		if own && (w.running || r.URL.Query().Get("all") == "1") {
			state := map[bool]string{true: "running", false: "exited"}[w.running]
			containers = append(containers, map[string]any{"Id": "cafe", "Names": []string{"/web"}, "State": state})
			if w.needs > 0 {
				containers = append(containers, map[string]any{"Id": "beef", "Names": []string{"/app"}, "State": state})
			}
		}
		return list(containers), 0
	case path == "/containers/cafe/changes":
		return list([]any{map[string]any{"Path": "/x"}}), 0
	case path == "/containers/cafe/json":
		return list(map[string]any{"State": map[string]any{"FinishedAt": "2026-11-28T00:00:00Z"}, "HostConfig": map[string]any{"AutoRemove": w.autoRemove}}), 0
	case path == "/containers/cafe/stop":
		w.running = false
		if w.autoRemove {
			w.removed = true
		}
		return nil, http.StatusNoContent
	case strings.HasPrefix(path, "/containers/beef/"):
		return w.answer(&http.Request{URL: &url.URL{Path: strings.Replace(path, "beef", "cafe", 1)}})
	case path == "/containers/app/start" && !w.running:
		return list(map[string]any{"message": "cannot join network of a non running container: web"}), http.StatusConflict
	case path == "/containers/app/start":
		return nil, http.StatusNoContent
	case path == "/containers/web/start":
		w.running = true
		return nil, http.StatusNoContent
	case path == "/images/get":
		return w.save(r.URL.Query()["names"]), 0
	case path == "/images/load":
		images, err := imagearchive.Read(r.Body)
		if err != nil {
			return list(map[string]any{"error": err.Error()}), 0
		}
		for _, i := range images {
			if w.images[driver] == nil {
				w.images[driver] = map[string][]string{}
			}
			w.images[driver][i.ID] = i.Tags
		}
		return list(map[string]any{"stream": "Loaded"}), 0
	}
	return list(map[string]any{"message": "no such page: " + r.URL.Path}), http.StatusNotFound
}

// save makes the archive of the world's one image.
func (w *world) save(names []string) []byte {
	id := digest(imageConfig())
	var tags []string
	for _, name := range names {
		if !strings.HasPrefix(name, "sha256:") {
			tags = append(tags, name)
		}
	}
	slices.Sort(tags)
	manifest, _ := json.Marshal([]any{map[string]any{"Config": id + ".json", "RepoTags": tags, "Layers": []string{"x/layer.tar"}}})
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	for _, f := range [][2]string{{"x/layer.tar", layer}, {id + ".json", imageConfig()}, {"manifest.json", string(manifest)}} {
		if err := archive.WriteHeader(&tar.Header{Name: f[0], Mode: 0o644, Size: int64(len(f[1]))}); err != nil {
			w.t.Error(err)
		}
		_, _ = io.WriteString(archive, f[1])
	}
	if err := archive.Close(); err != nil {
		w.t.Error(err)
	}
	return out.Bytes()
}
