#!/bin/sh
# What is cold beyond doubt is paged out: frozen and stopped processes, and named ones. Running ones, locked, shared and
# executable mappings, and memory of other nodes stay; processes may end and groups thaw in the middle of it.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

status_kib() { awk -v key="$2:" '$1 == key { n = $2 } END { print n + 0 }' "/proc/$1/status" 2>/dev/null; }
swapped_mib() { echo $(($(status_kib "$1" VmSwap) >> 10)); }
is_frozen() { grep -qx 'frozen 1' "$cg/$1/cgroup.events"; }
is_stopped() { grep -q '^State:[[:space:]]T' "/proc/$1/status"; }
# Resident in the mappings of a process whose permissions have the letter.
mapped_kib() { # PID LETTER
	awk -v letter="$2" '/^[0-9a-f]+-/ { has = $2 ~ letter } has && $1 == "Rss:" { n += $2 } END { print n + 0 }' "/proc/$1/smaps"
}

# What came of it is in $work/pageout.out.
page_out() { # GROUP ARG...
	local group=$1
	shift
	status=0
	# shellcheck disable=SC2086
	${as:-} pageout $cg/"$group" "$@" >"$work/pageout.out" 2>"$work/pageout.err" || status=$?
}
came() { sed -n "s/^$1 //p" "$work/pageout.out"; }
mib() { echo $(($(came "$1") >> 20)); }
shown() { # NAME COMMAND...: with what it said, when it fails
	local name=$1
	shift
	if "$@"; then ok "$name"; else
		not_ok "$name" "$work/pageout.out"
		cat "$work/pageout.err"
	fi
}

between() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; } # N LEAST MOST

# Starts a load that has touched its memory and waits; sets load_pid.
settled() { # NAME GROUP STEP...
	local name=$1 group=$2
	shift 2
	load "$name" --cgroup "$cg/$group" "$@" say:full hold
	wait_until 60 load_said "$name" full || not_ok "the load $name is there" "$work/$name.out"
}
stopped() { # PID
	kill -STOP "$1"
	wait_until 10 is_stopped "$1" || not_ok "it stops"
}

group cold
group hot
settled hot hot anon:12M
hot=$load_pid
settled cold cold anon:24M
cold=$load_pid
page_out cold 1G again
shown "running processes are left alone" [ "$(came process-runs),$(came calls)" = 1,0 ]
echo 1 >$cg/cold/cgroup.freeze
wait_until 10 is_frozen cold || not_ok "the group freezes"
page_out cold 1G dry
shown "a dry run finds it ($(mib chosen) MiB) and takes nothing" [ "$(mib chosen),$(swapped_mib "$cold")" = 24,0 ]
page_out cold 1G no-swap
shown "where swap may not be used it stays ($(swapped_mib "$cold") MiB in swap)" [ "$(swapped_mib "$cold")" -eq 0 ]
page_out cold 8M
shown "no more than was asked for ($(mib tried) MiB)" between "$(mib tried)" 8 16
page_out cold 1G again
shown "a frozen group is paged out ($(swapped_mib "$cold") MiB in swap)" [ "$(swapped_mib "$cold")" -ge 20 ]
shown "what is told is what was freed ($(mib applied) MiB)" between "$(mib applied)" 8 24
check "the other group is as it was" [ "$(swapped_mib "$hot")" -eq 0 ]
echo 0 >$cg/cold/cgroup.freeze
check "it lives" kill -0 "$cold"

settled idle hot anon:12M
stopped "$load_pid"
code=$(mapped_kib "$load_pid" x)
page_out hot 1G again
shown "of a group's processes the stopped one is ($(swapped_mib "$load_pid") MiB in swap)" [ "$(swapped_mib "$load_pid")" -ge 9 ]
shown "the running one is not" [ "$(swapped_mib "$hot"),$(came process-runs)" = 0,1 ]
check "its code stays ($code kB)" [ "$(mapped_kib "$load_pid" x)" -ge "$code" ]
shown "which was seen" [ "$(came mapping-executable)" -gt 0 ]
end_load "$load_pid"

make_big_file
group bound
settled locked bound anon:12M lock
stopped "$load_pid"
page_out bound 1G again
# What its libraries mapped later is not locked: a few pages.
shown "locked memory stays ($(($(came chosen) >> 10)) KiB are chosen)" [ "$(swapped_mib "$load_pid"),$(mib chosen)" = 0,0 ]
shown "which was seen" [ "$(came mapping-locked)" -gt 0 ]
end_load "$load_pid"
truncate -s 8M "$big_file.shared"
settled shared bound "dirty:8M:$big_file.shared"
stopped "$load_pid"
page_out bound 1G again rss_min=0
shown "shared memory stays ($(mapped_kib "$load_pid" s) kB)" [ "$(mapped_kib "$load_pid" s)" -ge $((8 << 10)) ]
shown "which was seen" [ "$(came mapping-shared)" -gt 0 ]
end_load "$load_pid"

group far
load far --cgroup $cg/far --node 1 anon:12M say:full hold
wait_until 60 load_said far full || not_ok "the load is there" "$work/far.out"
far=$load_pid
stopped "$far"
page_out far 1G again node=0
shown "memory of another node stays" [ "$(swapped_mib "$far")" -le 1 ]
page_out far 1G again node=1
shown "memory of the node that wants it does not ($(swapped_mib "$far") MiB in swap)" [ "$(swapped_mib "$far")" -ge 9 ]
kill -CONT "$far"

page_out hot 1G again name=other
shown "who is not named is left alone" [ "$(came process-runs)" -eq 1 ]
page_out hot 1G again name=mem* uid=1000
shown "nor who is named by half" [ "$(came process-runs)" -eq 1 ]
page_out hot 1G again second_chance=yes
shown "made cold ($(mib cooled) MiB)" between "$(mib cooled)" 10 18
shown "it stays" [ "$(swapped_mib "$hot")" -eq 0 ]
page_out hot 1G again name=mem* uid=0
shown "who is named is paged out, running ($(swapped_mib "$hot") MiB in swap)" [ "$(swapped_mib "$hot")" -ge 9 ]

settled bare cold anon:12M
stopped "$load_pid"
as='setpriv --bounding-set -sys_nice' page_out cold 1G again
shown "without CAP_SYS_NICE it says so" [ "$status,$(came error)" = 1,-1 ]
shown "and nothing is taken" [ "$(swapped_mib "$load_pid")" -eq 0 ]
as='setpriv --bounding-set -sys_nice' start_agent --set pageout.enabled=yes
check_log "so does the agent" logged 'not paged out: .*CAP_SYS_NICE'
stop_agent

# They end while they are looked at and paged out, their numbers in use again soon.
group crowd
for i in 1 2 3 4 5 6; do
	load "crowd$i" --cgroup $cg/crowd anon:6M hold
	kill -STOP "$load_pid"
	eval "crowd$i=$load_pid"
done
pageout $cg/crowd 1G again >"$work/pageout.out" 2>"$work/pageout.err" &
pager=$!
for i in 1 2 3 4 5 6; do
	eval "end_load \$crowd$i"
	true &
	wait $!
done
status=0
wait $pager || status=$?
shown "processes that end are no trouble" [ "$status,$(came error)" = 0,0 ]
drop_group crowd
page_out crowd 1G
shown "nor is a group that is gone" [ $status -eq 1 ]

# The whole agent: a group at its limit has a frozen one below it.
for name in cold hot bound far; do drop_group $name; done
make_big_file
group svc memory.max=96M
echo +memory >$cg/svc/cgroup.subtree_control
group svc/frozen
group svc/kept
group svc/work
settled kept svc/kept anon:24M
kept=$load_pid
settled frozen svc/frozen anon:24M
frozen=$load_pid
for name in kept frozen; do
	echo 1 >$cg/svc/$name/cgroup.freeze
	wait_until 10 is_frozen svc/$name || not_ok "the group $name freezes"
done
start_agent --set pageout.enabled=yes --set pageout.still_for=0s --set record.file="$work/recording"
echo max >$cg/svc/kept/memory.min
load work --cgroup $cg/svc/work "file:100G@16M:$big_file"
paged() { [ "$(number groups./svc.ledger.pageout_applied_bytes)" -gt 0 ]; }
check_log "the agent pages it out for the group above" wait_until 40 paged
check_log "into swap ($(swapped_mib "$frozen") MiB)" [ "$(swapped_mib "$frozen")" -gt 0 ]
check "nothing of a group whose memory.min was set a moment ago" [ "$(status_kib "$kept" VmSwap)" -eq 0 ]
check "uswapctl why tells of it" sh -c "uswapctl why svc | grep -q 'cold beyond doubt paged out'"
check_log "nobody is warned" [ "$(wc -l <"$work/agent.log")" -eq 1 ]
echo 0 >$cg/svc/kept/memory.min
echo 0 >$cg/svc/frozen/cgroup.freeze
sed -i "\|$cg/svc/frozen/cgroup.freeze|s|:1\$|:0|" "$work/before.limits"
check "the thawed process lives" kill -0 "$frozen"
stop_agent
check_replay headroom pageout
check "and what came of paging out is told" replay_tells_requests pageout

# Nobody wants room: then a step of trim takes what is cold beyond doubt first, process by process.
group still
settled still still anon:24M
still=$load_pid
stopped "$still"
start_agent --set pageout.enabled=yes --set pageout.still_for=0s --set trim.enabled=yes --set trim.interval=1s \
	--set trim.ratio_min=5% --set trim.ratio_max=10%
stepped() { [ "$(number groups./still.trim.ledger.pageout_applied_bytes)" -ge $((2 << 20)) ]; }
check_log "a step of trim is taken of a stopped process" wait_until 90 stepped
check_log "into swap ($(swapped_mib "$still") MiB)" [ "$(swapped_mib "$still")" -ge 2 ]
check "uswapctl why tells of that" sh -c "uswapctl why still | grep -q 'cold beyond doubt paged out'"
check "no more than the steps ask for" [ "$(number groups./still.trim.ledger.pageout_tried_bytes)" -le $((24 << 20)) ]
check "the stopped process lives" kill -CONT "$still"
stop_agent
finish
