// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"fmt"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/lvm"
)

// usesDevicemapper reports whether the daemon uses devicemapper or is told to,
// and if not why a check is not about this host.
func usesDevicemapper(s *Snapshot) (bool, Verdict) {
	if s.Driver() == "devicemapper" || s.Driver() == "" && len(s.State.Metadata) > 0 {
		return true, Verdict{}
	}
	return false, notApplicable("the storage driver is not devicemapper")
}

// storageOption returns the value of an option of the storage driver.
func (c Config) storageOption(name string) string {
	for _, option := range c.List("storage-opts") {
		if value, ok := strings.CutPrefix(option, name+"="); ok {
			return value
		}
	}
	return ""
}

// loopDevices: without a pool devicemapper works on sparse files.
func loopDevices(s *Snapshot) Verdict {
	if ok, v := usesDevicemapper(s); !ok {
		return v
	}
	for _, pair := range s.Info.DriverStatus {
		if pair[0] == "Data loop file" || pair[0] == "Data file" && strings.HasPrefix(pair[1], "/dev/loop") {
			return Verdict{Ills: []Ill{ill("devicemapper", pair[0]+": "+pair[1])}}
		}
	}
	if s.Daemon != Up && s.Config.storageOption("dm.thinpooldev") == "" {
		return Verdict{Ills: []Ill{ill("devicemapper", s.Config.File+" and flags have no dm.thinpooldev")}}
	}
	return Verdict{}
}

// deferredRemoval: without it a busy device fails a removal for good.
func deferredRemoval(s *Snapshot) Verdict {
	if ok, v := usesDevicemapper(s); !ok {
		return v
	}
	var v Verdict
	for _, feature := range []string{"Removal", "Deletion"} {
		name := "dm.use_deferred_" + strings.ToLower(feature)
		value := s.Config.storageOption(name)
		// Engine 20.10 has both without being told, where the kernel can.
		for _, pair := range s.Info.DriverStatus {
			if pair[0] == "Deferred "+feature+" Enabled" {
				value = pair[1]
			}
		}
		if value != "true" {
			v.Ills = append(v.Ills, ill(name, fmt.Sprintf("%s is %q", name, value)))
		}
	}
	return v
}

// containerFilesystem: the guide wants ext4 in containers' devices.
func containerFilesystem(s *Snapshot) Verdict {
	if ok, v := usesDevicemapper(s); !ok {
		return v
	}
	if fs := s.Config.storageOption("dm.fs"); fs != "ext4" {
		return Verdict{Ills: []Ill{ill("dm.fs", fmt.Sprintf("dm.fs is %q; engines since 1.10 then take xfs where they can", fs))}}
	}
	return Verdict{}
}

// pool returns the thin pool of the daemon.
func (s *Snapshot) pool() (lvm.Volume, bool) {
	device := s.Config.storageOption("dm.thinpooldev")
	for _, v := range s.LVM.Volumes {
		if v.Type == "thin-pool" && (lvm.DeviceName(v.Group, v.Name) == device || "/dev/"+v.Group+"/"+v.Name == device) {
			return v, true
		}
	}
	return lvm.Volume{}, false
}

// autoextend: a pool that cannot grow stops when it is full.
func autoextend(s *Snapshot) Verdict {
	if ok, v := usesDevicemapper(s); !ok {
		return v
	}
	pool, ok := s.pool()
	if !ok {
		return notApplicable("the thin pool is not one of LVM's")
	}
	name := pool.Group + "/" + pool.Name
	profile := s.Profiles[pool.Profile]
	threshold, percent := profile.Get("activation/thin_pool_autoextend_threshold"), profile.Get("activation/thin_pool_autoextend_percent")
	t, err := strconv.Atoi(threshold)
	if err != nil || t >= 100 {
		return Verdict{Ills: []Ill{ill(name, fmt.Sprintf("profile %q: thin_pool_autoextend_threshold %q, thin_pool_autoextend_percent %q: it does not grow", pool.Profile, threshold, percent))}}
	}
	var v Verdict
	if !pool.Monitored() {
		v.Ills = append(v.Ills, ill(name, fmt.Sprintf("profile %q wants it to grow at %d %%, and nothing watches it (%q)", pool.Profile, t, pool.Monitor)))
	}
	if group, ok := s.LVM.Group(pool.Group); ok && group.Free == 0 {
		v.Ills = append(v.Ills, ill(name, fmt.Sprintf("profile %q wants it to grow at %d %%, and the group %s has no free extent", pool.Profile, t, group.Name)))
	}
	return v
}

// damagedPool: after a loss of power a pool can be beyond repair.
func damagedPool(s *Snapshot) Verdict {
	if ok, v := usesDevicemapper(s); !ok {
		return v
	}
	pool, ok := s.pool()
	if !ok {
		return notApplicable("the thin pool is not one of LVM's")
	}
	if pool.Health == "" && !pool.CheckNeeded {
		return Verdict{}
	}
	return Verdict{Ills: []Ill{ill(pool.Group+"/"+pool.Name, fmt.Sprintf("lvs: health status %q, check needed: %v", pool.Health, pool.CheckNeeded))}}
}

// staleUUID: the metadata belong to another pool, or to another user namespace.
func staleUUID(s *Snapshot) Verdict {
	if ok, v := usesDevicemapper(s); !ok {
		return v
	}
	why := s.Reason()
	if s.Daemon != Down || strings.Contains(why, noCookie) || !strings.Contains(why, "Base Device UUID") && !strings.Contains(why, "base device UUID") {
		return Verdict{}
	}
	one := ill("devicemapper", why)
	one.Stops = true
	for _, m := range s.State.Metadata {
		one.Evidence = append(one.Evidence, fmt.Sprintf("%s: BaseDeviceUUID %q", m.Path, m.UUID))
	}
	return Verdict{Ills: []Ill{one}}
}
