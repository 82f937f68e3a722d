// SPDX-License-Identifier: GPL-3.0-or-later

package docker_thinpool

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"hardened.docker/modules/internal/configured"
	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
)

// check refuses options that make no pool.
func check(p Params) error {
	for _, one := range []struct{ option, name string }{{"volume_group", p.VolumeGroup}, {"thin_pool", p.ThinPool}} {
		if err := checkName(one.option, one.name); err != nil {
			return err
		}
	}
	if p.DataPercent < 1 || p.MetadataPercent < 1 {
		return fmt.Errorf("invalid options: data_percent is %d and metadata_percent %d; write percentages of the group, 1 or more", p.DataPercent, p.MetadataPercent)
	}
	// LVM keeps a spare of the same size as the metadata, to repair with.
	if all := p.DataPercent + 2*p.MetadataPercent; all > 100 {
		return fmt.Errorf("invalid options: data_percent %d and metadata_percent %d with as much again for LVM's spare copy are %d percent of the group; 100 is all there is", p.DataPercent, p.MetadataPercent, all)
	}
	return nil
}

// judgeEngine refuses a pool for an engine that cannot use it.
func judgeEngine(ctx context.Context, h *host.Host, p Params) (warnings []string, err error) {
	version, _, err := dockerd.VersionFor(ctx, h, p.EngineVersion)
	if err != nil {
		return nil, err
	}
	doc := map[string]any{"storage-driver": "devicemapper", "storage-opts": anyList(storageOptions(p))}
	for _, problem := range engine.Check(doc, engine.Target{Version: version}) {
		if problem.Severity == engine.Refuse && strings.HasPrefix(problem.Key(), "storage-driver") {
			return nil, fmt.Errorf("cannot use a thin pool: %s", problem.Text)
		}
	}
	if !version.Known() {
		return []string{"there is no engine on this host yet: devicemapper is deprecated since 18.09, and engines from 25.0 on cannot use a thin pool"}, nil
	}
	return []string{"the storage driver devicemapper is deprecated since engine 18.09 and was removed in 25.0; overlay2 is the one to choose where there is a choice"}, nil
}

func anyList(texts []string) []any {
	var list []any
	for _, text := range texts {
		list = append(list, text)
	}
	return list
}

// tools refuses a host without the programs.
func tools(h *host.Host) error {
	for _, need := range []struct{ program, packages string }{
		{"lvcreate", "lvm2"},
		// LVM checks a pool with it each time it activates one, at boot too.
		{"thin_check", "thin-provisioning-tools (Debian) or device-mapper-persistent-data (RHEL, openEuler)"},
		{"wipefs", "util-linux"},
		{"lsblk", "util-linux"},
	} {
		if _, found := h.Look(need.program); !found {
			return fmt.Errorf("missing the program %s: install the package %s", need.program, need.packages)
		}
	}
	return nil
}

// newPool judges whether a new pool is of use: what the engine knows of an old
// one would keep it from starting, and a kernel can lack the target.
func newPool(ctx context.Context, h *host.Host, p Params) (warnings []string, err error) {
	if err := kernel(h); err != nil {
		return nil, err
	}
	config, err := configured.Read(h)
	if err != nil {
		return nil, err
	}
	top := dataroot.Of(config.All())
	held, err := dataroot.Holdings(h, top)
	if err != nil {
		return nil, err
	}
	for _, root := range append([]string{top}, held.Remapped...) {
		if !h.Exists(path.Join(root, "devicemapper/metadata/deviceset-metadata")) {
			continue
		}
		lost, err := dataroot.Holdings(h, root)
		if err != nil {
			return nil, err
		}
		lost = lost.Of("devicemapper")
		text := fmt.Sprintf("%s/devicemapper is about another pool (%s), and the engine does not start with it and a new one (Base Device UUID and Filesystem verification failed)", root, lost)
		if !p.AllowDataLoss {
			return nil, fmt.Errorf("cannot make a new thin pool: %s; if the old pool is lost, stop the engine and remove %s/devicemapper and %s/image/devicemapper, or activate the old pool again", text, root, root)
		}
		warnings = append(warnings, text+"; remove it and "+root+"/image/devicemapper while the engine is stopped")
	}
	return warnings, nil
}

// kernel refuses a kernel without the thin-pool target. Where that cannot be
// told LVM finds out.
func kernel(h *host.Host) error {
	if h.Exists("/sys/module/dm_thin_pool") {
		return nil
	}
	release, err := h.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return nil
	}
	name := strings.TrimSpace(string(release))
	seen := false
	for _, list := range []string{"modules.dep", "modules.builtin"} {
		text, err := h.ReadFile(path.Join("/lib/modules", name, list))
		if err == nil && strings.Contains(string(text), "/dm-thin-pool.ko") {
			return nil
		}
		seen = seen || err == nil
	}
	if !seen {
		return nil
	}
	return errors.New("cannot make a thin pool: the kernel " + name + " has no dm-thin-pool module; install the package with all of the kernel's modules")
}

// storageOptions are what daemon.json needs in storage-opts to use the pool.
func storageOptions(p Params) []string {
	return []string{
		"dm.thinpooldev=" + deviceName(p),
		"dm.use_deferred_removal=true",
		"dm.use_deferred_deletion=true",
		"dm.fs=ext4",
	}
}
