#!/bin/sh
# The promises of the agent, as scenarios.
# vm: --nodes 2 --mem 512M --swap zram:256M --disk 256M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=scenario-lib.sh
. "${0%/*}/scenario-lib.sh"

run_check stress/scenarios/agent
results "the promises"
finish
