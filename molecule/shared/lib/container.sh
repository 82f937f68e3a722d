# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The host kind "container": a copy of the cached root, booted by
# systemd-nspawn on the machine's kernel. A kind is the functions KIND_claim,
# KIND_create, KIND_start, KIND_alive, KIND_stop and KIND_release.
#
# Every process of a host is in control groups of its own, so ending a host is
# ending what is in them: no process is ever picked by its name, and a pid that
# was given to a stranger meanwhile is not in the group.

container_claim() {
	network_locked network_claim
}

container_release() {
	network_locked network_release
}

container_create() {
	local root=$dir/root image
	image=$(image_path "$suite")
	mkdir "$root"
	[[ -z $filesystem ]] || filesystem_make
	mortal cp -a --reflink=auto "$image/." "$root/"
	network_configure "$root"
	access_configure "$root"
	container_open_groups "$root"
	[[ -z $filesystem ]] || sync -f "$root"
}

# container_open_groups lets the host write to its own part of each v1
# hierarchy: systemd-nspawn mounts them read-only, and then dockerd can limit no
# container. On machines with v2 alone the unit finds nothing to do.
container_open_groups() {
	local unit=disposable-host-cgroups.service
	cat >"$1/etc/systemd/system/$unit" <<-'END'
		[Unit]
		Description=Make this host's own control groups writable
		DefaultDependencies=no
		Before=sysinit.target
		ConditionPathExists=/sys/fs/cgroup/memory

		[Service]
		Type=oneshot
		ExecStart=/bin/sh -c 'for group in /sys/fs/cgroup/*/; do mount -o remount,bind,rw "$$group" || exit 1; done'
	END
	install -d "$1/etc/systemd/system/sysinit.target.wants"
	ln -s "../$unit" "$1/etc/systemd/system/sysinit.target.wants/$unit"
}

# container_arguments fills the array arguments. dockerd and runc need all
# capabilities; the system call filter is off because it forbids keyrings and
# bpf, which a real server allows.
container_arguments() {
	arguments=(
		systemd-nspawn --quiet --settings=no
		--directory="$dir/root" --machine="$id" --hostname="$name"
		--boot --keep-unit --register=no --capability=all
		--private-network --network-veth-extra="$id:host0"
		--resolv-conf=off --timezone=off --link-journal=no --console=read-only
	)
}

container_start() {
	local arguments
	filesystem_mount
	container_arguments
	if container_by_systemd; then
		fact_drop unit
		fact_set unit "$id.service"
		systemd-run --quiet --collect --unit="$id.service" --slice=machine.slice \
			--description="Disposable host $name" \
			--property=Delegate=yes --property=KillMode=mixed --property=TasksMax=infinity \
			--property=StandardInput=null \
			--property=StandardOutput="append:$dir/console.log" \
			--property=StandardError="append:$dir/console.log" \
			--setenv=SYSTEMD_SECCOMP=0 --setenv=TERM=dumb \
			"${arguments[@]}"
	else
		container_make_groups
		(
			container_enter_groups
			exec {state_lock}<&-
			trap - EXIT INT TERM HUP
			SYSTEMD_SECCOMP=0 TERM=dumb exec setsid "${arguments[@]}" \
				</dev/null >>"$dir/console.log" 2>&1
		) &
	fi
	network_attach
}

# container_by_systemd: is systemd the manager of this machine? Then it is the
# one to hand out control groups.
container_by_systemd() {
	[[ -d /run/systemd/system ]]
}

container_can_group() {
	if container_by_systemd; then return; fi
	local parent parents
	parents=$(container_parent_groups)
	[[ -n $parents ]] || return 1
	for parent in $parents; do
		[[ -w $parent/cgroup.procs ]] || return 1
	done
}

# container_parent_groups prints the directory of this process in each control
# group hierarchy, v1 and v2. Hosts are below it and share its limits.
container_parent_groups() {
	local controllers path mount
	while IFS=: read -r _ controllers path; do
		[[ $path != /..* ]] || path=/
		mount=$(container_group_mount "$controllers")
		[[ -z $mount ]] || printf '%s\n' "$mount${path%/}"
	done </proc/self/cgroup
}

# container_group_mount CONTROLLERS prints where the hierarchy with these
# controllers is mounted; without any it is that of v2.
container_group_mount() {
	awk -v want="$1" '
		{ for (i = 7; $i != "-"; i++); type = $(i + 1); options = "," $(i + 3) "," }
		want == "" && type == "cgroup2" || want != "" && type == "cgroup" && index(options, "," want ",") {
			print $5
			exit
		}' /proc/self/mountinfo
}

container_make_groups() {
	local parent group file
	fact_drop group
	for parent in $(container_parent_groups); do
		group=$parent/$id
		fact_set group "$group"
		mkdir -p "$group"
		# v1 gives a new cpuset no processors.
		for file in cpuset.cpus cpuset.mems; do
			[[ ! -e $group/$file || -e $group/cgroup.controllers ]] || cat "$parent/$file" >"$group/$file"
		done
		# v2 passes controllers on only when told; those it refuses are not ours to give.
		if [[ -e $parent/cgroup.controllers ]]; then
			for file in $(<"$parent/cgroup.controllers"); do
				echo "+$file" 2>/dev/null >"$parent/cgroup.subtree_control" || true
			done
		fi
	done
}

container_enter_groups() {
	local group
	for group in $(fact_get group); do
		echo 0 >"$group/cgroup.procs"
	done
}

# container_pids prints the processes of the host, by the machine's numbers.
container_pids() {
	local group
	for group in $(fact_get group); do
		[[ ! -d $group ]] || find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null
	done | sort -un
}

container_alive() {
	local unit
	unit=$(fact_get unit)
	if [[ -n $unit ]]; then
		systemctl is-active --quiet "$unit"
	else
		[[ -n $(container_pids) ]]
	fi
}

container_dead() {
	! container_alive
}

# container_stop ends the host as pulling its plug does. Its first process goes
# first: the kernel then ends all others, and systemd-nspawn tidies up itself.
container_stop() {
	local unit
	unit=$(fact_get unit)
	if [[ -n $unit ]]; then
		systemctl kill --signal=KILL "$unit" 2>/dev/null || true
		systemctl stop "$unit" 2>/dev/null || true
		systemctl reset-failed "$unit" 2>/dev/null || true
	else
		container_kill_init
		wait_until 5 container_dead || container_kill_all
		wait_until 5 container_kill_all || say "cannot end all processes of $name: $(container_pids | tr '\n' ' ')"
		container_remove_groups
	fi
	ip link del "$id" 2>/dev/null || true
	local rest
	for rest in "/run/systemd/nspawn/propagate/$id" "/run/systemd/nspawn/unix-export/$id"; do
		[[ ! -d $rest ]] || umount -l "$rest" 2>/dev/null || true
		rm -rf --one-file-system "$rest"
	done
	filesystem_unmount
}

container_kill_init() {
	local pid
	for pid in $(container_pids); do
		if grep -qsE '^NSpid:\s+[0-9]+\s+1$' "/proc/$pid/status"; then
			kill -KILL "$pid" 2>/dev/null || true
		fi
	done
}

# container_kill_all succeeds once nothing is left to end.
container_kill_all() {
	local pids
	pids=$(container_pids)
	# shellcheck disable=SC2086 # a list of pids
	[[ -z $pids ]] || kill -KILL $pids 2>/dev/null || true
	[[ -z $pids ]]
}

container_remove_groups() {
	local group
	for group in $(fact_get group); do
		[[ ! -d $group ]] || wait_until 5 container_remove_group "$group" ||
			say "cannot remove the control group $group"
	done
}

container_remove_group() {
	find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
	[[ ! -d $1 ]]
}
