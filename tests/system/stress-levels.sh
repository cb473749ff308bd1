#!/bin/sh
# Everything follows a schedule: 1 MiB to 6 MiB and back, by what the kernel charges its group with.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 768M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

# Each load is in a group of its own; what the kernel calls its memory.
what='anon:anon read:file write:file map:anon log:file names:slab_reclaimable pipes:kernel churn:anon'
level='low=1M,schedule=sine,period=8s'
begin levels --group anon --load anon:group=anon,size=6M,$level --group read --load fileread:group=read,size=6M,rate=4M/s,$level \
	--group write --load filewrite:group=write,size=6M,rate=4M/s,block=16K,$level \
	--group map --load filemap:group=map,size=6M,rate=4M/s,mapping=private,sparse=yes,$level \
	--group log --load filelog:group=log,size=6M,rate=4M/s,block=16K,$level \
	--group names --load slab:group=names,size=6M,$level --group pipes --load buffers:group=pipes,size=6M,$level \
	--group churn --load churn:group=churn,size=512K,alive=12,lifetime=1h,$level

# How far each has come: 0 it is to rise, 1 to fall, 2 to rise again, 3 it has.
for group in $what; do echo 0 >"$work/phase.${group%:*}"; done
look() {
	local group bytes phase
	for group in $what; do
		bytes=$(sed -n "s/^${group#*:} //p" $cg/"${group%:*}".uswap-stress-*/memory.stat 2>/dev/null)
		phase=$(cat "$work/phase.${group%:*}")
		# Names go by directories, processes one by one, folios at the edge stay.
		case $phase in
		0 | 2) [ "${bytes:-0}" -lt 5767168 ] || echo $((phase + 1)) >"$work/phase.${group%:*}" ;;
		1) [ "${bytes:-99999999}" -gt 2359296 ] || echo 2 >"$work/phase.${group%:*}" ;;
		esac
	done
	[ "$(cat "$work"/phase.* | sort -u)" = 3 ]
}
wait_until 90 look
for group in $what; do
	check "${group%:*}: ${group#*:} rises, falls and rises again" grep -qx 3 "$work/phase.${group%:*}"
done
end levels $run_pid
check "nothing is left of them" no_group
finish
