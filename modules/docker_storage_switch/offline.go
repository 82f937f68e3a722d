// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/host"
)

// sameRoot takes the data-root by the name that an interrupted run was told by
// the daemon, which follows links and goes below for user namespaces.
func (f *found) sameRoot(h *host.Host) {
	if f.record == nil {
		return
	}
	root := f.record.DataRoot
	if dataroot.Remapped(path.Base(root)) {
		root = path.Dir(root)
	}
	if real, err := h.Resolve(f.dataRoot); err == nil && (real == root || f.dataRoot == root) {
		f.dataRoot = f.record.DataRoot
	}
}

// read finds out from files what a daemon that is down has. Whether it uses user
// namespaces is not asked: what is in their data-roots counts.
func (f *found) read(h *host.Host, p Params) error {
	held, err := dataroot.Holdings(h, f.dataRoot)
	if err != nil {
		return err
	}
	for _, dir := range held.Remapped {
		below, err := dataroot.Holdings(h, dir)
		if err != nil {
			return err
		}
		held.Drivers = append(held.Drivers, below.Drivers...)
		held.Containers = append(held.Containers, below.Containers...)
		held.Images = append(held.Images, below.Images...)
	}
	slices.Sort(held.Drivers)
	held.Drivers = slices.Compact(held.Drivers)
	f.driver = f.told
	if f.driver == "" {
		if f.driver, err = dataroot.Chosen(f.dataRoot, held.Drivers); err != nil {
			return err
		}
	}
	f.others = held.Without(p.Driver).Without(f.driver)
	f.others.Containers = slices.DeleteFunc(f.others.Containers, func(c dataroot.Container) bool { return c.Driver == "" })
	held = held.Of(f.driver)
	for _, c := range held.Containers {
		f.store.containers = append(f.store.containers, container{Name: c.Name})
	}
	for _, i := range held.Images {
		f.store.images = append(f.store.images, image{ID: i.Name, Tags: []string{i.Name}})
	}
	if f.driver == p.Driver && f.record == nil && !f.others.Empty() && !f.store.empty() {
		f.warnings = append(f.warnings, fmt.Sprintf("Docker is down, and a start with %s does not show what other drivers have: %s", f.driver, f.others))
	}
	return nil
}

// unsure refuses to believe in a driver that has nothing while others have
// something, as after somebody set it by hand: nobody started Docker with it.
func (f found) unsure(p Params) error {
	if f.running || f.others.Empty() || !f.store.empty() {
		return nil
	}
	var names []string
	for _, c := range f.others.Containers {
		names = append(names, c.Driver)
	}
	for _, i := range f.others.Images {
		names = append(names, i.Driver)
	}
	slices.Sort(names)
	others := strings.Join(slices.Compact(names), " and ")
	return fmt.Errorf("cannot tell what Docker has: it is down, is to start with %s, which has nothing, and %s has %s; set storage-driver: %s in %s and start Docker to bring that to %s, or start it as it is to leave that behind; then run the task again", f.driver, others, f.others, others, f.config.Path, p.Driver)
}
