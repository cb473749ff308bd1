#!/bin/sh
# Trim does not take beside the kernel's DAMON_RECLAIM, and goes on when that is off.
# vm: --nodes 1 --mem 768M --swap zram:512M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

parameters=/sys/module/damon_reclaim/parameters
[ -w $parameters/enabled ] || skip "this kernel has no DAMON_RECLAIM"
# shellcheck disable=SC2317 # called by name
taken() { cat $parameters/bytes_reclaimed_regions; }
taken_more() { [ "$(taken)" -gt "$1" ]; }
trim_is() { field_is groups./cold.trim.reason "$1"; }
trimmed() { [ "$(number groups./cold.trim.ledger.applied_bytes)" -gt "$1" ]; }

group cold
load cold --cgroup $cg/cold anon:256M say:full hold
wait_until 60 load_said cold full || not_ok "the load is there" "$work/cold.out"
start_agent --set trim.enabled=yes --set trim.interval=1s --set trim.ratio_min=1% --set trim.ratio_max=1%
check_log "cold memory is trimmed" wait_until 60 trimmed 0

# It has DAMON for itself from boot on (6.18).
stat=/sys/module/damon_stat/parameters/enabled
stat_before=$(cat $stat 2>/dev/null)
[ -z "$stat_before" ] || echo N >$stat
# A little a second, for as long as the test goes on.
before=$(cat $parameters/min_age $parameters/quota_sz $parameters/wmarks_high $parameters/wmarks_mid $parameters/wmarks_low)
echo 2000000 >$parameters/min_age
echo 1048576 >$parameters/quota_sz
echo 1000 >$parameters/wmarks_high
echo 999 >$parameters/wmarks_mid
echo 0 >$parameters/wmarks_low
echo Y >$parameters/enabled
check "DAMON_RECLAIM takes memory" wait_until 60 taken_more 0
check_log "trim waits for it" wait_until 30 trim_is damon-reclaim
check "uswapctl why tells so" sh -c "uswapctl why cold | grep -q 'DAMON_RECLAIM takes what is cold'"
steps=$(number groups./cold.trim.ledger.applied_bytes)
done_before=$(taken)
check "while it goes on taking" wait_until 60 taken_more "$done_before"
check_log "no step is taken" [ "$(number groups./cold.trim.ledger.applied_bytes)" -eq "$steps" ]
echo N >$parameters/enabled
[ -z "$stat_before" ] || echo "$stat_before" >$stat
check_log "when it is off trim goes on" wait_until 60 trimmed "$steps"
for name in min_age quota_sz wmarks_high wmarks_mid wmarks_low; do
	# shellcheck disable=SC2086 # a word each
	set -- $before
	echo "$1" >$parameters/$name
	shift
	before=$*
done
stop_agent
finish
