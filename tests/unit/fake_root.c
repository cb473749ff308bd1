/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/fake_root.h"

#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define KERNEL "kernel/6.18/"
#define STAGE  "stage"

static void copy(const struct fixture *fx, const char *path, const char *captured)
{
	char name[128];
	_cleanup_free_ char *text = NULL;

	(void)snprintf(name, sizeof(name), KERNEL "%s", captured);
	text = fixture_data(name);
	fixture_write(fx, path, text);
}

struct fixture *fake_root_new(void)
{
	static const struct fixture_file files[] = {
		{"proc/swaps", "Filename Type Size Used Priority\n/dev/zram0 partition 1 0 1\n"},
		{FAKE_CGROUP "/cgroup.controllers", "memory\n"},
		{FAKE_CGROUP "/memory.reclaim", ""},
	};
	struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));

	copy(fx, "proc/vmstat", "vmstat");
	copy(fx, "proc/meminfo", "meminfo");
	copy(fx, "proc/zoneinfo", "zoneinfo");
	copy(fx, "proc/pressure/memory", "pressure-memory");
	copy(fx, FAKE_CGROUP "/memory.pressure", "pressure-memory");
	copy(fx, "sys/devices/system/node/node0/vmstat", "node0-vmstat");
	copy(fx, "sys/devices/system/node/node1/vmstat", "node0-vmstat");
	return fx;
}

static const char *file_of(char path[512], const char *group, const char *file)
{
	(void)snprintf(path, 512, FAKE_CGROUP "/%s/%s", group, file);
	return path;
}

void fake_root_add_group(const struct fixture *fx, const char *name)
{
	static const struct fixture_file files[] = {
		{"memory.current", "000104857600\n"},
		{"memory.max", "134217728\n"},
		{"memory.high", "max\n"},
		{"memory.min", "0\n"},
		{"memory.low", "0\n"},
		{"memory.swap.max", "max\n"},
		{"memory.swap.current", "0\n"},
		{"memory.reclaim", ""},
		{"cgroup.controllers", "memory\n"},
	};
	static const char *const captured[] = {"memory.stat", "memory.numa_stat",
					       "memory.events.local", "memory.pressure"};
	char path[512];

	/* Made elsewhere: the agent must not see files half written, which no kernel has. */
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		(void)snprintf(path, sizeof(path), STAGE "/%s", files[i].path);
		fixture_write(fx, path, files[i].text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(captured); i++) {
		(void)snprintf(path, sizeof(path), STAGE "/%s", captured[i]);
		copy(fx, path, captured[i]);
	}
	(void)snprintf(path, sizeof(path), FAKE_CGROUP "/%s", name);
	assert_int_equal(renameat(fx->fd, STAGE, fx->fd, path), 0);
}

void fake_root_set_current(const struct fixture *fx, const char *name, uint64_t bytes)
{
	char path[512], text[32];
	_cleanup_close_ int fd =
		kfile_open(fx->fd, file_of(path, name, "memory.current"), O_WRONLY);
	int n = snprintf(text, sizeof(text), "%012ju\n", (uintmax_t)bytes);

	assert_int_equal(pwrite(fd, text, (size_t)n, 0), n);
}

void fake_root_set_pgsteal(const struct fixture *fx, const char *name, uint64_t pages)
{
	char path[512];
	_cleanup_close_ int fd = kfile_open(fx->fd, file_of(path, name, "memory.stat"), O_WRONLY);
	_cleanup_free_ char *text = fixture_read(fx, path), *changed = NULL;
	char *line = strstr(text, "\npgsteal ");
	int n;

	assert_non_null(line);
	*line = '\0';
	n = asprintf(&changed, "%s\npgsteal %020ju%s", text, (uintmax_t)pages,
		     strchr(line + 1, '\n'));
	assert_true(n > 0);
	assert_int_equal(pwrite(fd, changed, (size_t)n, 0), n);
}

int fake_root_block_reclaim(const struct fixture *fx, const char *name)
{
	static const char zeros[4096];
	char path[512];
	int fd;

	fixture_remove(fx, file_of(path, name, "memory.reclaim"));
	assert_int_equal(mkfifoat(fx->fd, path, 0600), 0);
	fd = kfile_open(fx->fd, path, O_RDWR | O_NONBLOCK);
	assert_true(fd >= 0);
	/* A pipe that is full. */
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	return fd;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

char *fake_root_listing(const struct fixture *fx)
{
	char root[sizeof(fx->path)];
	char *const roots[] = {root, NULL};
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	const FTSENT *entry;
	FTS *fts;

	memcpy(root, fx->path, sizeof(root));
	fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	assert_non_null(fts);
	assert_non_null(out);
	while ((entry = fts_read(fts)))
		if (entry->fts_info != FTS_DP)
			(void)fprintf(out, "%s\n", entry->fts_path);
	(void)fts_close(fts);
	(void)fclose(out);
	return text;
}
