#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Written by docker_isolation of hardened.docker, which will write it anew.
#
# Runs each time docker.service started, and after the engine restored its
# rules. On bridges whose containers the engine keeps apart (icc=false) others
# must not let them through: at the beginning of DOCKER-USER their traffic first
# goes through Docker's own rules, for links, and is then dropped. Where rules of
# others come even before that chain, the same is at the beginning of FORWARD.
set -u

mark='-m comment --comment hardened.docker'

# The bridges that the engine itself has a DROP for. That of a swarm is left
# alone: services reach each other's published ports over it.
apart() {
	"$tool" -w -S | grep -v docker_gwbridge | sed -n 's/^-A \(FORWARD\|DOCKER-FORWARD\) -i \([^ ]*\) -o \2 -j DROP$/\2/p'
}

# The bridges that were kept apart before, in $chain.
kept() {
	"$tool" -w -S "$chain" 2>/dev/null | sed -n "s/^-A $chain -i \\([^ ]*\\) -o \\1 .*--comment \"*hardened\.docker\"* -j DROP\$/\\1/p"
}

# rule ACTION TARGET [NUMBER] is one of the two rules of $bridge in $chain.
# shellcheck disable=SC2086 # mark is several words
rule() { "$tool" -w "$1" "$chain" ${3-} -i "$bridge" -o "$bridge" $mark -j "$2"; }

# The first rule of somebody else that the traffic of $bridge meets in FORWARD
# before DOCKER-USER, and before the rules of $bridge there.
ahead() {
	"$tool" -w -S FORWARD | sed -n "/^-A FORWARD -j DOCKER-USER\$/q
		/^-A FORWARD -i $bridge -o $bridge .*hardened\.docker\"* -j DROP\$/q
		/ -j DOCKER-\(FORWARD\|ISOLATION-STAGE-1\)\$/d
		/hardened\.docker/d
		/^-A/{p;q}"
}

first() {
	rule -D DOCKER 2>/dev/null
	rule -D DROP 2>/dev/null
	rule -I DROP 1
	rule -I DOCKER 1
}

for tool in iptables ip6tables; do
	"$tool" -w -nL DOCKER >/dev/null 2>&1 || continue
	now=$(apart)
	for chain in DOCKER-USER FORWARD; do
		for bridge in $(kept); do
			printf '%s\n' "$now" | grep -Fqx "$bridge" && continue
			rule -D DOCKER
			rule -D DROP
		done
	done
	test -n "$now" || continue
	"$tool" -w -C FORWARD -j DOCKER-USER 2>/dev/null || {
		"$tool" -w -N DOCKER-USER 2>/dev/null
		"$tool" -w -C DOCKER-USER -j RETURN 2>/dev/null || "$tool" -w -A DOCKER-USER -j RETURN
		"$tool" -w -I FORWARD -j DOCKER-USER
	}
	for bridge in $now; do
		chain=DOCKER-USER
		{ rule -C DOCKER && rule -C DROP; } 2>/dev/null || first
		chain=FORWARD
		test -z "$(ahead)" || first
	done
done

# Without this the kernel does not ask iptables about traffic within a bridge.
for name in bridge-nf-call-iptables bridge-nf-call-ip6tables; do
	file=/proc/sys/net/bridge/$name
	test ! -w $file || test "$(cat $file)" = 1 || echo 1 >$file
done
