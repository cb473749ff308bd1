#!/bin/sh
# Cut and malformed kernel text (in the copy of a system): at the start it names node, file and field; later it warns and
# goes on, and what can be read is still looked after.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

refused() { # NAME ERE
	run_agent --root "$root"
	check_log "$1: status 70 ($status)" [ $status -eq 70 ]
	check_log "$1: named: $(tail -n 1 "$work/agent.log")" logged "$2"
}

make_root
sed -i '/pgscan_kswapd/d' "$root/proc/vmstat"
start_agent --root "$root"
check_log "a counter is missing: named" wait_until 5 logged 'vmstat: pgscan_kswapd'
stop_agent "with a counter missing: it"

make_root
sed -i 's/^  *min .*/        min      x/' "$root/proc/zoneinfo"
refused "zoneinfo with a bad number" 'node 0: .*min'
make_root
: >"$root/proc/zoneinfo"
refused "empty zoneinfo" 'node 0: '
make_root
sed -i 's/^nr_free_pages .*/nr_free_pages 12x/' "$root/sys/devices/system/node/node1/vmstat"
refused "a node's vmstat with a bad number" 'node 1: .*nr_free_pages'

# A group of the copy whose files turn bad, and get well again.
make_root
svc=$root$cg/svc
mkdir "$svc"
group real memory.max=64M
for file in $cg/real/memory.*; do
	cat "$file" >"$svc/${file##*/}" 2>/dev/null || :
done
: >"$svc/memory.reclaim"
echo 66000000 >"$svc/memory.current"
start_agent --root "$root"
wait_until 5 field_is groups./svc.limit_bytes 67108864 || not_ok "the group is seen" "$work/agent.log"
bad() { # FILE TEXT ERE: TEXT with escapes, for printf
	cp "$svc/$1" "$work/good"
	printf '%b' "$2" >"$svc/$1"
	for _ in 1 2 3 4; do
		echo "66$(date +%N | cut -c 1-6)" >"$svc/memory.current"
		sleep 0.3
	done
	check_log "$1: the agent answers" field_is nodes.0.answered true
	check_log "$1: named" wait_until 12 logged "$3"
	cat "$work/good" >"$svc/$1"
	: >"$work/agent.log"
}
bad memory.stat 'anon 1\nanon 2\n' '/?svc: .*(memory.stat|anon)'
bad memory.max '64M\n' '/?svc: .*memory.max'
stop_agent "with bad groups: it"
finish
