// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	ours := regexp.MustCompile(`^(cannot|invalid|unknown|missing) `)
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
					if msg, _ := result["msg"].(string); result["failed"] == true && !ours.MatchString(msg) {
						t.Errorf("it fails with %q", msg)
					}
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
// or by what it says. Whatever it answers, no file changes and no name of its goes
// into a request as a path. The commands of this machine are out of reach.
func TestHostileDaemonActs(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{"systemctl", "journalctl", "ip", "iptables", "nft", "dockerd", "firewall-cmd"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\necho \"$0: refused\" >&2\nexit 1\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	arguments := map[string]string{
		"docker_prune":  `{"older_than": "1m", "created": true, "volumes": true}`,
		"docker_repair": `{"findings": ["residual_veths", "stale_bridge_address", "container_id_exists", "missing_chains"]}`, "docker_doctor": `{}`, "docker_host_facts": `{}`,
	}
	ours := regexp.MustCompile(`^(cannot|invalid|unknown|missing) `)
	for name, answer := range hostileDaemons() {
		if name == "hangs" {
			continue // in check mode above, as the deadlines are the same
		}
		for _, entry := range modules() {
			args, acts := arguments[entry.Name]
			if !acts {
				continue
			}
			t.Run(name+" "+entry.Name, func(t *testing.T) {
				var asked []string
				var lock sync.Mutex
				root, server := hostile(t, func(w http.ResponseWriter, r *http.Request) {
					lock.Lock()
					asked = append(asked, r.Method+" "+r.RequestURI)
					lock.Unlock()
					answer(w, r)
				})
				before := moduletest.Tree(t, root)
				result := moduletest.Run(t, entry.Module, root, args)
				if diff := cmp.Diff(before, moduletest.Tree(t, root)); diff != "" {
					t.Errorf("it changed the host:\n%s", diff)
				}
				_ = server.Close()
				if msg, _ := result["msg"].(string); result["failed"] == true && !ours.MatchString(msg) || strings.HasPrefix(msg, "unknown") {
					t.Errorf("it fails with %q", msg)
				}
				if len(asked) == 0 {
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
