/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/vmstat.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"

#define VMSTAT_BYTES 16384

/* Zones are summed up; no kernel has them all. */
struct vmstat_text {
	uint64_t allocstall[5];
	struct vmstat vmstat;
};

#define KEY(field)                                                        \
	{                                                                 \
#field, offsetof(struct vmstat_text, vmstat.field), false \
	}
#define OPTIONAL_KEY(field)                                              \
	{                                                                \
#field, offsetof(struct vmstat_text, vmstat.field), true \
	}

static const struct ktext_key vmstat_keys[] = {
	{"allocstall_dma", offsetof(struct vmstat_text, allocstall[0]), true},
	{"allocstall_dma32", offsetof(struct vmstat_text, allocstall[1]), true},
	{"allocstall_normal", offsetof(struct vmstat_text, allocstall[2]), true},
	{"allocstall_movable", offsetof(struct vmstat_text, allocstall[3]), true},
	{"allocstall_device", offsetof(struct vmstat_text, allocstall[4]), true},
	KEY(pgscan_direct),
	KEY(pgsteal_direct),
	KEY(pgscan_kswapd),
	KEY(pgsteal_kswapd),
	OPTIONAL_KEY(pgscan_proactive),
	OPTIONAL_KEY(pgsteal_proactive),
	OPTIONAL_KEY(pswpin),
	OPTIONAL_KEY(pswpout),
	KEY(pgfault),
	KEY(pgmajfault),
	KEY(workingset_refault_anon),
	KEY(workingset_refault_file),
	OPTIONAL_KEY(oom_kill),
};

int vmstat_parse(const char *text, struct vmstat *ret, const char **ret_bad)
{
	struct vmstat_text read = {0};
	int r = ktext_read_keys(text, vmstat_keys, ARRAY_SIZE(vmstat_keys), &read, ret_bad);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(read.allocstall); i++)
		read.vmstat.allocstall += read.allocstall[i];
	*ret = read.vmstat;
	return 0;
}

int vmstat_read(int fd, struct vmstat *ret, const char **ret_bad)
{
	char text[VMSTAT_BYTES];
	ssize_t n = kfile_read(fd, text, sizeof(text));

	return n < 0 ? (int)n : vmstat_parse(text, ret, ret_bad);
}
