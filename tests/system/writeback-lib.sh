# What the writeback scripts share (sourced after lib.sh).
# shellcheck shell=sh disable=SC3043,SC2154

# Only what is asked for is written back, so that what was seen is our doing.
keep_dirty() {
	local name
	for name in dirty_ratio dirty_background_ratio dirty_writeback_centisecs dirty_expire_centisecs; do
		cat /proc/sys/vm/$name >"$work/$name"
	done
	echo 90 >/proc/sys/vm/dirty_ratio
	echo 80 >/proc/sys/vm/dirty_background_ratio
	echo 60000 >/proc/sys/vm/dirty_writeback_centisecs
	echo 60000 >/proc/sys/vm/dirty_expire_centisecs
}
let_go() {
	local name
	for name in dirty_ratio dirty_background_ratio dirty_writeback_centisecs dirty_expire_centisecs; do
		cat "$work/$name" >/proc/sys/vm/$name
	done
}

# Starts mapper in a group; what it says is in $work/NAME.map. Sets mapper_pid.
use() { # NAME GROUP FILE STEP...
	local name=$1 group=$2
	shift 2
	: >"$work/$name.map"
	mapper $cg/"$group" "$@" >"$work/$name.map" 2>&1 &
	mapper_pid=$!
	loads="$loads $mapper_pid"
}
said() { # NAME ERE
	grep -qE -- "^($2)\$" "$work/$1.map"
}
await() { # NAME ERE: the mapper has said so
	wait_until 30 said "$1" "$2" || not_ok "$1 says $2" "$work/$1.map"
}
end_mapper() {
	kill -KILL "$mapper_pid" 2>/dev/null
	wait "$mapper_pid" 2>/dev/null
}

# One pass; what came of it is in $work/pass, messages in $work/pass.err.
pass() { # GROUP BYTES OPTION...
	local group=$1 status=0
	shift
	timeout 60 writeback $cg/"$group" "$@" >"$work/pass" 2>"$work/pass.err" || status=$?
	[ $status -eq 0 ] || sed 's/^/    /' "$work/pass.err"
	return $status
}
passed() { # KEY
	sed -n "s/^$1 //p" "$work/pass"
}
device_of() { # MOUNT: 254:0
	mountpoint -d "$1"
}
mib_dirty() { # GROUP
	echo $((($(stat_of "$1" file_dirty) + $(stat_of "$1" file_writeback)) >> 20))
}
is_same() { # GROUP FILE SEED: read from the disk
	echo 1 >/proc/sys/vm/drop_caches
	mapper $cg/"$1" "$2" "check:$3" >"$work/same" 2>&1
	[ "$(cat "$work/same")" = same ] || { sed 's/^/    /' "$work/same" && return 1; }
}
