#!/bin/sh
# Groups may be named anything but '/' and newline. The agent reclaims from them, and no byte of a name reaches a terminal or
# breaks the status.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

long=$(printf '%0255d' 7)
# A name a line, with escapes as echo writes them.
cat >"$work/names" <<'END'
\033[31mred\033[2J
\377\376bad utf-8 \303(
*
[a-z]?{x,y}
$(reboot);`id`
-rf
%s%n%d
"quoted"\\back
 blank  \011tab\015
\342\200\256drawkcab
null
..hidden
END
echo "$long" >>"$work/names"

# A pattern for a name that looks like one.
printf '%s\n' '[protect]' 'exclude = \[a-z\]*' >"$work/conf"
run_agent --check-config --config "$work/conf"
check_log "a pattern for such a name is taken ($status)" [ "$status" -eq 0 ]

start_agent --set agent.log_level=debug
n=0
while IFS= read -r name; do
	n=$((n + 1))
	path=$cg/$(printf %b "$name")
	make_big_file
	mkdir "$path" || not_ok "make group $n"
	echo 32M >"$path/memory.max"
	memload --cgroup "$path" file:28M:$big_file "file:60M@8M:$big_file" >/dev/null 2>&1 &
	loads="$loads $!"
	sleep 1
	kill -KILL $! 2>/dev/null
	wait $! 2>/dev/null
done <"$work/names"

uswapctl --json status >"$work/status" 2>"$work/err"
check "the status is well-formed JSON" flatten <"$work/status" >"$work/flat"
groups=$(grep -c '^groups\..*\.path = ' "$work/flat")
check_log "all $n groups are in it ($groups)" [ "$groups" -eq $n ]
acted=$(grep ': taking ' "$work/agent.log" | sed 's/: taking .*//' | sort -u | wc -l)
check_log "they were looked after ($acted of $n)" [ "$acted" -ge $((n - 2)) ]
uswapctl status >"$work/table" 2>&1
check "uswapctl status shows them" [ "$(grep -c / "$work/table")" -ge $n ]
uswapctl why >"$work/why" 2>&1
clean() { ! LC_ALL=C grep -nP '[^\x0a\x20-\x7e]' "$1"; }
check "nothing but text in the log" clean "$work/agent.log"
check "nothing but text in uswapctl --json status" clean "$work/status"
check "nothing but text in uswapctl status" clean "$work/table"
check "nothing but text in uswapctl why" clean "$work/why"

explained=0
while IFS= read -r name; do
	name=$(printf %b "/$name")
	! uswapctl why "$name" 2>&1 | grep -q '^Decided' || explained=$((explained + 1))
done <"$work/names"
check "uswapctl why explains each by its name ($explained of $n)" [ $explained -eq $n ]

while IFS= read -r name; do
	wait_until 5 rmdir_quietly "$cg/$(printf %b "$name")" || not_ok "remove a group"
done <"$work/names"
grep -v -e ': taking ' -e 'is ready' "$work/agent.log" >"$work/warnings"
: >"$work/agent.log"
stop_agent
check "nobody was warned ($(head -n 3 "$work/warnings"))" [ ! -s "$work/warnings" ]
finish
