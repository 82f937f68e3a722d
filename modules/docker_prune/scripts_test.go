// SPDX-License-Identifier: GPL-3.0-or-later

package docker_prune

import (
	"fmt"
	"net"
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
	path := filepath.Join(os.Getenv("ROOT"), "var/run/docker.sock")
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		var l net.Listener
		if l, err = net.Listen("unix", path); err == nil {
			err = http.Serve(l, e)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestScripts(t *testing.T) { moduletest.Scripts(t) }
