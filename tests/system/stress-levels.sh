#!/bin/sh
# Everything follows a schedule: 1 MiB to 6 MiB and back, by what the kernel charges its group with.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 768M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

# Each load is in a group of its own; what the kernel calls its memory.
what='anon:anon read:file write:file map:anon log:file names:slab_reclaimable pipes:kernel churn:anon'
level='low=1M,schedule=sine,period=16s'
begin levels --group anon --load anon:group=anon,size=6M,$level --group read --load fileread:group=read,size=6M,rate=4M/s,$level \
	--group write --load filewrite:group=write,size=6M,rate=4M/s,block=16K,$level \
	--group map --load filemap:group=map,size=6M,rate=4M/s,mapping=private,sparse=yes,$level \
	--group log --load filelog:group=log,size=6M,rate=4M/s,block=16K,$level \
	--group names --load slab:group=names,size=6M,$level --group pipes --load buffers:group=pipes,size=6M,$level \
	--group churn --load churn:group=churn,size=512K,alive=12,lifetime=1h,$level

# How far each has come: 0 it is to rise, 1 to fall, 2 to rise again, 3 it has. Names go by directories, processes one by one, folios at
# the edge stay. One process for a look, so that none of the peaks is missed on a busy machine.
: >"$work/phases"
look() {
	local group
	set --
	for group in $what; do
		set -- "$@" $cg/"${group%:*}".uswap-stress-*/memory.stat
	done
	[ -r "$1" ] || return 1
	awk -v what="$what" -v phases="$work/phases" '
		BEGIN {
			while ((getline line <phases) > 0) {
				split(line, word, " ")
				phase[word[1]] = word[2]
			}
			close(phases)
			for (n = split(what, each, " "); n > 0; n--) {
				split(each[n], part, ":")
				key[part[1]] = part[2]
			}
		}
		FNR == 1 {
			name = FILENAME
			sub(/\.uswap-stress-.*/, "", name)
			sub(/.*\//, "", name)
		}
		$1 == key[name] {
			if ((phase[name] % 2 == 0 && $2 >= 5767168) || (phase[name] == 1 && $2 <= 2359296)) phase[name]++
		}
		END {
			for (name in key) {
				print name, phase[name] + 0 >phases
				missing += phase[name] < 3
			}
			exit missing > 0
		}' "$@"
}
wait_until 90 look
for group in $what; do
	check "${group%:*}: ${group#*:} rises, falls and rises again" grep -qx "${group%:*} 3" "$work/phases"
done
end levels $run_pid
check "nothing is left of them" no_group
finish
