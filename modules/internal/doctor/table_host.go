// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

func kernelChecks() []Check {
	return []Check{
		{ID: "nproc_limit", Group: "kernel", Severity: Warning, Needs: []string{probeLimits, probeSystem}, Judge: nprocLimit,
			Title:  "A limit on processes is higher than what the kernel can have",
			Remedy: "Set it to kernel.pid_max or less with hardened.docker.docker_limits, or raise kernel.pid_max.",
			Source: guide + "Precautions for Common Users in the Scenario Where a Large Number of Containers Are Deployed"},
		{ID: "pid_max", Group: "kernel", Severity: Warning, Needs: []string{probeSystem, probeProcesses}, Judge: pidMax,
			Title:  "The kernel may run out of process numbers",
			Remedy: "Raise kernel.pid_max (sysctl), to 4194304 at most.",
			Source: guide + "Precautions for Common Users in the Scenario Where a Large Number of Containers Are Deployed"},
		{ID: "engine_warnings", Group: "kernel", Severity: Info, Needs: []string{probeAPI}, Judge: engineWarnings,
			Title:  "The engine warns of what this kernel does not give it",
			Remedy: "A limit that is named has no effect here. Memory and swap take swapaccount=1 on the kernel's command line with version 1 of the control groups.",
			Source: notes + "3.2 view docker details"},
		{ID: "redirect_dir", Group: "kernel", Severity: Info, Needs: []string{probeSystem, probeConfig}, Judge: redirectDir,
			Title:  "Containers cannot rename directories of their image",
			Remedy: "Programs that fall back to copying do not notice (EXDEV). hardened.docker.overlay_redirect_dir turns it on, and says what it costs.",
			Source: guide + "overlay2 Storage Driver Configuration: Rename directories"},
		{ID: "overlay_index", Group: "kernel", Severity: Info, Needs: []string{probeSystem, probeConfig}, Judge: overlayIndex,
			Title:  "Hard links of an image come apart when a container writes to one",
			Remedy: "hardened.docker.overlay_redirect_dir with index=true, where programs depend on it.",
			Source: guide + "overlay2 Storage Driver Configuration: Hard link disconnection"},
	}
}

func processChecks() []Check {
	return []Check{
		{ID: "orphan_shims", Group: "processes", Severity: Error, Needs: []string{probeProcesses, probeState, probeMounts}, Judge: orphanShims,
			Title:  "A container runs that Docker does not know",
			Remedy: "Save what it holds (/proc/<pid>/root). Then, with the ID after -id: ctr -n moby tasks delete -f ID; ctr -n moby containers delete ID. To kill its process is not enough: the shim stays.",
			Source: notes + "4.2 viewing containerd process relationships"},
		{ID: "orphan_proxies", Group: "processes", Severity: Error, Needs: []string{probeProcesses}, Judge: orphanProxies,
			Title:  "A docker-proxy holds a port for a daemon that is gone",
			Remedy: "kill the process; a container that publishes the port can then start.",
			Source: notes + "4.2 viewing containerd process relationships"},
		{ID: "several_daemons", Group: "processes", Severity: Warning, Needs: []string{probeProcesses}, Judge: severalDaemons,
			Title:  "More than one dockerd runs",
			Remedy: "Two on one data-root destroy it: end the one that systemd does not know (systemctl status docker).",
			Source: notes + "4.2 viewing containerd process relationships"},
	}
}

func stateChecks() []Check {
	return []Check{
		{ID: "corrupt_state", Group: "state", Severity: Error, Needs: []string{probeState, probeMounts}, Judge: corruptState, Repairs: true, Interrupts: Daemon,
			Title:  "A state file is damaged, as after a loss of power",
			Remedy: "docker_repair moves it aside and starts the daemon; nothing is deleted. A backup of the file, if there is one, is better.",
			Source: guide + "Impact of System Power-off"},
		{ID: "crash_files", Group: "state", Severity: Info, Needs: []string{probeConfig, probePackages}, Judge: crashFiles,
			Title:  "After a loss of power the engine deletes its databases",
			Remedy: "Networks, volumes and the build cache are then forgotten. DISABLE_CRASH_FILES_DELETE=true in the environment keeps them: hardened.docker.docker_unit (environment).",
			Source: guide + "Impact of System Power-off"},
		{ID: "container_id_exists", Group: "state", Severity: Warning, Needs: []string{probeState, probeProcesses}, Judge: idExists, Repairs: true, Interrupts: Nothing,
			Title:  "What an interrupted start left keeps a container from starting",
			Remedy: "docker_repair lets runc delete what it kept. While a hook still runs, waiting is enough.",
			Source: guide + "Failed to Restart a Container"},
	}
}

func securityChecks() []Check {
	return []Check{
		{ID: "data_root_mode", Group: "security", Severity: Warning, Needs: []string{probeState}, Judge: dataRootMode,
			Title:  "Others than root may read or change the daemon's directories",
			Remedy: "chown root:root and chmod 0710 (data-root) or 0711 (exec-root), as the engine makes them.",
			Source: guide + "Do Not Modify Private Directory of Docker Daemon"},
		{ID: "data_root_strangers", Group: "security", Severity: Warning, Needs: []string{probeState}, Judge: strangers,
			Title:  "Files that are not Docker's lie in the data-root",
			Remedy: "Move them elsewhere: the engine changes owner and mode of what has a name that it uses.",
			Source: guide + "Daemon Running Directory Configuration"},
		{ID: "audit_cost", Group: "security", Severity: Warning, Needs: []string{probeAudit, probeState}, Judge: auditCost,
			Title:  "Audit records whatever containers do in the data-root",
			Remedy: "Watch the data-root only as long as it is needed: hardened.docker.audit_docker with watch_data_root=false. One docker run writes 50 times as much with it.",
			Source: guide + "Audit Component"},
		{ID: "seccomp_off", Group: "security", Severity: Warning, Needs: []string{probeAPI}, Judge: seccompOff,
			Title:  "No container is kept from dangerous system calls",
			Remedy: "Remove seccomp-profile: unconfined from daemon.json. Where a service needs the speed, give it alone --security-opt seccomp=unconfined.",
			Source: guide + "Security Configuration seccomp"},
		{ID: "seccomp_unconfined", Group: "security", Severity: Info, Needs: []string{probeState}, Judge: seccompUnconfined,
			Title:  "A container runs without a filter of system calls",
			Remedy: "Nothing, if it was chosen for speed. Else start it without seccomp=unconfined.",
			Source: guide + "Security Configuration seccomp"},
	}
}
