#!/bin/sh
# --root DIR reads the copy of a system: with what is needed missing the agent ends and names the file; what it can do without
# it names and goes on.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

refused() { # NAME STATUS ERE
	run_agent --root "$root"
	check_log "$1: status $2 ($status)" [ $status -eq "$2" ]
	check_log "$1: named: $(tail -n 1 "$work/agent.log")" logged "$3"
	check "$1: no socket or lock is left" [ -z "$(ls $run_dir 2>/dev/null)" ]
}

make_root
start_agent --root "$root"
ok "a copy with all that is needed will do"
check_log "nobody is warned" [ "$(wc -l <"$work/agent.log")" -eq 1 ]
stop_agent

root=$work/none
refused "no such directory" 70 "$root/proc: "
root=$work/root
rm -rf "$root/proc"
refused "no /proc" 70 "$root/proc: .*No such file or directory"
make_root
rm -rf "$root/sys"
refused "no /sys" 70 "$root/sys: .*No such file or directory"
make_root
rm -rf "${root:?}$cg"
refused "no cgroup tree" 70 "$root$cg: .*No such file or directory"
for file in vmstat meminfo zoneinfo; do
	make_root
	rm "$root/proc/$file"
	refused "no /proc/$file" 70 "$file"
done
make_root
rm -r "$root/sys/devices/system/node/node1"
refused "no node1" 70 'node 1: .*No such file or directory'

make_root
rm "$root/proc/pressure/memory"
start_agent --root "$root"
check_log "no PSI: said" logged 'no PSI '
check "and in the status" sh -c "uswapctl status | grep -q 'no PSI'"
stop_agent "without PSI: it"

make_root
rm "$root$cg/memory.reclaim"
refused "no memory.reclaim" 69 'no memory.reclaim \(it needs Linux 5.19'
check_log "and nothing else to reclaim through" logged 'nothing to reclaim through'
: >"$root/sys/devices/system/node/node0/reclaim"
start_agent --root "$root"
check_log "no memory.reclaim, but a node's: runs, and says so" logged 'no memory.reclaim'
check "and in the status" sh -c "uswapctl status | grep -q 'no memory.reclaim'"
check_log "the node that has none says so" field_is nodes.1.backend none
stop_agent "without memory.reclaim: it"
finish
