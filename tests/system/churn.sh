#!/bin/sh
# Hundreds of groups with memory come and go while the agent reclaims, its own target among them.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

make_big_file
group svc memory.max=64M
group crowd
echo +memory >$cg/crowd/cgroup.subtree_control
load svc --cgroup $cg/svc file:100G@16M:$big_file
start_agent
check_log "the agent keeps room for svc" wait_until 10 acted_on svc
# Of both nodes: which one looks after svc may change.
group_actions() { echo $(($(number nodes.0.groups_ledger.actions) + $(number nodes.1.groups_ledger.actions))); }
before=$(group_actions)

churn $cg/crowd 250 2M $big_file >"$work/churn" 2>&1
check "250 groups came and went ($(cat "$work/churn"))" grep -qx 'removed 250' "$work/churn"
check_log "groups were looked after meanwhile" [ "$(group_actions)" -gt "$before" ]

# The target itself goes while it is being asked.
for i in $(seq 10); do
	make_big_file
	group target memory.max=48M
	load target --cgroup $cg/target file:100G@64M:$big_file
	sleep 0.6
	end_load "$load_pid"
	rmdir_quietly $cg/target || wait_until 5 rmdir_quietly $cg/target || not_ok "target $i can be removed"
done
only_svc() { [ "$(uswapctl --json status | flatten | sed -n 's/^groups\..*\.path = //p')" = /svc ]; }
check_log "all of them are forgotten" wait_until 5 only_svc
check_log "nobody is warned" [ "$(wc -l <"$work/agent.log")" -eq 1 ]
stop_agent
finish
