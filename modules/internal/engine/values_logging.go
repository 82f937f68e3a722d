// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// logDrivers are the log drivers compiled into an engine on Linux.
func logDrivers(v Version) []string {
	names := []string{"awslogs", "fluentd", "gcplogs", "gelf", "journald", "json-file", "local", "none", "splunk", "syslog"}
	if !v.since(25, 0) {
		names = append(names, "logentries")
	}
	return names
}

// logOptions are the options that the local drivers know, with those that every
// driver shares. nil is a driver whose options only the engine can judge.
func logOptions(driver string) []string {
	shared := []string{"cache-compress", "cache-disabled", "cache-max-file", "cache-max-size", "max-buffer-size", "mode"}
	switch driver {
	case "json-file":
		return append(shared, "compress", "env", "env-regex", "labels", "labels-regex", "max-file", "max-size", "tag")
	case "local":
		return append(shared, "compress", "max-file", "max-size")
	case "journald":
		return append(shared, "env", "env-regex", "labels", "labels-regex", "tag")
	case "syslog":
		return append(shared, "env", "env-regex", "labels", "labels-regex", "syslog-address", "syslog-facility",
			"syslog-format", "syslog-tls-ca-cert", "syslog-tls-cert", "syslog-tls-key", "syslog-tls-skip-verify", "tag")
	}
	return nil
}

// checkLogging judges the engine's own log and the default for containers.
func (c *checker) checkLogging(name string) {
	switch name {
	case "log-level":
		c.checkLogLevel()
	case "log-format":
		if format := c.text(name); format != "" && format != "text" && format != "json" {
			c.invalid(name, Rejected, format, "write text or json")
		}
	case "log-driver":
		c.checkLogDriver()
	case "log-opts":
		c.checkLogOptions()
	}
}

func (c *checker) checkLogLevel() {
	level := c.text("log-level")
	names := []string{"", "trace", "debug", "info", "warn", "error", "fatal", "panic"}
	if slices.Contains(names, strings.ToLower(level)) || strings.EqualFold(level, "warning") && !c.version.since(25, 0) {
		return
	}
	c.invalid("log-level", Rejected, level, "write debug, info, warn, error or fatal")
}

func (c *checker) checkLogDriver() {
	driver := c.text("log-driver")
	names := logDrivers(c.version)
	options, _ := c.doc["log-opts"].(map[string]any)
	switch {
	case driver == "" || slices.Contains(names, driver):
	case driver == "logentries":
		c.invalid("log-driver", Dangerous, driver, "it was removed in 25.0, no container can be created: write json-file or local")
	case nearest(driver, names) != "":
		c.add("log-driver", Dangerous, Refuse, "unknown log-driver %q for %s, no container can be created%s", driver, c.name(), nearest(driver, names))
	case len(options) > 0:
		// It has the plugin judge the options when it starts (tried on 20.10 and 26.1).
		c.add("log-driver", Dangerous, Warn, "unknown log-driver %q for %s: unless a plugin of this name is installed and enabled, the daemon does not start with log-opts", driver, c.name())
	default:
		c.add("log-driver", Dangerous, Warn, "unknown log-driver %q for %s: unless a plugin of this name is installed and enabled, no container can be created", driver, c.name())
	}
}

// checkLogOptions judges the default options. The engine checks their names and
// the mode when it starts, the other values only for a container.
func (c *checker) checkLogOptions() {
	driver := c.text("log-driver")
	if driver == "" && !c.hasFlag("log-driver") {
		driver = "json-file"
	}
	options, _ := c.doc["log-opts"].(map[string]any)
	known := logOptions(driver)
	for _, name := range slices.Sorted(maps.Keys(options)) {
		where := "log-opts." + name
		value, _ := options[name].(string)
		if known != nil && !slices.Contains(known, name) {
			c.add(where, Fails, Refuse, "unknown log option %q for the driver %s: %s does not start with it%s", name, driver, c.name(), nearest(name, known))
			continue
		}
		if known == nil {
			continue
		}
		switch name {
		case "max-size":
			if _, ok := parseSize(value, c.version); !ok && value != "-1" {
				c.add(where, Dangerous, Refuse, "invalid %s %q: no container could be created: write a size such as 10m", where, value)
			}
		case "max-file":
			if n, err := strconv.Atoi(value); err != nil || n < 1 {
				c.add(where, Dangerous, Refuse, "invalid %s %q: no container could be created: write a count of 1 or more in quotes", where, value)
			}
		case "compress":
			if _, err := strconv.ParseBool(value); err != nil {
				c.add(where, Dangerous, Refuse, "invalid %s %q: no container could be created: write \"true\" or \"false\"", where, value)
			}
		case "mode":
			if value != "blocking" && value != "non-blocking" {
				c.add(where, Fails, Refuse, "invalid %s %q: the daemon does not start with it: write blocking or non-blocking", where, value)
			}
		}
	}
}
