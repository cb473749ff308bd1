#!/bin/sh
# The library's scenarios about limits, and what uswap-stress check writes down.
# vm: --nodes 2 --mem 512M --swap zram:256M --disk 256M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=scenario-lib.sh
. "${0%/*}/scenario-lib.sh"

run_check --junit "$work/junit.xml" --json "$work/json" --html "$work/page.html" stress/scenarios/limit
results "the library"
n=$(sed -n 's/^1\.\.//p' "$work/tap")
check "JUnit: a case each" [ "$(grep -c '<testcase' "$work/junit.xml")" -eq "$n" ]
check "JSON: an outcome each" [ "$(flatten <"$work/json" | grep -cE '^scenarios\.[0-9]+\.outcome = ')" -eq "$n" ]
check "the page: a part each" [ "$(grep -c '<details' "$work/page.html")" -eq "$n" ]
finish
