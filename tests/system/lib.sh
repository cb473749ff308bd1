# What the scripts of tests/system share. Each script sources this file, prints "ok - NAME" and "not ok - NAME" lines,
# and ends with finish. It runs as root in the guest of tests/vm/run:
#
#	tests/vm/run OPTIONS-OF-ITS-VM-LINE -- sh tests/system/NAME.sh
#
# The machine must be found and left clean: listing() is compared between beginning and end.
# shellcheck shell=sh disable=SC3043 # dash and bash have local

cg=/sys/fs/cgroup
run_dir=/run/uswapd
work=$(mktemp -d /tmp/system-test.XXXXXX)
failures=0
agent_pid=
groups_made=
loads=

ok() { echo "ok - $1"; }

not_ok() { # NAME [FILE]: FILE is shown
	failures=$((failures + 1))
	echo "not ok - $1"
	[ $# -lt 2 ] || [ ! -f "$2" ] || tail -n 25 "$2" | sed 's/^/    /'
}

check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@"; then
		ok "$name"
	else
		not_ok "$name"
		echo "    failed: $*"
	fi
}

# Shows the agent's log when it fails.
check_log() { # NAME COMMAND...
	local name=$1
	shift
	if "$@"; then
		ok "$name"
	else
		not_ok "$name" "$work/agent.log"
		echo "    failed: $*"
	fi
}

skip() { # REASON
	echo "ok - # SKIP $1"

	exit 77
}

# Seconds since the machine was started, without a process of its own.
uptime_s() {
	read -r uptime _ </proc/uptime
	uptime=${uptime%.*}
}

wait_until() { # SECONDS COMMAND...
	local end
	uptime_s
	end=$((uptime + $1 + 1))
	shift
	while ! "$@"; do
		uptime_s
		[ "$uptime" -lt $end ] || return 1
		sleep 0.05
	done
}

# Kernels before X.Y, as in: kernel_before 6 17
kernel_before() {
	uname -r | {
		IFS=.- read -r major minor _
		[ "$major" -lt "$1" ] || { [ "$major" -eq "$1" ] && [ "$minor" -lt "$2" ]; }
	}
}

# --- what must be the same before and after ---

limits() {
	find $cg -mindepth 2 -name 'memory.*' \( -name memory.min -o -name memory.low -o -name memory.high -o -name memory.max \
		-o -name memory.swap.max -o -name memory.swap.high -o -name memory.oom.group \) -exec grep -H . {} +
	find $cg -name cgroup.freeze -exec grep -H . {} +
	find $cg -name cgroup.subtree_control -exec grep -H . {} +
}

listing() {
	find $cg -type d
	# The directory of the socket may stay; what is in it may not.
	find /run /dev/shm /tmp -path "$work" -prune -o ! -path $run_dir -print
	cut -d ' ' -f 1-3 /proc/mounts
	cut -f 1 /proc/swaps
	grep -s . /proc/sys/vm/* | grep -v stat_refresh
	grep -s . /sys/kernel/mm/lru_gen/* /sys/kernel/mm/numa/* /sys/kernel/mm/transparent_hugepage/enabled
	pgrep -l uswap
}

same() { # BEFORE AFTER
	diff "$1" "$2" >"$work/difference" || {
		sed 's/^/    /' "$work/difference"
		return 1
	}
}

# --- the agent ---

# Starts uswapd with the arguments given; its messages, and no earlier one's, are in $work/agent.log. With $as set it is
# started through that command.
launch_agent() {
	# Here: in the background it could be late, and an earlier agent's "is ready" be taken for this one's.
	: >"$work/agent.log"
	# shellcheck disable=SC2086 # words are wanted
	${as:-} uswapd "$@" >>"$work/agent.log" 2>&1 &
	agent_pid=$!
}

# The same, and waits until it is ready.
start_agent() {
	listing | sort >"$work/before.listing"
	limits >"$work/before.limits"
	launch_agent "$@"
	wait_until 15 agent_is_ready_or_gone
	grep -q 'is ready' "$work/agent.log" && return
	not_ok "the agent starts" "$work/agent.log"
	wait "$agent_pid" 2>/dev/null
	agent_pid=
	finish
}
agent_is_ready_or_gone() { grep -q 'is ready' "$work/agent.log" || ! kill -0 "$agent_pid" 2>/dev/null; }

# What an agent with record.file="$work/recording" decided is decided again, and the same; by each of the policies something was.
check_replay() { # POLICY...
	if replays_the_same "$@"; then ok "what was recorded is decided again, and the same"; else not_ok "the replay" "$work/replay"; fi
}
replays_the_same() {
	local policy
	timeout 60 uswapd --replay "$work/recording" >"$work/replay" 2>&1 || return
	for policy; do
		awk -v policy="$policy" '$1 == policy { exit !($2 > 0 && $3 == $2 && $4 == 0) }' "$work/replay" || return
	done
}
# The second line that a policy has is of its requests.
replay_tells_requests() { # POLICY
	awk -v policy="$1" '$1 == policy && ++n == 2 { exit !($2 > 0) } END { if (n < 2) exit 1 }' "$work/replay"
}

# Runs uswapd where it is expected to end by itself; sets status.
run_agent() {
	status=0
	# shellcheck disable=SC2086
	timeout -k 5 20 ${as:-} uswapd "$@" >"$work/agent.log" 2>&1 || status=$?
}

# Ends the agent and checks that it leaves in time, with status 0, and nothing behind.
stop_agent() { # [NAME]
	local begin status=0
	begin=$(now_ms)
	kill -TERM "$agent_pid"
	wait "$agent_pid" || status=$?
	stop_ms=$(($(now_ms) - begin))
	agent_pid=
	check_log "${1:-it} ends within 2 s ($stop_ms ms)" [ $stop_ms -le 2000 ]
	check_log "${1:-it} ends with status 0 ($status)" [ $status -eq 0 ]
	check_clean "${1:-it} leaves nothing behind"
}

# The same listing as before the agent, and the same limits; memory requests under way would hold up rmdir.
check_clean() { # NAME
	listing | sort >"$work/after.listing"
	limits >"$work/after.limits"
	check "$1" same "$work/before.listing" "$work/after.listing"
	check "$1: limits are as they were" same "$work/before.limits" "$work/after.limits"
}

logged() { # ERE
	grep -qE -- "$1" "$work/agent.log"
}

# The status as it is now, for several questions to one moment.
snapshot() {
	uswapctl --json status 2>/dev/null | flatten >"$work/status" 2>/dev/null
}
# One line of the last snapshot, as in: seen groups./svc.verdict.reason
seen() {
	sed -n "s|^$1 = ||p" "$work/status" | head -n 1
}
# The same of this moment.
field() {
	snapshot
	seen "$1"
}
number() {
	local value
	value=$(field "$1")
	echo "${value:-0}"
}
field_is() { # FIELD ERE
	field "$1" | grep -qE -- "^($2)\$"
}
acted_on() { # GROUP: the agent has asked the kernel for some of its memory
	[ "$(number "groups./$1.ledger.actions")" -gt 0 ]
}

# --- groups and loads ---

now_ms() { date +%s%3N; }

# Makes a group and writes its settings: group svc memory.max=64M
group() {
	local name=$1 setting
	shift
	mkdir -p "$cg/$name"
	groups_made="$name
$groups_made"
	for setting; do
		echo "${setting#*=}" >"$cg/$name/${setting%%=*}" || not_ok "set $setting of $name"
	done
}

drop_group() { # NAME
	local name=$1
	# A threaded group has the file, and refuses.
	[ ! -w "$cg/$name/cgroup.kill" ] || echo 1 2>/dev/null >"$cg/$name/cgroup.kill"
	wait_until 10 rmdir_quietly "$cg/$name"
}
rmdir_quietly() { rmdir "$1" 2>/dev/null || [ ! -d "$1" ]; }

# Starts memload in the background; what it says is in $work/NAME.out. Sets load_pid.
load() { # NAME ARG...
	local name=$1
	shift
	: >"$work/$name.out"
	memload "$@" >"$work/$name.out" 2>&1 &
	load_pid=$!
	loads="$loads $load_pid"
}
load_said() { # NAME WORD
	grep -qx "$2" "$work/$1.out"
}
end_load() { # PID
	kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# A file of holes: reading it makes clean file memory at once, however much is wanted. Each call makes another one, at
# $big_file: what was read before and taken would come back as refaults, from which the agent shrinks.
big_files=0
make_big_file() {
	[ -d /data ] && grep -q ' /data ' /proc/mounts || skip "there is no disk at /data (--disk)"
	big_files=$((big_files + 1))
	big_file=/data/system-test-$big_files
	truncate -s 512G $big_file
}

bytes_in() { # GROUP: memory and swap
	echo $(($(cat "$cg/$1/memory.current") + $(cat "$cg/$1/memory.swap.current" 2>/dev/null || echo 0)))
}
stat_of() { # GROUP KEY: of memory.stat, 0 when it has none
	awk -v key="$2" '$1 == key { n = $2 } END { print n + 0 }' "$cg/$1/memory.stat"
}
# Pages that were reclaimed from a group by request: kernels before 6.18 count them as direct reclaim.
reclaimed_of() {
	echo $(($(stat_of "$1" pgsteal_direct) + $(stat_of "$1" pgsteal_proactive)))
}
event_of() { # GROUP KEY
	awk -v key="$2" '$1 == key { print $2 }' "$cg/$1/memory.events.local"
}
vmstat_of() { awk -v key="$1" '$1 == key { n = $2 } END { print n + 0 }' /proc/vmstat; }

# A copy of what the agent reads below a root, at $root, for uswapd --root.
make_root() {
	local file
	root=$work/root
	rm -rf "$root"
	mkdir -p "$root"
	for file in /proc/vmstat /proc/meminfo /proc/zoneinfo /proc/swaps /proc/pressure/memory /sys/devices/system/node/node*/vmstat \
		$cg/cgroup.controllers $cg/memory.stat $cg/memory.numa_stat; do
		[ ! -r "$file" ] || { mkdir -p "$root${file%/*}" && cat "$file" >"$root$file"; }
	done
	: >"$root$cg/memory.reclaim"
}

# --- beginning and end ---

cleanup() {
	local pid name
	[ -z "$agent_pid" ] || kill -KILL "$agent_pid" 2>/dev/null
	for pid in $loads; do
		kill -KILL "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	rm -f $run_dir/*
	echo "$groups_made" | while IFS= read -r name; do
		[ -z "$name" ] || [ ! -d "$cg/$name" ] || drop_group "$name" || echo "    left: $name"
	done
	rm -f /data/system-test-*
}

finish() {
	# What the agent left is its fault, what the test made is not.
	[ -n "$agent_pid" ] || check "no socket or lock is left" [ -z "$(ls $run_dir 2>/dev/null)" ]
	cleanup
	agent_pid='' loads='' groups_made=''
	listing | sort >"$work/end.listing"
	check "all of the test is gone" same "$work/begin.listing" "$work/end.listing"
	exit $((failures > 0))
}
on_exit() {
	local status=$?
	cleanup
	rm -rf "$work"
	exit $status
}
trap on_exit EXIT
trap 'exit 143' TERM INT

[ "$(id -u)" -eq 0 ] || skip "this needs root, in the guest of tests/vm/run"
[ ! -e /.dockerenv ] && grep -q 'cgroup2' /proc/mounts || skip "no cgroup v2 of one's own: run it in the guest of tests/vm/run"
listing | sort >"$work/begin.listing"
