/* SPDX-License-Identifier: Apache-2.0 */
/* Anonymous memory. */
#include "stress/loads/pages.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

static int map_anon(const struct load *load, void *at, size_t bytes, const char **ret_why)
{
	int advice = load->settings->thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;

	*ret_why = "map anonymous memory";
	if (mmap(at, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	*ret_why = "madvise of huge pages";
	/* EINVAL: a kernel without THP, where there are only small pages anyway. */
	if (madvise(at, bytes, advice) < 0 && (errno != EINVAL || load->settings->thp))
		return -errno;
	return 0;
}

static const struct pages_kind anon_kind = {
	.discard = MADV_DONTNEED,
	.map = map_anon,
};

static int anon_prepare(struct load *load, const char **ret_why)
{
	return pages_prepare(load, &anon_kind, ret_why);
}

static const char *const anon_settings[] = {"thp", PAGES_SETTINGS, NULL};

const struct load_ops load_anon = {
	.name = "anon",
	.help = "anonymous memory that grows at a rate or in bursts, then cold or touched again",
	.anonymous = true,
	.settings = anon_settings,
	.anonymous_bytes = pages_anonymous_bytes,
	.check = pages_check,
	.prepare = anon_prepare,
	.begin = pages_begin,
	.step = pages_step,
	.verify = pages_verify,
	.finish = pages_finish,
};
