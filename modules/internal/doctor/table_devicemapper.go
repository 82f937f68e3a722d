// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

func devicemapperChecks() []Check {
	return []Check{
		{ID: "devicemapper_loop", Group: "storage", Severity: Error, Needs: []string{probeConfig, probeState}, Judge: loopDevices,
			Title:  "devicemapper works on sparse files",
			Remedy: "Give it a thin pool: hardened.docker.docker_thinpool, and dm.thinpooldev in storage-opts. Images do not move there; save and load them.",
			Source: guide + "devicemapper Storage Driver Configuration: Precautions"},
		{ID: "devicemapper_deferred", Group: "storage", Severity: Warning, Needs: []string{probeConfig, probeState}, Judge: deferredRemoval,
			Title:  "devicemapper does not put off the removal of busy devices",
			Remedy: "Add dm.use_deferred_removal=true and dm.use_deferred_deletion=true to storage-opts.",
			Source: guide + "devicemapper Storage Driver Configuration: Precautions"},
		{ID: "devicemapper_filesystem", Group: "storage", Severity: Info, Needs: []string{probeConfig, probeState}, Judge: containerFilesystem,
			Title:  "devicemapper is not told to use ext4 for containers",
			Remedy: "Add dm.fs=ext4 to storage-opts; it holds for a new pool only.",
			Source: guide + "devicemapper Storage Driver Configuration: Precautions"},
		{ID: "thin_pool_autoextend", Group: "storage", Severity: Warning, Needs: []string{probeConfig, probeState, probeLVM}, Judge: autoextend,
			Title:  "The thin pool does not grow when it fills up",
			Remedy: "hardened.docker.thinpool_profile sets the profile and has the pool watched; give the group another disk if it is full. Where there is no room, turn it off and watch the pool yourself.",
			Source: guide + "devicemapper Storage Driver Configuration: Precautions"},
		{ID: "thin_pool_damaged", Group: "storage", Severity: Error, Needs: []string{probeConfig, probeState, probeLVM}, Judge: damagedPool,
			Title:  "The thin pool is damaged or full",
			Remedy: "Stop dockerd. Give a full pool more room (lvextend); lvconvert --repair may mend metadata. Whole data are not certain then: make the pool anew (hardened.docker.docker_thinpool) and load the images again.",
			Source: guide + "devicemapper Storage Driver Configuration: Precautions"},
		{ID: "stale_base_device_uuid", Group: "storage", Severity: Error, Needs: []string{probeConfig, probeState}, Judge: staleUUID, Repairs: true, Interrupts: Nothing,
			Title:  "devicemapper's metadata belong to another pool or user namespace",
			Remedy: "docker_repair empties BaseDeviceUUID, which mends a switch of user namespaces with the pool whole. A rebuilt pool needs an empty devicemapper directory and new images.",
			Source: guide + "Precautions for Switching the devicemapper Storage Pool When the User Namespace Feature Is Enabled on Docker Daemon"},
	}
}

func firewallChecks() []Check {
	return []Check{
		{ID: "missing_chains", Group: "firewall", Severity: Error, Needs: []string{probeFirewall}, Judge: missingChains, Repairs: true, Interrupts: Daemon,
			Title:  "Docker's rules are not in the packet filter",
			Remedy: "docker_repair adds what the engine forgets, or restarts dockerd, which writes the rest. hardened.docker.firewalld_docker_order keeps it from happening again.",
			Source: guide + "Firewalld Component"},
		{ID: "icmp_before_drop", Group: "firewall", Severity: Error, Needs: []string{probeFirewall}, Judge: icmpBeforeDrop, Repairs: true, Interrupts: Nothing,
			Title:  "A rule lets containers reach each other though icc is false",
			Remedy: "docker_repair moves Docker's rule ahead of it. Find out who adds the rule (saved rules, firewalld): it comes back at its next start.",
			Source: guide + "Iptables Component"},
	}
}
