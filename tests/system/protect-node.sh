#!/bin/sh
# While a node is short of memory, protected groups on it pay nothing: nodeN/reclaim, which takes from all, is not used from the
# moment one of them has memory there, and others are asked by name.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# Pages taken through nodeN/reclaim: on 6.18 the only thing that is counted there.
node_taken() { vmstat_of pgsteal_proactive; }
uses_node() { [ -e /sys/devices/system/node/node1/reclaim ] && ! kernel_before 6 17; }
counts_node_alone() { uses_node && kernel_before 7 0; }

group keep
group keep/inner
group slice memory.min=200M
echo +memory >$cg/slice/cgroup.subtree_control
group slice/heir
group stream1
make_big_file
load keep --cgroup $cg/keep --node 1 anon:20M file:60M:$big_file say:full hold
wait_until 30 load_said keep full || not_ok "the load is there" "$work/keep.out"

start_agent --set agent.log_level=debug --set balance.keep_local=yes
make_big_file
load stream1 --cgroup $cg/stream1 --node 1 file:500G@48M:$big_file
node_acts() { [ "$(number nodes.1.ledger.actions)" -gt 3 ]; }
check_log "node 1 is short of memory and looked after" wait_until 30 node_acts
if uses_node; then
	check_log "without protection nodeN/reclaim is used" logged 'node 1: the node: taking .* through node/reclaim'
fi

# What is protected from here on: requests under way end first, which two more have begun after.
later_actions() { [ "$(number nodes.1.ledger.actions)" -ge $((actions + 2)) ]; }
protected() { # NAME GROUP [low]: the kernel's own kswapd may go below memory.low, and does with MGLRU
	local name=$1 group=$2 low=${3:-} bytes taken node actions
	actions=$(number nodes.1.ledger.actions)
	check_log "$name: the node goes on to be looked after" wait_until 20 later_actions
	bytes=$(bytes_in "$group") taken=$(stat_of "$group" pgsteal_proactive) node=$(node_taken) actions=$(number nodes.1.ledger.actions)
	sleep 5
	uswapctl why node 1 >>"$work/agent.log"
	check_log "$name: the node is looked after all the same ($(($(number nodes.1.ledger.actions) - actions)) requests)" \
		[ "$(number nodes.1.ledger.actions)" -gt "$actions" ]
	check_log "$name: none was taken by request" [ "$(stat_of "$group" pgsteal_proactive)" -eq "$taken" ]
	[ -n "$low" ] || check_log "$name: it has what it had ($((bytes >> 10)) KiB before, $(($(bytes_in "$group") >> 10)) now)" \
		[ "$(bytes_in "$group")" -ge $((bytes - 262144)) ]
	! counts_node_alone || check_log "$name: nodeN/reclaim was not used ($(($(node_taken) - node)) pages)" [ "$(node_taken)" -eq "$node" ]
}
# It has a group below it that has no memory controller, as services that make groups of their own do.
echo max >$cg/keep/memory.min
protected "memory.min set a moment ago" keep
echo 0 >$cg/keep/memory.min
echo max >$cg/keep/memory.low
protected "memory.low set a moment ago" keep low
echo 0 >$cg/keep/memory.low
end_load "$load_pid"
make_big_file
load stream1 --cgroup $cg/stream1 --node 1 file:500G@48M:$big_file

if grep -q memory_recursiveprot /proc/mounts; then
	make_big_file
	load heir --cgroup $cg/slice/heir --node 1 anon:20M file:20M:$big_file say:full hold
	wait_until 30 load_said heir full || not_ok "the load is there" "$work/heir.out"
	protected "inherited from the group above" slice/heir
fi
stop_agent
finish
