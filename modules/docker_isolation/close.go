// SPDX-License-Identifier: GPL-3.0-or-later

package docker_isolation

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/netfilter"
)

// change is the act that changes the packet filter.
type change struct {
	changes  []netfilter.Change
	enforced bool // and prove that nothing leaks then
}

// Describe implements [ansible.Act].
func (c change) Describe() string {
	if c.enforced {
		return fmt.Sprintf("keep containers apart in the packet filter, with %d changes", len(c.changes))
	}
	return fmt.Sprintf("take the rules of hardened.docker out of the packet filter, with %d changes", len(c.changes))
}

// Diff implements [ansible.Act].
func (c change) Diff() []ansible.Diff {
	var b strings.Builder
	for _, one := range c.changes {
		b.WriteString(one.String() + "\n")
	}
	return []ansible.Diff{{BeforeHeader: "packet filter", AfterHeader: "packet filter", After: b.String()}}
}

// Do implements [ansible.Act].
func (c change) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	if err := netfilter.Apply(ctx, h, c.changes); err != nil {
		return nil, err
	}
	if !c.enforced {
		return nil, nil
	}
	v, err := netfilter.Look(ctx, h)
	if err != nil {
		return nil, fmt.Errorf("cannot prove that containers are kept apart: %w", err)
	}
	if left := v.State.Leaks(v.Wanted); len(left) > 0 {
		return map[string]any{"isolated": false}, fmt.Errorf("cannot keep containers apart: after the change %s", left[0])
	}
	return nil, nil
}

// filterBridges is the act that makes the kernel ask iptables about traffic
// within a bridge. dockerd does so when it starts with icc=false.
type filterBridges struct{}

// Describe implements [ansible.Act].
func (filterBridges) Describe() string { return "set net.bridge.bridge-nf-call-iptables to 1" }

// Diff implements [ansible.Act].
func (filterBridges) Diff() []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: bridgeFilter, AfterHeader: bridgeFilter, Before: "not 1\n", After: "1\n"}}
}

// Do implements [ansible.Act].
func (filterBridges) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	if !h.Exists(bridgeFilter) {
		if _, err := h.Run(ctx, host.Command{Argv: []string{"modprobe", "br_netfilter"}, Limit: 30 * time.Second}); err != nil {
			return nil, fmt.Errorf("cannot filter traffic within bridges: %w", err)
		}
	}
	f, err := os.OpenFile(h.Path(bridgeFilter), os.O_WRONLY|os.O_TRUNC, 0)
	if err == nil {
		_, err = f.WriteString("1\n")
		if closing := f.Close(); err == nil {
			err = closing
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot write 1 to %s: %w", bridgeFilter, err)
	}
	return nil, nil
}
