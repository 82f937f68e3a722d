// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// checkContainers judges the defaults that every container gets.
func (c *checker) checkContainers(name string) {
	switch name {
	case "runtimes":
		c.checkRuntimes()
	case "default-runtime":
		c.checkDefaultRuntime()
	case "default-ulimits":
		c.checkUlimits()
	case "default-shm-size":
		if _, ok := parseSize(c.text(name), c.version); !ok {
			c.invalid(name, Rejected, c.doc[name], "write a size such as 64M")
		}
	case "default-ipc-mode":
		if mode := c.text(name); mode != "" && mode != "private" && mode != "shareable" {
			c.invalid(name, Rejected, mode, "write private or shareable")
		}
	case "default-cgroupns-mode":
		if mode := c.text(name); mode != "" && mode != "private" && mode != "host" {
			c.invalid(name, Rejected, mode, "write private or host")
		}
	case "exec-opts":
		for i, option := range c.list(name) {
			c.checkExecOption(index(name, i), option)
		}
	case "seccomp-profile":
		c.checkSeccomp()
	case "default-stop-timeout":
		if n, _ := asInt(c.doc[name]); n < 0 {
			c.invalid(name, Rejected, n, "it cannot be negative")
		}
	case "node-generic-resources":
		c.checkResources()
	}
}

func (c *checker) checkRuntimes() {
	runtimes, _ := c.doc["runtimes"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(runtimes)) {
		where := "runtimes." + name
		if name == "runc" {
			stage := Rejected
			if c.version.since(25, 0) {
				stage = Fails
			}
			c.add(where, stage, Refuse, "invalid runtime name \"runc\" for %s: it is reserved: choose another name and set default-runtime to it", c.name())
			continue
		}
		fields, _ := runtimes[name].(map[string]any)
		file, _ := fields["path"].(string)
		kind, _ := fields["runtimeType"].(string)
		switch {
		case !c.version.since(24, 0):
			if file == "" {
				c.add(where, Dangerous, Refuse, "missing path of %s: %s needs the program of each runtime", where, c.name())
			}
		case file == "" && kind == "":
			c.add(where, Fails, Refuse, "missing path or runtimeType of %s: %s does not start without one of them", where, c.name())
		case file != "" && kind != "":
			c.add(where, Fails, Refuse, "invalid %s: path and runtimeType exclude each other: remove one", where)
		case file != "" && notEmpty(fields["options"]):
			c.add(where, Fails, Refuse, "invalid %s: options are for a runtimeType, not for a path: remove one of them", where)
		case kind != "" && notEmpty(fields["runtimeArgs"]):
			c.add(where, Fails, Refuse, "invalid %s: runtimeArgs are for a path, not for a runtimeType: remove one of them", where)
		}
	}
}

func notEmpty(value any) bool {
	list, _ := value.([]any)
	object, _ := value.(map[string]any)
	return len(list)+len(object) > 0
}

// checkDefaultRuntime looks the default up among runtimes. Names of containerd
// shims need no entry: two of them in 20.10, all of that form since 23.0.
func (c *checker) checkDefaultRuntime() {
	name := c.text("default-runtime")
	runtimes, _ := c.doc["runtimes"].(map[string]any)
	_, listed := runtimes[name]
	switch {
	case name == "" || name == "runc" || listed:
		return
	case name == "io.containerd.runc.v2" && c.version.since(20, 10), name == "io.containerd.runtime.v1.linux" && !c.version.since(23, 0) && c.version.since(20, 10):
		return
	case strings.HasPrefix(name, "io.containerd.") && c.version.since(23, 0):
		return
	case c.version.since(25, 0) && c.hasFlag("runtimes"):
		return
	}
	stage := Rejected
	if c.version.since(25, 0) {
		stage = Fails
	}
	c.invalid("default-runtime", stage, name, "runtimes has no such entry: add it there")
}

// ulimitNames are the limits that the engine can set (docker/go-units).
func ulimitNames() []string {
	return []string{"core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile",
		"nproc", "rss", "rtprio", "rttime", "sigpending", "stack"}
}

// checkUlimits finds limits that the engine accepts and with which no
// container starts.
func (c *checker) checkUlimits() {
	limits, _ := c.doc["default-ulimits"].(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(limits)) {
		fields, isObject := limits[key].(map[string]any)
		if !isObject {
			continue
		}
		where := "default-ulimits." + key
		var name string
		var soft, hard int64
		for field, value := range fields {
			switch strings.ToLower(field) {
			case "name":
				name, _ = value.(string)
			case "soft":
				soft, _ = asInt(value)
			case "hard":
				hard, _ = asInt(value)
			}
		}
		switch {
		case name == "":
			c.add(where, Dangerous, Refuse, "missing Name in %s: no container would start: write \"Name\": %q", where, key)
		case !slices.Contains(ulimitNames(), name):
			c.add(where, Dangerous, Refuse, "unknown limit %q in %s: no container would start%s", name, where, nearest(name, ulimitNames()))
		case hard != -1 && (soft > hard || soft == -1):
			c.add(where, Dangerous, Refuse, "invalid %s: Soft %d is above Hard %d, no container would start: raise Hard or lower Soft", where, soft, hard)
		}
	}
}

// checkExecOption judges one exec-opts entry. Before 28.0 the engine takes
// anything and ignores what it does not know.
func (c *checker) checkExecOption(where, option string) {
	name, value, found := strings.Cut(option, "=")
	name = strings.ToLower(strings.TrimSpace(name))
	value = strings.TrimSpace(value)
	strict := c.version.since(28, 0)
	switch {
	case strict && (!found || value == ""):
		c.invalid(where, Rejected, option, "write option=value")
	case name == "native.umask" && c.Flavor == OpenEuler:
		if value != "normal" && value != "secure" {
			c.invalid(where, Fails, option, "write native.umask=normal (0022) or native.umask=secure (0027)")
		}
	case name == "native.cgroupdriver" && found:
		if value != "cgroupfs" && value != "systemd" && value != "" {
			c.invalid(where, Fails, option, "write native.cgroupdriver=systemd or native.cgroupdriver=cgroupfs")
		}
	case strict && name == "native.umask":
		c.invalid(where, Rejected, option, "only openEuler's docker-engine has native.umask: remove it")
	case strict:
		c.invalid(where, Rejected, option, "it knows native.cgroupdriver only: remove it")
	case name == "native.umask":
		c.add(where, Dangerous, Refuse, "unknown exec option %q: %s accepts and ignores it, only openEuler's docker-engine has it: remove it", option, c.name())
	default:
		c.add(where, Dangerous, Refuse, "unknown exec option %q: %s accepts and ignores it: remove it%s", option, c.name(), nearest(name, []string{"native.cgroupdriver"}))
	}
}

func (c *checker) checkSeccomp() {
	profile := c.text("seccomp-profile")
	switch {
	case profile == "" || path.IsAbs(profile) || profile == "builtin" && c.version.since(23, 0):
	case profile == "unconfined" && c.version.since(23, 0):
		c.add("seccomp-profile", Dangerous, Warn, "cannot protect the kernel with seccomp-profile \"unconfined\": containers may then use every system call")
	default:
		c.invalid("seccomp-profile", Fails, profile, "the daemon looks for a file of this name and does not start: write its absolute path, or remove the key for the built-in profile")
	}
}

// checkResources follows swarmkit's genericresource.Parse: a name has either
// one count or a set of identifiers.
func (c *checker) checkResources() {
	type seen struct{ counts, names int }
	all := make(map[string]seen)
	for i, entry := range c.list("node-generic-resources") {
		where := index("node-generic-resources", i)
		name, value, found := strings.Cut(entry, "=")
		if !found {
			c.invalid(where, Rejected, entry, "write name=count or name=identifier")
			continue
		}
		s := all[name]
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			s.counts++
			if n < 0 {
				c.invalid(where, Rejected, entry, "a count cannot be negative")
			}
		} else {
			s.names++
		}
		if all[name] = s; s.counts > 1 || s.counts > 0 && s.names > 0 {
			c.invalid(where, Rejected, entry, "%q has a count already: write one count, or identifiers only", name)
		}
	}
}

// parseSize reads a size as docker/go-units RAMInBytes does: digits, an
// optional fraction, one space at most, and k, m, g, t or p with i and b. Since
// 28 exponents and a bare fraction pass too.
func parseSize(text string, v Version) (int64, bool) {
	end := 0
	for end < len(text) && (isDigit(rune(text[end])) || text[end] == '.') {
		end++
	}
	number, suffix := text[:end], strings.ToLower(strings.TrimPrefix(text[end:], " "))
	if v.since(28, 0) && strings.HasPrefix(suffix, "e") {
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return int64(n), true
		}
	}
	if number == "" || !v.since(28, 0) && (number[0] == '.' || strings.HasSuffix(number, ".")) {
		return 0, false
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, false
	}
	unit := suffix
	for _, tail := range []string{"ib", "b", "i"} {
		if strings.HasSuffix(unit, tail) {
			unit = strings.TrimSuffix(unit, tail)
			break
		}
	}
	if len(unit) > 1 || unit == "" && strings.HasPrefix(suffix, "i") {
		return 0, false
	}
	power := strings.Index("kmgtp", unit) + 1
	switch {
	case unit == "":
		power = 0
	case power == 0:
		return 0, false
	}
	for range power {
		n *= 1024
	}
	return int64(n), true
}
