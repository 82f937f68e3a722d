// SPDX-License-Identifier: GPL-3.0-or-later

package docker_prune

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/moduletest"
	"hardened.docker/modules/internal/mutate"
)

// engine answers as a daemon does, on the socket below root.
type engine struct {
	mu         sync.Mutex
	containers []map[string]any
	finished   map[string]time.Time
	deletes    []string
	busy       string // a container that is being removed by somebody else
}

func (e *engine) serve(t *testing.T) (root string) {
	t.Helper()
	// A socket's path is short.
	root, err := os.MkdirTemp("", "prune")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	if err := os.MkdirAll(filepath.Join(root, "var/run"), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(root, "var/run/docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"comm": "dockerd\n", "cmdline": "dockerd\x00", "stat": "77 (dockerd) S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 42 0 0\n"} {
		name = filepath.Join(root, "proc/77", name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	server := &http.Server{Handler: e}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return root
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	id := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/containers/"), "/json")
	switch {
	case r.Method == "DELETE":
		e.deletes = append(e.deletes, r.URL.RequestURI())
		if id == e.busy {
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"message":"removal of container is already in progress"}`)
			return
		}
		e.containers = slices.DeleteFunc(e.containers, func(c map[string]any) bool { return c["Id"] == id })
		w.WriteHeader(http.StatusNoContent)
	case r.URL.Path == "/containers/json":
		_ = json.NewEncoder(w).Encode(e.containers)
	case !e.finished[id].IsZero():
		fmt.Fprintf(w, `{"State":{"FinishedAt":%q}}`, e.finished[id].UTC().Format("2006-01-02T15:04:05.000000000Z"))
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"message":"No such container"}`)
	}
}

func (e *engine) add(id, state string, made, ended time.Duration, labels map[string]string) {
	e.containers = append(e.containers, map[string]any{"Id": id, "Names": []string{"/" + id}, "Image": "i", "State": state, "Created": time.Now().Add(-made).Unix(), "Labels": labels})
	if e.finished == nil {
		e.finished = make(map[string]time.Time)
	}
	if ended > 0 {
		e.finished[id] = time.Now().Add(-ended)
	}
}

func names(t *testing.T, result map[string]any) []string {
	t.Helper()
	list := []string{}
	removed, _ := result["removed"].([]any)
	for _, one := range removed {
		list = append(list, one.(map[string]any)["name"].(string))
	}
	return list
}

func TestPrune(t *testing.T) {
	const day = 24 * time.Hour
	fill := func() *engine {
		e := &engine{}
		e.add("runs", "running", 9*day, 0, nil)
		e.add("paused", "paused", 9*day, 0, nil)
		e.add("old", "exited", 9*day, 8*day, nil)
		e.add("dead", "dead", 9*day, 8*day, nil)
		e.add("late", "exited", 9*day, time.Hour, nil)
		e.add("young", "exited", time.Hour, time.Minute, nil)
		e.add("labelled", "exited", 9*day, 8*day, map[string]string{"keep": "x"})
		e.add("valued", "exited", 9*day, 8*day, map[string]string{"role": "batch"})
		e.add("other", "exited", 9*day, 8*day, map[string]string{"role": "web"})
		e.add("created", "created", 9*day, 0, nil)
		return e
	}
	tests := []struct {
		args string
		want []string
		kept float64
	}{
		{`{}`, []string{"old", "dead", "labelled", "valued", "other"}, 2},
		{`{"older_than": "30m"}`, []string{"old", "dead", "late", "labelled", "valued", "other"}, 1},
		{`{"older_than": 0, "created": true}`, []string{"old", "dead", "late", "young", "labelled", "valued", "other", "created"}, 0},
		{`{"older_than": "7d", "keep_labels": ["keep", "role=batch"]}`, []string{"old", "dead", "other"}, 4},
		{`{"older_than": "2w"}`, []string{}, 7},
		{`{"older_than": "1w", "created": true, "keep_labels": ["keep", "role"]}`, []string{"old", "dead", "created"}, 5},
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			e := fill()
			root := e.serve(t)
			checkArgs := `{"_ansible_check_mode": true}`
			if test.args != "{}" {
				checkArgs = `{"_ansible_check_mode": true, ` + test.args[1:]
			}
			check := moduletest.Run(t, Module, root, checkArgs)
			if len(e.deletes) > 0 {
				t.Fatalf("check mode removed %v", e.deletes)
			}
			do := moduletest.Run(t, Module, root, test.args)
			delete(check, "invocation")
			delete(do, "invocation")
			if diff := cmp.Diff(check, do); diff != "" {
				t.Errorf("the prediction and what was done (-check +do):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, names(t, do)); diff != "" || do["kept"] != test.kept || do["changed"] != (len(test.want) > 0) {
				t.Errorf("kept %v, want %v, changed %v, removed (-want +got):\n%s", do["kept"], test.kept, do["changed"], diff)
			}
			if again := moduletest.Run(t, Module, root, test.args); again["changed"] != false {
				t.Errorf("again: %v", again)
			}
		})
	}
}

func TestPruneOneFails(t *testing.T) {
	e := &engine{busy: "b"}
	for _, id := range []string{"a", "b", "c"} {
		e.add(id, "exited", 48*time.Hour, 47*time.Hour, nil)
	}
	got := moduletest.Run(t, Module, e.serve(t), `{"volumes": true}`)
	if got["failed"] != true || got["changed"] != true || got["msg"] != "cannot remove the container b: removal of container is already in progress" {
		t.Errorf("failed %v, changed %v, %v; want the daemon's words about b", got["failed"], got["changed"], got["msg"])
	}
	if diff := cmp.Diff([]string{"a", "c"}, names(t, got)); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/containers/a?v=1", "/containers/b?v=1", "/containers/c?v=1"}, e.deletes); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestPruneWithoutDaemon(t *testing.T) {
	got := moduletest.Run(t, Module, t.TempDir(), `{}`)
	if msg, _ := got["msg"].(string); got["failed"] != true || !strings.Contains(msg, "no dockerd runs; start it") {
		t.Errorf("without a daemon: %v; want a failure that asks for it", got)
	}
}

func TestDuration(t *testing.T) {
	tests := map[string]time.Duration{"0": 0, "90": 90 * time.Second, "36h": 36 * time.Hour, "1d12h": 36 * time.Hour, "2w": 14 * 24 * time.Hour, "5m30s": 330 * time.Second}
	for text, want := range tests {
		if got, err := duration(text); got != want || err != nil {
			t.Errorf("duration(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "h", "1x", "1h5", "-1h", "1.5h", "99999999999999999999w", "4294967295w", "600w", "1h\x00"} {
		if got, err := duration(text); err == nil {
			t.Errorf("duration(%q) = %v; want an error", text, got)
		}
	}
}

func FuzzDuration(f *testing.F) {
	f.Add("1d12h")
	mutate.Fuzz(f, func(t *testing.T, text string) {
		if d, err := duration(text); err == nil && d < 0 {
			t.Errorf("duration(%q) = %v", text, d)
		}
	})
}
