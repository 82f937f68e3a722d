// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"fmt"
	"net/netip"
	"path"
	"strconv"
	"strings"
)

// at returns Rejected for engines since major.minor and Fails for older ones:
// most checks of values moved from the daemon's start to its validation.
func (c *checker) at(major, minor int) Stage {
	if c.version.since(major, minor) {
		return Rejected
	}
	return Fails
}

// orDangerous is at for values that older engines start with.
func (c *checker) orDangerous(major, minor int) Stage {
	if c.version.since(major, minor) {
		return Rejected
	}
	return Dangerous
}

// invalid reports a value that the engine does not take.
func (c *checker) invalid(path string, stage Stage, value any, format string, args ...any) {
	c.add(path, stage, Refuse, "invalid %s %s for %s: %s", path, quote(value), c.name(), fmt.Sprintf(format, args...))
}

func quote(value any) string {
	if text, ok := value.(string); ok {
		return strconv.Quote(text)
	}
	return fmt.Sprint(value)
}

// checkValue judges the value of one key, which has the right type.
func (c *checker) checkValue(name string) {
	switch name {
	case "dns", "host-gateway-ips", "default-gateway", "default-gateway-v6", "host-gateway-ip", "ip",
		"bip", "bip6", "fixed-cidr", "fixed-cidr-v6", "default-address-pools", "dns-search", "mtu",
		"network-diagnostic-port", "metrics-addr", "registry-mirrors", "insecure-registries", "hosts",
		"bridge-accept-fwmark", "firewall-backend":
		c.checkNetwork(name)
	case "storage-driver", "storage-opts", "data-root", "exec-root", "userns-remap", "features":
		c.checkStorage(name)
	case "log-driver", "log-opts", "log-level", "log-format":
		c.checkLogging(name)
	case "runtimes", "default-runtime", "default-ulimits", "default-shm-size", "default-ipc-mode",
		"default-cgroupns-mode", "exec-opts", "seccomp-profile", "default-stop-timeout", "node-generic-resources":
		c.checkContainers(name)
	case "max-concurrent-downloads", "max-concurrent-uploads":
		if n, _ := asInt(c.doc[name]); n < 0 {
			c.invalid(name, Rejected, n, "it cannot be negative")
		}
	case "max-download-attempts":
		n, _ := asInt(c.doc[name])
		if n < 0 || n == 0 && !c.version.since(23, 0) {
			c.invalid(name, Rejected, n, "write 1 or more")
		}
	case "labels":
		c.checkLabels()
	case "builder":
		c.checkBuilder()
	case "userland-proxy-path":
		if file := c.text(name); c.version.since(25, 0) && c.doc["userland-proxy"] != false && file != "" && !path.IsAbs(file) {
			c.invalid(name, Rejected, file, "write the absolute path of docker-proxy")
		}
	case "min-api-version":
		major, minor, found := strings.Cut(c.text(name), ".")
		if _, err := strconv.Atoi(minor); !found || err != nil || major != "1" {
			c.invalid(name, Fails, c.doc[name], "write an API version such as 1.40")
		}
	case "iptables":
		if c.doc[name] == false {
			c.add(name, Dangerous, Warn, "cannot isolate containers with iptables false: %s then publishes no ports by rules, masquerades nothing and enforces no icc", c.name())
		}
	}
}

// text returns a string value, "" where it is absent or null.
func (c *checker) text(name string) string {
	text, _ := c.doc[name].(string)
	return text
}

// list returns the strings of a list; null elements are "", as the engine has it.
func (c *checker) list(name string) []string {
	values, _ := c.doc[name].([]any)
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i], _ = value.(string)
	}
	return texts
}

// checkLabels wants key=value and one value for each key.
func (c *checker) checkLabels() {
	first := make(map[string]string)
	for i, label := range c.list("labels") {
		key, value, found := strings.Cut(label, "=")
		if !found {
			c.invalid(index("labels", i), Rejected, label, "write key=value")
			continue
		}
		if other, twice := first[key]; twice && other != value {
			c.invalid(index("labels", i), Rejected, label, "the label %q has the value %q already: remove one of them", key, other)
			continue
		}
		first[key] = value
	}
}

// checkTogether judges keys that do not go together.
func (c *checker) checkTogether() {
	doc := c.doc
	if doc["graph"] != nil && doc["data-root"] != nil && doc["graph"] != "" && !c.version.since(23, 0) {
		c.add("graph", Rejected, Refuse, "invalid key \"graph\" beside \"data-root\": %s refuses both together: remove graph", c.name())
	}
	if doc["icc"] == false && doc["iptables"] == false {
		c.add("icc", Fails, Refuse, "invalid icc false with iptables false: %s does not start, it needs its rules to separate containers: remove \"iptables\": false", c.name())
	}
	if c.text("bridge") != "" && c.text("bip") != "" {
		c.add("bip", Fails, Refuse, "invalid bip with bridge: %s does not start with both: give the bridge %q its address outside Docker and remove bip", c.name(), c.text("bridge"))
	}
	if doc["ipv6"] == true && c.text("fixed-cidr-v6") == "" && !c.version.since(27, 0) && !c.hasFlag("fixed-cidr-v6") {
		c.add("ipv6", Fails, Refuse, "missing fixed-cidr-v6 beside ipv6: %s does not start without it: write a subnet such as fd00:d0c::/64", c.name())
	}
	if doc["host-gateway-ip"] != nil && doc["host-gateway-ips"] != nil && c.version.since(28, 0) {
		c.add("host-gateway-ip", Rejected, Refuse, "invalid host-gateway-ip beside host-gateway-ips: %s refuses both together: remove host-gateway-ip", c.name())
	}
	c.checkTLS()
	c.checkHosts()
}

// checkTLS follows the engine: "tls": true or any tlsverify, even false, turns
// TLS on and needs a certificate and its key (moby cmd/dockerd newAPIServerTLSConfig;
// since 23.0 also with --validate and without a TCP listener).
func (c *checker) checkTLS() {
	_, hasVerify := c.doc["tlsverify"].(bool)
	if c.doc["tls"] != true && !hasVerify || !hasVerify && c.hasFlag("tlsverify") {
		return
	}
	name := "tls"
	if hasVerify {
		name = "tlsverify"
	}
	for _, file := range []string{"tlscert", "tlskey"} {
		if c.text(file) == "" && !c.hasFlag(file) && !c.hasFlag("tls") && !c.hasFlag("tlsverify") {
			hint := ""
			if c.doc[name] == false {
				hint = " (even false turns TLS on: remove the key to turn it off)"
			}
			c.add(name, c.at(23, 0), Refuse, "missing %s for %s: %s does not start without certificate and key%s", file, name, c.name(), hint)
		}
	}
}

// checkHosts warns of an API that everybody on the network may use as root.
func (c *checker) checkHosts() {
	if c.doc["tlsverify"] == true || c.hasFlag("tlsverify") {
		return
	}
	for i, host := range c.list("hosts") {
		host = strings.TrimSpace(host)
		if strings.HasPrefix(host, "unix://") || strings.HasPrefix(host, "fd://") || host == "" {
			continue
		}
		c.add(index("hosts", i), Dangerous, Warn, "missing tlsverify beside the host %q: whoever reaches it is root on this machine: set tlsverify with tlscacert, tlscert and tlskey, or use unix:// over SSH", host)
	}
}

// isIP reports whether the engine takes text for an IP address.
func isIP(text string, v Version) bool {
	if !v.since(26, 0) {
		text = strings.TrimSpace(text)
	}
	addr, err := netip.ParseAddr(text)
	return err == nil && (addr.Zone() == "" || v.since(29, 0))
}
