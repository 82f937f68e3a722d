#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Written by firewalld_docker_order of hardened.docker, which will write it anew.
#
# Makes Docker's firewall rules whole again after firewalld took them away: when
# it started, stopped, reloaded or left panic mode. First the engine gets its
# time, as it restores them itself where it is connected to firewalld, then what
# it leaves out is added, and only where that is not enough docker.service is
# restarted.
set -u

path=/org/fedoraproject/FirewallD1
name=org.fedoraproject.FirewallD1

# Everything that happens to firewalld, as lines with Member= in them. The first
# line is for what happened before this began.
events() {
	echo Member=Started
	exec busctl --system monitor \
		--match="type='signal',path='$path',interface='$name'" \
		--match="type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='$name'"
}

firewalld_runs() {
	systemctl is-active firewalld.service | grep -Eq '^(active|activating|reloading|deactivating)$'
}

# firewalld answers when its own rules are in the kernel.
wait_for_firewalld() {
	busctl --system --timeout=60 get-property "$name" "$path" "$name" state >/dev/null 2>&1
}

# An engine that found firewalld when it started holds a connection to the bus.
connected() {
	pid=$(systemctl show -p MainPID docker.service)
	busctl --system --no-legend --no-pager list 2>/dev/null | awk -v pid="${pid#MainPID=}" '$2 == pid { found = 1 } END { exit !found }'
}

# Engines that write no rules of iptables have none to lose.
without_iptables() {
	grep -Eqs '"(iptables"[[:space:]]*:[[:space:]]*false|firewall-backend"[[:space:]]*:[[:space:]]*"nftables")' /etc/docker/daemon.json && return
	pid=$(systemctl show -p MainPID docker.service)
	tr '\0' '\n' <"/proc/${pid#MainPID=}/cmdline" 2>/dev/null | grep -Eqx -e '--iptables=false' -e '--firewall-backend=nftables' && return
	for bridge in /sys/class/net/docker0 /sys/class/net/br-*/bridge; do
		test -e "$bridge" && return 1
	done
	return 0
}

rules() {
	iptables -w -t nat -S && iptables -w -S
}

has() { printf '%s\n' "$now" | grep -Eq -e "$1"; }

# The ways to Docker's chains, in the rules $now.
reachable() {
	has '^-A PREROUTING .*-j DOCKER$' && has '^-A FORWARD .*-j DOCKER(-FORWARD)?$'
}

# The bridges whose containers can be reached, in the rules $now.
bridges() {
	printf '%s\n' "$now" | sed -n 's/^-A \(FORWARD\|DOCKER-BRIDGE\) -o \([^ ]*\) -j DOCKER$/\2/p'
}

# Adds what engines up to 27 leave out when they restore their rules: the way to
# the administrator's chain DOCKER-USER, after a restart with live-restore, and
# what keeps the containers of one bridge from those of another, after a reload.
add_rest() {
	has '^-A FORWARD -j DOCKER-USER$' || {
		iptables -w -N DOCKER-USER 2>/dev/null
		iptables -w -C DOCKER-USER -j RETURN 2>/dev/null || iptables -w -A DOCKER-USER -j RETURN
		iptables -w -I FORWARD -j DOCKER-USER
		echo "led FORWARD to DOCKER-USER again"
	}
	has '^-N DOCKER-ISOLATION-STAGE-2$' || return 0
	for bridge in $(bridges); do
		iptables -w -C DOCKER-ISOLATION-STAGE-1 -i "$bridge" ! -o "$bridge" -j DOCKER-ISOLATION-STAGE-2 2>/dev/null || {
			iptables -w -I DOCKER-ISOLATION-STAGE-1 -i "$bridge" ! -o "$bridge" -j DOCKER-ISOLATION-STAGE-2
			echo "kept the containers of $bridge apart from those of other bridges again"
		}
		iptables -w -C DOCKER-ISOLATION-STAGE-2 -o "$bridge" -j DROP 2>/dev/null ||
			iptables -w -I DOCKER-ISOLATION-STAGE-2 -o "$bridge" -j DROP
	done
}

# Waits until the engine has restored its rules and rests. Fails if it does not.
settle() {
	last='' quiet=0 tries=0
	while test $tries -lt 90; do
		tries=$((tries + 1))
		now=$(rules 2>/dev/null)
		if ! reachable; then
			quiet=0
			# Nobody is going to restore them.
			{ firewalld_runs && connected; } || return 1
		elif test "$now" = "$last"; then
			quiet=$((quiet + 1))
			test $quiet -lt 2 || return 0
		else
			quiet=0
		fi
		last=$now
		sleep 1
	done
	return 1
}

restart() {
	if test "$ALLOW_RESTART" != true; then
		echo "Docker's rules are gone; restart docker.service to bring them back (allow_restart is false)"
		return 1
	fi
	echo "Docker's rules are gone and the engine does not restore them: restarting docker.service"
	systemctl reset-failed docker.service docker.socket 2>/dev/null
	systemctl try-restart docker.service
}

repair() {
	systemctl is-active --quiet docker.service || return 0
	without_iptables && return 0
	firewalld_runs && wait_for_firewalld
	if settle; then
		add_rest
	else
		restart && settle && add_rest
	fi
	test ! -e /etc/systemd/system/docker-isolation.service || systemctl start docker-isolation.service
}

events | while read -r line; do
	case $line in
	*Member=NameOwnerChanged*)
		# Between the end of one firewalld and the start of the next.
		sleep 1
		repair
		;;
	*Member=Started* | *Member=Reloaded* | *Member=PanicModeDisabled*) repair ;;
	esac
done
