// SPDX-License-Identifier: GPL-3.0-or-later

package dataroot

import (
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/host"
)

// All returns what the data-root holds together with the data-roots of user
// namespaces below it.
func All(h *host.Host, root string) (Contents, error) {
	all, err := Holdings(h, root)
	if err != nil {
		return all, err
	}
	for _, dir := range all.Remapped {
		more, err := Holdings(h, dir)
		if err != nil {
			return all, err
		}
		all.Containers = append(all.Containers, more.Containers...)
		all.Images = append(all.Images, more.Images...)
		all.Volumes = append(all.Volumes, more.Volumes...)
	}
	return all, nil
}

// HiddenByDriver returns the containers and images that a daemon does not show
// any more when its storage driver changes. "" is the engine's own choice.
func HiddenByDriver(h *host.Host, root, was, will string) (Contents, error) {
	if was == will {
		return Contents{}, nil
	}
	top, err := Holdings(h, root)
	if err != nil {
		return Contents{}, err
	}
	var hidden Contents
	for _, dir := range append([]string{root}, top.Remapped...) {
		held := top
		if dir != root {
			if held, err = Holdings(h, dir); err != nil {
				return Contents{}, err
			}
		}
		next := will
		if next == "" {
			if next, err = Chosen(dir, held.Drivers); err != nil {
				return Contents{}, err
			}
		}
		gone := held.Without(next)
		if was != "" {
			gone = gone.Of(was)
		}
		hidden.Containers = append(hidden.Containers, gone.Containers...)
		hidden.Images = append(hidden.Images, gone.Images...)
	}
	return hidden, nil
}

// Chosen returns the driver that an engine without setting takes: the one whose
// files it finds. It does not look for those of vfs (moby
// daemon/graphdriver/driver.go), and with several it does not start.
func Chosen(root string, drivers []string) (string, error) {
	drivers = slices.DeleteFunc(slices.Clone(drivers), func(name string) bool { return name == "vfs" || !isDriver(name) })
	switch len(drivers) {
	case 0:
		return "overlay2", nil
	case 1:
		return drivers[0], nil
	}
	return "", fmt.Errorf("cannot leave the storage driver to the engine: %s has files of %s, and an engine that is not told which to use does not start: name one", root, strings.Join(drivers, " and "))
}

// Of returns what was made with a driver, and the containers of which that is
// not known.
func (c Contents) Of(driver string) Contents {
	return Contents{
		Containers: slices.DeleteFunc(slices.Clone(c.Containers), func(one Container) bool { return one.Driver != driver && one.Driver != "" }),
		Images:     slices.DeleteFunc(slices.Clone(c.Images), func(one Image) bool { return one.Driver != driver }),
	}
}
