// SPDX-License-Identifier: GPL-3.0-or-later

// Package dataroot reads what a Docker data-root holds, from its files alone:
// the daemon may be down, broken, or not installed any more.
//
// It is asked before a change that would hide data, so that a refusal can name
// what would disappear. It therefore counts rather too much than too little:
// a container whose files are damaged is a container still.
//
// The layout is moby's, the same from 17.06 to 29 (daemon/container.go,
// image/store, volume/local): containers/ID/config.v2.json,
// image/DRIVER/repositories.json, volumes/NAME/_data. Images in the containerd
// image store, the default of new installations since 29.0, are in a database
// of containerd and not listed; the containers made of them are.
package dataroot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"

	"hardened.docker/modules/internal/host"
)

// Default is the data-root of an engine that is not told another one.
const Default = "/var/lib/docker"

// Of returns the data-root that a daemon has with these settings, flags among
// them.
func Of(doc map[string]any) string {
	for _, name := range []string{"data-root", "graph"} {
		if dir, _ := doc[name].(string); dir != "" {
			return path.Clean(dir)
		}
	}
	return Default
}

// Container is a container that has files in the data-root.
type Container struct {
	Name   string // its first 12 digits where the name cannot be read
	Driver string // the storage driver it was made with; "" if unknown
}

// Image is an image in the store of a storage driver.
type Image struct {
	Name   string // repository:tag, or the first 12 digits of the ID of one without tag
	Driver string
}

// Contents is what a data-root holds, each list sorted by name.
type Contents struct {
	// Drivers are the storage drivers with a directory of their own, and those
	// that containers were made with.
	Drivers    []string
	Containers []Container
	Images     []Image
	Volumes    []string
	// Remapped are data-roots of user namespaces below this one, such as
	// /var/lib/docker/100000.100000. What they hold is for another Holdings.
	Remapped []string
}

// limits of files read here, in bytes. Real ones have some kilobytes.
const maxFile = 16 << 20

// Holdings reads what the data-root holds. One that is not there holds
// nothing. An error is a directory that cannot be read: then nobody knows.
func Holdings(h *host.Host, root string) (Contents, error) {
	var c Contents
	var err error
	if c.Containers, err = containers(h, path.Join(root, "containers")); err != nil {
		return c, err
	}
	if c.Images, err = images(h, path.Join(root, "image")); err != nil {
		return c, err
	}
	volumes, err := list(h, path.Join(root, "volumes"))
	if err != nil {
		return c, err
	}
	for _, entry := range volumes {
		if entry.IsDir() {
			c.Volumes = append(c.Volumes, entry.Name())
		}
	}
	top, err := list(h, root)
	if err != nil {
		return c, err
	}
	for _, entry := range top {
		if entry.IsDir() && Remapped(entry.Name()) {
			c.Remapped = append(c.Remapped, path.Join(root, entry.Name()))
		}
	}
	c.Drivers, err = usedDrivers(h, root, top, c)
	return c, err
}

// list returns the entries of a directory, none if it is not there.
func list(h *host.Host, dir string) ([]fs.DirEntry, error) {
	entries, err := h.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot tell what is in %s: %w", dir, err)
	}
	return entries, nil
}

func containers(h *host.Host, dir string) ([]Container, error) {
	entries, err := list(h, dir)
	if err != nil {
		return nil, err
	}
	var found []Container
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		var config struct{ Name, Driver string }
		// Damaged or missing: the directory still has the container's logs, and
		// its layer is somewhere.
		if text, _, err := h.ReadRegular(path.Join(dir, entry.Name(), "config.v2.json"), maxFile); err == nil {
			_ = json.Unmarshal(text, &config)
		}
		name := strings.TrimPrefix(config.Name, "/")
		if name == "" {
			name = short(entry.Name())
		}
		found = append(found, Container{name, config.Driver})
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].Name < found[j].Name })
	return found, nil
}

// images reads the image stores of all drivers.
func images(h *host.Host, dir string) ([]Image, error) {
	drivers, err := list(h, dir)
	if err != nil {
		return nil, err
	}
	var found []Image
	for _, driver := range drivers {
		if !driver.IsDir() {
			continue
		}
		store := path.Join(dir, driver.Name())
		ids, err := list(h, path.Join(store, "imagedb/content/sha256"))
		if err != nil {
			return nil, err
		}
		tagged := map[string]bool{}
		for name, id := range references(h, path.Join(store, "repositories.json")) {
			found = append(found, Image{name, driver.Name()})
			tagged[strings.TrimPrefix(id, "sha256:")] = true
		}
		for _, id := range ids {
			if !tagged[id.Name()] {
				found = append(found, Image{short(id.Name()), driver.Name()})
			}
		}
	}
	sort.SliceStable(found, func(i, j int) bool {
		a, b := found[i], found[j]
		return a.Name < b.Name || a.Name == b.Name && a.Driver < b.Driver
	})
	return found, nil
}

// references returns the images that have a name, with their IDs. Each pulled
// image also has a name by digest, which is left out where a tag says the same.
func references(h *host.Host, file string) map[string]string {
	var repositories struct {
		Repositories map[string]map[string]string
	}
	text, _, err := h.ReadRegular(file, maxFile)
	if err != nil || json.Unmarshal(text, &repositories) != nil {
		// Then all images are those without a tag.
		return nil
	}
	names := make(map[string]string)
	for _, references := range repositories.Repositories {
		tagged := make(map[string]bool)
		for name, id := range references {
			if !strings.Contains(name, "@") {
				names[name], tagged[id] = id, true
			}
		}
		for name, id := range references {
			if !tagged[id] {
				names[name] = id
			}
		}
	}
	return names
}

// usedDrivers returns the drivers with files of their own in the data-root.
func usedDrivers(h *host.Host, root string, top []fs.DirEntry, c Contents) ([]string, error) {
	var drivers []string
	for _, entry := range top {
		if !entry.IsDir() || !isDriver(entry.Name()) {
			continue
		}
		inside, err := list(h, path.Join(root, entry.Name()))
		if err != nil {
			return nil, err
		}
		// An empty directory is none to dockerd either, when it looks for the
		// driver that was used before.
		if len(inside) > 0 {
			drivers = append(drivers, entry.Name())
		}
	}
	for _, container := range c.Containers {
		if container.Driver != "" {
			drivers = append(drivers, container.Driver)
		}
	}
	slices.Sort(drivers)
	return slices.Compact(drivers), nil
}

// isDriver reports whether a directory of this name is a storage driver's, of
// any engine (moby daemon/graphdriver, driver_linux.go, 18.09 to 29).
func isDriver(name string) bool {
	switch name {
	case "aufs", "btrfs", "devicemapper", "fuse-overlayfs", "overlay", "overlay2", "vfs", "zfs":
		return true
	}
	return false
}

// Remapped reports whether a directory is named UID.GID, as those are that a
// daemon with user namespaces keeps below its root.
func Remapped(name string) bool {
	uid, gid, found := strings.Cut(name, ".")
	return found && digits(uid) && digits(gid)
}

func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

func short(id string) string {
	if len(id) > 12 {
		return id[:12]
	}
	return id
}
