#!/bin/sh
# A frozen group can be asked and keeps its processes; threaded groups, which have no memory of their own, are no trouble.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

state_of() { awk '$1 == "frozen" { print $2 }' "$cg/$1/cgroup.events"; }
is_frozen() { [ "$(state_of "$1")" = 1 ]; }

make_big_file
# Memory for the node's own needs is then taken from the groups one by one, on every kernel.
group guard memory.min=16M
load guard --cgroup $cg/guard --node 1 anon:4M hold
group cold memory.max=200M
load cold --cgroup $cg/cold --node 1 anon:60M file:60M:$big_file say:full hold
cold_pid=$load_pid
wait_until 30 load_said cold full || not_ok "the load is there" "$work/cold.out"
make_big_file
group svc memory.max=64M
group team memory.max=64M
group team/threads
group team/other
load team --cgroup $cg/team file:100G@8M:$big_file
echo threaded >$cg/team/threads/cgroup.type
check "a threaded group is there ($(cat $cg/team/threads/cgroup.type), its sibling is $(cat $cg/team/other/cgroup.type))" \
	grep -q threaded $cg/team/threads/cgroup.type
echo 1 >$cg/cold/cgroup.freeze
wait_until 5 is_frozen cold || not_ok "the group freezes"

start_agent
before=$(cat $cg/cold/memory.current)
uswapctl wake --node 1 --bytes 40M >"$work/wake" 2>&1 || not_ok "uswapctl wake" "$work/wake"
gave() { [ $((before - $(cat $cg/cold/memory.current))) -gt $((16 << 20)) ]; }
check_log "a frozen group gives memory ($((before >> 20)) MiB before)" wait_until 20 gave
check "it is still frozen" is_frozen cold
check_log "the group with threaded children is looked after" wait_until 20 acted_on team

make_big_file
# Frozen and thawed in the middle of it, again and again.
load svc --cgroup $cg/svc file:100G@16M:$big_file
for _ in $(seq 15); do
	echo 1 >$cg/svc/cgroup.freeze
	sleep 0.1
	echo 0 >$cg/svc/cgroup.freeze
	sleep 0.3
done
check_log "a group frozen now and then is looked after" wait_until 10 acted_on svc
check_log "none counts as refused" [ "$(number groups./svc.ledger.failed_actions)" -eq 0 ]
check_log "nobody is warned" [ "$(wc -l <"$work/agent.log")" -eq 1 ]
echo 0 >$cg/cold/cgroup.freeze
check "the thawed process lives" kill -0 "$cold_pid"
# Thawing was ours.
sed -i "\|$cg/cold/cgroup.freeze|s|:1\$|:0|" "$work/before.limits"
stop_agent
finish
