#!/bin/sh
# A configuration that is wrong is refused with status 78 and one line that names file, line and key; a running agent
# keeps the old one (SIGHUP) and says so.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

conf=$work/uswapd.conf

refused() { # NAME ERE [LINE...]: the file has these lines
	local name=$1 pattern=$2
	shift 2
	printf '%s\n' "$@" >"$conf"
	run_agent --config "$conf"
	check_log "$name: status 78 ($status)" [ $status -eq 78 ]
	check_log "$name: one line ($(cat "$work/agent.log"))" [ "$(wc -l <"$work/agent.log")" -eq 1 ]
	check_log "$name: names file, line and key" logged "$pattern"
}

refused "misspelt key" "$conf:3: headroom.raection: .*did you mean headroom.reaction" '[headroom]' '# a comment' 'raection = 1s'
refused "misspelt section" "$conf:1: \[haedroom\]: .*did you mean \[headroom\]" '[haedroom]'
refused "out of range" "$conf:2: agent.tick_min: 1h is out of range: write 1ms to 1s" '[agent]' 'tick_min = 1h'
refused "not a size" "$conf:2: reclaim.piece_max: .*is not a size" '[reclaim]' 'piece_max = many'
refused "set twice" "$conf:3: protect.cpu: was set before, in line 2" '[protect]' 'cpu = 10%' 'cpu = 20%'
refused "in the wrong order" "$conf:2: reclaim.piece_min must not be more than reclaim.piece_max" '[reclaim]' 'piece_min = 1G'

run_agent --config "$work/none.conf"
check_log "no such file: status 78, and says which" [ $status -eq 78 ] && logged "$work/none.conf: there is no such file"
run_agent --set headroom.enabled=perhaps
check_log "--set: status 78, names the key ($(cat "$work/agent.log"))" [ $status -eq 78 ] && logged '--set: headroom.enabled'
run_agent --check-config --set headroom.enabled=perhaps
check_log "--check-config says the same ($status)" [ $status -eq 78 ]
run_agent --check-config
check_log "--check-config is silent about what is good ($status)" [ $status -eq 0 ]
run_agent --no-such-option
check_log "wrong use: status 64 ($status)" [ $status -eq 64 ]
check "nothing was left behind" [ ! -e $run_dir/control.sock ]

printf '%s\n' '[headroom]' 'margin_min = 2M' >"$conf"
start_agent --config "$conf"
printf '%s\n' '[headroom]' '' 'margin_mim = 3M' >"$conf"
kill -HUP "$agent_pid"
wait_until 5 logged "$conf:3: headroom.margin_mim"
check_log "SIGHUP with a wrong file: file, line and key are named" logged "$conf:3: headroom.margin_mim: .*did you mean headroom.margin_min"
check_log "and that the old one stays" logged 'the old configuration stays'
check_log "the agent runs on" [ "$(field nodes.0.answered)" = true ]
uswapctl reload >"$work/reload" 2>&1
check "uswapctl reload says the same ($(cat "$work/reload"))" grep -q "$conf:3: headroom.margin_mim" "$work/reload"

printf '%s\n' '[headroom]' 'margin_min = 3M' >"$conf"
kill -HUP "$agent_pid"
check_log "SIGHUP with a good file: taken over" wait_until 5 logged 'configuration read anew'
rm "$conf"
kill -HUP "$agent_pid"
check_log "SIGHUP with the file gone: said, and the agent runs on" wait_until 5 logged "$conf: there is no such file; the old configuration stays"
stop_agent
finish
