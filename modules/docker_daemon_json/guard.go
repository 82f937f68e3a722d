// SPDX-License-Identifier: GPL-3.0-or-later

package docker_daemon_json

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
)

// guardData refuses a change that would hide what the host has: containers,
// images, volumes. The old data stays on the disk, but the daemon does not
// show it any more, and to most users that is a loss.
func (c change) guardData(ctx context.Context, h *host.Host) (warnings []string, err error) {
	if len(c.changed) == 0 || !c.line.ours {
		return nil, nil
	}
	before := engine.WithFlags(c.old, c.line.flags)
	after := engine.WithFlags(c.edited, c.line.flags)
	hazards := engine.DataHazards(before, after, c.version)
	if len(hazards) == 0 {
		return nil, nil
	}
	root := dataroot.Of(before)
	held, err := dataroot.All(h, root)
	if err != nil || held.Empty() {
		return nil, err
	}
	var texts []string
	way := "move or export them first"
	for _, hazard := range hazards {
		if !c.onlySaysWhatIs(ctx, hazard, held) {
			texts = append(texts, hazard.Text)
			way = wayFor(hazard.Key, way)
		}
	}
	switch {
	case len(texts) == 0:
		return nil, nil
	case c.AllowDataLoss:
		return []string{fmt.Sprintf("%s hides from the daemon what is in %s: %s", c.Path, root, held)}, nil
	}
	return nil, fmt.Errorf("%s; %s has %s; %s, or set allow_data_loss: true in this task", strings.Join(texts, "; "), root, held, way)
}

// wayFor names the module that makes a change without a loss.
func wayFor(key, other string) string {
	switch key {
	case "storage-driver":
		return "docker_storage_switch brings images and volumes over"
	case "data-root":
		return "docker_data_root with move_from moves them"
	}
	return other
}

// onlySaysWhatIs reports whether a new value is what the daemon uses already,
// as its default or because it found data of that driver.
func (c change) onlySaysWhatIs(ctx context.Context, hazard engine.Hazard, held dataroot.Contents) bool {
	if hazard.Key != "storage-driver" {
		return false
	}
	if hazard.New == "" {
		// Without the key the daemon goes on with the one driver that has data.
		return slices.Equal(held.Drivers, []string{hazard.Old})
	}
	if c.daemon != nil {
		if info, err := c.daemon.Info(ctx); err == nil && info.Driver != "" {
			return info.Driver == hazard.New
		}
	}
	return hazard.Old == "" && slices.Equal(held.Drivers, []string{hazard.New})
}
