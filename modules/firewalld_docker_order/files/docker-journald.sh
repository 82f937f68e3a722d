#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Written by firewalld_docker_order of hardened.docker, which will write it anew.
#
# Restarts docker.service if dockerd's messages are lost since journald started.
# A restart of journald alone does no harm, as systemd keeps the connection; it
# is lost where journald's sockets were stopped too, and with systemd before 229.
set -u

pid=$(systemctl show -p MainPID docker.service)
pid=${pid#MainPID=}
test "${pid:-0}" -gt 0 || exit 0
inode=$(readlink "/proc/$pid/fd/2" | sed -n 's/^socket:\[\([0-9]*\)\]$/\1/p')
test -n "$inode" || exit 0

# The peer's inode is the last column; it is 0 where nobody is left.
lost() {
	ss -xn | awk -v inode="$inode" '$1 == "u_str" && $(NF - 2) == inode { peer = $NF } END { exit peer != "0" }'
}

command -v ss >/dev/null || exit 0
lost || exit 0
sleep 2
lost || exit 0
if test "$ALLOW_RESTART" != true; then
	echo "dockerd's messages are lost; restart docker.service to see them again (allow_restart is false)"
	exit 1
fi
if test "$(timeout 20 docker info --format '{{.LiveRestoreEnabled}}' 2>/dev/null)" != true && test -n "$(timeout 20 docker ps --quiet 2>/dev/null)"; then
	echo "dockerd's messages are lost; restart docker.service to see them again, which stops containers, as live-restore is off"
	exit 1
fi
echo "dockerd's messages are lost since journald started: restarting docker.service"
systemctl reset-failed docker.service docker.socket 2>/dev/null
systemctl try-restart docker.service
