#!/bin/sh
# A node whose memory comes while the agent runs is looked after; one whose memory goes is waited for, the others are looked after
# meanwhile, and when it is back it is looked after again.
# vm: --nodes 2 --mem 384M --plugged 256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

node=/sys/devices/system/node/node2
blocks=$(for state in "$node"/memory[0-9]*/state; do grep -lx offline "$state"; done)
[ -n "$blocks" ] || skip "this kernel shows no plugged-in memory (it needs CONFIG_ACPI_HOTPLUG_MEMORY)"

bring_online() {
	local state
	for state in $blocks; do echo online_movable >"$state"; done
}
# A page that somebody holds for a moment is in the way: that is for whoever asks to try again.
is_offline() {
	local state
	for state in $blocks; do
		grep -qx offline "$state" || echo offline >"$state" 2>/dev/null || return 1
	done
}
has_worker() { field_is nodes.2.verdict.reason '.+'; }
is_gone() { field_is nodes.2.verdict.reason node-gone; }
is_back() { has_worker && ! is_gone; }
# The kernel reckons these from the machine's memory, whenever that changes.
reckoned='min_free_kbytes user_reserve_kbytes admin_reserve_kbytes'
for name in $reckoned; do eval "$name=$(cat "/proc/sys/vm/$name")"; done
put_back() {
	local name
	for name in $reckoned; do eval "echo \$$name" >"/proc/sys/vm/$name"; done
}
took_on() { [ "$(number "nodes.$1.ledger.applied_bytes")" -gt "${2:-0}" ]; } # NODE [BYTES]
lines() { wc -l <"$work/agent.log"; }

group svc memory.max=96M
group guest
make_big_file
load work --cgroup $cg/svc --node 0 "file:500G@12M:$big_file"
start_agent
check "node 2 has no memory yet" [ "$(field nodes.2.verdict.reason)" = "" ]
check_log "a group is kept below its limit" wait_until 60 acted_on svc

bring_online
check_log "node 2 is looked after once it has memory" wait_until 60 has_worker
check_log "which is said" logged 'nodes with memory: 0-2 now, 0-1 before: starting anew'
check "uswapctl is answered" sh -c 'uswapctl status >/dev/null'
check_log "the group is still kept below its limit" wait_until 60 acted_on svc

load guest --cgroup $cg/guest --node 2 "file:64M:$big_file" say:full hold
guest=$load_pid
wait_until 60 load_said guest full || not_ok "node 2 is filled" "$work/guest.out"
uswapctl wake --node 2 --bytes 16M >/dev/null
check_log "what it is told to take there is taken" wait_until 60 took_on 2
end_load "$guest"
echo 3 >/proc/sys/vm/drop_caches

said=$(lines)
check "its memory can be taken offline" wait_until 60 is_offline
check_log "it is seen that it has gone" wait_until 60 is_gone
check "uswapctl why tells so" sh -c "uswapctl why node 2 | grep -q 'has no memory any more'"
uswapctl wake --node 2 --bytes 16M >/dev/null
turned=$(number nodes.2.wakeups)
done_before=$(number groups./svc.ledger.actions)
sleep 10
turned=$(($(number nodes.2.wakeups) - turned))
check_log "its worker rests ($turned wake-ups in 10 s)" [ "$turned" -le 200 ]
check_log "the group is looked after meanwhile" [ "$(number groups./svc.ledger.actions)" -gt "$done_before" ]
check_log "which is said once" [ $(($(lines) - said)) -eq 1 ]

bring_online
check_log "it is seen that it is back" wait_until 60 is_back
check_log "which is said, and nothing is started anew" [ $(($(lines) - said)) -eq 2 ]
load guest --cgroup $cg/guest --node 2 "file:64M:$big_file" say:full hold
guest=$load_pid
wait_until 60 load_said guest full || not_ok "node 2 is filled" "$work/guest.out"
before=$(number nodes.2.ledger.applied_bytes)
uswapctl wake --node 2 --bytes 16M >/dev/null
check_log "what it is told to take there is taken again" wait_until 60 took_on 2 "$before"
end_load "$guest"
echo 3 >/proc/sys/vm/drop_caches
wait_until 60 is_offline || not_ok "its memory can be taken offline"
put_back
stop_agent
finish
