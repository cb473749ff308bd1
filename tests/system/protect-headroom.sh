#!/bin/sh
# What memory.min, memory.low and the configuration protect is not taken for headroom: set a moment ago, in part, inherited
# (memory_recursiveprot), or of a group below the limit. Each group stays below its limit, so that the kernel itself takes
# nothing.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# Fills the group to 110 of its 128 MiB and waits.
fill() { # GROUP
	make_big_file
	load "${1##*/}" --cgroup "$cg/$1" anon:60M file:50M:$big_file say:full hold
	wait_until 120 load_said "${1##*/}" full || not_ok "$1 is filled" "$work/${1##*/}.out"
}
# Then lets it grow to 120 MiB within a second: without protection the agent makes room now.
grow() { # GROUP
	make_big_file
	load grow --cgroup "$cg/$1" "file:10M@10M:$big_file" say:grown hold
	wait_until 120 load_said grow grown || not_ok "$1 grows" "$work/grow.out"
	sleep 2.5
}

begin() { # GROUP
	fill "$1"
	taken=$(reclaimed_of "$1") bytes=$(bytes_in "$1")
}
spared() { # NAME GROUP
	check_log "$1: nothing was taken ($((($(reclaimed_of "$2") - taken) * 4)) KiB, $(number "groups./$2.ledger.actions") requests)" \
		[ "$(reclaimed_of "$2")" -eq "$taken" ]
	check_log "$1: it has all it had ($((bytes >> 20)) MiB)" [ "$(bytes_in "$2")" -ge "$bytes" ]
	check "$1: the kernel had no reason to take any" [ "$(event_of "$2" max)" -eq 0 ]
}

for name in none low min part; do
	group "$name" memory.max=128M
done
group slice memory.low=200M
echo +memory >$cg/slice/cgroup.subtree_control
group slice/heir memory.max=128M
group top memory.max=128M
echo +memory >$cg/top/cgroup.subtree_control
group top/kept
group top/free
group limited memory.max=128M
echo +memory >$cg/limited/cgroup.subtree_control
group limited/spared
group limited/free
# A margin of 10 MiB for that, so that no group comes close to its limit.
start_agent --set headroom.reaction=1s --set 'protect.exclude=limited/spared' --set agent.log_level=debug

begin none
grow none
was_taken_from() { [ "$(reclaimed_of "$1")" -gt "$taken" ]; } # GROUP
check_log "without protection memory is taken" wait_until 60 was_taken_from none
drop_group none

begin low
echo max >$cg/low/memory.low
grow low
spared "memory.low set a moment ago" low
drop_group low

begin min
echo max >$cg/min/memory.min
grow min
spared "memory.min set a moment ago" min
drop_group min

begin part
echo 117M >$cg/part/memory.low
grow part
now=$(cat $cg/part/memory.current)
check_log "memory.low 117M: that much is left ($((now >> 10)) KiB)" [ "$now" -ge $((117 << 20)) ]
drop_group part

if grep -q memory_recursiveprot /proc/mounts; then
	begin slice/heir
	grow slice/heir
	spared "inherited from the group above" slice/heir
fi
drop_group slice/heir

# The group at its limit is the parent; one child is protected within it, the other is not.
make_big_file
load kept --cgroup $cg/top/kept anon:30M file:30M:$big_file say:full hold
wait_until 120 load_said kept full || not_ok "top/kept is filled"
echo max >$cg/top/kept/memory.low
tasks_bytes() { echo $(($(stat_of "$1" anon) + $(stat_of "$1" file))); } # GROUP: without the kernel's own
taken=$(reclaimed_of top/kept) bytes=$(tasks_bytes top/kept)
make_big_file
load free --cgroup $cg/top/free anon:10M file:40M:$big_file file:100G@8M:$big_file
gives() { [ "$(reclaimed_of "$1")" -gt 0 ]; } # GROUP
check_log "a protected group below a limit: the other one is asked" wait_until 60 gives top/free
sleep 2
check_log "a protected group below a limit: nothing was taken ($((($(reclaimed_of top/kept) - taken) * 4)) KiB)" [ "$(reclaimed_of top/kept)" -eq "$taken" ]
check "a protected group below a limit: no memory.low event" [ "$(event_of top/kept low)" -eq 0 ]
# But for what CPUs have counted and not handed in.
check "a protected group below a limit: it has what it had ($((bytes >> 10)) KiB before, $(($(tasks_bytes top/kept) >> 10)) now)" \
	[ "$(tasks_bytes top/kept)" -ge $((bytes - 262144)) ]
end_load "$load_pid"

make_big_file
load spared --cgroup $cg/limited/spared anon:30M file:30M:$big_file say:full hold
wait_until 120 load_said spared full || not_ok "limited/spared is filled"
taken=$(reclaimed_of limited/spared)
make_big_file
load free --cgroup $cg/limited/free file:50M:$big_file file:10M@10M:$big_file say:grown hold
wait_until 120 load_said free grown || not_ok "limited/free grows" "$work/free.out"
sleep 2.5
check_log "an excluded group below a limit: nothing was taken ($((($(reclaimed_of limited/spared) - taken) * 4)) KiB)" \
	[ "$(reclaimed_of limited/spared)" -eq "$taken" ]
end_load "$load_pid"
for name in top/kept top/free top limited/spared limited/free limited; do
	drop_group $name
done
# The test changed limits and groups itself meanwhile: compare with what is left.
limits >"$work/before.limits"
grep -v "^$cg" "$work/before.listing" >"$work/rest"
find $cg -type d >>"$work/rest"
sort "$work/rest" >"$work/before.listing"
stop_agent
finish
