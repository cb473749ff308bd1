/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/machine.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct vmstat {
	/* One counter a zone type; which exist depends on the machine. */
	uint64_t stall_dma, stall_dma32, stall_normal, stall_movable, stall_device;
	uint64_t pgscan_kswapd, pgsteal_proactive, pgdemote_proactive;
	uint64_t pswpin, pswpout, swap_ra, swap_ra_hit;
};

static const struct ktext_key vmstat_keys[] = {
	{"allocstall_dma", offsetof(struct vmstat, stall_dma), true},
	{"allocstall_dma32", offsetof(struct vmstat, stall_dma32), true},
	{"allocstall_normal", offsetof(struct vmstat, stall_normal), false},
	{"allocstall_movable", offsetof(struct vmstat, stall_movable), true},
	{"allocstall_device", offsetof(struct vmstat, stall_device), true},
	{"pgscan_kswapd", offsetof(struct vmstat, pgscan_kswapd), false},
	{"pgsteal_proactive", offsetof(struct vmstat, pgsteal_proactive), true},
	{"pgdemote_proactive", offsetof(struct vmstat, pgdemote_proactive), true},
	{"pswpin", offsetof(struct vmstat, pswpin), true},
	{"pswpout", offsetof(struct vmstat, pswpout), true},
	{"swap_ra", offsetof(struct vmstat, swap_ra), true},
	{"swap_ra_hit", offsetof(struct vmstat, swap_ra_hit), true},
};

int machine_counters_parse(const char *text, struct machine_counters *ret, const char **ret_bad)
{
	struct vmstat v;
	int r = ktext_read_keys(text, vmstat_keys, ARRAY_SIZE(vmstat_keys), &v, ret_bad);

	if (r < 0)
		return r;
	*ret = (struct machine_counters){
		.allocstall = v.stall_dma + v.stall_dma32 + v.stall_normal + v.stall_movable +
			      v.stall_device,
		.pgscan_kswapd = v.pgscan_kswapd,
		.pgsteal_proactive = v.pgsteal_proactive,
		.pgdemote_proactive = v.pgdemote_proactive,
		.pswpin = v.pswpin,
		.pswpout = v.pswpout,
		.swap_ra = v.swap_ra,
		.swap_ra_hit = v.swap_ra_hit,
	};
	return 0;
}

/* "SwapTotal:       1048572 kB" */
static int parse_kib(struct ktext_line line, uint64_t *ret_bytes)
{
	struct ktext_line value, unit, extra;
	uint64_t kib;

	if (!ktext_next_word(&line, &value) || !ktext_next_word(&line, &unit) ||
	    ktext_next_word(&line, &extra) || !ktext_word_is(unit, "kB") ||
	    parse_u64_n(value.text, value.length, &kib) < 0 ||
	    __builtin_mul_overflow(kib, 1024, ret_bytes))
		return -EBADMSG;
	return 0;
}

/* Of /proc/meminfo. */
enum { SWAP_TOTAL, SWAP_FREE, ZSWAP, ZSWAPPED, SWAP_KEYS };

static const struct {
	const char *name;
	bool optional;
} swap_keys[SWAP_KEYS] = {
	[SWAP_TOTAL] = {"SwapTotal:", false},
	[SWAP_FREE] = {"SwapFree:", false},
	[ZSWAP] = {"Zswap:", true},
	[ZSWAPPED] = {"Zswapped:", true},
};

int swap_parse(const char *text, struct swap_sample *ret, struct swap_store *ret_zswap,
	       const char **ret_bad)
{
	uint64_t values[SWAP_KEYS] = {0};
	bool seen[SWAP_KEYS] = {false};
	struct ktext_line line;
	size_t i = 0;

	while (ktext_next_line(&text, &line)) {
		for (i = 0; i < SWAP_KEYS; i++) {
			if (!ktext_take_word(&line, swap_keys[i].name))
				continue;
			if (seen[i] || parse_kib(line, &values[i]) < 0)
				goto bad;
			seen[i] = true;
		}
	}
	for (i = 0; i < SWAP_KEYS; i++)
		if (!seen[i] && !swap_keys[i].optional)
			goto bad;
	*ret = (struct swap_sample){
		.total_bytes = values[SWAP_TOTAL],
		.free_bytes = values[SWAP_FREE],
	};
	*ret_zswap = (struct swap_store){
		.stored_bytes = values[ZSWAPPED],
		.used_bytes = values[ZSWAP],
		.charged_bytes = values[ZSWAP],
	};
	return 0;
bad:
	if (ret_bad)
		*ret_bad = swap_keys[i].name;
	return -EBADMSG;
}

int machine_watch_open(int proc_fd, struct machine_watch *ret)
{
	_cleanup_close_ int vmstat_fd = kfile_open(proc_fd, "vmstat", O_RDONLY);
	_cleanup_close_ int meminfo_fd = -1;

	if (vmstat_fd < 0)
		return vmstat_fd;
	meminfo_fd = kfile_open(proc_fd, "meminfo", O_RDONLY);
	if (meminfo_fd < 0)
		return meminfo_fd;
	*ret = (struct machine_watch){
		.vmstat_fd = TAKE_FD(vmstat_fd),
		.meminfo_fd = TAKE_FD(meminfo_fd),
	};
	return 0;
}

int machine_find_zram(struct machine_watch *watch, int sys_fd)
{
	struct zram *zram;
	int r = zram_open(sys_fd, &zram);

	if (r < 0)
		return r;
	zram_free(watch->zram);
	watch->zram = zram;
	return 0;
}

/* A heading, and a line for each area that begins with its name. */
bool swaps_parse_to_disk(const char *text)
{
	static const char zram[] = "/dev/zram";
	struct ktext_line line, name;
	bool heading = true, disk = false;

	while (ktext_next_line(&text, &line)) {
		if (!heading && ktext_next_word(&line, &name))
			disk |= name.length < strlen(zram) ||
				memcmp(name.text, zram, strlen(zram)) != 0;
		heading = false;
	}
	return disk;
}

bool machine_swaps_to_disk(int proc_fd)
{
	char text[8192];

	return kfile_read_at(proc_fd, "swaps", text, sizeof(text)) >= 0 &&
	       swaps_parse_to_disk(text);
}

void machine_watch_close(struct machine_watch *watch)
{
	watch->vmstat_fd = fd_close(watch->vmstat_fd);
	watch->meminfo_fd = fd_close(watch->meminfo_fd);
	watch->zram = zram_free(watch->zram);
}

int machine_read_counters(const struct machine_watch *watch, struct machine_counters *ret,
			  const char **ret_bad)
{
	char text[16384];
	ssize_t n = kfile_read(watch->vmstat_fd, text, sizeof(text));

	return n < 0 ? (int)n : machine_counters_parse(text, ret, ret_bad);
}

int machine_read_swap(const struct machine_watch *watch, struct swap_sample *ret,
		      struct swap_store *ret_store, const char **ret_bad)
{
	char text[8192];
	ssize_t n = kfile_read(watch->meminfo_fd, text, sizeof(text));
	struct zram_usage zram = {0};
	struct swap_sample swap;
	struct swap_store store;
	int r = n < 0 ? (int)n : swap_parse(text, &swap, &store, ret_bad);

	if (r == 0 && watch->zram) {
		r = zram_read(watch->zram, &zram);
		if (r < 0 && ret_bad)
			*ret_bad = "block/zramN/mm_stat";
	}
	if (r < 0)
		return r;
	store.stored_bytes = plus(store.stored_bytes, zram.stored_bytes);
	store.used_bytes = plus(store.used_bytes, zram.used_bytes);
	*ret = swap;
	*ret_store = store;
	return 0;
}

int machine_read_swap_writes(const struct machine_watch *watch, uint64_t page_size,
			     int64_t *ret_bytes)
{
	uint64_t to_zram = watch->zram ? zram_read_writes(watch->zram) : 0;
	struct machine_counters counters;
	int r = machine_read_counters(watch, &counters, NULL);

	if (r == 0)
		*ret_bytes = (int64_t)(counters.pswpout * page_size - to_zram);
	return r;
}
