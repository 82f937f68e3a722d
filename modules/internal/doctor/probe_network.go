// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/machine"
)

// readMounts reads the mounts that the module itself sees, which are the
// host's: it runs in no namespace of its own.
func readMounts(_ context.Context, h *host.Host, _ *Snapshot) (func(*Snapshot), error) {
	mounts, err := machine.Mounts(h)
	if err != nil {
		return nil, err
	}
	return func(s *Snapshot) { s.Mounts = mounts }, nil
}

// secondLook is after how long a pair of interfaces is looked at again before
// it counts as left behind: a container that starts has both ends on the host
// until its runtime has made the namespace for one of them.
const secondLook = 3 * time.Second

// readLinks asks ip for the network interfaces.
func readLinks(ctx context.Context, h *host.Host, _ *Snapshot) (func(*Snapshot), error) {
	links, err := askLinks(ctx, h)
	if err != nil {
		return nil, err
	}
	if before := ResidualVeths(&Snapshot{Links: links}); len(before) > 0 {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(secondLook):
		}
		if links, err = askLinks(ctx, h); err != nil {
			return nil, err
		}
		for i := range links {
			links[i].New = !slices.ContainsFunc(before, func(l Link) bool { return l.Index == links[i].Index || l.Peer == links[i].Index })
		}
	}
	return func(s *Snapshot) { s.Links = links }, nil
}

func askLinks(ctx context.Context, h *host.Host) ([]Link, error) {
	out, err := h.Run(ctx, host.Command{Argv: []string{"ip", "-j", "-d", "addr", "show"}, Limit: 10 * time.Second})
	if err != nil {
		return nil, err
	}
	return ParseLinks(out.Stdout)
}

// ParseLinks reads what "ip -j -d addr show" prints (iproute2 4.17 and later).
// A veth whose other end is in another network namespace has link_netnsid.
func ParseLinks(text []byte) ([]Link, error) {
	var raw []struct {
		Index    int    `json:"ifindex"`
		Peer     int    `json:"link_index"`
		PeerName string `json:"link"`
		NetNS    *int   `json:"link_netnsid"`
		Name     string `json:"ifname"`
		Master   string
		State    string `json:"operstate"`
		Info     struct {
			Kind string `json:"info_kind"`
		} `json:"linkinfo"`
		Addresses []struct {
			Family string
			Local  string
			Bits   int `json:"prefixlen"`
		} `json:"addr_info"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, fmt.Errorf("cannot read what ip says of the network interfaces: %w", err)
	}
	index := map[string]int{}
	for _, r := range raw {
		index[r.Name] = r.Index
	}
	links := make([]Link, 0, len(raw))
	for _, r := range raw {
		l := Link{Index: r.Index, Name: r.Name, Kind: r.Info.Kind, Master: r.Master, Peer: r.Peer, Away: r.NetNS != nil, State: r.State}
		// ip writes the other end's name in place of its index where it knows it.
		if l.Peer == 0 && r.PeerName != "" {
			l.Peer = index[r.PeerName]
		}
		for _, a := range r.Addresses {
			if a.Family == "inet" {
				l.Addr = append(l.Addr, a.Local+"/"+strconv.Itoa(a.Bits))
			}
		}
		if l.Name != "" {
			links = append(links, l)
		}
	}
	return links, nil
}
