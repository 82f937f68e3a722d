# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The roots that hosts are copies of: one for each suite, made once by
# debootstrap and cached under a name that changes with this recipe.

image_suites="bookworm trixie"

# What a small server has. No Python, and nothing that Docker would install
# itself; libpam-systemd because on a real server a login is a session.
image_packages=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo
image_packages+=,iproute2,iptables,iputils-ping,procps,kmod,ca-certificates

image_known_suite() {
	[[ " $image_suites " == *" $1 "* ]] ||
		die "unknown suite $1: choose one of $image_suites"
}

# image_mirror LABEL prints the first repository of that label which the
# machine itself uses; nothing on a machine that is no Debian.
image_mirror() {
	type -P apt-get >/dev/null || return 0
	# shellcheck disable=SC2016 # apt fills it in
	apt-get indextargets --format '$(REPO_URI)' \
		"Label: $1" "Origin: Debian" "Component: main" "Created-By: Packages" 2>/dev/null |
		grep -m1 -E '^https?://' || true
}

# image_path SUITE prints where the root of that suite is or will be.
image_path() {
	local key
	key=$(cat "$here/lib/image.sh" <(image_mirror Debian) <(image_mirror Debian-Security) | sha256sum)
	printf '%s/%s-%s-%s\n' "$cache_dir" "$1" "$(uname -m)" "${key:0:12}"
}

image_known_kind() {
	[[ $1 == container || $1 == vm ]] || die "unknown kind $1: choose container or vm"
}

image_command() {
	local kind=container suite
	if [[ ${1:-} == --kind ]]; then
		(($# > 1)) || die "missing value of --kind"
		kind=$2
		shift 2
	fi
	image_known_kind "$kind"
	(($# > 0)) || die "missing suite: choose one of $image_suites"
	for suite in "$@"; do image_known_suite "$suite"; done
	[[ $kind == vm ]] || image_require_root
	for suite in "$@"; do
		image_ensure_kind "$kind" "$suite"
		if [[ $kind == vm ]]; then vmimage_path "$suite"; else image_path "$suite"; fi
	done
}

image_ensure_kind() {
	if [[ $1 == vm ]]; then vmimage_ensure "$2"; else image_ensure "$2"; fi
}

image_require_root() {
	((EUID == 0)) || die "cannot make or copy a root: not root; see 'host check'"
}

# image_ensure SUITE makes the root unless it is there. Builders of one suite
# wait for each other; a root appears under its name only when it is whole. The
# lock is inherited by debootstrap, so what a killed builder left running is
# waited for before its rest is removed.
image_ensure() {
	local suite=$1 path build
	path=$(image_path "$suite")
	[[ ! -d $path ]] || return 0
	mkdir -p "$cache_dir"
	local lock
	exec {lock}>"$cache_dir/.$suite.lock"
	flock -n "$lock" || {
		say "waiting for another builder of $suite"
		flock "$lock"
	}
	if [[ ! -d $path ]]; then
		rm -rf --one-file-system "$cache_dir/.$suite".partial.*
		build=$(mktemp -d "$cache_dir/.$suite.partial.XXXXXX")
		chmod 755 "$build"
		say "making the root of $suite (once; about a minute)"
		# The subshell keeps its own clean-up away from the caller's traps.
		(
			trap 'rm -rf --one-file-system "$build" "$build.log"' EXIT
			trap 'exit 130' INT TERM HUP
			image_build "$suite" "$build" || exit 1
			mv -T "$build" "$path"
		) || die "cannot make the root of $suite"
	fi
	exec {lock}>&-
}

image_build() {
	local suite=$1 root=$2 mirror security
	mirror=$(image_mirror Debian)
	security=$(image_mirror Debian-Security)
	# Without a mirror debootstrap takes its own default.
	mortal debootstrap --variant=minbase --include="$image_packages" \
		--keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
		"$suite" "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 || {
		tail -n 20 "$root.log" >&2
		say "cannot debootstrap $suite"
		return 1
	}
	[[ -z $security ]] ||
		printf 'deb %s %s-security main\n' "$security" "$suite" >>"$root/etc/apt/sources.list"
	[[ "$mirror$security" != *https://* ]] ||
		cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
	image_configure "$root" || return 1
	image_refuse_python "$root"
}

# image_configure makes the root a server that can be logged in to, and takes
# out what must differ between hosts.
image_configure() {
	local root=$1
	systemctl --quiet --root="$root" enable ssh.service systemd-networkd.service || return 1
	# A timer that takes apt's lock at a random moment makes runs differ.
	systemctl --quiet --root="$root" mask apt-daily.timer apt-daily-upgrade.timer || return 1
	chroot "$root" /bin/sh -eu <<'END'
# Debian has a group "operator" of its own, so the user gets no group of that name.
useradd --create-home --no-user-group --gid users --shell /bin/bash operator
useradd --create-home --shell /bin/bash deploy
echo operator:operator | chpasswd
usermod --append --groups sudo operator
echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy
chmod 440 /etc/sudoers.d/deploy
for home in /root /home/operator /home/deploy; do
	install -d -m 700 "$home/.ssh"
done
chown operator:users /home/operator/.ssh
chown deploy:deploy /home/deploy/.ssh
printf 'PasswordAuthentication no\nKbdInteractiveAuthentication no\n' >/etc/ssh/sshd_config.d/10-keys-only.conf
echo LANG=C.UTF-8 >/etc/default/locale
apt-get clean
rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* /var/log/bootstrap.log
: >/etc/machine-id
END
}

# image_refuse_python fails if anything in the root could run Python: a host
# with one would prove nothing about a host without.
image_refuse_python() {
	local found
	found=$(find "$1"/{bin,sbin,usr,opt} -name 'python*' \( -type f -o -type l \) -perm /111 -print -quit)
	[[ -z $found ]] || {
		say "cannot use the root: it has ${found#"$1"}"
		return 1
	}
	# shellcheck disable=SC2016 # dpkg-query fills it in
	found=$(chroot "$1" dpkg-query -W -f '${db:Status-Status} ${Package}\n' 'python*' 'libpython*' 2>/dev/null |
		grep -m1 '^installed ' || true)
	[[ -z $found ]] || {
		say "cannot use the root: it has the package ${found#installed }"
		return 1
	}
}
