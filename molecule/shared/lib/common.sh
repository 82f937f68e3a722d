# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What every part uses: messages, waiting, and the places on disk.

state_dir=${XDG_STATE_HOME:-$HOME/.local/state}/hardened.docker/hosts
cache_dir=${XDG_CACHE_HOME:-$HOME/.cache}/hardened.docker

# Within a scope, only its own hosts exist: callers that choose the same names,
# such as two clones that run the same scenario, do not meet.
scope_suffix=
if [[ -n ${HOST_SCOPE:-} ]]; then
	scope_suffix=$(printf %s "$HOST_SCOPE" | sha256sum)
	scope_suffix=-${scope_suffix:0:6}
fi

# Addresses, firewall rules and ip_forward belong to the machine and not to a
# user or a clone, so what is known about them is kept in one place per boot.
machine_dir=/run/hardened.docker

# Not in /run/lock, where everybody may put a link of that name.
machine_lock=/run/hardened.docker.lock

die() {
	printf 'host: %s\n' "$*" >&2
	exit 1
}

say() {
	printf 'host: %s\n' "$*" >&2
}

# wait_until SECONDS COMMAND... runs the command until it succeeds, and fails
# once the time is over. The pause only keeps the polling cheap.
wait_until() {
	local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
	shift
	until "$@"; do
		((${EPOCHREALTIME/[.,]/} < deadline)) || return 1
		sleep 0.05
	done
}

# mortal COMMAND... runs a command that does not outlive this script, even if
# the script is killed without a chance to clean up.
mortal() {
	setpriv --pdeathsig KILL -- "$@"
}
