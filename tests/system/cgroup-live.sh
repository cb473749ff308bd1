#!/bin/sh
# Groups are made with their settings in order, entered and removed through libcgroup; what fails says why and leaves
# nothing behind.
# vm: --nodes 1 --mem 384M
exec cgroup-live
