#!/bin/sh
# The library of scenarios, as uswap-stress check runs it.
# vm: --nodes 2 --mem 512M --swap zram:256M --disk 512M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

no_group() { ! find $cg -name '*.uswap-stress-*' | grep .; }

status=0
timeout -k 5 110 uswap-stress check --directory /data stress/scenarios >"$work/tap" 2>&1 || status=$?
# Its results are ours.
sed -nE 's/^((not )?ok) [0-9]+ - /\1 - /p' "$work/tap"
failures=$((failures + $(grep -c '^not ok' "$work/tap")))
if [ $status -eq 0 ]; then ok "the library ran"; else not_ok "the library ran ($status)" "$work/tap"; fi
check "no group is left" no_group
finish
