# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The disks that virtual machines are overlays of: one directory for each suite
# with disk.img (ext4, no partitions), vmlinuz and initrd, made once from the
# root that containers are copies of.

# What containers cannot try. None of it brings Python, and it is the slowest to
# install under software emulation.
vmimage_packages="linux-image-amd64 initramfs-tools zstd auditd lvm2 thin-provisioning-tools e2fsprogs"

# Kept as .deb files with all they need, so that installing them needs no
# network; apt takes them only while the mirror has no newer ones.
vmimage_cached="docker.io docker-cli apparmor firewalld nftables"

# What the disk with an engine has besides: for those who look at the engine and
# not at its installation, which takes minutes under software emulation.
vmimage_engine="docker.io docker-cli apparmor"

# What mkfs.xfs needs. The package itself depends on Python, for a program that
# is not wanted here.
vmimage_xfs_libraries="libinih1 liburcu8 libblkid1 libuuid1"

# The initrd has these drivers and no others, so that it is small.
vmimage_modules="virtio_pci virtio_blk virtio_net ext4 qemu_fw_cfg"

# Disks made by root are for everybody on the machine: there is no secret in
# them, and only root can make them.
vmimage_shared=/var/cache/hardened.docker

# vmimage_path SUITE prints where the disk of that suite is or will be; where
# engine=yes, that of the disk with an engine.
vmimage_path() {
	local key place=$vmimage_shared
	key=$(cat "$here"/lib/{image,vmimage}.sh <(image_mirror Debian) <(image_mirror Debian-Security) | sha256sum)
	[[ -z ${XDG_CACHE_HOME:-} ]] || ((EUID != 0)) || place=$cache_dir
	printf '%s/%s-vm%s-%s-%s\n' "$place" "$1" "${engine:+-engine}" "$(uname -m)" "${key:0:12}"
}

# vmimage_ensure SUITE makes the disk unless it is there, under the same rules
# as image_ensure makes roots.
vmimage_ensure() {
	local suite=$1 path build
	path=$(vmimage_path "$suite")
	[[ ! -d $path ]] || return 0
	local how="image --kind vm $suite"
	[[ -z ${engine:-} ]] || how="up NAME --kind vm --suite $suite --engine"
	((EUID == 0)) || die "missing $path: root makes it once for everybody, by 'host $how'"
	image_ensure "$suite"
	local lock
	mkdir -p "${path%/*}"
	exec {lock}>"${path%/*}/.$suite-vm.lock"
	flock -n "$lock" || {
		say "waiting for another builder of the disk of $suite"
		flock "$lock"
	}
	if [[ ! -d $path ]]; then
		rm -rf --one-file-system "${path%/*}/.$suite-vm".partial.*
		build=$(mktemp -d "${path%/*}/.$suite-vm.partial.XXXXXX")
		chmod 755 "$build"
		say "making the disk of $suite${engine:+ with an engine} (once; two minutes)"
		(
			trap 'rm -rf --one-file-system "$build"' EXIT
			trap 'exit 130' INT TERM HUP
			mkdir "$build/disk"
			vmimage_build "$suite" "$build" || exit 1
			mv -T "$build/disk" "$path"
		) || die "cannot make the disk of $suite"
	fi
	exec {lock}>&-
}

# vmimage_build SUITE BUILD fills BUILD/disk. The root is worked on in a mount
# namespace of its own, so nothing stays mounted, however this ends.
vmimage_build() {
	local suite=$1 build=$2 root=$2/root
	mkdir "$root"
	mortal cp -a --reflink=auto "$(image_path "$suite")/." "$root/" || return 1
	vmimage_prepare "$root"
	mortal unshare --mount --pid --fork --kill-child /bin/bash -euo pipefail -c '
		mount -t proc proc "$1/proc"
		mount --rbind /dev "$1/dev"
		exec chroot "$1" /bin/bash /root/install' vmimage "$root" >"$build/log" 2>&1 </dev/null || {
		tail -n 20 "$build/log" >&2
		say "cannot install what a virtual machine needs"
		return 1
	}
	rm "$root/root/install"
	image_refuse_python "$root" || return 1
	cp -L "$root/vmlinuz" "$build/disk/vmlinuz"
	cp -L "$root/initrd.img" "$build/disk/initrd"
	chmod 644 "$build/disk"/*
	vmimage_format "$root" "$build/disk/disk.img"
}

# vmimage_format ROOT FILE makes the disk. The features are those that the
# file system checker of every suite knows, whatever this machine's mke2fs
# would choose.
vmimage_format() {
	local config=$2.conf
	cat >"$config" <<-'END'
		[defaults]
			blocksize = 4096
			inode_size = 256
			inode_ratio = 16384
		[fs_types]
			ext4 = {
				features = has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize,sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr
			}
	END
	MKE2FS_CONFIG=$config mortal mke2fs -q -F -t ext4 -L disposable -m 1 \
		-E root_owner=0:0 -d "$1" "$2" 12G >/dev/null || return 1
	rm "$config"
}

# vmimage_prepare writes what makes the root a virtual machine's, and the script
# that installs the packages inside of it.
vmimage_prepare() {
	local root=$1
	cat >"$root/etc/fstab" <<-'END'
		LABEL=disposable / ext4 errors=remount-ro 0 1
	END
	cat >"$root/etc/systemd/network/10-ethernet.network" <<-'END'
		[Match]
		Type=ether
		Driver=virtio_net

		[Network]
		Address=10.0.2.15/24
		Gateway=10.0.2.2
		LinkLocalAddressing=no
		IPv6AcceptRA=no
	END
	vmimage_prepare_identity "$root"
	install -d "$root/etc/initramfs-tools/conf.d"
	echo MODULES=list >"$root/etc/initramfs-tools/conf.d/disposable"
	# shellcheck disable=SC2086 # a list of modules
	printf '%s\n' $vmimage_modules >"$root/etc/modules-for-initrd"
	{
		declare -p vmimage_packages vmimage_cached vmimage_xfs_libraries vmimage_engine
		declare -f vmimage_install vmimage_install_xfs vmimage_install_engine
		echo "vmimage_install ${engine:-}"
	} >"$root/root/install"
}

# vmimage_prepare_identity has a machine take its name and keys, at its first
# boot, from where qemu offers them.
vmimage_prepare_identity() {
	local unit=disposable-host-identity.service
	cat >"$1/etc/systemd/system/$unit" <<-'END'
		[Unit]
		Description=Take this host's name and keys
		DefaultDependencies=no
		After=systemd-remount-fs.service
		Before=sysinit.target systemd-networkd.service ssh.service
		ConditionPathExists=!/etc/disposable-host

		[Service]
		Type=oneshot
		ExecStart=/usr/local/sbin/disposable-host-identity

		[Install]
		WantedBy=sysinit.target
	END
	cat >"$1/usr/local/sbin/disposable-host-identity" <<-'END'
		#!/bin/sh
		set -eu
		modprobe qemu_fw_cfg
		tar -x --no-same-owner -C / -f /sys/firmware/qemu_fw_cfg/by_name/opt/hardened.docker/identity/raw
		install -o operator -g users -m 600 /root/.ssh/authorized_keys /home/operator/.ssh/
		install -o deploy -g deploy -m 600 /root/.ssh/authorized_keys /home/deploy/.ssh/
		sync
		touch /etc/disposable-host
	END
	chmod 755 "$1/usr/local/sbin/disposable-host-identity"
	systemctl --quiet --root="$1" enable "$unit"
}

# vmimage_install runs inside of the root. apt's lists stay, so that an update in
# the machine asks the mirror only for what is new.
vmimage_install() {
	set -euo pipefail
	export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod 755 /usr/sbin/policy-rc.d
	apt-get -q -y update
	# shellcheck disable=SC2086 # lists of package names
	{
		apt-get -q -y install --no-install-recommends initramfs-tools
		cat /etc/modules-for-initrd >>/etc/initramfs-tools/modules
		apt-get -q -y install --no-install-recommends $vmimage_packages
		vmimage_install_xfs
		apt-get clean
		apt-get -q -y install --download-only --no-install-recommends $(apt-cache -q=0 pkgnames | grep -xF "${vmimage_cached// /$'\n'}")
		[[ -z ${1:-} ]] || vmimage_install_engine
	}
	# qemu brings the initrd along. Another one would be made, in minutes of software
	# emulation, when packages such as apparmor come.
	echo update_initramfs=no >/etc/initramfs-tools/update-initramfs.conf
	rm -f /usr/sbin/policy-rc.d /etc/modules-for-initrd
	rm -rf /var/cache/apt/*.bin /tmp/* /var/log/apt/* /boot/initrd*.old
}

# vmimage_install_engine leaves the engine as it is before its first start.
vmimage_install_engine() {
	# shellcheck disable=SC2046,SC2086 # a list of package names
	apt-get -q -y install --no-install-recommends $(apt-cache -q=0 pkgnames | grep -xF "${vmimage_engine// /$'\n'}")
	systemctl --quiet disable docker.service docker.socket containerd.service
}

vmimage_install_xfs() {
	local name
	# shellcheck disable=SC2086 # a list of package names
	for name in $vmimage_xfs_libraries $(apt-cache depends xfsprogs | sed -n 's/^  Depends: \(lib[^ ]*\)$/\1/p'); do
		apt-get -q -y install --no-install-recommends "$name"
	done
	cd /tmp
	apt-get -q download xfsprogs
	dpkg-deb -x xfsprogs_*.deb xfs
	find xfs \( -name mkfs.xfs -o -name xfs_repair \) -exec install -t /usr/sbin {} +
	cd /
	mkfs.xfs -V
}
