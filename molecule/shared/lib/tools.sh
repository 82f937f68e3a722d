# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the machine must have, and how it gets it.

# Each line: a program that is called, and the Debian package that has it.
tools_list() {
	if [[ $1 == vm ]]; then
		cat <<'END'
qemu-system-x86_64 qemu-system-x86
qemu-img qemu-utils
mke2fs e2fsprogs
ss iproute2
ssh openssh-client
ssh-keygen openssh-client
flock util-linux
setpriv util-linux
END
		return
	fi
	cat <<'END'
systemd-nspawn systemd-container
debootstrap debootstrap
iptables iptables
ip iproute2
ssh openssh-client
ssh-keygen openssh-client
systemctl systemd
flock util-linux
setpriv util-linux
END
	# debootstrap of another distribution does not always bring Debian's keys.
	[[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]] ||
		echo "- debian-archive-keyring"
}

# tools_missing KIND prints the lines of tools_list that the machine lacks.
tools_missing() {
	local program package
	while read -r program package; do
		type -P "$program" >/dev/null || printf '%s %s\n' "$program" "$package"
	done < <(tools_list "$1")
}

# tools_problems KIND prints one line for each thing that keeps a host of that
# kind from booting.
tools_problems() {
	if [[ $(uname -s) != Linux ]]; then
		echo "not Linux: a host is a container of this machine's own kernel"
		return
	fi
	[[ $1 == vm ]] || ((EUID == 0)) || echo "not root: run it as root, for example with sudo"
	[[ $1 != vm || $(uname -m) == x86_64 ]] || echo "not x86_64: virtual machines are made for that architecture only"
	local program package
	while read -r program package; do
		if [[ $program == - ]]; then
			echo "missing Debian's archive keys: run 'host install-tools' or apt-get install $package"
		else
			echo "missing $program: run 'host install-tools' or apt-get install $package"
		fi
	done < <(tools_missing "$1")
	[[ $1 != vm ]] && ((EUID == 0)) || return 0

	if type -P ip >/dev/null; then
		tools_try_veth || echo "cannot make veth interfaces: the kernel needs veth and the caller CAP_NET_ADMIN"
	fi
	if type -P iptables >/dev/null; then
		iptables -w 30 -t nat -S POSTROUTING >/dev/null 2>&1 ||
			echo "cannot use iptables' nat table: the kernel needs netfilter NAT and the caller CAP_NET_ADMIN"
	fi
	unshare --mount --pid --net --ipc --uts --fork true 2>/dev/null ||
		echo "cannot make namespaces: the caller needs CAP_SYS_ADMIN"
	[[ -w /proc/sys/net/ipv4/ip_forward ]] ||
		echo "cannot write /proc/sys/net/ipv4/ip_forward: hosts could not reach package mirrors"
	container_can_group ||
		echo "cannot make control groups under /sys/fs/cgroup: mount cgroup2 there, writable"
	grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null ||
		echo "missing overlayfs: dockerd in a host would have no storage driver"
}

tools_try_veth() {
	local name="hdt$$"
	ip link add "$name" type veth peer name "${name}p" 2>/dev/null || return 1
	ip link del "$name"
}

# tools_kind ARGUMENT... sets kind from what is said on the command line.
tools_kind() {
	kind=container
	(($# > 0)) || return 0
	[[ $1 == --kind ]] || die "unknown argument $1: see 'host help'"
	(($# == 2)) || die "missing value of --kind"
	image_known_kind "$2"
	kind=$2
}

tools_check() {
	local problems kind
	tools_kind "$@"
	problems=$(tools_problems "$kind")
	[[ -z $problems ]] || {
		printf '%s\n' "$problems"
		return 1
	}
	echo "$kind hosts can be booted here"
}

tools_install() {
	local kind
	tools_kind "$@"
	((EUID == 0)) || die "cannot install packages: not root"
	type -P apt-get >/dev/null || die "cannot install packages: no apt-get; see 'host check'"
	local packages
	packages=$(tools_missing "$kind" | cut -d' ' -f2 | sort -u)
	[[ -n $packages ]] || {
		say "nothing to install"
		return
	}
	say "installing ${packages//$'\n'/ }"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -o DPkg::Lock::Timeout=600 -q -y update >&2
	# shellcheck disable=SC2086 # a list of package names
	apt-get -o DPkg::Lock::Timeout=600 -q -y install --no-install-recommends $packages >&2
}
