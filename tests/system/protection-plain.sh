#!/bin/sh
# As protection.sh, on a mount without memory_recursiveprot: what children do not claim is not theirs.
# vm: --nodes 2 --mem 512M --disk 1G --mount-opts nsdelegate
exec cgroup-protection
