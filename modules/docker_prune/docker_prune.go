// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_prune is the module docker_prune: it removes containers that
// ended long ago. dockerd reads the configuration and the layers of every
// container when it starts, so thousands of them make it start slowly, and
// with a limit in its unit not at all.
//
// plan lists the containers and asks for each that does not run when it ended.
// The act removes them one by one and without force: one that runs again by
// then stays.
package docker_prune

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
)

// Module is docker_prune.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the options.
type Params struct {
	OlderThan  string   `arg:"older_than" default:"24h"`
	KeepLabels []string `arg:"keep_labels" elements:"str"`
	Created    bool     `arg:"created" default:"false"`
	Volumes    bool     `arg:"volumes" default:"false"`
}

// answerLimit is for one question; removing a container with a large layer
// takes a while.
const answerLimit = 2 * time.Minute

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	age, err := duration(p.OlderThan)
	if err != nil {
		return nil, err
	}
	found := dockerd.FindProcesses(h)
	if len(found.Dockerd) == 0 {
		// To ask systemd's socket would start it, also in check mode.
		return nil, errors.New("cannot ask the Docker daemon for its containers: no dockerd runs; start it with docker_service (state: started)")
	}
	client := dockerd.NewClient(h, found, answerLimit)
	all, err := client.Containers(ctx, true)
	if err != nil {
		return nil, err
	}
	old, kept, err := choose(ctx, client, p, all, time.Now().Add(-age))
	if err != nil {
		return nil, err
	}
	shown := make([]map[string]any, 0, len(old))
	for _, c := range old {
		shown = append(shown, map[string]any{"id": c.ID, "name": c.Name(), "image": c.Image, "status": c.State})
	}
	result := &ansible.Plan{Result: map[string]any{"removed": shown, "kept": kept, "containers": len(all)}}
	if len(old) > 0 {
		result.Acts = append(result.Acts, remove{client: client, containers: old, volumes: p.Volumes})
	}
	return result, nil
}

// choose returns the containers that ended before a moment and that nothing
// keeps, and how many stay of those that do not run.
func choose(ctx context.Context, client *dockerapi.Client, p Params, all []dockerapi.Container, before time.Time) (old []dockerapi.Container, kept int, err error) {
	for _, c := range all {
		ended := c.State == "exited" || c.State == "dead"
		if !ended && !(p.Created && c.State == "created") {
			continue
		}
		if labelled(c.Labels, p.KeepLabels) {
			kept++
			continue
		}
		// Nothing ends before it was made: most young ones need no question.
		finished := time.Unix(c.Created, 0)
		if ended && finished.Before(before) {
			t, err := client.Finished(ctx, c.ID)
			var status *dockerapi.StatusError
			if errors.As(err, &status) && status.Code == 404 {
				continue // somebody has just removed it
			}
			if err != nil {
				return nil, 0, err
			}
			if t.After(finished) {
				finished = t
			}
		}
		if finished.Before(before) {
			old = append(old, c)
		} else {
			kept++
		}
	}
	return old, kept, nil
}

// labelled reports whether a container has one of the labels, each "key" or
// "key=value".
func labelled(labels map[string]string, keep []string) bool {
	for _, wanted := range keep {
		key, value, exact := strings.Cut(wanted, "=")
		if have, ok := labels[key]; ok && (!exact || have == value) {
			return true
		}
	}
	return false
}

// duration reads "90", in seconds, or numbers with their units: "36h", "1d12h".
func duration(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second, nil
	}
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	var total time.Duration
	rest := text
	for rest != "" {
		i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if i <= 0 || units[rest[i]] == 0 {
			return 0, fmt.Errorf("invalid older_than %q: give a number and a unit, s, m, h, d or w, such as 36h or 7d", text)
		}
		const most = 10 * 366 * 24 * time.Hour
		n, err := strconv.ParseUint(rest[:i], 10, 32)
		if unit := units[rest[i]]; err == nil && time.Duration(n) <= most/unit {
			total += time.Duration(n) * unit
		} else {
			total = most + 1
		}
		if total > most {
			return 0, fmt.Errorf("invalid older_than %q: it is more than ten years", text)
		}
		rest = rest[i+1:]
	}
	if text == "" {
		return 0, errors.New("invalid older_than: it is empty; give a number and a unit, such as 36h or 7d")
	}
	return total, nil
}

// remove is the act that removes containers.
type remove struct {
	client     *dockerapi.Client
	containers []dockerapi.Container
	volumes    bool
}

func (r remove) Describe() string {
	const most = 10
	var names []string
	for i, c := range r.containers {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(r.containers)-most))
			break
		}
		names = append(names, c.Name())
	}
	what := "containers"
	if len(r.containers) == 1 {
		what = "container"
	}
	return fmt.Sprintf("remove %d %s: %s", len(r.containers), what, strings.Join(names, ", "))
}

func (r remove) Diff() []ansible.Diff {
	var before strings.Builder
	for _, c := range r.containers {
		fmt.Fprintf(&before, "%s %s (%s)\n", c.Name(), c.Image, c.Status)
	}
	return []ansible.Diff{{BeforeHeader: "containers", AfterHeader: "containers", Before: before.String()}}
}

func (r remove) Do(ctx context.Context, _ *host.Host) (map[string]any, error) {
	removed := make([]map[string]any, 0, len(r.containers))
	var failed []error
	for _, c := range r.containers {
		err := r.client.Remove(ctx, c.ID, r.volumes)
		var status *dockerapi.StatusError
		switch {
		case err == nil:
			removed = append(removed, map[string]any{"id": c.ID, "name": c.Name(), "image": c.Image, "status": c.State})
		case errors.As(err, &status):
			// One container's trouble is not the others'.
			failed = append(failed, fmt.Errorf("cannot remove the container %s: %s", c.Name(), status.Message))
		default:
			return map[string]any{"removed": removed}, errors.Join(append(failed, err)...)
		}
	}
	return map[string]any{"removed": removed}, errors.Join(failed...)
}
