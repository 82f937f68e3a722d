// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"path"
	"slices"
	"strings"
)

// drivers returns the classic storage drivers of an engine on Linux. A
// distribution may leave some out.
func drivers(v Version) []string {
	names := []string{"btrfs", "overlay2", "vfs", "zfs"}
	if v.since(20, 10) {
		names = append(names, "fuse-overlayfs")
	}
	if !v.since(25, 0) {
		names = append(names, "devicemapper")
	}
	if !v.since(24, 0) {
		names = append(names, "aufs", "overlay")
	}
	slices.Sort(names)
	return names
}

// driverGone is the release that dropped a storage driver.
func driverGone(name string) (Version, bool) {
	switch name {
	case "aufs", "overlay":
		return series(24, 0), true
	case "devicemapper":
		return series(25, 0), true
	}
	return Version{}, false
}

// snapshotters reports whether the storage driver may be a snapshotter of
// containerd: then its name is not the engine's to know.
func (c *checker) snapshotters() bool {
	features, _ := c.doc["features"].(map[string]any)
	on, set := features["containerd-snapshotter"].(bool)
	return on && c.version.since(23, 0) || !set && c.version.since(29, 0)
}

// checkStorage judges where and how images and containers are kept. The engine
// validates none of it before it starts.
func (c *checker) checkStorage(name string) {
	switch name {
	case "storage-driver":
		c.checkDriver()
	case "storage-opts":
		c.checkStorageOptions()
	case "data-root", "exec-root":
		if dir := c.text(name); dir != "" && !path.IsAbs(dir) {
			c.add(name, Dangerous, Refuse, "invalid %s %q: %s takes it relative to wherever it is started: write an absolute path", name, dir, c.name())
		}
	case "userns-remap":
		value := c.text(name)
		if strings.Count(value, ":") > 1 {
			c.invalid(name, c.at(26, 0), value, "write default, user, or user:group")
		}
	case "features":
		features, _ := c.doc[name].(map[string]any)
		if features["containerd-snapshotter"] == true && !c.version.since(23, 0) {
			c.add(name+".containerd-snapshotter", Dangerous, Warn, "unknown feature %q for %s: it has no effect before 23.0", "containerd-snapshotter", c.name())
		}
	}
}

func (c *checker) checkDriver() {
	driver := c.text("storage-driver")
	if driver == "" || c.snapshotters() && driverIsModern(driver) {
		return
	}
	names := drivers(c.version)
	if slices.Contains(names, driver) {
		c.checkSlowDriver(driver)
		return
	}
	if gone, once := driverGone(driver); once {
		c.add("storage-driver", Fails, Refuse, "unknown storage-driver %q for %s: it was removed in %s, the daemon does not start: write overlay2, after saving the images", driver, c.name(), gone)
		return
	}
	c.add("storage-driver", Fails, Refuse, "unknown storage-driver %q for %s, the daemon does not start: write one of %s%s", driver, c.name(), strings.Join(names, ", "), nearest(driver, names))
}

// checkSlowDriver warns of drivers that work and should not be used as they are.
func (c *checker) checkSlowDriver(driver string) {
	switch driver {
	case "vfs":
		c.add("storage-driver", Dangerous, Warn, "cannot recommend storage-driver \"vfs\": it copies every layer whole: use overlay2")
	case "devicemapper":
		onPool := func(option string) bool {
			return strings.HasPrefix(option, "dm.thinpooldev=") || strings.HasPrefix(option, "dm.directlvm_device=")
		}
		if !slices.ContainsFunc(c.list("storage-opts"), onPool) && !c.hasFlag("storage-opts") {
			c.add("storage-driver", Dangerous, Warn, "missing dm.thinpooldev in storage-opts: devicemapper then works on sparse loop files, slow and easily damaged")
		}
	}
}

// driverIsModern is false for the drivers that no snapshotter shares a name with.
func driverIsModern(driver string) bool {
	_, gone := driverGone(driver)
	return !gone
}

// member returns a member of an object as encoding/json finds it, in any case.
func member(object any, name string) any {
	members, _ := object.(map[string]any)
	for key, value := range members {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return nil
}

// checkBuilder judges the sizes of the build cache's limits, which the engine
// reads when it starts. Before 28 each rule needs its own.
func (c *checker) checkBuilder() {
	gc := member(c.doc["builder"], "gc")
	if member(gc, "enabled") != true {
		return
	}
	size := func(where string, value any, required bool) {
		text, _ := value.(string)
		if _, ok := parseSize(text, c.version); !ok && (required || text != "") {
			c.invalid(where, Fails, text, "the daemon does not start with it: write a size such as 20GB")
		}
	}
	size("builder.gc.defaultKeepStorage", member(gc, "defaultKeepStorage"), false)
	rules, _ := member(gc, "policy").([]any)
	for i, rule := range rules {
		size(index("builder.gc.policy", i)+".keepStorage", member(rule, "keepStorage"), !c.version.since(28, 0))
	}
}

// optionDriver returns the driver whose options begin with a prefix.
func optionDriver(prefix string) string {
	switch prefix {
	case "dm":
		return "devicemapper"
	case "overlay2", "btrfs", "zfs":
		return prefix
	}
	return ""
}

func (c *checker) checkStorageOptions() {
	driver := c.text("storage-driver")
	for i, option := range c.list("storage-opts") {
		where := index("storage-opts", i)
		name, _, found := strings.Cut(option, "=")
		owner, _, _ := strings.Cut(name, ".")
		switch {
		case !found:
			c.invalid(where, Fails, option, "write option=value")
		case name == "overlay2.override_kernel_check" && c.version.since(24, 0):
			c.invalid(where, Fails, option, "the daemon does not start with it since 24.0: remove it, every kernel that this engine runs on has what it was for")
		case owner == "dm" && c.version.since(25, 0):
			c.invalid(where, Fails, option, "the devicemapper driver was removed in 25.0: remove it")
		case driver != "" && optionDriver(owner) != "" && optionDriver(owner) != driver && !c.snapshotters():
			c.invalid(where, Fails, option, "the driver %s does not know it and the daemon does not start: remove it", driver)
		case driver == "overlay2" && name != "overlay2.size" && name != "overlay2.override_kernel_check" && !c.snapshotters():
			c.invalid(where, Fails, option, "the driver overlay2 knows overlay2.size only")
		}
	}
}

// OptionFits reports whether a storage option, "overlay2.size=20G", can belong
// to a driver. Options without a driver's prefix can belong to any.
func OptionFits(option, driver string) bool {
	name, _, _ := strings.Cut(option, "=")
	prefix, _, _ := strings.Cut(name, ".")
	owner := optionDriver(prefix)
	return owner == "" || owner == driver
}
