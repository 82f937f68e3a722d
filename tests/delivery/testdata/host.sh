#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Turns a new mount and process namespace into the host that the tests log in to, and becomes its sshd.
#
#   host.sh LAB
#
# /etc is a copy, and /home, /run and /var/lib are empty memory file systems: users, sudo rules and state
# directories exist in here only, and all of it is gone with this process.
set -eu
lab=$1

mount --bind "$lab/etc" /etc
mount -t tmpfs -o mode=755 tmpfs /home
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var/lib
mkdir -p /run/sshd /run/lock /var/lib/sudo
mount -t tmpfs -o mode=755,size=256k tmpfs "$lab/full"
mount -t tmpfs -o mode=755,noexec tmpfs "$lab/noexec"
mount -t tmpfs -o mode=755 tmpfs "$lab/readonly"
mount -o remount,ro "$lab/readonly"

# The start-up files of the machine's root are none of the tests' business, and may take their time.
sed -i 's|^root:.*|root:x:0:0:root:/home/root:/bin/sh|' /etc/passwd
mkdir -m 700 /home/root

# user NAME SHELL: with the password "pw NAME".
user() {
    useradd --no-log-init --create-home --user-group --shell "$2" "$1"
    echo "$1:pw $1" | chpasswd
}
user hdadmin /bin/bash
user hdasker /bin/bash
user hdtty /bin/bash
user hdhome /bin/bash
user hdplain /bin/sh
user hdother /bin/sh
user hdnoisy /bin/bash
user hdnogzip /bin/sh
user hdnosum /bin/sh
user hdalien /bin/sh
user hddarwin /bin/sh
[ ! -x /bin/csh ] || user hdcsh /bin/csh
[ ! -x /usr/bin/fish ] || user hdfish /usr/bin/fish
useradd --no-log-init --no-create-home --home-dir /nonexistent --shell /bin/sh hdhomeless
echo "hdhomeless:pw hdhomeless" | chpasswd

# Debian's .bashrc leaves early when nobody is typing; a careless one does not.
printf 'echo "Welcome, {friend}!"\nprintf "no line end "\n' >/home/hdnoisy/.bashrc
chown hdnoisy: /home/hdnoisy/.bashrc

chmod 755 /home/hd*
exec /usr/sbin/sshd -D -e -f "$lab/sshd_config"
