/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/run/room.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "cgroup/live.h"
#include "cgroup/memory.h"

#include <string.h>

static void narrow(struct group_room *room, int dir_fd, const char *file)
{
	uint64_t limit, used = 0;

	if (dir_fd < 0 || memory_limit_read_at(dir_fd, file, &limit) < 0 || limit == UINT64_MAX)
		return;
	(void)memory_bytes_read_at(dir_fd, "memory.current", &used);
	room->limit = MIN(room->limit, limit);
	room->headroom = MIN(room->headroom, limit > used ? limit - used : 0);
}

struct group_room group_room_read(int mount_fd, const char *group)
{
	struct group_room room = {UINT64_MAX, UINT64_MAX};
	char path[LIVE_PATH_MAX];
	char *slash;

	strcpy(path, group);
	while (*path) {
		_cleanup_close_ int fd = kfile_open_dir(mount_fd, path);

		narrow(&room, fd, "memory.max");
		narrow(&room, fd, "memory.high");
		slash = strrchr(path, '/');
		*(slash ? slash : path) = '\0';
	}
	return room;
}
