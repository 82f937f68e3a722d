// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import "strings"

// containerdSilent is the cause of a daemon that waits for its containerd.
const containerdSilent = "containerd does not answer"

// noCookie is what engine 20.10 says, of the base device's UUID of all things,
// when device mapper has no semaphore left.
const noCookie = "dm_task_set_cookie failed"

// Cause is what a line of the journal means for somebody who wants dockerd to
// run. Text stands in a list of evidence, and so has no full stop.
type Cause struct {
	Text, Remedy string
}

// Explain finds the cause that a line of dockerd or systemd tells of; its
// remedy is empty if the line is not known.
func Explain(line string) Cause {
	for _, c := range causes() {
		for _, part := range c.parts {
			if strings.Contains(line, part) {
				return Cause{c.text, c.remedy}
			}
		}
	}
	return Cause{}
}

// cause has texts of which one is in the line.
type cause struct {
	parts        []string
	text, remedy string
}

// causes are the failures that real engines, 19.03 to 29, were seen to write;
// the more telling ones first.
func causes() []cause {
	return []cause{
		{[]string{"specified both as a flag and in the configuration file"},
			"A setting is a dockerd flag and a key of daemon.json, which is fatal even with equal values",
			"Take the flag out with hardened.docker.docker_unit (flags), or the key with hardened.docker.docker_daemon_json (remove)."},
		{[]string{"don't match any configuration option"},
			"daemon.json has a key that this engine does not know",
			"Remove or correct it: hardened.docker.docker_daemon_json names the nearest key."},
		{[]string{"unable to configure the Docker daemon with file", "invalid character", "cannot unmarshal"},
			"daemon.json is not what the engine can read",
			"Correct daemon.json; hardened.docker.docker_daemon_json refuses what would not start."},
		{[]string{"unknown flag", "unknown shorthand flag"},
			"The command line has a flag that this engine does not know",
			"Take it out of the unit, its drop-ins or environment files: systemctl cat docker shows them."},
		{[]string{"contains several valid graphdrivers"},
			"The data-root has the files of several storage drivers and none is chosen",
			"Set storage-driver in daemon.json to the one whose containers are wanted."},
		{[]string{"maximum number of semaphores reached", noCookie},
			"Device mapper has no semaphore left",
			"hardened.docker.docker_repair with residual_semaphores removes those that were left; hardened.docker.docker_limits (semaphores) raises the limit."},
		{[]string{"Base Device UUID and Filesystem verification failed", "Could not query and save base device UUID"},
			"devicemapper's metadata belong to another thin pool or to another user namespace",
			"hardened.docker.docker_repair with stale_base_device_uuid, if the pool is whole; a rebuilt pool needs empty metadata and new images."},
		{[]string{"Unable to take ownership of thin-pool"},
			"The thin pool has data of another data-root, as after user namespaces were switched on",
			"Switch back, or give the new data-root a thin pool of its own."},
		{[]string{"prior storage driver", "driver not supported", "error initializing graphdriver"},
			"The storage driver does not work with this engine, kernel or file system",
			"Choose one that does, overlay2 on ext4 or on xfs with ftype=1; containers of the old driver come back with the old driver only."},
		{[]string{"no space left on device", "disk quota exceeded"},
			"A file system is full",
			"Make space below the data-root or /run: df -h; df -i; docker system prune when the daemon runs again."},
		{[]string{"read-only file system"},
			"A file system is mounted read-only, often after an I/O error",
			"Look for disk errors (dmesg), repair, and mount it read-write again."},
		{[]string{"invalid database", "Error loading key file", "failed to open volume store", "error while opening volume store metadata database", "unexpected end of JSON input", "file size too small", "fatal error: fault"},
			"A state file is damaged, as after a loss of power",
			"hardened.docker.docker_repair with corrupt_state moves it aside."},
		{[]string{"pid file found", "is still running"},
			"The PID file names a process that is not dockerd",
			"Remove /run/docker.pid if no dockerd runs, and start again."},
		{[]string{"containerd.sock", "timeout waiting for containerd", "failed to start containerd", "containerd did not exit"},
			containerdSilent,
			"systemctl status containerd; journalctl -u containerd; dockerd starts when it runs."},
		{[]string{"Failed to program", "Failed to Setup IP tables", "iptables failed", "Failed to create NAT chain", "failed to create NAT chain", "No chain/target/match by that name", "Couldn't load match", "INVALID_ZONE", "firewalld"},
			"The packet filter did not take Docker's rules, as when firewalld starts at the same time or iptables lacks its kernel modules",
			"Restart dockerd when firewalld has settled; hardened.docker.firewalld_docker_order keeps the order."},
		{[]string{"non-overlapping IPv4 address pool", "conflicts with network", "overlaps with other one"},
			"No range of addresses is free for a bridge",
			"Set bip or default-address-pools in daemon.json to ranges that the host's routes do not have."},
		{[]string{"address already in use", "port is already allocated"},
			"Another process listens where dockerd wants to",
			"ss -lntp shows it; a docker-proxy without dockerd is one that was left behind."},
		{[]string{"no sockets found via socket activation", "failed to load listeners", "Failed to load listeners"},
			"dockerd was told to take its socket from systemd and got none",
			"systemctl start docker.socket, or take -H fd:// out of the unit."},
		{[]string{"group docker not found", "could not change group", "no such group", "unknown group"},
			"The group of the socket does not exist",
			"groupadd --system docker, or correct the setting group."},
		{[]string{"Can't create ID mappings", "subuid", "subgid", "userns-remap", "user namespaces"},
			"The user for userns-remap, or its ranges in /etc/subuid and /etc/subgid, are not there",
			"Create them, or set userns-remap to default."},
		{[]string{"Unable to locate executable", "Failed at step EXEC", "203/EXEC", "Failed to execute"},
			"The program of the unit is not there or cannot be executed",
			"Install the engine again, or correct ExecStart: systemctl cat docker."},
		{[]string{"Devices cgroup isn't mounted", "cgroup mountpoint does not exist", "cgroups: "},
			"The control groups are not mounted as the engine wants them",
			"Use an engine that knows this version of cgroups, 20.10 or later for version 2."},
		{[]string{"oom-kill", "out of memory", "cannot allocate memory"},
			"The host has no memory left",
			"Find who takes it: systemd-cgtop -m; give containers limits."},
		{[]string{"start operation timed out", "Failed with result 'timeout'"},
			"The start took longer than systemd allows",
			"Remove containers that are not needed, or give the start more time: hardened.docker.docker_unit with start_timeout."},
		{[]string{"Dependency failed", "A dependency job for"},
			"A unit that docker.service requires did not start",
			"systemctl list-dependencies --all docker.service shows which."},
		{[]string{"permission denied", "operation not permitted"},
			"Something keeps dockerd from a file: modes, AppArmor, SELinux, or a host without the rights",
			"ausearch -m avc or dmesg show whom; restorecon -R on the data-root mends labels."},
		{[]string{"repeated too quickly", "start-limit-hit"},
			"systemd gave up after too many starts",
			"hardened.docker.docker_repair with start_limit, when the cause is gone."},
		{[]string{"code=killed", "code=dumped", "panic:", "SIGSEGV"},
			"dockerd was killed or crashed",
			"journalctl -u docker has its last words; start it again, and look for memory that ran out (dmesg)."},
	}
}
