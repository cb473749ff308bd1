#!/bin/sh
# The tree of groups and the readers of their files follow what the kernel does: groups come, go and come again under
# the same name, are frozen, threaded or gone.
# vm: --nodes 1 --mem 384M
exec cgroup-kernel
