# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# How to get into a host: keys made for it alone, and its host key known before
# the first connection, so that nothing ever needs to be trusted blindly.

# access_make_keys DIRECTORY makes both keys; the host's own goes to the directory.
access_make_keys() {
	local port where
	port=$(access_port)
	where=$address
	((port == 22)) || where="[$address]:$port"
	mkdir -m 700 "$dir/ssh"
	ssh-keygen -q -t ed25519 -N '' -C "disposable host $name" -f "$dir/ssh/id_ed25519"
	ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$1/ssh_host_ed25519_key"
	printf '%s %s\n' "$where" "$(cut -d' ' -f1,2 "$1/ssh_host_ed25519_key.pub")" >"$dir/ssh/known_hosts"
}

# access_port prints the port of the host's ssh.
access_port() {
	local port
	port=$(fact_get port)
	echo "${port:-22}"
}

# access_configure ROOT makes the keys and puts them into the root.
access_configure() {
	local root=$1 user home
	access_make_keys "$root/etc/ssh"
	for user in root operator deploy; do
		home=$root/home/$user
		[[ $user != root ]] || home=$root/root
		install -m 600 "$dir/ssh/id_ed25519.pub" "$home/.ssh/authorized_keys"
		chown --reference="$home/.ssh" "$home/.ssh/authorized_keys"
	done
}

# access_options prints the ssh options that make a connection to the host
# depend on nothing in the caller's own configuration. Keys are exchanged the
# quick way, which a processor in software notices.
access_options() {
	printf -- '-o %s ' \
		"UserKnownHostsFile=$dir/ssh/known_hosts" GlobalKnownHostsFile=/dev/null \
		StrictHostKeyChecking=yes IdentitiesOnly=yes KexAlgorithms=curve25519-sha256
}

access_run() {
	# shellcheck disable=SC2046 # a list of options without blanks in them
	ssh -F /dev/null $(access_options) -i "$dir/ssh/id_ed25519" -p "$(access_port)" -o LogLevel=ERROR "$@"
}

access_ssh() {
	(($# > 0)) || die "missing name: host ssh NAME [COMMAND...]"
	state_use_existing "$1"
	shift
	access_run "root@$(fact_get address)" "$@"
}

access_address() {
	(($# == 1)) || die "missing name: host address NAME"
	state_use_existing "$1"
	fact_get address
}

access_console() {
	(($# == 1)) || die "missing name: host console NAME"
	state_use_existing "$1"
	[[ ! -e $dir/console.log ]] || cat "$dir/console.log"
}

# access_ready succeeds once root can log in and systemd has started everything
# that it wants to start. A unit that failed is not a reason to wait.
access_ready() {
	local seconds=$1 state
	# A virtual machine's port takes connections before the machine can.
	state=$(access_run -o BatchMode=yes -o ConnectTimeout="$((seconds < 1 ? 1 : seconds < 10 ? seconds : 10))" "root@$address" \
		timeout "$seconds" systemctl is-system-running --wait 2>/dev/null) || true
	[[ $state == running || $state == degraded ]]
}

access_inventory() {
	(($# > 0)) || die "missing name: host inventory NAME..."
	local one
	for one in "$@"; do state_use_existing "$one"; done
	printf '%s\n' --- all: '  hosts:'
	for one in "$@"; do
		state_use "$one"
		cat <<-END
			    $one:
			      ansible_host: "$(fact_get address)"
			      ansible_port: $(access_port)
			      ansible_user: root
			      ansible_ssh_private_key_file: "$dir/ssh/id_ed25519"
			      ansible_ssh_common_args: "$(access_options)"
		END
	done
}

access_connection() {
	(($# > 0)) || die "missing name: host connection NAME..."
	local one
	for one in "$@"; do state_use_existing "$one"; done
	for one in "$@"; do
		state_use "$one"
		printf '{"name": "%s", "kind": "%s", "suite": "%s", "address": "%s", "user": "root", "port": %s, "identity_file": "%s", "host_key": "%s", "ssh_common_args": "%s"}\n' \
			"$one" "$(fact_get kind)" "$(fact_get suite)" "$(fact_get address)" "$(access_port)" \
			"$dir/ssh/id_ed25519" "$(<"$dir/ssh/known_hosts")" "$(access_options)"
	done
}
