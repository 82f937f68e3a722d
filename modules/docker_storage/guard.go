// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage

import (
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/host"
)

// Contents is what a change of the driver hides.
type Contents = dataroot.Contents

// guard returns what a daemon with the new settings would not show any more,
// and refuses if that is anything, unless the user allows it. The settings are
// those of daemon.json and the flags together.
func guard(h *host.Host, p Params, before, after map[string]any) (Contents, error) {
	was, will := text(before, driverKey), text(after, driverKey)
	if was == will {
		return Contents{}, nil
	}
	root := dataroot.Default
	for _, name := range []string{"graph", "data-root"} {
		if dir := text(before, name); dir != "" {
			root = dir
		}
	}
	held, err := dataroot.Holdings(h, root)
	if err != nil {
		return Contents{}, err
	}
	all := []Contents{held}
	for _, dir := range held.Remapped {
		more, err := dataroot.Holdings(h, dir)
		if err != nil {
			return Contents{}, err
		}
		all = append(all, more)
	}
	var hidden Contents
	for _, one := range all {
		next := will
		if next == "" {
			if next, err = found(root, one.Drivers); err != nil {
				return Contents{}, err
			}
		}
		gone := one.Without(next)
		if was != "" {
			gone = only(gone, was)
		}
		hidden.Containers = append(hidden.Containers, gone.Containers...)
		hidden.Images = append(hidden.Images, gone.Images...)
	}
	if !hidden.Empty() && !p.AllowDataLoss {
		return hidden, fmt.Errorf("cannot change the storage driver from %s to %s: the daemon would not show %s any more, which %s holds for another driver; save the images with docker save and remove what is not needed, or set allow_data_loss: true",
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

// found returns the driver that an engine without setting takes: the one whose
// files it finds. It does not look for those of vfs (moby
// daemon/graphdriver/driver.go), and with several it does not start.
func found(root string, drivers []string) (string, error) {
	drivers = slices.DeleteFunc(slices.Clone(drivers), func(name string) bool { return name == "vfs" || name == "overlayfs" })
	switch len(drivers) {
	case 0:
		return "overlay2", nil
	case 1:
		return drivers[0], nil
	}
	return "", fmt.Errorf("cannot leave the storage driver to the engine: %s has files of %s, and an engine that is not told which to use does not start: set driver", root, strings.Join(drivers, " and "))
}

// only returns what was made with a driver, as far as is known.
func only(c Contents, driver string) Contents {
	return Contents{
		Containers: slices.DeleteFunc(slices.Clone(c.Containers), func(one dataroot.Container) bool { return one.Driver != driver && one.Driver != "" }),
		Images:     slices.DeleteFunc(slices.Clone(c.Images), func(one dataroot.Image) bool { return one.Driver != driver }),
	}
}
