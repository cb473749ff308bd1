#!/bin/sh
# What is left of groups after reclaim through their ancestor is what protection_compute says of memory.min and low.
# vm: --nodes 2 --mem 512M --disk 1G
exec cgroup-protection
