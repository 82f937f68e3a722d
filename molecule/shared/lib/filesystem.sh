# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A container host's root in a file system of its own, so that its power can be
# cut for real: what was not written by then is lost, as with a machine's disk. Without
# one, the files of an ended container are all there, for the machine's kernel has them.

# filesystem_make has an empty ext4 at $dir/root. The file has only what is written.
filesystem_make() {
	truncate -s 8G "$dir/root.ext4"
	mke2fs -q -F -t ext4 "$dir/root.ext4"
	fact_set filesystem ext4
	filesystem_mount
}

# filesystem_mount gives a host that has one its root, after a cut from the journal.
filesystem_mount() {
	[[ -n $(fact_get filesystem) ]] || return 0
	mountpoint -q "$dir/root" || mount -o loop "$dir/root.ext4" "$dir/root" || die "cannot mount $dir/root.ext4"
}

filesystem_unmount() {
	! mountpoint -q "$dir/root" || wait_until 20 umount "$dir/root" 2>/dev/null || say "cannot unmount $dir/root"
}

# filesystem_lose stops all writing at once, without writing what waits for it, be it
# data or journal: the ioctl FS_IOC_SHUTDOWN with FS_SHUTDOWN_FLAGS_NOLOGFLUSH (linux/fs.h,
# ext4's since Linux 4.11), which file systems have to be tested with for power failures.
filesystem_lose() {
	[[ -n $(fact_get filesystem) ]] || return 0
	python3 -c '
import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack("I", 2))' "$dir/root" || die "cannot stop the file system of $name"
}
