// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repair

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hardened.docker/modules/internal/moduletest"
)

// world is a host with an engine: systemd is a script, which starts and stops the
// daemon (a process below proc and run/pid) and, without run/live, containers with
// it (run/c/NAME for each that runs). The daemon answers while it runs.
type world struct {
	t    *testing.T
	root string

	mu    sync.Mutex
	asked []string
	fails string // a request that fails
	gone  string // a container that the daemon forgets when it ends
}

const systemctl = `#!/bin/sh
cd "$ROOT/run" || exit 1
echo "$*" >>calls
start() {
	test -e fail && return 1
	test -e pid && return
	last=$(($(cat last) + 1))
	echo $last >last
	mkdir -p ../proc/$last
	echo "$last (dockerd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0" >../proc/$last/stat
	echo dockerd >../proc/$last/comm
	printf 'dockerd\000' >../proc/$last/cmdline
	echo $last >pid
	cp ../etc/docker/daemon.json started.$last 2>/dev/null || true
}
stop() {
	test -e pid && rm -rf ../proc/$(cat pid) pid
	test -e live || rm -f c/*
}
case "$*" in
*show*)
	for unit; do
		active=inactive pid=0
		test -e fail && active=failed
		test -e pid && active=active pid=$(cat pid)
		case $unit in
		docker.service) printf 'Id=%s\nLoadState=loaded\nActiveState=%s\nMainPID=%s\nResult=%s\n\n' $unit $active $pid $(cat result) ;;
		docker.socket) printf 'Id=%s\nLoadState=%s\nActiveState=inactive\nMainPID=0\n\n' $unit $(cat socket) ;;
		*.service) printf 'Id=%s\nLoadState=loaded\nActiveState=active\n\n' $unit ;;
		esac
	done ;;
*stop*docker.socket*)
	if test $(cat socket) = not-found; then echo 'Failed to stop docker.socket: Unit docker.socket not loaded.' >&2; exit 5; fi ;;
*stop*docker.service*) stop; test -e strike && . ./strike ;;
*restart*docker.service*) stop; start ;;
*start*docker.service*) test -e signal && . ./signal; start ;;
esac
exit 0
`

func newWorld(t *testing.T, files map[string]string) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "repair") // the names of sockets are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w := &world{t: t, root: filepath.Join(dir, "r")}
	for name, content := range map[string]string{
		"../bin/systemctl":                      systemctl,
		"../bin/journalctl":                     "#!/bin/sh\n",
		"../bin/dockerd":                        "#!/bin/sh\necho Docker version 26.1.5, build x\n",
		"../bin/ip":                             "#!/bin/sh\ncat \"$ROOT/run/links\"\n",
		"run/links":                             "[]",
		"run/last":                              "77\n",
		"run/socket":                            "loaded\n",
		"run/result":                            "success\n",
		"run/c/web":                             "",
		"etc/docker/daemon.json":                "{\n  \"debug\": true\n}\n",
		"proc/self/mountinfo":                   "22 1 254:0 / / rw - ext4 /dev/vda rw\n",
		"usr/lib/systemd/system/docker.service": "[Service]\nExecStart=/usr/sbin/dockerd -H fd://\n",
		"var/lib/docker/containers/cafe/config.v2.json":  `{"Name":"/web"}`,
		"var/lib/docker/containers/cafe/hostconfig.json": `{}`,
		"var/run/x": "",
	} {
		w.write(name, content)
	}
	for name, content := range files {
		w.write(name, content)
	}
	moduletest.StartAPI(t, w.root, w)
	t.Setenv("ROOT", w.root)
	t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	return w
}

func (w *world) write(name, content string) {
	w.t.Helper()
	name = filepath.Join(w.root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o755); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) remove(name string) {
	if err := os.RemoveAll(filepath.Join(w.root, name)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(name string) string {
	text, err := os.ReadFile(filepath.Join(w.root, name))
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return string(text)
}

func (w *world) exists(name string) bool {
	_, err := os.Lstat(filepath.Join(w.root, name))
	return err == nil
}

// up makes the daemon run.
func (w *world) up() {
	w.write("proc/77/stat", "77 (dockerd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0\n")
	w.write("proc/77/comm", "dockerd\n")
	w.write("proc/77/cmdline", "dockerd\x00")
	w.write("run/pid", "77\n")
}

// shim makes a container's shim run.
func (w *world) shim(id string) {
	w.write("proc/500/stat", "500 (containerd-shim) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0\n")
	w.write("proc/500/comm", "containerd-shim\n")
	w.write("proc/500/cmdline", "containerd-shim-runc-v2\x00-namespace\x00moby\x00-id\x00"+id+"\x00-address\x00")
}

func (w *world) run(args string) map[string]any {
	w.t.Helper()
	return moduletest.Run(w.t, Module, w.root, args)
}

// command is the module as a process of its own, with the arguments of the file args.
func (w *world) command() *exec.Cmd {
	c := exec.Command(os.Args[0], "docker_repair", filepath.Join(w.root, "args"))
	c.Env = append(os.Environ(), "WORLD=module")
	return c
}

// says fails the test unless a result's message has the texts in it.
func (w *world) says(result map[string]any, texts ...string) {
	w.t.Helper()
	message := fmt.Sprint(result["msg"])
	for _, text := range texts {
		if !strings.Contains(message, text) {
			w.t.Errorf("the module says %q; want %q in it", message, text)
		}
	}
}

// works fails the test unless dockerd and the container web run, and nothing is
// left for another run.
func (w *world) works() {
	w.t.Helper()
	for _, name := range []string{"run/pid", "run/c/web"} {
		if !w.exists(name) {
			w.t.Errorf("%s is not there; want dockerd and its container to run\nsystemctl was called:\n%s", name, w.read("run/calls"))
		}
	}
	if w.exists("var/lib/docker/hardened.docker-aside/unfinished.json") {
		w.t.Error("the note for the next run stays")
	}
}

func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.exists("run/pid") {
		panic(http.ErrAbortHandler) // nobody is there
	}
	if r.Method == "POST" {
		w.asked = append(w.asked, r.URL.Path)
	}
	running := w.exists("run/c/web")
	answer := func(value any) { _ = json.NewEncoder(out).Encode(value) }
	switch path := r.URL.Path; {
	case path == w.fails:
		http.Error(out, `{"message": "it cannot"}`, http.StatusInternalServerError)
	case path == "/_ping":
		fmt.Fprint(out, "OK")
	case path == "/info":
		answer(map[string]any{"LiveRestoreEnabled": w.exists("run/live"), "ServerVersion": "26.1.5", "DockerRootDir": "/var/lib/docker"})
	case path == "/networks":
		options := map[string]any{"com.docker.network.bridge.name": "docker0"}
		if w.exists("run/forward") {
			options["com.docker.network.bridge.enable_icc"] = "false"
		}
		answer([]any{map[string]any{"Name": "bridge", "Driver": "bridge", "Scope": "local", "Options": options,
			"IPAM": map[string]any{"Config": []any{map[string]any{"Subnet": "172.17.0.0/16"}}}}})
	case path == "/containers/json" && (w.gone != "web" || running):
		answer([]any{map[string]any{"Id": "cafe", "Names": []string{"/web"}, "State": map[bool]string{true: "running", false: "exited"}[running]}})
	case path == "/containers/json":
		answer([]any{})
	case path == "/containers/web/stop":
		w.remove("run/c/web")
	case path == "/containers/cafe/start":
		w.write("run/c/web", "")
	case path == "/containers/cafe/json":
		answer(map[string]any{"HostConfig": map[string]any{}})
	case path == "/containers/cafe/update":
		w.write("var/lib/docker/containers/cafe/hostconfig.json", "{}")
	default:
		http.NotFound(out, r)
	}
}
