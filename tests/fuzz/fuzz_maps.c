/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as /proc/PID/maps, smaps, status, mountinfo and /proc/locks, read in pieces. */
#include "agent/sense/file_check.h"
#include "agent/sense/maps.h"
#include "agent/sense/mounts.h"
#include "agent/sense/process.h"
#include "base/lines.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define require(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void read_mappings(int fd, bool smaps)
{
	struct mapping_reader reader = {.lines.fd = fd, .smaps = smaps};
	struct mapping m;
	int r;

	require(lseek(fd, 0, SEEK_SET) == 0);
	while ((r = mapping_reader_next(&reader, &m)) == 1)
		require(m.start < m.end && memchr(m.name, '\0', sizeof(m.name)));
	require(r == 0 || r == -EBADMSG);
}

static void read_status(int fd)
{
	struct process_status status = {.uid = 42};
	const char *bad = NULL;
	int r;

	require(lseek(fd, 0, SEEK_SET) == 0);
	r = process_status_parse(fd, &status, &bad);
	require(r == 0 || (r == -EBADMSG && bad && status.uid == 42));
	require(memchr(status.name, '\0', sizeof(status.name)));
}

static void read_mount(const char *line, size_t length)
{
	struct ktext_line type;
	uint64_t id;
	int r = mount_parse(line, length, &id, &type);

	require(r == 0 || r == -EBADMSG);
	if (r < 0)
		return;
	require(type.text > line && type.text + type.length <= line + length && type.length > 0);
	(void)mount_type_is_remote(type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("text", MFD_CLOEXEC);
	struct line_reader lines = {.fd = fd};
	const char *line;
	size_t length, total = 0;

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	read_mappings(fd, false);
	read_mappings(fd, true);
	read_status(fd);
	require(lseek(fd, 0, SEEK_SET) == 0);
	while (line_reader_next(&lines, &line, &length) == 1) {
		uint64_t inode = 42;
		int r = lease_parse(line, length, &inode);

		require(r == 1 || r == 0 || r == -EBADMSG);
		require(r == 1 || inode == 42);
		read_mount(line, length);
		require(!memchr(line, '\n', length));
		total += length;
	}
	require(total <= size);
	return 0;
}
