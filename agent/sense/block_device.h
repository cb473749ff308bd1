/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which block devices the operator has named: a device is meant by its own name, by that of the
 * disk it is a partition of, and by those of the devices it is made of (dm, md).
 */
#pragma once

#include "agent/config/config.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * By number (dev_t), and by the kernel's name ("sda1"). sys_fd: a descriptor of /sys. Names are
 * matched with and without "dev/"; a device mapper's also as "mapper/NAME". What can't be looked up
 * is meant, as a file system without a device of its own (btrfs); but where there are no patterns,
 * nothing is.
 */
bool block_device_is_meant(int sys_fd, const struct config_patterns *patterns, uint64_t number);
bool block_device_name_is_meant(int sys_fd, const struct config_patterns *patterns,
				const char *name);
