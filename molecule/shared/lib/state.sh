# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What is remembered about a host, and who may change it: a directory for each
# host, with its facts (lines of "key value"), keys, root and console.

# state_use NAME checks the name and sets the variables that the other parts
# read: name, dir and id. The id is the host's name on the machine, where
# interfaces have at most 15 characters and users may choose the same names.
state_use() {
	name=$1$scope_suffix
	[[ $name =~ ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$ ]] ||
		die "invalid name '$1': use up to 63 of a-z, 0-9 and -, not - at an end"
	[[ $state_dir =~ ^[A-Za-z0-9/._@+-]+$ ]] ||
		die "invalid state directory '$state_dir': ssh options cannot carry it; set XDG_STATE_HOME to a plain path"
	dir=$state_dir/$name
	id=$(printf %s "$dir" | sha256sum)
	id=hd-${id:0:8}
}

# state_use_existing NAME is state_use for a host that must be there.
state_use_existing() {
	state_use "$1"
	[[ -d $dir ]] || die "unknown host $name: see 'host list'"
}

# state_create makes the host's directory and holds its lock from then on. The
# lock is the directory itself, so that nothing remains of it.
state_create() {
	mkdir -p "$state_dir"
	mkdir -m 700 "$dir" 2>/dev/null ||
		die "cannot bring up $name: it exists already; 'host down $name' removes it"
	exec {state_lock}<"$dir"
	flock "$state_lock"
}

# state_lock_existing waits for whoever is at work on the host, and for what a
# killed script left running; it fails if the host is gone by then.
state_lock_existing() {
	{ exec {state_lock}<"$dir"; } 2>/dev/null || return 1
	flock "$state_lock"
	[[ $dir -ef /proc/self/fd/$state_lock ]] || {
		state_unlock
		return 1
	}
}

state_unlock() {
	exec {state_lock}<&-
}

# state_names prints the names of all hosts of the scope.
state_names() {
	local path
	for path in "$state_dir"/*"$scope_suffix"/; do
		[[ ! -d $path ]] || basename "${path%/}" "$scope_suffix"
	done
}

fact_set() {
	printf '%s %s\n' "$1" "$2" >>"$dir/facts"
}

# fact_drop KEY forgets all facts of that key.
fact_drop() {
	sed -i "/^$1 /d" "$dir/facts"
}

# fact_get KEY prints the fact, or nothing where an interrupted `up` did not
# come to write it.
fact_get() {
	[[ -e $dir/facts ]] || return 0
	sed -n "s/^$1 //p" "$dir/facts"
}
