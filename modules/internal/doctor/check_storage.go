// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"fmt"
	"path"
	"strings"

	"hardened.docker/modules/internal/engine"
)

// overwrittenMounts: something is mounted over the layers, below what is
// mounted over it. Overlays and what Docker itself mounts have deeper places.
func overwrittenMounts(s *Snapshot) Verdict {
	var v Verdict
	for _, m := range HidingMounts(s) {
		one := ill(m.Point, "/proc/self/mountinfo: "+m.Line)
		for _, c := range s.Mounts {
			if c.Type == "overlay" && below(c.Point, m.Point) {
				one.Evidence = append(one.Evidence, "hidden below it: the overlay of a container at "+c.Point)
			}
		}
		v.Ills = append(v.Ills, one)
	}
	return v
}

// HidingMounts returns the mounts that hide layers or containers, the last one
// mounted first: in that order they come off.
func HidingMounts(s *Snapshot) []Mount {
	var found []Mount
	for i := len(s.Mounts) - 1; i >= 0; i-- {
		for _, root := range append([]string{s.State.Root}, s.State.Remapped...) {
			if root != "" && !contains(s.State.Whole, s.Mounts[i].Point) && hides(s.Mounts, i, root) {
				found = append(found, s.Mounts[i])
				break
			}
		}
	}
	return found
}

// hides reports whether a mount is at a place of the storage where Docker
// mounts nothing. A data-root on a file system of its own is mounted at the
// root itself; volumes may be mounts too.
func hides(mounts []Mount, i int, root string) bool {
	rest, ok := strings.CutPrefix(mounts[i].Point, strings.TrimRight(root, "/")+"/")
	if !ok {
		return false
	}
	parts := strings.Split(rest, "/")
	switch parts[0] {
	case "overlay2", "overlay", "aufs":
		if len(parts) == 1 {
			return !harmless(mounts, i)
		}
		// overlay2/ID/merged is the container's own.
		return len(parts) == 2 && parts[0] != "aufs" || len(parts) > 2 && parts[2] != "merged" && parts[0] != "aufs"
	case "containers":
		// The shared memory of a container is containers/ID/mounts/shm.
		return len(parts) < 3
	case "image", "network", "devicemapper", "btrfs", "zfs":
		return len(parts) == 1 && !harmless(mounts, i)
	}
	return false
}

// harmless reports whether a mount shows the very directory that it is mounted
// on, as engines bind the driver's directory on itself to make it private, and
// hides no mount that was below it before.
func harmless(mounts []Mount, i int) bool {
	m, parent := mounts[i], -1
	for k := 0; k < i; k++ {
		if mounts[k].Point != m.Point && below(mounts[k].Point, m.Point) {
			return false
		}
		if below(m.Point, mounts[k].Point) && (parent < 0 || len(mounts[k].Point) >= len(mounts[parent].Point)) {
			parent = k
		}
	}
	if parent < 0 || mounts[parent].Device != m.Device {
		return false
	}
	p := mounts[parent]
	return path.Join(p.Root, strings.TrimPrefix(m.Point, strings.TrimRight(p.Point, "/"))) == path.Clean(m.Root)
}

// storageDriver: drivers that are slow, gone, or about to be.
func storageDriver(s *Snapshot) Verdict {
	driver := s.Driver()
	if driver == "" {
		return notApplicable("the storage driver is not known")
	}
	switch driver {
	case "overlay2", "overlayfs", "btrfs", "zfs":
		return Verdict{}
	case "fuse-overlayfs":
		one := ill(driver, "the storage driver is fuse-overlayfs, which is for daemons without root")
		one.Severity = Info
		return Verdict{Ills: []Ill{one}}
	case "vfs":
		return Verdict{Ills: []Ill{ill(driver, "the storage driver is vfs: each layer is a whole copy")}}
	}
	return Verdict{Ills: []Ill{ill(driver, fmt.Sprintf("the storage driver is %s with engine %s; engines since 24.0 (aufs, overlay) and 25.0 (devicemapper) do not have it", driver, s.Engine))}}
}

// driverTraces: another driver's files are below the data-root.
func driverTraces(s *Snapshot) Verdict {
	var drivers []string
	for _, d := range s.State.Drivers {
		if d != "vfs" {
			drivers = append(drivers, d)
		}
	}
	if len(drivers) < 2 {
		return Verdict{}
	}
	one := ill(s.State.Root, fmt.Sprintf("%s has files of %s", s.State.Root, strings.Join(drivers, " and ")))
	for _, d := range drivers {
		var names []string
		for _, c := range s.State.Containers {
			if c.Driver == d {
				names = append(names, c.Name)
			}
		}
		if len(names) > 0 {
			one.Evidence = append(one.Evidence, fmt.Sprintf("containers of %s: %s", d, strings.Join(names, ", ")))
		}
	}
	if !s.Config.Has("storage-driver") {
		one.Severity = Error
		one.Evidence = append(one.Evidence, "no storage-driver is set: dockerd does not start with several to choose from")
		one.Stops = true
	}
	return Verdict{Ills: []Ill{one}}
}

func usesOverlay(s *Snapshot) bool {
	switch s.Driver() {
	case "overlay2", "overlay", "overlayfs", "":
		return s.Daemon != Absent
	}
	return false
}

// overlayKernel: the kernel must have overlayfs that stacks many layers.
func overlayKernel(s *Snapshot) Verdict {
	if !usesOverlay(s) {
		return notApplicable("the storage driver is not overlay2")
	}
	var v Verdict
	if kernel, err := engine.Parse(kernelNumber(s.System.Kernel)); err == nil && kernel.Major < 4 {
		one := ill("kernel", "the kernel is "+s.System.Kernel+"; overlay2 wants 4.0, or a distribution's kernel that has it backported")
		if s.Daemon == Up {
			one.Severity = Warning
		}
		v.Ills = append(v.Ills, one)
	}
	// What engines say last, 20.10 for one, does not name overlay.
	why := s.Reason()
	if !s.System.Overlay && s.Daemon == Down && (strings.Contains(why, "overlay") || strings.Contains(why, "driver not supported")) {
		one := ill("overlay", "/proc/filesystems has no overlay")
		one.Stops = true
		v.Ills = append(v.Ills, one)
	}
	return v
}

// kernelNumber takes the numbers out of a kernel's release: 6.1.0-37-amd64.
func kernelNumber(release string) string {
	end := strings.IndexFunc(release, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end < 0 {
		end = len(release)
	}
	return strings.TrimRight(release[:end], ".")
}

// backingFilesystem: overlay2 needs d_type, which xfs made with ftype=0 lacks.
func backingFilesystem(s *Snapshot) Verdict {
	if !usesOverlay(s) {
		return notApplicable("the storage driver is not overlay2")
	}
	var v Verdict
	backing, dtype := s.State.Filesystem, ""
	for _, pair := range s.Info.DriverStatus {
		switch pair[0] {
		case "Backing Filesystem":
			backing = pair[1]
		case "Supports d_type":
			dtype = pair[1]
		}
	}
	why := s.Reason()
	if dtype == "false" || s.Daemon == Down && (strings.Contains(why, "d_type") || strings.Contains(why, "ftype")) {
		one := ill(s.State.Root, "backing filesystem "+backing+", supports d_type: false "+why)
		one.Stops = s.Daemon == Down
		v.Ills = append(v.Ills, one)
	}
	switch backing {
	case "", "ext", "extfs", "ext4", "xfs", "unknown":
	default:
		one := ill(s.State.Root, "the data-root is on "+backing)
		one.Severity = Warning
		if backing == "btrfs" || backing == "zfs" {
			one.Severity = Info
		}
		v.Ills = append(v.Ills, one)
	}
	return v
}

// Space below which a changed file may not be copied up any more.
const (
	lowSpace      = 1 << 30  // bytes
	veryLowSpace  = 64 << 20 // bytes
	lowPercent    = 5
	lowInodeShare = 2 // percent
)

// copyUpSpace: a file that a container changes for the first time is copied
// whole.
func copyUpSpace(s *Snapshot) Verdict {
	if !s.State.Exists || s.State.Size == 0 {
		return notApplicable("there is no data-root")
	}
	var v Verdict
	free, size := s.State.Free, s.State.Size
	if free < lowSpace || free*100 < size*lowPercent {
		one := ill(s.State.Root, fmt.Sprintf("%d MiB of %d MiB are free on its file system", free>>20, size>>20))
		if free < veryLowSpace {
			one.Severity = Error
		}
		v.Ills = append(v.Ills, one)
	}
	if inodes := s.State.Inodes; inodes > 0 && s.State.InodesFree*100 < inodes*lowInodeShare {
		v.Ills = append(v.Ills, ill(s.State.Root, fmt.Sprintf("%d of %d inodes are free on its file system", s.State.InodesFree, inodes)))
	}
	return v
}

// unhealthy: a container's health check runs a program of its image, which
// cannot be found when its layers are not what they were.
func unhealthy(s *Snapshot) Verdict {
	var v Verdict
	for _, c := range s.State.Containers {
		if c.Health != "unhealthy" || !c.Running {
			continue
		}
		one := ill(c.Name, "container "+c.ID+" is unhealthy")
		if c.HealthSaid != "" {
			one.Evidence = append(one.Evidence, c.HealthSaid)
		}
		for _, part := range []string{"executable file not found", "no such file or directory"} {
			if strings.Contains(c.HealthSaid, part) {
				one.Severity = Warning
			}
		}
		v.Ills = append(v.Ills, one)
	}
	return v
}

// layersMissing: a container without its layer cannot start.
func layersMissing(s *Snapshot) Verdict {
	if len(HidingMounts(s)) > 0 {
		return Verdict{Unknown: "a mount hides the layers"}
	}
	var v Verdict
	for _, c := range s.State.Containers {
		if c.LayerMissing {
			v.Ills = append(v.Ills, ill(c.Name, fmt.Sprintf("container %s: %s has no whole layer %q", c.ID, path.Join(s.State.Root, "overlay2"), c.Layer)))
		}
	}
	return v
}
