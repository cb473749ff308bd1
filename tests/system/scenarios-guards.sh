#!/bin/sh
# The library's guards against taking for reclaimed what was not, and their mutants: what they guard against is let in.
# vm: --nodes 2 --mem 512M --swap zram:256M --disk 256M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=scenario-lib.sh
. "${0%/*}/scenario-lib.sh"

run_check stress/scenarios/guard
results "the guards"
run_check --mutants stress/scenarios/guard
results "their mutants"
finish
