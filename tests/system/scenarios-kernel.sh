#!/bin/sh
# The library's scenarios about the kernel, as uswap-stress check runs them, and what it writes down. What takes longest, and what
# kernels do not do each time (shares of memory.min and low when all of it is claimed; a removed group that stays behind as a
# dying one), is left to tests/system/scenarios, which judges by pass rates.
# vm: --nodes 2 --mem 512M --swap zram:256M --disk 256M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=scenario-lib.sh
. "${0%/*}/scenario-lib.sh"

left='kernel-slab|high-sockets|protect-low|protect-min|dying'
# shellcheck disable=SC2046,SC2010 # names of ours
run_check --junit "$work/junit.xml" --json "$work/json" --html "$work/page.html" \
	$(ls stress/scenarios/*.scenario | grep -vE "/($left)\.")
results "the library"
n=$(sed -n 's/^1\.\.//p' "$work/tap")
check "JUnit: a case each" [ "$(grep -c '<testcase' "$work/junit.xml")" -eq "$n" ]
check "JSON: an outcome each" [ "$(flatten <"$work/json" | grep -cE '^scenarios\.[0-9]+\.outcome = ')" -eq "$n" ]
check "the page: a part each" [ "$(grep -c '<details' "$work/page.html")" -eq "$n" ]
finish
