# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A running virtual machine remembered as it is, with its memory, to begin there
# again and again: a boot under software emulation takes half a minute. It is
# kept in the machine's own throw-away disk and goes with it.

# host_save remembers a running vm. Nobody should be logged in: who is, will
# not be when it comes back.
host_save() {
	(($# == 1)) || die "missing name: host save NAME"
	local name dir id state_lock address gateway kind suite answer monitor_patience=300
	lifecycle_use "$1" vm
	vm_alive || die "cannot save $name: it is down"
	[[ -z $(fact_get disk) ]] || die "cannot save $name: it has spare disks, which would not go back with it"
	# Under one name: what was saved before is replaced.
	answer=$(monitor_execute '{"execute": "human-monitor-command", "arguments": {"command-line": "savevm saved"}}') ||
		die "cannot save $name"
	[[ ${answer##*$'\n'} == *'"return": ""'* ]] || die "cannot save $name: $answer"
	[[ -n $(fact_get saved) ]] || fact_set saved yes
	state_unlock
}

# host_restore has a vm go on where it was saved. Only its clock is set, or a
# package manager would hold what is new for something from the future.
host_restore() {
	(($# == 1)) || die "missing name: host restore NAME"
	local name dir id state_lock address gateway kind suite
	lifecycle_use "$1" vm
	[[ -n $(fact_get saved) ]] || die "cannot restore $name: it was not saved"
	[[ -z $(fact_get disk) ]] || die "cannot restore $name: it got spare disks since it was saved"
	vm_stop
	vm_start -loadvm saved || die "cannot start $name"
	wait_until "${HOST_READY_TIMEOUT:-120}" snapshot_set_clock || die "cannot restore $name: it does not answer"
	state_unlock
}

snapshot_set_clock() {
	access_run -o BatchMode=yes -o ConnectTimeout=10 "root@$address" date -u -s "@$EPOCHSECONDS" >/dev/null 2>&1
}
