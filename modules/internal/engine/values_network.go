// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"net/netip"
	"strconv"
	"strings"
)

// checkNetwork judges addresses, networks, registries and listeners.
func (c *checker) checkNetwork(name string) {
	switch name {
	case "dns", "host-gateway-ips":
		c.checkAddresses(name)
	case "default-gateway", "default-gateway-v6", "host-gateway-ip", "ip":
		if addr := c.text(name); addr != "" && !isIP(addr, c.version) {
			c.invalid(name, Rejected, addr, "write an IP address")
		} else if name == "default-gateway" && addr != "" {
			c.checkGateway(addr)
		}
	case "bip", "bip6":
		c.checkBridgeAddress(name)
	case "fixed-cidr", "fixed-cidr-v6":
		c.checkSubnet(name)
	case "default-address-pools":
		c.checkPools()
	case "dns-search":
		for i, domain := range c.list(name) {
			if !isDomain(domain) {
				c.invalid(index(name, i), Rejected, domain, "write a domain such as example.com")
			}
		}
	case "mtu":
		if n, _ := asInt(c.doc[name]); n < 0 {
			c.invalid(name, c.at(23, 0), n, "write 0 for the default or a size such as 1450")
		}
	case "network-diagnostic-port":
		if n, _ := asInt(c.doc[name]); n < 0 || n > 65535 {
			c.invalid(name, c.orDangerous(28, 0), n, "write a port from 0 (off) to 65535")
		}
	case "metrics-addr":
		if _, port, found := cutPort(c.text(name)); c.text(name) != "" && (!found || !isPort(port)) {
			c.invalid(name, Fails, c.doc[name], "write address:port such as 127.0.0.1:9323")
		}
	case "registry-mirrors":
		for i, mirror := range c.list(name) {
			if wrong := mirrorProblem(mirror); wrong != "" {
				c.invalid(index(name, i), c.at(28, 0), mirror, "%s", wrong)
			}
		}
	case "insecure-registries":
		c.checkInsecureRegistries()
	case "hosts":
		for i, host := range c.list(name) {
			if wrong := hostProblem(host); wrong != "" {
				c.invalid(index(name, i), c.at(23, 0), host, "%s", wrong)
			}
		}
	case "bridge-accept-fwmark":
		mark, mask, hasMask := strings.Cut(c.text(name), "/")
		if c.text(name) != "" && (!isMark(mark) || hasMask && !isMark(mask)) {
			c.invalid(name, Fails, c.doc[name], "write a mark such as 0x1 or mark/mask, 32 bits each")
		}
	case "firewall-backend":
		if backend := c.text(name); backend != "" && backend != "iptables" && backend != "nftables" {
			c.invalid(name, Rejected, backend, "write iptables or nftables")
		}
	}
}

func (c *checker) checkAddresses(name string) {
	var families [2]int
	for i, text := range c.list(name) {
		if text == "" && name == "dns" && c.version.since(26, 0) {
			c.add(index(name, i), Dangerous, Refuse, "invalid %s: %s accepts an empty address and gives it to containers: remove it", index(name, i), c.name())
			continue
		}
		if !isIP(text, c.version) {
			c.invalid(index(name, i), Rejected, text, "write an IP address")
			continue
		}
		if addr, err := netip.ParseAddr(text); err == nil {
			families[boolIndex(addr.Is6())]++
		}
	}
	if name == "host-gateway-ips" && max(families[0], families[1]) > 1 {
		c.add(name, Rejected, Refuse, "invalid %s: %s takes one IPv4 and one IPv6 address at most", name, c.name())
	}
}

func boolIndex(b bool) int {
	if b {
		return 1
	}
	return 0
}

// checkBridgeAddress wants an address of the bridge with its prefix.
func (c *checker) checkBridgeAddress(name string) {
	text := c.text(name)
	if text == "" {
		return
	}
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		c.invalid(name, Fails, text, "write address and prefix of docker0 such as 172.17.0.1/16")
	case name == "bip" && !prefix.Addr().Is4() && c.version.since(28, 0), name == "bip6" && !prefix.Addr().Is6():
		c.invalid(name, Fails, text, "the address is of the wrong family: bip is IPv4, bip6 is IPv6")
	case prefix.Addr() == prefix.Masked().Addr() && prefix.Bits() < prefix.Addr().BitLen():
		c.invalid(name, Fails, text, "it is the network, not an address in it: write %s/%d", prefix.Addr().Next(), prefix.Bits())
	}
}

// checkGateway wants a gateway that the default bridge can hold. Without bip
// the bridge's subnet is for the engine to choose, and with a bridge of the
// administrator's own the engine takes any address.
func (c *checker) checkGateway(text string) {
	addr, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil || c.text("bridge") != "" || c.hasFlag("bridge") {
		return
	}
	prefix, err := netip.ParsePrefix(c.text("bip"))
	switch {
	case addr.Is6():
		c.invalid("default-gateway", Fails, text, "the default bridge has IPv4 addresses: write one of them, and the other as default-gateway-v6")
	case err != nil:
	case !prefix.Contains(addr):
		c.invalid("default-gateway", Fails, text, "it is not in the network of bip %s", prefix)
	case prefix.Addr() == addr:
		c.invalid("default-gateway", Fails, text, "it is bip's own address, which is the gateway without this key: remove it")
	}
}

func (c *checker) checkSubnet(name string) {
	text := c.text(name)
	if text == "" {
		return
	}
	prefix, err := netip.ParsePrefix(text)
	v6 := name == "fixed-cidr-v6"
	if err != nil || prefix.Addr().Is6() != v6 {
		stage, example := Fails, "172.17.128.0/17"
		if v6 {
			stage, example = c.at(25, 0), "fd00:d0c::/64"
		}
		c.invalid(name, stage, text, "write a subnet such as %s", example)
		return
	}
	bridge, err := netip.ParsePrefix(c.text("bip"))
	if !v6 && err == nil && (!bridge.Contains(prefix.Masked().Addr()) || prefix.Bits() < bridge.Bits()) {
		c.add(name, Dangerous, Warn, "invalid %s %q: containers get addresses outside the bridge's network %s (bip) and reach nothing: write a part of it", name, text, bridge.Masked())
	}
}

func (c *checker) checkPools() {
	pools, _ := c.doc["default-address-pools"].([]any)
	for i, value := range pools {
		where := index("default-address-pools", i)
		pool, _ := value.(map[string]any)
		base, size := "", int64(0)
		for name, field := range pool {
			switch strings.ToLower(name) {
			case "base":
				base, _ = field.(string)
			case "size":
				size, _ = asInt(field)
			}
		}
		prefix, err := netip.ParsePrefix(base)
		switch {
		case err != nil:
			stage := Fails
			if base != "" {
				stage = c.at(27, 0)
			}
			c.invalid(where+".base", stage, base, "write a network such as 172.30.0.0/16")
		case size < int64(prefix.Bits()) || size > int64(prefix.Addr().BitLen()):
			c.invalid(where+".size", Fails, size, "it is the prefix length of each network taken from %s: write %d to %d", base, prefix.Bits(), prefix.Addr().BitLen())
		}
	}
}

// isDomain follows opts.ValidateDNSSearch: dotted labels with at least one
// letter, or a lone dot.
func isDomain(text string) bool {
	if text = strings.Trim(text, " "); text == "." {
		return true
	}
	if len(text) >= 255 || !strings.ContainsFunc(text, isLetter) {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(text, "."), ".") {
		// The engine's pattern lets a label begin with a colon.
		label = strings.TrimPrefix(label, ":")
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		if strings.ContainsFunc(label, func(r rune) bool { return !isLetter(r) && !isDigit(r) && r != '-' }) {
			return false
		}
	}
	return true
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
func isDigit(r rune) bool  { return r >= '0' && r <= '9' }

// mirrorProblem follows registry.ValidateMirror of 28; older engines apply the
// same rules at start.
func mirrorProblem(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return "write it with its scheme, https:// or http://"
	}
	if !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return "the scheme must be https:// or http://"
	}
	host, _, _ := strings.Cut(rest, "/")
	switch {
	case strings.ContainsAny(rest, "?#"):
		return "it cannot have a query or fragment"
	case strings.Contains(host, "@"):
		return "it cannot hold a user or password"
	case strings.ContainsAny(host, " \t\"<>\\^`{|}"):
		return "the host name has a character that no host name has"
	}
	return ""
}

// checkInsecureRegistries finds entries that never match a registry. The
// engine accepts them all; and does not start with some.
func (c *checker) checkInsecureRegistries() {
	for i, registry := range c.list("insecure-registries") {
		where := index("insecure-registries", i)
		bare := registry
		for _, scheme := range []string{"http://", "https://"} {
			bare = strings.TrimPrefix(bare, scheme)
		}
		if _, err := netip.ParsePrefix(registry); err == nil {
			continue
		}
		switch host, port, hasPort := cutPort(strings.TrimSuffix(bare, "/")); {
		case bare == "" || strings.HasPrefix(bare, "-"), hasPort && (host == "" || !isPort(port)):
			c.invalid(where, Fails, registry, "write host or host:port, or a network such as 10.0.0.0/8")
		case strings.Contains(bare, "/"):
			c.invalid(where, Fails, registry, "a registry here has no path: write host or host:port")
		case bare != registry:
			c.add(where, Dangerous, Warn, "invalid %s %q: %s takes a host here, not a URL: write %s", where, registry, c.name(), bare)
		}
	}
}

// hostProblem follows opts.ParseHost for Linux.
func hostProblem(text string) string {
	text = strings.TrimSpace(text)
	proto, address, found := strings.Cut(text, "://")
	if !found {
		proto, address = "tcp", text
	}
	switch proto {
	case "unix", "fd", "npipe":
		return ""
	case "tcp":
	default:
		return "the scheme must be unix://, fd:// or tcp://"
	}
	if _, port, hasPort := cutPort(address); hasPort && port != "" {
		if rest, _, hasPath := strings.Cut(port, "/"); hasPath {
			port = rest
		}
		if strings.ContainsFunc(port, func(r rune) bool { return !isDigit(r) }) {
			return "the port must be a number"
		}
	}
	if strings.Contains(address, "/") {
		return "a TCP listener has no path: write tcp://address:port, or unix:// before the path of a socket"
	}
	return ""
}

// cutPort splits host:port at the last colon outside brackets.
func cutPort(text string) (host, port string, found bool) {
	colon := strings.LastIndexByte(text, ':')
	if colon < 0 || colon < strings.LastIndexByte(text, ']') {
		return text, "", false
	}
	return text[:colon], text[colon+1:], true
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n <= 65535
}

func isMark(text string) bool {
	_, err := strconv.ParseUint(text, 0, 32)
	return err == nil
}
