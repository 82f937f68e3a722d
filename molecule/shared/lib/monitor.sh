# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Talking to a running virtual machine through qemu's machine protocol (QMP),
# over two named pipes: their paths may be as long as they like.

# monitor_execute COMMAND... sends commands in JSON, one after the other, and
# prints what each returned; fails with qemu's words if one failed. It waits
# monitor_patience seconds, 20 if that is not set, for each answer.
monitor_execute() {
	local input output command
	exec {input}<>"$dir/monitor.in" {output}<>"$dir/monitor.out"
	for command in '{"execute": "qmp_capabilities"}' "$@"; do
		printf '%s\n' "$command" >&"$input"
		monitor_answer "$output" "$command" || {
			exec {input}>&- {output}<&-
			return 1
		}
	done
	exec {input}>&- {output}<&-
}

# monitor_answer reads until the answer, past qemu's greeting and events.
# Negotiating a second time is an error that means nothing.
monitor_answer() {
	local line
	while IFS= read -r -t "${monitor_patience:-20}" -u "$1" line; do
		case $line in
		'{"return"'*)
			printf '%s\n' "$line"
			return 0
			;;
		'{"error"'*)
			[[ $2 != *qmp_capabilities* ]] || return 0
			say "qemu refuses $2: $line"
			return 1
			;;
		esac
	done
	say "cannot talk to the qemu of $name: no answer to $2"
	return 1
}
