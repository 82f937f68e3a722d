// SPDX-License-Identifier: GPL-3.0-or-later

package docker_host_facts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"hardened.docker/modules/internal/host"
)

// docker0 tells of the default bridge's interface, nil if there is none.
func docker0(h *host.Host) any {
	text, err := h.ReadFile("/sys/class/net/docker0/ifindex")
	if err != nil {
		return nil
	}
	index, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return nil
	}
	state, _ := h.ReadFile("/sys/class/net/docker0/operstate")
	ports := []string{}
	if entries, err := h.ReadDir("/sys/class/net/docker0/brif"); err == nil {
		for _, e := range entries {
			ports = append(ports, e.Name())
		}
	}
	return map[string]any{"index": index, "state": strings.TrimSpace(string(state)), "mtu": number(h, "/sys/class/net/docker0/mtu"), "addresses": addresses(index), "ports": ports}
}

// addresses asks the kernel, by rtnetlink(7), for the IPv4 addresses of an
// interface, as address/prefix length. /proc and /sys do not have them.
func addresses(index int) []string {
	found := []string{}
	data, err := syscall.NetlinkRIB(syscall.RTM_GETADDR, syscall.AF_INET)
	if err != nil {
		return found
	}
	messages, err := syscall.ParseNetlinkMessage(data)
	if err != nil {
		return found
	}
	for _, m := range messages {
		if m.Header.Type != syscall.RTM_NEWADDR || len(m.Data) < syscall.SizeofIfAddrmsg {
			continue
		}
		head := (*syscall.IfAddrmsg)(unsafe.Pointer(&m.Data[0]))
		attributes, err := syscall.ParseNetlinkRouteAttr(&m)
		if err != nil || int(head.Index) != index {
			continue
		}
		for _, a := range attributes {
			if a.Attr.Type == syscall.IFA_LOCAL && len(a.Value) == 4 {
				found = append(found, fmt.Sprintf("%d.%d.%d.%d/%d", a.Value[0], a.Value[1], a.Value[2], a.Value[3], head.Prefixlen))
			}
		}
	}
	return found
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
