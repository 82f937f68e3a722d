// SPDX-License-Identifier: GPL-3.0-or-later

package moduletest

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

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
	socket := filepath.Join(env.WorkDir, "root/var/run/docker.sock")
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		return err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.ReplaceAll(strings.Trim(r.URL.Path, "/"), "/", "-") + ".json"
		answer, err := os.ReadFile(filepath.Join(dir, filepath.Base(name)))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(answer)
	})}
	go func() { _ = server.Serve(listener) }()
	env.Defer(func() { _ = server.Close() })
	return nil
}
