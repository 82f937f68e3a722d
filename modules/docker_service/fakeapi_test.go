// SPDX-License-Identifier: GPL-3.0-or-later

package docker_service

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

// fakeAPI is the API of the scripts' dockerd.
type fakeAPI struct {
	mu       sync.Mutex
	settings map[string]any
	icc      bool // of the default bridge
	reloads  []time.Time
}

// newFakeAPI is a dockerd that has just started. What runs keeps the default
// bridge as it is.
func newFakeAPI(settings map[string]any) *fakeAPI {
	_, err := os.Stat(fakePath("container"))
	return &fakeAPI{settings: settings, icc: err == nil || settings["icc"] != false}
}

// live are the keys that it reads on SIGHUP.
func live() []string { return []string{"debug", "labels", "live-restore", "registry-mirrors"} }

func (a *fakeAPI) reload() {
	settings, err := readSettings()
	if why, reading := refuses(settings, err); reading {
		say("%s", why)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, key := range live() {
		if value, ok := settings[key]; ok {
			a.settings[key] = value
		}
	}
	a.reloads = append(a.reloads, time.Now())
	say("Reloaded configuration: %v", a.settings)
}

func (a *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	answer := func(value any) { _ = json.NewEncoder(w).Encode(value) }
	if _, err := os.Stat(fakePath("hang")); err == nil {
		<-r.Context().Done()
		return
	}
	switch r.URL.Path {
	case "/_ping":
		fmt.Fprint(w, "OK")
	case "/info":
		info := map[string]any{
			"ServerVersion": "26.1.5", "LiveRestoreEnabled": a.settings["live-restore"] == true, "Debug": a.settings["debug"] == true,
			"LoggingDriver": "json-file", "Labels": a.settings["labels"], "RegistryConfig": map[string]any{"Mirrors": a.settings["registry-mirrors"]},
			"SecurityOptions": []string{"name=seccomp,profile=builtin"},
		}
		if driver, ok := a.settings["log-driver"]; ok {
			info["LoggingDriver"] = driver
		}
		if a.settings["no-new-privileges"] == true {
			info["SecurityOptions"] = []string{"name=seccomp,profile=builtin", "name=no-new-privileges"}
		}
		// A daemon with this label does not have it in force, whatever is done.
		if _, err := os.Stat(fakePath("ignores-labels")); err == nil {
			info["Labels"] = []string{}
		}
		answer(info)
	case "/networks/bridge":
		answer(map[string]any{"Name": "bridge", "Options": map[string]string{"com.docker.network.bridge.enable_icc": fmt.Sprint(a.icc)}})
	case "/containers/json":
		list := []map[string]any{}
		if _, err := os.Stat(fakePath("container")); err == nil {
			list = append(list, map[string]any{"Id": "abc", "Names": []string{"/web"}, "State": "running"})
		}
		answer(list)
	case "/events":
		var since float64
		fmt.Sscan(r.URL.Query().Get("since"), &since)
		for _, at := range a.reloads {
			if float64(at.UnixNano())/1e9 >= since {
				answer(map[string]any{"Type": "daemon", "Action": "reload"})
			}
		}
	default:
		http.NotFound(w, r)
	}
}
