# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What a virtual machine gets while it runs: spare disks, and ports of its own
# on its address.

disk_check_size() {
	[[ $1 =~ ^[1-9][0-9]{0,5}[MG]$ ]] || die "invalid size '$1': write it like 512M or 2G"
}

disk_check_port() {
	[[ $1 =~ ^[1-9][0-9]{3,4}$ ]] && (($1 >= 1024 && $1 <= 65535)) ||
		die "invalid port '$1': choose one from 1024 to 65535"
}

# host_attach gives a host one more disk and prints its path in the host.
host_attach() {
	(($# == 2)) || die "missing name or size: host attach NAME SIZE"
	disk_check_size "$2"
	local name dir id state_lock address gateway kind suite number
	lifecycle_use "$1" vm
	number=$(($(fact_get disk | wc -l) + 1))
	vm_make_disk "$number" "$2"
	if vm_alive; then
		monitor_execute \
			"{\"execute\": \"blockdev-add\", \"arguments\": {\"driver\": \"raw\", \"node-name\": \"disk$number\", \"discard\": \"unmap\", \"file\": {\"driver\": \"file\", \"filename\": \"$dir/disk$number.img\", \"discard\": \"unmap\"}}}" \
			"{\"execute\": \"device_add\", \"arguments\": {\"driver\": \"virtio-blk-pci\", \"id\": \"slot$number\", \"drive\": \"disk$number\", \"serial\": \"disk$number\"}}" >/dev/null ||
			die "cannot attach a disk to $name"
		wait_until 60 disk_is_there "$number" || die "cannot attach a disk to $name: its kernel does not show it"
	fi
	fact_set disk "$number $2"
	state_unlock
	echo "/dev/disk/by-id/virtio-disk$number"
}

disk_is_there() {
	access_run -o BatchMode=yes -o ConnectTimeout=10 "root@$address" "test -b /dev/disk/by-id/virtio-disk$1"
}

# host_forward makes a port of the host answer at its address.
host_forward() {
	(($# == 2)) || die "missing name or port: host forward NAME PORT"
	disk_check_port "$2"
	local name dir id state_lock address gateway kind suite answer
	lifecycle_use "$1" vm
	if [[ $'\n'$(fact_get forward)$'\n' != *$'\n'"$2"$'\n'* ]]; then
		if vm_alive; then
			answer=$(monitor_execute "{\"execute\": \"human-monitor-command\", \"arguments\": {\"command-line\": \"hostfwd_add net tcp:$address:$2-:$2\"}}") ||
				die "cannot forward port $2 of $name"
			[[ ${answer##*$'\n'} == *'"return": ""'* ]] || die "cannot forward port $2 of $name: $answer"
		fi
		fact_set forward "$2"
	fi
	state_unlock
	echo "$address:$2"
}
