#!/bin/sh
# An agent that observes takes nothing from a group that runs into its limit, and advises; uswapctl enable lets it act at once,
# disable stops that, and both leave the configuration as a file that the next start reads.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

conf=$work/uswapd.conf
printf '%s\n' '[agent]' 'mode = observe' >"$conf"
# Of all groups: one that is handed on to another node begins there anew.
actions() {
	snapshot
	echo $(($(seen nodes.0.groups_ledger.actions) + $(seen nodes.1.groups_ledger.actions)))
}
advised() { uswapctl advise >"$work/advice" 2>&1 && grep -q '^  would take: .* at most, [1-9]' "$work/advice"; }

make_big_file
start_agent --config "$conf"
check_log "it says that it observes" logged 'is ready: observes, .*uswapctl advise, enable'
group svc memory.max=64M
load svc --cgroup $cg/svc file:100G@8M:$big_file
check_log "it advises" wait_until 20 advised
wait_until 10 [ "$(event_of svc max)" -gt 0 ]
sleep 1
uswapctl advise >"$work/advice"
check "the group, how much, why, what happens without it, and the risk" sh -c "tr '\n' ' ' <$work/advice | grep -qE \
	'^uswapd observes,.* /svc \(memory.max 64.0 MiB\) .*would take: .*why: .*meanwhile: [1-9][0-9]* times at its limit.*risk: '"
check "it has asked for nothing" [ "$(number groups./svc.ledger.actions)" -eq 0 ]
check "and nothing was taken" [ "$(stat_of svc pgsteal_proactive)" -eq 0 ]
check "the status says so" sh -c "uswapctl status | grep -q ', observes: it changes nothing'"

uswapctl enable >"$work/enable" 2>&1
check "enable says what it wrote ($(cat "$work/enable"))" grep -q "^uswapd acts now (agent.mode = act in $conf.d/90-mode.conf)" "$work/enable"
check_log "it acts" wait_until 15 acted_on svc
check "the status says so" field_is mode act
uswapctl disable >"$work/disable" 2>&1
check "disable says so ($(cat "$work/disable"))" grep -q '^uswapd observes now' "$work/disable"
sleep 1
before=$(actions)
sleep 2
check "and it acts no more ($before requests)" [ "$(actions)" -eq "$before" ]
end_load "$load_pid"
drop_group svc
stop_agent

uswapctl --socket /run/uswapd/control.sock enable >"$work/none" 2>&1
check "without an agent: status 3 ($(cat "$work/none"))" grep -q 'uswapd is not running here' "$work/none"
printf '%s\n' '[agent]' 'mode = act' >"$conf"
start_agent --config "$conf"
check_log "what disable wrote holds at the next start" logged 'is ready: observes'
setpriv --reuid 1000 --regid 1000 --clear-groups uswapctl enable >"$work/denied" 2>&1
check "a user may not ($(cat "$work/denied"))" grep -q 'is for root' "$work/denied"
stop_agent
finish
