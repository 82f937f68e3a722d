// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"context"
	"errors"

	"hardened.docker/modules/internal/audit"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/lvm"
	"hardened.docker/modules/internal/netfilter"
)

// readFirewall reads the packet filter, if there is a daemon that should have
// rules in it.
func readFirewall(ctx context.Context, h *host.Host, early *Snapshot) (func(*Snapshot), error) {
	if len(early.Processes.Dockerd) == 0 {
		return nil, nil
	}
	view, err := netfilter.Look(ctx, h)
	if err != nil {
		return nil, err
	}
	return func(s *Snapshot) { s.Firewall = view }, nil
}

// readAudit lists the kernel's audit rules.
func readAudit(_ context.Context, h *host.Host, _ *Snapshot) (func(*Snapshot), error) {
	if h.Path("/") != "/" {
		return func(s *Snapshot) { s.NoAudit = "this is a tree of files, without a kernel" }, nil
	}
	kernel, _, err := audit.Open(h)
	if errors.Is(err, audit.ErrContainer) || errors.Is(err, audit.ErrOff) || errors.Is(err, audit.ErrUnsupported) {
		return func(s *Snapshot) { s.NoAudit = err.Error() }, nil
	}
	if err != nil {
		return nil, err
	}
	defer kernel.Close()
	rules, err := kernel.Rules()
	if err != nil {
		return nil, err
	}
	return func(s *Snapshot) { s.Audit = rules }, nil
}

// readLVM asks LVM, which reads every disk, only where devicemapper is in use.
func readLVM(ctx context.Context, h *host.Host, early *Snapshot) (func(*Snapshot), error) {
	if early.Config.Text("storage-driver") != "devicemapper" && !h.Exists(early.Config.root()+"/devicemapper/metadata") {
		return nil, nil
	}
	if !lvm.Installed(h) {
		return nil, nil
	}
	state, err := lvm.Read(ctx, h)
	if err != nil {
		return nil, err
	}
	profiles := map[string]lvm.Config{}
	for _, v := range state.Volumes {
		if v.Type != "thin-pool" || v.Profile == "" {
			continue
		}
		if text, err := h.ReadFile(lvm.ProfileDir + "/" + v.Profile + ".profile"); err == nil {
			if config, err := lvm.ParseConfig(string(text)); err == nil {
				profiles[v.Profile] = config
			}
		}
	}
	return func(s *Snapshot) { s.LVM, s.Profiles = state, profiles }, nil
}
