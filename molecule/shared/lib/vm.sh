# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The host kind "vm": qemu boots Debian's own kernel on a throw-away overlay of
# the cached disk. Its facts besides those of every host: port, image, memory, accel,
# forward (one line for each), disk (one line for each: number and size).
#
# qemu holds a lock on $dir/alive from before it is qemu until its end, however
# that comes; the pid beside it means something only while the lock is held. So
# no process is ever picked by its name or by a number that is no longer its own.

# vm_claim gives the host an address on the loopback of its own, so that its
# ports need no other numbers than those it has inside, and a port for ssh.
vm_claim() {
	address=127.$((RANDOM % 200 + 20)).$((RANDOM % 250 + 2)).$((RANDOM % 250 + 2))
	fact_set port "$(vm_free_port)"
	fact_set image "$(vmimage_path "$suite")"
	local number=0 size
	for size in "${disks[@]}"; do
		number=$((number + 1))
		fact_set disk "$number $size"
	done
	local forward
	for forward in "${forwards[@]}"; do fact_set forward "$forward"; done
	fact_set memory "$memory"
}

vm_release() {
	:
}

# vm_free_port prints a port that nothing listens on, also not on all addresses.
vm_free_port() {
	local port
	while :; do
		port=$((RANDOM % 10000 + 20000))
		[[ -n $(ss -Hltn "sport = :$port" 2>/dev/null) ]] || break
	done
	echo "$port"
}

vm_create() {
	qemu-img create -q -f qcow2 -F raw -b "$(fact_get image)/disk.img" "$dir/disk.qcow2"
	local number size
	while read -r number size; do
		vm_make_disk "$number" "$size"
	done < <(fact_get disk)
	vm_identity
}

vm_make_disk() {
	truncate -s "$2" "$dir/disk$1.img"
}

# vm_identity packs what makes this host itself; it takes the pack at its first
# boot.
vm_identity() {
	local root=$dir/identity
	mkdir -p "$root/etc/ssh" "$root/root/.ssh" "$root/etc/apt/apt.conf.d"
	chmod 700 "$root/root" "$root/root/.ssh"
	access_make_keys "$root/etc/ssh"
	install -m 600 "$dir/ssh/id_ed25519.pub" "$root/root/.ssh/authorized_keys"
	echo "$name" >"$root/etc/hostname"
	printf '127.0.0.1 localhost\n10.0.2.15 %s\n::1 localhost ip6-localhost\n' "$name" >"$root/etc/hosts"
	echo nameserver 10.0.2.3 >"$root/etc/resolv.conf"
	# The machine's own loopback has another address in there.
	network_apt_proxies | sed -E 's#//(127\.[0-9.]+|localhost|\[::1\])([:/"])#//10.0.2.2\2#' >"$root/etc/apt/apt.conf.d/90machine"
	tar -C "$root" --owner=0 --group=0 --numeric-owner -cf "$dir/identity.tar" .
	rm -rf "$root"
}

# vm_arguments fills the array arguments.
vm_arguments() {
	local image accel forward number size
	image=$(fact_get image)
	accel=$(fact_get accel)
	arguments=(
		qemu-system-x86_64 -nodefaults -no-user-config -display none
		-machine pc -name "$name" -rtc base=utc
		-m "$(fact_get memory)" -smp "$(vm_processors)"
		-kernel "$image/vmlinuz" -initrd "$image/initrd"
		-append "$(vm_kernel_arguments)"
		-chardev "file,id=console,path=$dir/console.log,append=on" -serial chardev:console
		-chardev "pipe,id=monitor,path=$dir/monitor" -mon chardev=monitor,mode=control
		-fw_cfg "name=opt/hardened.docker/identity,file=$dir/identity.tar"
		-object rng-random,id=rng,filename=/dev/urandom -device virtio-rng-pci,rng=rng
		-drive "if=none,id=root,file=$dir/disk.qcow2,format=qcow2,discard=unmap"
		-device virtio-blk-pci,drive=root,serial=root
	)
	if [[ $accel == kvm ]]; then
		arguments+=(-accel kvm -cpu host)
	else
		arguments+=(-accel "tcg,thread=multi" -cpu Nehalem)
	fi
	local net="user,id=net,ipv6=off,hostfwd=tcp:$(fact_get address):$(fact_get port)-:22"
	while read -r forward; do
		[[ -z $forward ]] || net+=",hostfwd=tcp:$(fact_get address):$forward-:$forward"
	done < <(fact_get forward)
	arguments+=(-netdev "$net" -device virtio-net-pci,netdev=net)
	while read -r number size; do
		[[ -z $number ]] || arguments+=(
			-drive "if=none,id=disk$number,file=$dir/disk$number.img,format=raw,discard=unmap"
			-device "virtio-blk-pci,id=slot$number,drive=disk$number,serial=disk$number"
		)
	done < <(fact_get disk)
}

# vm_kernel_arguments leaves out what costs seconds under software emulation and
# proves nothing about Docker: drivers of hardware that is not looked at,
# precautions against flaws of real processors, and a manager for each login.
# And random addresses: qemu 7.2 translates code anew for each address that it
# is at, so that date took 340 ms in place of 110 on a loaded machine.
vm_kernel_arguments() {
	printf '%s ' root=LABEL=disposable ro console=ttyS0 quiet panic=5 \
		"systemd.hostname=$name" mitigations=off norandmaps \
		systemd.mask={modprobe@drm,modprobe@efi_pstore,systemd-pstore,e2scrub_reap,user@,getty@tty1}.service \
		modprobe.blacklist=floppy,ata_piix,ata_generic,pcspkr,i2c_piix4,psmouse,serio_raw,evdev,button,kvm_amd,kvm_intel,cfg80211
}

vm_processors() {
	local count
	count=$(nproc)
	echo $((count > 2 ? 2 : count))
}

# vm_start boots the host; what it is given goes to qemu, too.
vm_start() {
	local arguments
	[[ -n $(fact_get accel) ]] || fact_set accel "$(vm_accel)"
	vm_arguments
	rm -f "$dir"/monitor.{in,out}
	mkfifo -m 600 "$dir"/monitor.{in,out}
	(
		exec {alive}>"$dir/alive"
		# vm_alive, which waits for this, takes the lock for a moment each time.
		flock -w 10 "$alive" || exit 1
		echo "$BASHPID" >"$dir/pid"
		exec {state_lock}<&-
		trap - EXIT INT TERM HUP
		exec setsid "${arguments[@]}" "$@" </dev/null >>"$dir/console.log" 2>&1
	) &
	disown
	wait_until 20 vm_alive
}

# vm_alive: does the host's qemu live, or what is about to become it?
vm_alive() {
	[[ -e $dir/alive ]] || return 1
	! flock -n "$dir/alive" true
}

vm_dead() {
	! vm_alive
}

# vm_shut_down asks the host's own system to end, and waits for it. A host that
# does not hear loses its power all the same.
vm_shut_down() {
	access_run -o BatchMode=yes -o ConnectTimeout=10 "root@$address" systemctl --no-block poweroff 2>/dev/null || return 0
	wait_until 120 vm_dead || say "$name does not shut down: taking its power"
}

# vm_stop ends the host as pulling its plug does: what its kernel had not
# written is lost, what it had is there.
vm_stop() {
	local pid
	if vm_alive; then
		pid=$(<"$dir/pid")
		kill -KILL "$pid" 2>/dev/null || true
		wait_until 20 vm_dead || say "cannot end process $pid of $name"
	fi
}

# vm_accel prints kvm only where a kernel really booted with it: the device can
# exist, and even be opened, and not work.
vm_accel() {
	local key file=$cache_dir/acceleration
	mkdir -p "$cache_dir"
	key="$(</proc/sys/kernel/random/boot_id) $(id -u) $(qemu-system-x86_64 --version | sed -n 1p)"
	if [[ ! -e $file || $(head -n 1 "$file") != "$key" ]]; then
		local accel=tcg
		! vm_probe_kvm || accel=kvm
		printf '%s\n%s\n' "$key" "$accel" >"$file.$$"
		mv "$file.$$" "$file"
	fi
	tail -n 1 "$file"
}

vm_probe_kvm() {
	[[ -r /dev/kvm && -w /dev/kvm ]] || return 1
	local console
	# Without a root its kernel panics, once it has come all the way there.
	console=$(mortal timeout --signal=KILL 15 qemu-system-x86_64 -nodefaults -no-user-config -display none \
		-machine pc -accel kvm -cpu host -m 256 -no-reboot \
		-kernel "$(fact_get image)/vmlinuz" -append 'console=ttyS0 panic=-1' \
		-serial stdio 2>&1 </dev/null) || true
	[[ $console == *'Unable to mount root fs'* ]]
}
