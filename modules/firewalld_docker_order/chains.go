// SPDX-License-Identifier: GPL-3.0-or-later

package firewalld_docker_order

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/netfilter"
	"hardened.docker/modules/internal/systemd"
)

// States of Docker's chains.
const (
	whole      = "whole"
	incomplete = "incomplete"
	none       = "none"    // no dockerd runs, or it was told to write no rules
	unknown    = "unknown" // nobody could be asked
)

// chains is what the module returns about Docker's rules.
type chains struct {
	Backend string   `json:"backend"`
	State   string   `json:"state"`
	Missing []string `json:"missing"`

	view netfilter.View
}

func chainsOf(v netfilter.View) chains {
	c := chains{Backend: v.State.Backend, State: whole, Missing: v.Lost.Texts(), view: v}
	if c.Missing == nil {
		c.Missing = []string{}
	}
	switch {
	case !v.Running || !v.Manages:
		c.State = none
	case !v.Lost.Empty():
		c.State = incomplete
	}
	return c
}

// patience is how long the engine, or the watch of an earlier run, gets to
// restore the rules itself: dockerd needs about a second, on a slow host ten.
const (
	patience  = 30 * time.Second
	lookEvery = time.Second
	// quietLooks without a change tell that nobody is at work. The watch takes
	// three seconds to be sure of itself.
	quietLooks = 5
)

// lookAtChains finds out whether Docker's rules are in the kernel. Rules that
// are incomplete are looked at again until nothing changes any more.
func (f *found) lookAtChains(ctx context.Context, h *host.Host, p Params) error {
	v, err := netfilter.Look(ctx, h)
	if err != nil {
		if !p.Repair {
			f.warnings = append(f.warnings, err.Error())
			return nil
		}
		return fmt.Errorf("cannot tell whether Docker's rules are in the kernel: %w", err)
	}
	looks := quietLooks
	if f.firewalld.ActiveState != "active" && f.watch.ActiveState != "active" {
		// Nobody restores anything then. Containers come and go all the same.
		looks = 3
	}
	for end, quiet := time.Now().Add(patience), 1; !v.Lost.Empty() && quiet < looks && time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lookEvery):
		}
		now, err := netfilter.Look(ctx, h)
		if err != nil {
			quiet = 1 // dockerd may be on its way
			continue
		}
		if quiet++; !slices.Equal(now.Lost.Texts(), v.Lost.Texts()) {
			quiet = 1
		}
		v = now
	}
	f.chains = chainsOf(v)
	return nil
}

// journal is the connection of dockerd's messages to journald.
type journal struct {
	known bool
	lost  bool
}

// lookAtJournal finds out whether somebody reads what dockerd writes.
func lookAtJournal(ctx context.Context, h *host.Host, pid int) journal {
	target, err := h.Readlink(fmt.Sprintf("/proc/%d/fd/2", pid))
	inode, ok := strings.CutPrefix(target, "socket:[")
	if err != nil || !ok {
		return journal{}
	}
	out, err := h.Run(ctx, host.Command{Argv: []string{"ss", "-xn"}, Limit: systemd.Limit})
	if err != nil {
		return journal{}
	}
	peer, ok := peerOf(string(out.Stdout), strings.TrimSuffix(inode, "]"))
	return journal{known: ok, lost: ok && peer == "0"}
}

// peerOf finds the inode of a stream socket's other end in the output of ss -xn,
// whose last columns are local address, inode, address and inode of the peer. A
// peer that is gone has the inode 0.
func peerOf(text, inode string) (string, bool) {
	for _, line := range strings.Split(text, "\n") {
		fields := strings.Fields(line)
		n := len(fields)
		if n >= 8 && fields[0] == "u_str" && fields[n-3] == inode {
			return fields[n-1], true
		}
	}
	return "", false
}

// answer is what the module returns about it: true, false, or null if unknown.
func (j journal) answer() any {
	if !j.known {
		return nil
	}
	return !j.lost
}
