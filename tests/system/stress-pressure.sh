#!/bin/sh
# Set points on pressure: for how much of the time some task of the group stalls for memory, by the kernel's count.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 768M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

# What is beyond a limit is swapped in again and again: the more there is, the more its group stalls.
point='reuse=uniform,reuse-rate=16M/s,set-point=pressure 4%'
begin pressure --group tight:memory.max=8M --load "anon:name=tight,group=tight,size=40M,$point" \
	--group wide:memory.max=24M --load "anon:name=wide,group=wide,size=72M,$point"
pressure=$run_pid

# For how much of two seconds and more some task of the group stalled for memory, in thousandths.
stalled_us() { of_run $pressure "$1" memory.pressure | sed -nE 's/^some .*total=([0-9]+)/\1/p'; }
stall_of() { # GROUP
	local begin_ms stalled
	begin_ms=$(now_ms) stalled=$(stalled_us "$1")
	sleep 2
	echo $((($(stalled_us "$1") - stalled) / ($(now_ms) - begin_ms)))
}
# It swings about the set point.
stalls_so() {
	local permille
	permille=$(stall_of "$1")
	echo "    $1: $permille thousandths with $(of_run $pressure "$1" memory.swap.current) bytes in swap"
	[ "$permille" -ge 20 ] && [ "$permille" -le 80 ]
}
is_beyond() { [ "$(of_run $pressure "$1" memory.swap.current)" -gt 0 ] && stalls_so "$1"; }
for group in tight wide; do
	check "$group: pressure comes to the set point" wait_until 90 is_beyond $group
done
end pressure $pressure
check "nothing is left of them" no_group
finish
