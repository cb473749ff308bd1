#!/bin/sh
# Without the right to write memory.reclaim the agent ends with status 69 and says what it needs; CAP_DAC_OVERRIDE is enough,
# and so is being root without any capability; with --dry-run it runs and says what it could not do.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

user='setpriv --reuid 1000 --regid 1000 --clear-groups'
bare_root='setpriv --bounding-set -all --inh-caps -all'
dac='setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps +dac_override --ambient-caps +dac_override'

chmod 755 "$work"
mkdir -m 777 "$work/run"
socket=$work/run/sock
uswapctl() { command uswapctl --socket "$socket" "$@"; }

as=$user run_agent
check_log "a user, default socket: status 70 ($status)" [ $status -eq 70 ]
check_log "it names the lock, why, and the setting" logged '/run/uswapd/control.sock.lock: .*Permission denied.*agent.socket'

as=$user run_agent --set "agent.socket=$socket"
check_log "a user: status 69 ($status)" [ $status -eq 69 ]
check_log "it says what can't be written, and what is needed" logged "memory.reclaim can't be written .*needs root or CAP_DAC_OVERRIDE"
check_log "and that nothing is left to do" logged 'nothing to reclaim through'
check "no socket or lock is left" [ -z "$(ls "$work/run")" ]

as=$user start_agent --set "agent.socket=$socket" --dry-run
check_log "a user, --dry-run: runs, and says what it can't do" logged "memory.reclaim can't be written"
check "the status says so too" sh -c "uswapctl --socket $socket status | grep -q 'needs root or CAP_DAC_OVERRIDE'"
stop_agent "a user, --dry-run: it"

works() { # NAME
	make_big_file
	group svc memory.max=64M
	load svc --cgroup $cg/svc file:100G@8M:$big_file
	check_log "$1: it keeps room for a group" wait_until 15 acted_on svc
	check_log "$1: none counts as refused" [ "$(number groups./svc.ledger.failed_actions)" -eq 0 ]
	end_load "$load_pid"
	drop_group svc
}
as=$dac start_agent --set "agent.socket=$socket"
works "a user with CAP_DAC_OVERRIDE"
stop_agent "a user with CAP_DAC_OVERRIDE: it"
as=$bare_root start_agent --set "agent.socket=$socket"
works "root without capabilities"
stop_agent "root without capabilities: it"
# Locking what there is, and then being refused more, would be worse than not to lock.
as="prlimit --memlock=67108864 $bare_root" start_agent --set "agent.socket=$socket"
check_log "little may be locked: said, with what helps" logged 'memory is not locked: .*LimitMEMLOCK'
check "nothing is" grep -q '^VmLck:[[:space:]]*0 kB' "/proc/$agent_pid/status"
works "little may be locked"
stop_agent "little may be locked: it"
finish
