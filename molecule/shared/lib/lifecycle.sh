# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A host's life: up, reboot, list, down. Whatever ends `up` early, by an error, a signal
# or a full disk, takes the unfinished host down again.

# lifecycle_forget_old SUITE marks the suite's root as used, and removes those that
# another recipe made and nobody used for two weeks. Other clones may have that recipe.
lifecycle_forget_old() {
	local path
	path=$(image_path "$1")
	[[ ! -d $path ]] || touch "$path"
	find "$cache_dir" -mindepth 1 -maxdepth 1 -name "$1-*" ! -name '*-vm-*' ! -path "$path" -mtime +14 \
		-exec rm -rf --one-file-system {} + || say "cannot remove old roots in $cache_dir"
}

host_up() {
	local wanted='' suite=bookworm kind=container memory=1024 engine='' filesystem=''
	local disks=() forwards=()
	while (($# > 0)); do
		case $1 in
		--suite | --kind | --disk | --forward | --memory)
			(($# > 1)) || die "missing value of $1"
			case $1 in
			--suite) suite=$2 ;;
			--kind) kind=$2 ;;
			--disk) disks+=("$2") ;;
			--forward) forwards+=("$2") ;;
			--memory) memory=$2 ;;
			esac
			shift
			;;
		--engine) engine=yes ;;
		--filesystem) filesystem=yes ;;
		-*) die "unknown option $1: see 'host help'" ;;
		*)
			[[ -z $wanted ]] || die "unknown argument $1: one name at a time"
			wanted=$1
			;;
		esac
		shift
	done
	[[ -n $wanted ]] || die "missing name: host up NAME [--suite SUITE]"
	local name dir id state_lock address='' gateway=''
	state_use "$wanted"
	image_known_suite "$suite"
	lifecycle_check_options
	local problems
	problems=$(tools_problems "$kind")
	[[ -z $problems ]] || {
		printf '%s\n' "$problems" >&2
		die "cannot boot a host here"
	}
	image_ensure_kind "$kind" "$suite"
	lifecycle_forget_old "$suite"

	local started=${EPOCHREALTIME/[.,]/}
	state_create
	trap lifecycle_abort EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	fact_set id "$id"
	fact_set kind "$kind"
	fact_set suite "$suite"
	"${kind}_claim" || die "cannot give $name a network"
	fact_set address "$address"
	"${kind}_create"
	"${kind}_start" || die "cannot start $name"
	lifecycle_wait || die "cannot boot $name: see the console above"
	trap - EXIT HUP INT TERM
	local took=$((${EPOCHREALTIME/[.,]/} - started))
	fact_set ready_ms $((took / 1000))
	state_unlock
	say "$name ($suite) is up at $address after $((took / 1000000)).$((took / 100000 % 10)) s"
}

# lifecycle_check_options refuses what a host of that kind cannot have.
lifecycle_check_options() {
	image_known_kind "$kind"
	local value
	[[ $kind == vm ]] || ((${#disks[@]} + ${#forwards[@]} == 0)) ||
		die "invalid option: only hosts of kind vm have disks and forwarded ports"
	[[ $kind == vm || -z $engine ]] || die "invalid option: only hosts of kind vm come with an engine"
	[[ $kind == container || -z $filesystem ]] || die "invalid option: a host of kind vm has a file system of its own anyway"
	for value in "${disks[@]}"; do disk_check_size "$value"; done
	for value in "${forwards[@]}"; do disk_check_port "$value"; done
	[[ $memory =~ ^[1-9][0-9]{2,5}$ ]] || die "invalid memory '$memory': it is a number of MiB"
}

# lifecycle_use NAME [KIND] locks the host, which has been up once, and sets
# what its kind's functions read.
lifecycle_use() {
	state_use_existing "$1"
	kind=$(fact_get kind)
	[[ $kind == "${2:-$kind}" ]] || die "cannot do this to $name: it is a $kind, and this is for hosts of kind $2"
	[[ $kind != container ]] || ((EUID == 0)) || die "cannot change $name: not root"
	state_lock_existing || die "unknown host $name: it has just been removed"
	[[ -n $(fact_get ready_ms) ]] || die "cannot use $name: it was never up; 'host down $name' removes it"
	address=$(fact_get address)
	gateway=${address%.*}.$((${address##*.} - 1))
	suite=$(fact_get suite)
}

# host_reboot boots the same root again. The facts of the first boot stay true;
# a failed reboot leaves the host as it is, for its console to be read.
host_reboot() {
	(($# == 1)) || die "missing name: host reboot NAME"
	local name dir id state_lock address gateway kind suite
	lifecycle_use "$1"
	if [[ $kind == vm ]] && vm_alive; then vm_shut_down; fi
	"${kind}_stop"
	lifecycle_boot
}

# host_cut takes the power away; host_boot gives it back. Of a container's files only
# those in a file system of its own (--filesystem) lose what was not written.
host_cut() {
	(($# == 1)) || die "missing name: host cut NAME"
	local name dir id state_lock address gateway kind suite
	lifecycle_use "$1"
	filesystem_lose
	"${kind}_stop"
	state_unlock
}

host_boot() {
	(($# == 1)) || die "missing name: host boot NAME"
	local name dir id state_lock address gateway kind suite
	lifecycle_use "$1"
	! "${kind}_alive" || die "cannot boot $name: it is up"
	lifecycle_boot
}

lifecycle_boot() {
	"${kind}_start" || {
		lifecycle_show_console
		die "cannot start $name: see the console above"
	}
	lifecycle_wait || die "cannot boot $name: see the console above"
	state_unlock
}

# lifecycle_wait waits until the host is ready, and not longer than it lives.
lifecycle_wait() {
	local patience=60 pause=0.05
	if [[ $kind == vm ]]; then patience=600 pause=1; fi
	local end=$((SECONDS + ${HOST_READY_TIMEOUT:-$patience}))
	while ((SECONDS < end)); do
		! access_ready $((end - SECONDS)) || return 0
		"${kind}_alive" || {
			say "$name ended while it booted"
			break
		}
		sleep "$pause"
	done
	lifecycle_show_console
	return 1
}

lifecycle_show_console() {
	say "the last lines of its console:"
	tail -n 25 "$dir/console.log" >&2 || true
}

lifecycle_abort() {
	local status=$?
	trap '' HUP INT TERM
	trap - EXIT
	set +e
	network_unlock
	say "taking $name down again"
	lifecycle_remove
	exit "$status"
}

# lifecycle_remove takes away all that belongs to the host, as far as it came.
# Each step copes with its part missing.
lifecycle_remove() {
	local kind
	kind=$(fact_get kind)
	[[ -z $kind ]] || {
		"${kind}_stop"
		"${kind}_release"
	}
	if grep -qF " $dir/" /proc/self/mountinfo; then
		say "cannot remove $dir: something is mounted in it"
		return 1
	fi
	rm -rf --one-file-system "$dir"
}

host_down() {
	(($# > 0)) || die "missing name: host down NAME... or --all"
	local names=("$@") one failed=0
	local name dir id state_lock kind
	if [[ $1 == --all ]]; then
		(($# == 1)) || die "unknown argument $2: --all stands alone"
		mapfile -t names < <(state_names)
	fi
	for one in "${names[@]}"; do state_use "$one"; done
	for one in "${names[@]}"; do
		state_use "$one"
		# That a host is not there is what was wanted.
		state_lock_existing || continue
		kind=$(fact_get kind)
		[[ $kind == vm ]] || ((EUID == 0)) || die "cannot end $name: not root"
		lifecycle_remove || failed=1
		state_unlock
	done
	return "$failed"
}

host_list() {
	local one state kind
	local name dir id
	for one in $(state_names); do
		state_use "$one"
		kind=$(fact_get kind)
		state=down
		if [[ -z $(fact_get ready_ms) ]]; then state=unfinished; fi
		if [[ $state == down ]] && "${kind}_alive"; then state=up; fi
		printf '%-24s %-10s %-9s %-15s %s\n' "$one" "$kind" "$(fact_get suite)" "$(fact_get address)" "$state"
	done
}
