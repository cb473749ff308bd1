/* SPDX-License-Identifier: Apache-2.0 */
/* What limits leave to a group. */
#pragma once

#include <stdint.h>

/*
 * Lowest memory.max and memory.high of a group and those above it, and the least that one of these
 * leaves below itself now. UINT64_MAX: none.
 */
struct group_room {
	uint64_t limit, headroom;
};

/* group: its path in the hierarchy whose directory mount_fd is. */
struct group_room group_room_read(int mount_fd, const char *group);
