// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repair

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/doctor"
	"hardened.docker/modules/internal/host"
)

// patience is for containers, which have their own time to end.
const patience = time.Hour

// halt is the step that stops containers, all at once. It asks the host's own
// daemon: the program docker may not be there, or have a context elsewhere.
type halt []string

// Describe implements [ansible.Act].
func (a halt) Describe() string { return "stop the containers " + strings.Join(a, ", ") }

// Diff implements [ansible.Act].
func (a halt) Diff() []ansible.Diff {
	return diff("containers "+strings.Join(a, ", "), "running", "stopped")
}

// Do implements [ansible.Act].
func (a halt) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	client := dockerd.NewClient(h, dockerd.FindProcesses(h), patience)
	failed := make(chan error, len(a))
	for _, name := range a {
		go func() {
			err := client.Stop(ctx, name)
			if err != nil {
				err = fmt.Errorf("cannot stop the container %s: %w", name, err)
			}
			failed <- err
		}()
	}
	var errs []error
	for range a {
		errs = append(errs, <-failed)
	}
	return nil, errors.Join(errs...)
}

// revived starts those of the containers that ran before and do not now.
func (a service) revived(ctx context.Context, h *host.Host) (map[string]any, error) {
	if len(a.revive) == 0 || a.verb == "stop" {
		return nil, nil
	}
	client := dockerd.NewClient(h, dockerd.FindProcesses(h), max(a.wait, 10*time.Second))
	list, err := client.Containers(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("cannot tell which containers run again: %w", err)
	}
	started, gone := []string{}, []string{}
	var failed []error
	for _, name := range a.revive {
		here := false
		for i := range list {
			c := &list[i]
			// One whose files have no name is known by the first digits of its ID.
			if c.Name() != name && (len(name) < 12 || !strings.HasPrefix(c.ID, name)) {
				continue
			}
			here = true
			if c.Runs() {
				continue
			}
			if err := client.Start(ctx, c.ID); err != nil {
				failed = append(failed, fmt.Errorf("cannot start the container %s again, which ran before: %w", name, err))
				continue
			}
			started = append(started, name)
		}
		if !here {
			gone = append(gone, name)
		}
	}
	result := map[string]any{"removed_containers": gone}
	if len(started) > 0 {
		result["restarted_containers"] = started
	}
	return result, errors.Join(failed...)
}

// temporary returns those of the containers that dockerd removes when they end.
func temporary(s *doctor.Snapshot, names []string) []string {
	list := []string{}
	for i := range s.State.Containers {
		c := &s.State.Containers[i]
		if name := s.Name(c.ID); c.AutoRemove && slices.Contains(names, name) {
			list = append(list, name)
		}
	}
	return list
}
