// SPDX-License-Identifier: GPL-3.0-or-later

package docker_daemon_json

import (
	"context"
	"fmt"
	"path"
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
	root := dataRoot(before)
	held, err := dataroot.Holdings(h, root)
	if err != nil {
		return nil, err
	}
	for _, remapped := range held.Remapped {
		inner, err := dataroot.Holdings(h, remapped)
		if err != nil {
			return nil, err
		}
		held = join(held, inner)
	}
	if len(held.Containers)+len(held.Images)+len(held.Volumes) == 0 {
		return nil, nil
	}
	var texts []string
	for _, hazard := range hazards {
		if !c.onlySaysWhatIs(ctx, hazard, held) {
			texts = append(texts, hazard.Text)
		}
	}
	switch {
	case len(texts) == 0:
		return nil, nil
	case c.AllowDataLoss:
		return []string{fmt.Sprintf("%s hides from the daemon what is in %s: %s", c.Path, root, inventory(held))}, nil
	}
	return nil, fmt.Errorf("%s; %s has %s; move or export them first, or set allow_data_loss: true in this task", strings.Join(texts, "; "), root, inventory(held))
}

// dataRoot is where the daemon has its data now.
func dataRoot(doc map[string]any) string {
	for _, name := range []string{"data-root", "graph"} {
		if dir, _ := doc[name].(string); dir != "" {
			return path.Clean(dir)
		}
	}
	return dataroot.Default
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

func join(a, b dataroot.Contents) dataroot.Contents {
	a.Containers = append(a.Containers, b.Containers...)
	a.Images = append(a.Images, b.Images...)
	a.Volumes = append(a.Volumes, b.Volumes...)
	a.Drivers = slices.Compact(slices.Sorted(slices.Values(append(a.Drivers, b.Drivers...))))
	return a
}

// inventory names what would disappear.
func inventory(held dataroot.Contents) string {
	var containers, images []string
	for _, c := range held.Containers {
		containers = append(containers, c.Name)
	}
	for _, i := range held.Images {
		images = append(images, i.Name)
	}
	var parts []string
	for _, kind := range []struct {
		one   string
		names []string
	}{{"container", containers}, {"image", images}, {"volume", held.Volumes}} {
		if len(kind.names) > 0 {
			parts = append(parts, few(kind.one, kind.names))
		}
	}
	return strings.Join(parts, ", ")
}

// few is a list of names for a message: all of a few, the first of many.
func few(one string, names []string) string {
	const most = 8
	if len(names) > 1 {
		one += "s"
	}
	shown, more := names, ""
	if len(names) > most {
		shown, more = names[:most], ", ..."
	}
	return fmt.Sprintf("%d %s (%s%s)", len(names), one, strings.Join(shown, ", "), more)
}
