/* SPDX-License-Identifier: Apache-2.0 */
/* lru_gen of any bytes, read to its end or refused; what is found is what stands there. */
#include "agent/policy/evict.h"
#include "agent/sense/ages.h"
#include "base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define require(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void found(const struct age_found *found, void *context)
{
	size_t *n = context;

	(*n)++;
	require(memchr(found->path, '\n', strlen(found->path)) == NULL);
	require(found->idle.cold_pages <= found->idle.total_pages);
	require(found->idle.cold_file_pages <= found->idle.cold_pages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("lru_gen", MFD_CLOEXEC);
	struct evict_sample sample = {.page_size = 4096,
				      .wanted_bytes = UINT64_C(1) << 20,
				      .here.inactive_anon = UINT64_C(24) << 20};
	struct age_place place;
	struct evict_plan plan;
	const char *bad = NULL;
	uint64_t blocks = 0;
	size_t n = 0;
	int r;

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	r = ages_read(fd, 60000, found, &n, &bad);
	require((r == 0 && n <= size) || (r == -EBADMSG && bad));
	r = ages_find(fd, "svc", 0, 113, &blocks, &place, &bad);
	require(r == 0 || r == -ENOENT || r == -ENOTUNIQ || r == -EBADMSG);
	if (r < 0)
		return 0;
	sample.generations = place.generations;
	plan = evict_decide(true, &sample);
	require((plan.reason == EVICT_TAKE && plan.pages > 0 && plan.pages <= 256) ||
		plan.pages == 0);
	return 0;
}
