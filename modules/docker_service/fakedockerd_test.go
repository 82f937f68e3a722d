// SPDX-License-Identifier: GPL-3.0-or-later

package docker_service

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// refuses says why dockerd would not take a daemon.json, and whether already
// when it reads it.
func refuses(settings map[string]any, err error) (why string, reading bool) {
	switch {
	case err != nil:
		return fmt.Sprintf("unable to configure the Docker daemon with file /etc/docker/daemon.json: %v", err), true
	case settings["nope"] != nil:
		return "unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives don't match any configuration option: nope", true
	case settings["log-driver"] == "nonesuch":
		return `failed to start daemon: failed to set log opts: error looking up logging plugin nonesuch: plugin "nonesuch" not found`, false
	}
	return "", false
}

func readSettings() (map[string]any, error) {
	data, err := fakeHost().ReadFile("/etc/docker/daemon.json")
	settings := map[string]any{}
	if errors.Is(err, os.ErrNotExist) {
		return settings, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &settings)
	}
	return settings, err
}

func fakeDockerd() int {
	if _, err := os.Stat(fakePath("broken")); err == nil {
		say("failed to start daemon: no space left on device")
		return 1
	}
	settings, err := readSettings()
	if why, _ := refuses(settings, err); why != "" {
		say("%s", why)
		return 1
	}
	socket := fakeHost().Path("/var/run/docker.sock")
	os.MkdirAll(filepath.Dir(socket), 0o755)
	os.Remove(socket)
	l, err := net.Listen("unix", socket)
	if err != nil {
		say("failed to load listeners: %v", err)
		return 1
	}
	api := newFakeAPI(settings)
	go func() { _ = http.Serve(l, api) }()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	if err := os.WriteFile(fakePath("ready"), nil, 0o600); err != nil {
		return 1
	}
	for end := time.After(2 * time.Minute); ; {
		select {
		case <-hup:
			api.reload()
		case <-time.After(50 * time.Millisecond):
			if _, err := os.Stat(fakePath("root")); err != nil {
				return 0
			}
		case <-end:
			return 0
		}
	}
}
