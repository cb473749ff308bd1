#!/bin/sh
# Killed at a hundred moments, it leaves no more behind than at a dozen.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# full run
times=100
# shellcheck source=kill.sh
. "${0%/*}/kill.sh"
