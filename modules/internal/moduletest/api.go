// SPDX-License-Identifier: GPL-3.0-or-later

package moduletest

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// serveAPI answers on the host's Docker socket for a script whose archive has
// files below api/: /containers/json from api/containers-json.json, /info from
// api/info.json. What has no file is not found. The files are read anew for each
// request, so a script can change its mind.
func serveAPI(env *testscript.Env) error {
	dir := filepath.Join(env.WorkDir, "api")
	if _, err := os.Stat(dir); err != nil {
		return nil
	}
	listener, err := listen(filepath.Join(env.WorkDir, "root"))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: answers(dir)}
	go func() { _ = server.Serve(listener) }()
	env.Defer(func() { _ = server.Close() })
	return nil
}

// listen makes the Docker socket of the host below root.
func listen(root string) (net.Listener, error) {
	socket := filepath.Join(root, "var/run/docker.sock")
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		return nil, err
	}
	return net.Listen("unix", socket)
}

// StartAPI is a daemon for a test in Go: it answers on the socket below root until
// the test ends.
func StartAPI(t *testing.T, root string, handler http.Handler) {
	t.Helper()
	listener, err := listen(root)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
}

// answers are the files below a directory.
func answers(dir string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := strings.ReplaceAll(strings.Trim(r.URL.Path, "/"), "/", "-") + ".json"
		answer, err := os.ReadFile(filepath.Join(dir, filepath.Base(name)))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(answer)
	}
}

// ServeAPI is a daemon for a module's test that is a process of its own, as
// tests/faults needs it: it answers on the socket below root and ends with root.
func ServeAPI(root string, handler http.Handler) error {
	listener, err := listen(root)
	if err != nil {
		return err
	}
	failed := make(chan error)
	go func() { failed <- http.Serve(listener, handler) }()
	for {
		select {
		case err := <-failed:
			return err
		case <-time.After(50 * time.Millisecond):
			if _, err := os.Stat(root); err != nil {
				return nil
			}
		}
	}
}
