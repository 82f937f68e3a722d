// SPDX-License-Identifier: GPL-3.0-or-later

package docker_prune

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hardened.docker/modules/internal/moduletest"
)

// TestMain is also the scripts' daemon, where FAKE is set.
func TestMain(m *testing.M) {
	if os.Getenv("FAKE") != "daemon" {
		moduletest.Main(m, "docker_prune", Module)
		return
	}
	const day = 24 * time.Hour
	e := &engine{}
	e.add("web", "running", 9*day, 0, nil)
	e.add("job-1", "exited", 9*day, 8*day, nil)
	e.add("job-2", "exited", 9*day, 8*day, nil)
	e.add("kept", "exited", 9*day, 8*day, map[string]string{"keep": ""})
	// For tests/faults each container is a file, too.
	root := os.Getenv("ROOT")
	file := func(id string) string { return filepath.Join(filepath.Dir(root), "containers", id) }
	err := os.MkdirAll(file(""), 0o755)
	for _, c := range e.containers {
		if err == nil {
			err = os.WriteFile(file(c["Id"].(string)), nil, 0o600)
		}
	}
	if err == nil {
		err = moduletest.ServeAPI(root, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			e.ServeHTTP(w, r)
			if r.Method == "DELETE" {
				_ = os.Remove(file(filepath.Base(r.URL.Path)))
			}
		}))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestScripts(t *testing.T) { moduletest.Scripts(t) }
