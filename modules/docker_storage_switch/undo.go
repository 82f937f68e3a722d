// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/host"
)

// comeback is the act that ends a switch which was interrupted before the new
// driver, for a task that wants the old one: what the run stopped runs again.
type comeback struct{ *change }

func (f found) comeback(p Params) comeback {
	s := &change{Params: p, found: f, what: undo, record: *f.record, daemon: f.daemon}
	s.record.Running = f.stopped
	return comeback{s}
}

// Describe implements [ansible.Act].
func (c comeback) Describe() string {
	return fmt.Sprintf("start the containers that an interrupted switch stopped (%s)", strings.Join(c.found.stopped, ", "))
}

// Diff implements [ansible.Act].
func (c comeback) Diff() []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: "containers", AfterHeader: "containers that run", Before: "", After: strings.Join(c.found.stopped, "\n") + "\n"}}
}

// Do implements [ansible.Act].
func (c comeback) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	if _, err := c.again(ctx, h); err != nil {
		return nil, fmt.Errorf("cannot undo the switch that was interrupted: %w; mend that, or remove %s to leave it so", err, c.BackupDir)
	}
	return nil, nil
}

// halted finds the containers that an interrupted run stopped and that wait to
// be started with the old driver. A daemon that is down, without a client, has
// none that run.
func (f *found) halted(ctx context.Context, client *dockerapi.Client, p Params) error {
	r := f.record
	if r == nil || r.Finished || f.driver != p.Driver || f.driver != r.From {
		return nil
	}
	if client == nil {
		f.stopped = r.Running
		return nil
	}
	list, err := client.Containers(ctx, true)
	if err != nil {
		return err
	}
	for _, c := range list {
		if slices.Contains(r.Running, c.Name()) && !c.Runs() {
			f.stopped = append(f.stopped, c.Name())
		}
	}
	slices.Sort(f.stopped)
	return nil
}
