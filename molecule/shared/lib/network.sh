# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Each host has a /30 of its own on its veth, out of one private block, and
# reaches other networks by NAT. The block's rules and ip_forward come with the
# machine's first host and go with its last one, whoever started them.

# A block holds 256 hosts; the first one that clashes with no route is taken.
network_blocks="10.213.0.0/22 172.27.212.0/22 192.168.212.0/22"
network_block_hosts=256

# network_locked COMMAND... runs it while nobody else changes the network.
network_locked() {
	local status=0
	exec {network_lock}>"$machine_lock"
	flock -w 120 "$network_lock" || {
		say "cannot lock $machine_lock: another host command has held it for two minutes"
		return 1
	}
	"$@" || status=$?
	network_unlock
	return "$status"
}

# network_unlock is also for a clean-up that a signal began while the lock was
# held: it takes the lock anew and must not wait for itself.
network_unlock() {
	[[ -z ${network_lock:-} ]] || exec {network_lock}>&-
	network_lock=
}

# network_claim registers the host and sets address (the host's) and gateway
# (the machine's end). To be called under network_locked.
network_claim() {
	mkdir -p "$machine_dir/hosts"
	[[ -s $machine_dir/block ]] || network_choose_block || return 1
	local block
	block=$(<"$machine_dir/block")
	network_choose_address "${block%/*}" || return 1
	printf '%s %s\n' "$address" "$dir" >"$machine_dir/hosts/$id"
	network_open "$block"
}

network_choose_block() {
	local block
	for block in $network_blocks; do
		[[ -z $(ip -4 route show root "$block") ]] || continue
		[[ -z $(ip -4 route show match "$block" | sed '/^default/d') ]] || continue
		echo "$block" >"$machine_dir/block"
		return 0
	done
	say "cannot find a free network: all of $network_blocks overlap with routes of this machine"
	return 1
}

# network_choose_address starts at a random place, so that a new host seldom
# has the address of one just gone, to which ssh connections may be kept open.
network_choose_address() {
	local a b c d start try offset
	IFS=. read -r a b c d <<<"$1"
	start=$((RANDOM % network_block_hosts))
	for ((try = 0; try < network_block_hosts; try++)); do
		offset=$(((start + try) % network_block_hosts * 4))
		local prefix=$a.$b.$((c + offset / 256))
		gateway=$prefix.$((d + offset % 256 + 1))
		address=$prefix.$((d + offset % 256 + 2))
		grep -qsrF "$address " "$machine_dir/hosts" && continue
		[[ -n $(ip -4 route show root "$prefix.$((d + offset % 256))/30") ]] || return 0
	done
	say "cannot find a free address: $network_block_hosts hosts are up"
	return 1
}

# network_rules BLOCK prints the arguments of each iptables rule, the table
# first. The two accept rules matter where FORWARD drops, as with a dockerd on
# the machine.
network_rules() {
	local tag="-m comment --comment hardened.docker"
	echo "nat POSTROUTING -s $1 ! -d $1 $tag -j MASQUERADE"
	echo "filter FORWARD -s $1 $tag -j ACCEPT"
	echo "filter FORWARD -d $1 -m conntrack --ctstate RELATED,ESTABLISHED $tag -j ACCEPT"
}

network_open() {
	local table rule
	[[ -e $machine_dir/ip_forward ]] ||
		cat /proc/sys/net/ipv4/ip_forward >"$machine_dir/ip_forward"
	echo 1 >/proc/sys/net/ipv4/ip_forward
	while read -r table rule; do
		# shellcheck disable=SC2086 # a rule is a list of words
		iptables -w 30 -t "$table" -C $rule 2>/dev/null ||
			iptables -w 30 -t "$table" -I $rule || return 1
	done < <(network_rules "$1")
}

# network_release forgets the host, and with the last one all that was set up
# on the machine. To be called under network_locked.
network_release() {
	local registration path
	rm -f "$machine_dir/hosts/$id"
	for registration in "$machine_dir"/hosts/*; do
		[[ -e $registration ]] || continue
		# A host whose directory and interface are both gone cannot come back.
		read -r _ path <"$registration"
		[[ -d $path ]] || network_has "${registration##*/}" || rm -f "$registration"
	done
	[[ -d $machine_dir ]] || return 0
	rmdir "$machine_dir/hosts" 2>/dev/null || return 0
	local table rule
	if [[ -s $machine_dir/block ]]; then
		while read -r table rule; do
			# shellcheck disable=SC2086 # a rule is a list of words
			iptables -w 30 -t "$table" -D $rule 2>/dev/null || true
		done < <(network_rules "$(<"$machine_dir/block")")
	fi
	[[ ! -s $machine_dir/ip_forward ]] ||
		cat "$machine_dir/ip_forward" >/proc/sys/net/ipv4/ip_forward
	# On a machine whose own Docker is managed too, modules keep files there.
	rm -f "$machine_dir/block" "$machine_dir/ip_forward"
	rmdir "$machine_dir" 2>/dev/null || true
}

# network_has: is there an interface of this name? Asked by ip, because /sys can
# show another network namespace than the one at work.
network_has() {
	ip link show dev "$1" >/dev/null 2>&1
}

# network_attach gives the machine's end of the veth its address, once
# systemd-nspawn has made it.
network_attach() {
	wait_until 60 network_has "$id" || {
		say "there is no network interface of $name after a minute"
		return 1
	}
	ip addr add "$gateway/30" dev "$id" && ip link set "$id" mtu "$(network_mtu)" up
}

# network_mtu prints the MTU of the way out, which a host must not exceed; a
# machine without a way out gets Ethernet's.
network_mtu() {
	local device
	device=$(ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | sed -n 1p)
	if [[ -n $device ]]; then ip -o link show dev "$device" | sed 's/.* mtu \([0-9]*\).*/\1/'; else echo 1500; fi
}

# network_resolv_conf prints the machine's resolv.conf as a host can use it: a
# resolver on the machine's loopback is not the host's.
network_resolv_conf() {
	local file=/etc/resolv.conf
	if [[ -e /run/systemd/resolve/resolv.conf ]] && [[ -z $(sed -nE '/^nameserver (127\.|::1)/d; /^nameserver/p' "$file") ]]; then
		file=/run/systemd/resolve/resolv.conf
	fi
	cat "$file"
}

# network_configure writes the host's side into its root.
network_configure() {
	local root=$1
	cat >"$root/etc/systemd/network/10-host0.network" <<-END
		[Match]
		Name=host0

		[Link]
		MTUBytes=$(network_mtu)

		[Network]
		Address=$address/30
		Gateway=$gateway
		LinkLocalAddressing=no
		IPv6AcceptRA=no
	END
	rm -f "$root/etc/resolv.conf"
	network_resolv_conf >"$root/etc/resolv.conf"
	echo "$name" >"$root/etc/hostname"
	printf '127.0.0.1 localhost\n%s %s\n::1 localhost ip6-localhost\n' "$address" "$name" >"$root/etc/hosts"
	network_apt_proxies >"$root/etc/apt/apt.conf.d/90machine"
}

# network_apt_proxies prints the machine's own apt settings for a proxy.
network_apt_proxies() {
	type -P apt-config >/dev/null || return 0
	apt-config dump --no-empty Acquire::http::Proxy
	apt-config dump --no-empty Acquire::https::Proxy
}
