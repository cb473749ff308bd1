#!/bin/sh
# The promises of the agent, as scenarios: those that others in this folder do not show.
# vm: --nodes 2 --mem 512M --swap zram:256M --disk 256M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=scenario-lib.sh
. "${0%/*}/scenario-lib.sh"

cd stress/scenarios/agent || exit 1
run_check headroom.scenario locked.scenario no-harm.scenario no-swap.scenario protect.scenario
cd - >/dev/null || exit 1
results "the promises"
finish
