#!/bin/sh
# The promises of the agent, as scenarios. delays compares times, and other-node takes half a minute: they are left to
# tests/system/scenarios, which judges by pass rates.
# vm: --nodes 2 --mem 512M --swap zram:256M --disk 256M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=scenario-lib.sh
. "${0%/*}/scenario-lib.sh"

# shellcheck disable=SC2046,SC2010 # names of ours
run_check $(ls stress/scenarios/agent/*.scenario | grep -v -e '/delays\.' -e '/other-node\.')
results "the promises"
finish
