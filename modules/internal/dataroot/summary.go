// SPDX-License-Identifier: GPL-3.0-or-later

package dataroot

import (
	"fmt"
	"slices"
	"strings"
)

// Empty reports whether there is nothing to lose: no container, image or
// volume.
func (c Contents) Empty() bool {
	return len(c.Containers) == 0 && len(c.Images) == 0 && len(c.Volumes) == 0
}

// Without returns what an engine that uses the driver does not see: containers
// and images of other drivers. Volumes belong to no driver.
func (c Contents) Without(driver string) Contents {
	return Contents{
		Drivers:    slices.DeleteFunc(slices.Clone(c.Drivers), func(name string) bool { return name == driver }),
		Containers: slices.DeleteFunc(slices.Clone(c.Containers), func(one Container) bool { return one.Driver == driver }),
		Images:     slices.DeleteFunc(slices.Clone(c.Images), func(one Image) bool { return one.Driver == driver }),
	}
}

// Shown counts the containers that a daemon with this storage driver shows:
// those that were made with it, and that can be read.
func (c Contents) Shown(driver string) int {
	count := 0
	for _, one := range c.Containers {
		if one.Driver == driver {
			count++
		}
	}
	return count
}

// ContainerNames returns the containers' names.
func (c Contents) ContainerNames() []string {
	names := make([]string, 0, len(c.Containers))
	for _, one := range c.Containers {
		names = append(names, one.Name)
	}
	return names
}

// ImageNames returns the images' names; one that two drivers have is there once.
func (c Contents) ImageNames() []string {
	names := make([]string, 0, len(c.Images))
	for _, one := range c.Images {
		names = append(names, one.Name)
	}
	return slices.Compact(names)
}

// String names what there is, for an error: "2 containers (db, web), 1 image
// (busybox:latest)". Of long lists it names the first; "nothing" if empty.
func (c Contents) String() string {
	var parts []string
	for _, part := range []struct {
		what  string
		names []string
	}{{"container", c.ContainerNames()}, {"image", c.ImageNames()}, {"volume", c.Volumes}} {
		if len(part.names) > 0 {
			parts = append(parts, count(part.what, part.names))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

func count(what string, names []string) string {
	const most = 10
	plural := "s"
	if len(names) == 1 {
		plural = ""
	}
	shown, more := names, ""
	if len(names) > most {
		shown, more = names[:most], fmt.Sprintf(" and %d more", len(names)-most)
	}
	return fmt.Sprintf("%d %s%s (%s%s)", len(names), what, plural, strings.Join(shown, ", "), more)
}
