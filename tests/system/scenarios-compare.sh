#!/bin/sh
# One scenario under several agents: what each came to is told, and nothing of theirs is left on the machine.
# vm: --nodes 2 --mem 512M --swap zram:256M --disk 256M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=scenario-lib.sh
. "${0%/*}/scenario-lib.sh"

factor() { cat /proc/sys/vm/watermark_scale_factor; }
before=$(factor)
cat >"$work/grow.scenario" <<'END'
[group A]
memory.max = 32M
[load grow]
type = anon
group = A
size = 40M
[step grown]
when = load:resident(grow) >= 40M
within = 50s
[expect below]
value = memory.current(A)
range = .. 32M
END
compare() { # ARG...: sets status
	status=0
	timeout -k 5 100 uswap-stress compare "$work/grow.scenario" --repeat 1 --json "$work/json" --html "$work/page.html" "$@" \
		>"$work/table" 2>&1 || status=$?
	flatten <"$work/json" >"$work/flat"
}
figure() { sed -n "s/^agents\.$1\.figures\.$2\.runs\.0 = //p" "$work/flat"; }
told() { grep -q "$1" "$work/table" || { sed 's/^/    /' "$work/table" && false; }; }

compare --agent none --agent uswapd --agent memory.high:75 --agent loop --agent watermark:60 --agent oomd --agent 'false=false'
check "an agent that ends badly: status 1 ($status)" [ $status -eq 1 ]
check "... is told" told 'false: 1 of 1 runs failed: \[agent\] ended with status 1: '
check "an agent that is not here is skipped with the reason" told '^oomd: skipped: oomd is not in the PATH'
for i in 0 1 2 3 4; do
	check "agent $i did the whole work" [ "$(figure $i work)" -ge 10240 ]
	check "agent $i: CPU time was used" [ "$(figure $i cpu)" -gt 0 ]
done
check "p99.9 is told" [ "$(figure 0 'p99\.9')" -gt 0 ]
check "what was more than the first one had" told '^  memory.high:75 .* [+-][0-9]'
check "the page: a table each" [ "$(grep -c '<table' "$work/page.html")" -eq 9 ]
check "vm.watermark_scale_factor is as before" [ "$(factor)" = "$before" ]
check "no group is left" no_group
compare --agent nobody
check "a wrong agent: status 2 ($status)" [ $status -eq 2 ]

# --- killed in the middle ---
sed -i 's/^when = .*/when = memory.current(A) >= 1G/' "$work/grow.scenario"
uswap-stress compare "$work/grow.scenario" --agent watermark:60 >"$work/table" 2>&1 &
loads="$loads $!"
changed() { [ "$(factor)" = 60 ]; }
restored() { [ "$(factor)" = "$before" ]; }
check "vm.watermark_scale_factor is changed while it runs" wait_until 20 changed
kill -KILL "$(pgrep -x uswap-stress | head -n 1)"
check "KILL: it is put back" wait_until 20 restored
check "KILL: the groups are removed" wait_until 35 no_group
finish
