#!/bin/sh
# The search for what the agent does finds an effect of known size that was planted: groups work 10 % more, or 10 % less, in each
# round before which something was taken from them (the second and a quarter that they keep to it makes it less of a window). Of
# what does harm it is said, and headroom stops; of what does good, and of nothing at all, it does not.
# vm: --skip-idle --cpus 1 --nodes 1 --mem 1G --swap zram:256M
# full run
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

groups='one two three four'

# The line below "CPU time" in what the effect on groups is said to be: DIFFERENCE LOW HIGH, in percent.
cpu_effect() {
	uswapctl effect >"$work/effect" 2>&1
	awk '/^  CPU time, us: [0-9]/ { getline; gsub(/[+,;%]/, ""); print $1, $3, $5; exit }' "$work/effect"
}
found() { # LEAST MOST: the difference is between them, percent, and the interval leaves out none at all
	cpu_effect | awk -v least="$1" -v most="$2" '{ found = $1 >= least && $1 <= most && ($2 > 0 || $3 < 0) } END { exit !found }'
}
looked() { uswapctl effect | awk -v n="$1" '/windows of its groups/ { enough = $7 + $10 >= n } END { exit !enough }'; } # WINDOWS
stopped() { logged 'groups do worse when looked after than when left alone \(cpu\)'; }
not_stopped() { ! stopped; }
taken() { for group in $groups; do reclaimed_of "$group"; done | awk '{ n += $1 } END { print n }'; }

# The group stays at 25 MiB while it is left alone, and never reaches its limit; looked after it is kept below 22 MiB.
begin_with() { # SHARE
	for group in $groups; do
		group "$group" memory.max=30M
		plant "$cg/$group" "$1" &
		loads="$loads $!"
	done
	start_agent --set holdout.share=50% --set holdout.window=10s --set holdout.harm=5% --set headroom.margin_min=8M \
		--set headroom.margin_max=50% --set headroom.swap_allowance=100%
}
end_with() { # NAME
	stop_agent "$1"
	for group in $groups; do drop_group "$group"; done
	sed -n '/its groups/,/the node itself/p' "$work/effect" | sed 's/^/    # /'
}

begin_with 110%
check_log "a tenth more CPU time where looked after is found, and is harm" wait_until 300 stopped
check "... of the size that was planted ($(cpu_effect))" found 5 15
check "why says so" sh -c 'uswapctl why /one | grep -q "are stopped here: groups that were looked after did worse"'
before=$(taken)
sleep 4
check "nothing more is taken ($before pages before, $(taken) 4 s later)" [ "$(taken)" -eq "$before" ]
end_with "the agent that did harm"

begin_with 90%
check "a tenth less is found" wait_until 300 found -15 -5
check_log "... and is no harm" not_stopped
end_with "the agent that did good"

begin_with 100%
check "windows enough" wait_until 300 looked 64
cpu_effect >/dev/null
check_log "nothing was planted, and none is harm" not_stopped
end_with "the agent that did neither"
finish
