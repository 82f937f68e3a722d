// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/moduletest"
)

// TestHostileDaemon has every module that asks the daemon ask one that hangs,
// answers nonsense or lies. Each comes to an end in time, with one result whose
// error is one of ours, and the host is as it was: in check mode, because the
// commands that modules run here are this machine's own.
func TestHostileDaemon(t *testing.T) {
	arguments := map[string]string{
		"docker_daemon_json": `{"settings": {"icc": false, "data-root": "/srv/docker"}}`, "docker_data_root": `{"path": "/srv/docker", "state": "present", "move_from": "/var/lib/docker"}`,
		"docker_doctor": `{}`, "docker_files": `{}`, "docker_host_facts": `{}`, "docker_isolation": `{"state": "enforced"}`,
		"docker_prune": `{"older_than": "7d"}`, "docker_repair": `{"findings": ["residual_veths", "stale_bridge_address"]}`, "docker_service": `{"state": "converged"}`,
		"docker_storage": `{"driver": "overlay2"}`, "docker_unit": `{"flags": ["icc"]}`, "firewalld_docker_order": `{}`, "overlay_redirect_dir": `{}`,
	}
	for name, answer := range hostileDaemons() {
		root, server := hostile(t, answer)
		before := moduletest.Tree(t, root)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if diff := cmp.Diff(before, moduletest.Tree(t, root)); diff != "" {
					t.Errorf("a module changed the host:\n%s", diff)
				}
				_ = server.Close()
			})
			for _, entry := range modules() {
				args, asks := arguments[entry.Name]
				if !asks || name == "hangs" && entry.Name == "docker_prune" {
					continue // it gives a busy daemon two minutes
				}
				t.Run(entry.Name, func(t *testing.T) {
					t.Parallel()
					began := time.Now()
					result := moduletest.Run(t, entry.Module, root, strings.TrimSuffix(args, "}")+map[bool]string{true: "", false: ", "}[args == "{}"]+`"_ansible_check_mode": true}`)
					if took := time.Since(began); took > 3*time.Minute {
						t.Errorf("it took %v", took)
					}
					ourError(t, result)
				})
			}
		})
	}
}

// hostileDaemons are daemons that hang, answer nonsense or lie.
func hostileDaemons() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"hangs":  func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"no API": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"wrong types": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"Containers": "many", "Driver": 7}`))
		},
		"nothing": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("null")) },
		"refuses": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"message": "no\u0000\u001b[2J"}`, http.StatusInternalServerError)
		},
		"endless": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte(strings.Repeat(" ", 1<<16))); err != nil {
					return
				}
			}
		},
		"lies": func(w http.ResponseWriter, r *http.Request) {
			answer := `{"ServerVersion": "999.-1", "DockerRootDir": "/etc", "Driver": "../../etc", "LiveRestoreEnabled": true, "Containers": -5}`
			if strings.Contains(r.URL.Path, "json") || strings.HasSuffix(r.URL.Path, "networks") || strings.HasSuffix(r.URL.Path, "volumes") {
				answer = `[{"Id": "../../etc/passwd", "Names": ["/$(id)\n"], "Name": "bridge", "State": "exited", "Created": -1, "Options": {"com.docker.network.bridge.name": "../x"}}]`
			}
			_, _ = w.Write([]byte(answer))
		},
	}
}

// hostile makes a host with such a daemon behind its socket.
func hostile(t *testing.T, answer http.HandlerFunc) (root string, server *http.Server) {
	t.Helper()
	root = t.TempDir()
	for path, text := range map[string]string{
		"etc/docker/daemon.json": "{\"debug\": true}\n", "var/lib/docker/containers/x/config.v2.json": "{}", "proc/77/comm": "dockerd\n", "proc/77/cmdline": "dockerd\x00",
		"proc/77/stat": "77 (dockerd) S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 42 0 0", "etc/os-release": "ID=debian\nVERSION_ID=12\n",
		"usr/lib/systemd/system/docker.service": "[Service]\nExecStart=/usr/sbin/dockerd\n",
		"run/hardened.docker/dockerd.json":      `{"format": 1, "pid": 77, "ticks": 42, "config_file": "/etc/docker/daemon.json", "config": "{\"debug\": false}\n"}`,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "var/run"), 0o755); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(root, "var/run/docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	server = &http.Server{Handler: answer}
	go func() { _ = server.Serve(listener) }()
	return root, server
}

// TestHostileDaemonActs lets those act that change something through the daemon
// or by what it says. Whatever it answers, no file changes but those that the
// task is about, a data-root that has containers is not left, and no name of the
// daemon's goes into a request as a path. systemd says that dockerd runs, starts
// nothing and succeeds; the other commands of this machine are out of reach.
func TestHostileDaemonActs(t *testing.T) {
	bin := t.TempDir()
	refused := "#!/bin/sh\necho \"$0: refused\" >&2\nexit 1\n"
	for name, script := range map[string]string{
		"systemctl": hostileSystemd, "journalctl": refused, "ip": refused, "iptables": refused, "nft": refused, "firewall-cmd": refused, "modprobe": refused,
		"iptables-save": "#!/bin/sh\nprintf '*filter\\n:FORWARD ACCEPT [0:0]\\n:DOCKER-USER - [0:0]\\n-A FORWARD -j DOCKER-USER\\nCOMMIT\\n'\n", "dockerd": "#!/bin/sh\n",
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	const configured = `^etc/docker/daemon\.json(\..*~)?$|^run/hardened\.docker/dockerd\.json$`
	tests := []struct {
		module, arguments string
		writes            string // what it may write, as a pattern
		refuses           bool
		waits             bool // the one of its kind for a daemon that hangs
	}{
		{module: "docker_prune", arguments: `{"older_than": "1m", "created": true, "volumes": true}`},
		{module: "docker_repair", arguments: `{"findings": ["residual_veths", "stale_bridge_address", "container_id_exists", "missing_chains"]}`},
		{module: "docker_doctor", arguments: `{}`},
		{module: "docker_host_facts", arguments: `{}`},
		{module: "docker_service", arguments: `{"state": "converged", "wait": 1}`, writes: configured, waits: true},
		{module: "docker_service", arguments: `{"state": "reloaded", "wait": 1}`, writes: configured},
		{module: "docker_service", arguments: `{"state": "restarted", "wait": 1}`, writes: configured},
		{module: "docker_isolation", arguments: `{"state": "enforced"}`, writes: `^etc/(hardened\.docker|systemd)(/|$)`, waits: true},
		{module: "docker_daemon_json", arguments: `{"settings": {"icc": false}}`, writes: configured, waits: true},
		{module: "docker_daemon_json", arguments: `{"settings": {"data-root": "/srv/docker"}}`, refuses: true, waits: true},
	}
	table := modules()
	for name, answer := range hostileDaemons() {
		for _, test := range tests {
			if name == "hangs" && !test.waits {
				continue // in check mode above, as the deadlines are the same
			}
			module := table[slices.IndexFunc(table, func(e ansible.Entry) bool { return e.Name == test.module })].Module
			t.Run(name+" "+test.module+" "+test.arguments, func(t *testing.T) {
				t.Parallel()
				var asked []string
				var lock sync.Mutex
				root, server := hostile(t, func(w http.ResponseWriter, r *http.Request) {
					lock.Lock()
					asked = append(asked, r.Method+" "+r.RequestURI)
					lock.Unlock()
					answer(w, r)
				})
				before := moduletest.Tree(t, root)
				result := moduletest.Run(t, module, root, test.arguments)
				unharmed(t, before, moduletest.Tree(t, root), test.writes)
				_ = server.Close()
				ourError(t, result)
				if test.refuses && (result["failed"] != true || result["changed"] == true) {
					t.Errorf("it was to refuse: %v", result)
				}
				lock.Lock()
				defer lock.Unlock()
				if len(asked) == 0 && test.module != "docker_daemon_json" { // which trusts the disk more
					t.Error("it did not ask the daemon")
				}
				for _, request := range asked {
					if strings.Contains(request, "..") || strings.ContainsAny(request, "$()\n") {
						t.Errorf("it asked %q", request)
					}
				}
			})
		}
	}
}

// hostileSystemd knows a docker.service that runs as process 77, and obeys in
// words only.
const hostileSystemd = `#!/bin/sh
case "$*" in *show*) ;; *) exit 0 ;; esac
for unit in $(printf '%s\n' "$*" | sed 's/.* -- //'); do
	state=not-found pid=0 active=inactive
	case $unit in docker.service) state=loaded pid=77 active=active ;; esac
	printf 'Id=%s\nLoadState=%s\nActiveState=%s\nMainPID=%s\nUnitFileState=enabled\nJob=\n\n' "$unit" "$state" "$active" "$pid"
done
`

// unharmed fails a test whose module wrote something else than it may, or left
// no copy of a configuration that it replaced.
func unharmed(t *testing.T, before, after map[string]string, writes string) {
	t.Helper()
	may := func(path string) bool { return writes != "" && regexp.MustCompile(writes).MatchString(path) }
	for path, content := range after {
		if content != before[path] && !may(path) {
			t.Errorf("it wrote %s: %q, which was %q", path, content, before[path])
		}
	}
	for path, content := range before {
		kept := func(name string) bool { return strings.HasPrefix(name, path+".") && after[name] == content }
		if now := after[path]; now != content && (now == "" || strings.HasSuffix(path, "/daemon.json") && !slices.ContainsFunc(slices.Collect(maps.Keys(after)), kept)) {
			t.Errorf("%s is lost: it was %q and is %q", path, content, now)
		}
	}
}

// ourError fails a test whose module failed with an error that is not one of ours.
func ourError(t *testing.T, result map[string]any) {
	t.Helper()
	msg, _ := result["msg"].(string)
	if result["failed"] == true && !regexp.MustCompile(`^(cannot|invalid|unknown|missing) `).MatchString(msg) {
		t.Errorf("it fails with %q", msg)
	}
}
