// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/systemd"
)

// running is what runs before a transaction.
type running struct {
	engine     bool
	containers []dockerapi.Container
}

// readRunning asks the daemon. One that does not answer has no containers that
// could be named.
func readRunning(ctx context.Context, h *host.Host) running {
	r := running{engine: engineActive(ctx, h)}
	if r.engine {
		r.containers, _ = client(h).Containers(ctx, false)
	}
	return r
}

func client(h *host.Host) *dockerapi.Client {
	return dockerd.NewClient(h, dockerd.FindProcesses(h), 30*time.Second)
}

func (r running) names() []string {
	names := []string{}
	for _, c := range r.containers {
		names = append(names, c.Name())
	}
	slices.Sort(names)
	return names
}

// affected returns the running containers that a transaction interrupts:
// packages stop or restart the daemon when they are replaced. With live-restore
// containers outlive that, but not the replacing of containerd.
func (o outcome) affected(r running) []string {
	members := o.unit.members()
	for _, c := range o.changes {
		if c.Before != "" && (slices.Contains(members, c.Name) || slices.Contains(o.unit.strangers, c.Name)) {
			return r.names()
		}
	}
	return []string{}
}

// revive has what ran before a transaction running again: packages restart the
// daemon, and without live-restore or a restart policy containers stay down.
func (r running) revive(ctx context.Context, h *host.Host) (map[string]any, error) {
	if !r.engine {
		return nil, nil
	}
	if !engineActive(ctx, h) {
		if err := systemd.Call(ctx, h, 5*time.Minute, "start", dockerd.Service); err != nil {
			return nil, fmt.Errorf("cannot start the engine again, which ran before its packages were changed: %w", err)
		}
	}
	if len(r.containers) == 0 {
		return nil, nil
	}
	all, err := r.answering(ctx, h)
	if err != nil {
		return nil, fmt.Errorf("cannot see whether the containers that ran before run again: %w", err)
	}
	listed := make(map[string]dockerapi.Container)
	for _, c := range all {
		listed[c.ID] = c
	}
	started, gone := []string{}, []string{}
	var failed []error
	for _, c := range r.containers {
		switch now := listed[c.ID]; {
		case now.Runs():
		case now.State == "":
			gone = append(gone, c.Name()) // it was made with --rm
		default:
			if err := client(h).Start(ctx, c.ID); err != nil {
				failed = append(failed, fmt.Errorf("cannot start the container %s again: %w", c.Name(), err))
				continue
			}
			started = append(started, c.Name())
		}
	}
	slices.Sort(started)
	slices.Sort(gone)
	return map[string]any{"containers_started": started, "containers_gone": gone}, errors.Join(failed...)
}

// answering waits until the daemon answers and returns its containers.
func (r running) answering(ctx context.Context, h *host.Host) ([]dockerapi.Container, error) {
	deadline := time.Now().Add(2 * time.Minute)
	for {
		all, err := client(h).Containers(ctx, true)
		if err == nil || time.Now().After(deadline) {
			return all, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// podmanStores are the directories of root's and of users' containers.
func podmanStores(h *host.Host) []string {
	stores := []string{"/var/lib/containers/storage"}
	for _, homes := range []string{"/home/*", "/root"} {
		found, _ := h.Glob(homes + "/.local/share/containers/storage")
		stores = append(stores, found...)
	}
	return stores
}

// podmanContainers returns the names of podman's containers by their stores.
// Nothing runs them any more when podman goes (containers/storage,
// containers.json).
func podmanContainers(h *host.Host) map[string][]string {
	found := make(map[string][]string)
	for _, store := range podmanStores(h) {
		text, err := h.ReadFile(store + "/overlay-containers/containers.json")
		if err != nil {
			continue
		}
		var list []struct {
			ID    string   `json:"id"`
			Names []string `json:"names"`
		}
		if json.Unmarshal(text, &list) != nil {
			continue
		}
		for _, c := range list {
			name := c.ID[:min(len(c.ID), 12)]
			if len(c.Names) > 0 {
				name = c.Names[0]
			}
			found[store] = append(found[store], name)
		}
		slices.Sort(found[store])
	}
	return found
}

// withContainers adds to the reason of a conflict whose containers it costs.
func withContainers(h *host.Host, c conflict) conflict {
	if others := otherNamespaces(h); slices.Contains(shared(), c.Package) && len(others) > 0 {
		c.Reason += "; it runs containers of " + strings.Join(others, ", ") + ", which another containerd or none takes over"
	}
	if c.Package != "podman" {
		return c
	}
	containers := podmanContainers(h)
	for _, store := range sortedKeys(containers) {
		c.Reason += fmt.Sprintf("; its containers %s stay in %s, and nothing runs them without it", strings.Join(containers[store], ", "), store)
	}
	return c
}
