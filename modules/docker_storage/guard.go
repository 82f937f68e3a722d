// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage

import (
	"fmt"

	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/host"
)

// guard returns what a daemon with the new settings would not show any more,
// and refuses if that is anything, unless the user allows it. The settings are
// those of daemon.json and the flags together.
func guard(h *host.Host, p Params, before, after map[string]any) (dataroot.Contents, error) {
	was, will := text(before, driverKey), text(after, driverKey)
	root := dataroot.Of(before)
	hidden, err := dataroot.HiddenByDriver(h, root, was, will)
	if err != nil {
		return hidden, err
	}
	if !hidden.Empty() && !p.AllowDataLoss {
		return hidden, fmt.Errorf("cannot change the storage driver from %s to %s: the daemon would not show %s any more, which %s holds for another driver; leave the driver to daemon.json (state: moved) and switch with docker_storage_switch, which brings images and volumes over, or set allow_data_loss: true",
			orDefault(was), orDefault(will), hidden, root)
	}
	return hidden, nil
}

func text(doc map[string]any, key string) string {
	value, _ := doc[key].(string)
	return value
}

func orDefault(driver string) string {
	if driver == "" {
		return "the engine's default"
	}
	return driver
}
