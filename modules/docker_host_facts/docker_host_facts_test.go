// SPDX-License-Identifier: GPL-3.0-or-later

package docker_host_facts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/moduletest"
)

func TestMain(m *testing.M) { moduletest.Main(m, "docker_host_facts", Module) }

func TestScripts(t *testing.T) { moduletest.Scripts(t) }

// tree makes a host of files, each path with its content.
func tree(t *testing.T, files map[string]string) *host.Host {
	t.Helper()
	// Short, for the socket's path.
	root, err := os.MkdirTemp("", "facts")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return host.New(root)
}

// process has the files of a process below /proc.
func process(files map[string]string, pid int, name, cmdline string) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	files[dir+"comm"] = name + "\n"
	files[dir+"stat"] = fmt.Sprintf("%d (%s) S 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 11 0 248847 2000 30\n", pid, name)
	files[dir+"cmdline"] = strings.ReplaceAll(cmdline, " ", "\x00") + "\x00"
}

func daemonTree(t *testing.T) *host.Host {
	files := map[string]string{"/etc/docker/daemon.json": `{"hosts":["unix:///run/d.sock"]}`, "/run/keep": ""}
	process(files, 354, "dockerd", "/usr/sbin/dockerd")
	return tree(t, files)
}

// A running daemon is asked on the socket that it was told to use.
func TestDaemon(t *testing.T) {
	h := daemonTree(t)
	l, err := net.Listen("unix", h.Path("/run/d.sock"))
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]string{
		"/version":         `{"Version":"26.1.5","ApiVersion":"1.45","MinAPIVersion":"1.24","Components":[{"Name":"Engine","Version":"26.1.5"},{"Name":"runc","Version":"1.1.15"}]}`,
		"/info":            `{"ServerVersion":"26.1.5","Driver":"overlay2","DockerRootDir":"/var/lib/docker","DriverStatus":[["Backing Filesystem","xfs"],["Supports d_type","true"],["Native Overlay Diff","false"]],"LiveRestoreEnabled":true,"Runtimes":{"runc":{},"crun":{}}}`,
		"/containers/json": `[{"Id":"abc","Names":["/web"],"Image":"nginx","State":"running"}]`,
		"/networks":        `[{"Name":"bridge","Id":"def","Driver":"bridge","Scope":"local","IPAM":{"Config":[{"Subnet":"172.17.0.0/16"}]},"Options":{"com.docker.network.bridge.enable_icc":"false"}}]`,
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, answers[r.URL.Path]) })}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	facts, errs := gather(context.Background(), h, selected([]string{"daemon", "network"}), 10*time.Second)
	if len(errs) > 0 || facts["running"] != true || facts["api_error"] != nil {
		t.Fatalf("errors = %v, running = %v, api_error = %v; want a daemon that answers", errs, facts["running"], facts["api_error"])
	}
	want := map[string]any{"engine": "26.1.5", "api": "1.45", "api_min": "1.24", "components": map[string]string{"engine": "26.1.5", "runc": "1.1.15"}}
	if diff := cmp.Diff(want, facts["version"]); diff != "" {
		t.Errorf("version differs (-want +got):\n%s", diff)
	}
	info, _ := facts["info"].(map[string]any)
	if diff := cmp.Diff([]string{"crun", "runc"}, info["runtimes"]); diff != "" || info["live_restore"] != true {
		t.Errorf("info = %v; want live_restore and both runtimes", info)
	}
	storage, _ := facts["storage"].(map[string]any)
	if storage["driver"] != "overlay2" || storage["backing_filesystem"] != "xfs" || storage["d_type"] != true || storage["native_overlay_diff"] != false {
		t.Errorf("storage = %v; want overlay2 on xfs with d_type, without native diff", storage)
	}
	networks := []map[string]any{{"name": "bridge", "id": "def", "driver": "bridge", "scope": "local", "subnets": []string{"172.17.0.0/16"}, "icc": false}}
	if diff := cmp.Diff(networks, facts["networks"]); diff != "" {
		t.Errorf("networks differ (-want +got):\n%s", diff)
	}
}

// A daemon that hangs costs the timeout and no more, and the facts are there
// with nothing in them.
func TestDaemonHangs(t *testing.T) {
	h := daemonTree(t)
	l, err := net.Listen("unix", h.Path("/run/d.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	begin := time.Now()
	facts, errs := gather(context.Background(), h, selected([]string{"daemon", "network", "limits"}), 200*time.Millisecond)
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("gather() took %v with a limit of 200ms", took)
	}
	for _, name := range []string{"daemon", "network"} {
		if errs[name] == "" {
			t.Errorf("errors = %v; want one of %s", errs, name)
		}
	}
	if value, there := facts["info"]; !there || value != nil || facts["running"] != false || facts["limits"] == nil {
		t.Errorf("facts = %v; want info null, running false, and the limits", facts)
	}
}

// A daemon that is stopped is not asked: systemd's socket would start it.
func TestStoppedDaemonIsNotAsked(t *testing.T) {
	h := tree(t, map[string]string{"/var/run/keep": "", "/proc/1/comm": "systemd\n"})
	l, err := net.Listen("unix", h.Path(dockerapi.DefaultSocket))
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 8)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				close(asked)
				return
			}
			conn.Close()
			asked <- struct{}{}
		}
	}()
	facts, errs := gather(context.Background(), h, selected([]string{"daemon", "network"}), 5*time.Second)
	l.Close()
	if _, yes := <-asked; yes {
		t.Error("the socket of a stopped daemon was used")
	}
	if len(errs) > 0 || facts["api_error"] != "dockerd is not running" || facts["running"] != false {
		t.Errorf("facts = %v, errors = %v; want that dockerd is not running, and no errors", facts, errs)
	}
}

// A probe that does not come back, and one with a defect, cost only their own
// facts.
func TestGather(t *testing.T) {
	forever := make(chan struct{})
	defer close(forever)
	list := []probe{
		{"good", false, func(context.Context, *host.Host) (map[string]any, error) { return map[string]any{"a": 1}, nil }},
		{"half", false, func(context.Context, *host.Host) (map[string]any, error) {
			return map[string]any{"b": 2}, errors.New("cannot find c")
		}},
		{"defect", false, func(context.Context, *host.Host) (map[string]any, error) { panic("oops") }},
		{"late", false, func(context.Context, *host.Host) (map[string]any, error) { <-forever; return nil, nil }},
	}
	facts, errs := gather(context.Background(), host.New(t.TempDir()), list, 10*time.Millisecond)
	if diff := cmp.Diff(map[string]any{"a": 1, "b": 2}, facts); diff != "" {
		t.Errorf("facts differ (-want +got):\n%s", diff)
	}
	if errs["half"] != "cannot find c" || !strings.Contains(errs["defect"], "oops") || !strings.Contains(errs["late"], "longer than 10ms") || len(errs) != 3 {
		t.Errorf("errors = %v; want those of half, defect and late", errs)
	}
}

func TestSelected(t *testing.T) {
	names := func(gather ...string) string {
		var list []string
		for _, p := range selected(gather) {
			list = append(list, p.name)
		}
		return strings.Join(list, " ")
	}
	for gather, want := range map[string]string{
		"all": "system packages candidates daemon_json service daemon network processes firewall audit limits",
		"min": "system packages daemon_json limits", "daemon": "daemon", "min audit": "system packages daemon_json audit limits", "": "",
	} {
		if got := names(strings.Fields(gather)...); got != want {
			t.Errorf("selected(%q) = %q; want %q", gather, got, want)
		}
	}
}

// The choices of the option are the probes.
func TestChoices(t *testing.T) {
	spec, err := Module.Spec()
	if err != nil {
		t.Fatal(err)
	}
	want := []any{"all", "min"}
	for _, p := range probes() {
		want = append(want, p.name)
	}
	if diff := cmp.Diff(want, spec.Options["gather"].Choices); diff != "" {
		t.Errorf("choices differ (-want +got):\n%s", diff)
	}
}

func TestAddresses(t *testing.T) {
	// Interface 1 is lo in every network namespace, with its address if it is up.
	for _, a := range addresses(1) {
		if a == "127.0.0.1/8" {
			return
		}
	}
	t.Skip("lo is down here")
}

func TestAlive(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{"run/here": "7\n", "run/gone": "8\n", "run/empty": "", "run/text": "self", "proc/7/comm": "x", "proc/self": "x"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	h := host.New(root)
	for name, want := range map[string]bool{"here": true, "gone": false, "empty": false, "text": false, "missing": false} {
		if got := alive(h, "/run/"+name); got != want {
			t.Errorf("alive(%s) = %v; want %v", name, got, want)
		}
	}
}
