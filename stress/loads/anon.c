/* SPDX-License-Identifier: Apache-2.0 */
/* Anonymous memory, in pages of any size. */
#include "stress/loads/hugepages.h"
#include "stress/loads/pages.h"

#include <errno.h>
#include <linux/mman.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

static bool is_hugetlb(const struct load_settings *settings)
{
	return settings->pages == PAGES_HUGETLB;
}

/* Not MAP_NORESERVE: pages that are not there are to be missed now, not by SIGBUS later. */
static int map_hugetlb(void *at, size_t bytes, const char **ret_why)
{
	bytes = (bytes + PAGES_HUGE_BYTES - 1) / PAGES_HUGE_BYTES * PAGES_HUGE_BYTES;
	*ret_why = "pages: there are not enough free huge pages of 2M for the size; raise "
		   "vm.nr_hugepages, or say reserve=yes";
	if (mmap(at, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB | MAP_FIXED, -1,
		 0) != MAP_FAILED)
		return 0;
	return errno == ENOMEM || errno == EINVAL || errno == ENODEV ? -EOPNOTSUPP : -errno;
}

static int map_anon(const struct load *load, void *at, size_t bytes, const char **ret_why)
{
	bool huge = load->settings->pages == PAGES_THP;

	if (is_hugetlb(load->settings))
		return map_hugetlb(at, bytes, ret_why);
	*ret_why = "map anonymous memory";
	if (mmap(at, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	*ret_why = "pages: this kernel has no transparent huge pages";
	if (madvise(at, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) == 0)
		return 0;
	/* EINVAL: a kernel without THP, where there are only small pages anyway. */
	if (errno == EINVAL)
		return huge ? -EOPNOTSUPP : 0;
	return -errno;
}

const struct pages_kind pages_anon = {
	.discard = MADV_DONTNEED,
	.is_huge = is_hugetlb,
	.map = map_anon,
};

static const char *anon_check(const struct load_settings *settings)
{
	if (settings->reserve && !is_hugetlb(settings))
		return "reserve: it is for pages=hugetlb";
	return pages_check(settings);
}

static int set_aside(const struct load *load, struct hugepages **ret_huge, const char **ret_why)
{
	uint64_t bytes = pages_anonymous_bytes(load->settings, load->plan);
	struct hugepages *huge = calloc(1, sizeof(*huge));
	int r;

	*ret_why = "no memory for book-keeping";
	if (!huge)
		return -ENOMEM;
	r = hugepages_add(huge, load->proc_fd, (bytes + PAGES_HUGE_BYTES - 1) / PAGES_HUGE_BYTES);
	if (r == 0) {
		*ret_huge = huge;
		return 0;
	}
	free(huge);
	*ret_why = r == -ENOMEM ? "reserve: the kernel finds not so many huge pages of 2M"
				: "reserve: vm.nr_hugepages can't be changed";
	return -EOPNOTSUPP;
}

static void give_back(struct hugepages *huge)
{
	if (huge)
		hugepages_end(huge);
	free(huge);
}

static int anon_prepare(struct load *load, const char **ret_why)
{
	struct hugepages *huge = NULL;
	int r = load->settings->reserve ? set_aside(load, &huge, ret_why) : 0;

	if (r == 0)
		r = pages_prepare(load, &pages_anon, ret_why);
	if (load->state)
		((struct pages *)load->state)->own = huge;
	else
		give_back(huge);
	return r;
}

static void anon_finish(struct load *load)
{
	const struct pages *pages = load->state;
	struct hugepages *huge = pages ? pages->own : NULL;

	pages_finish(load);
	/* Nobody uses them any more. */
	give_back(huge);
}

/* Huge pages that somebody else set aside are not among what is available any more. */
static uint64_t anon_bytes(const struct load_settings *settings, const struct load_plan *plan)
{
	return is_hugetlb(settings) && !settings->reserve ? 0
							  : pages_anonymous_bytes(settings, plan);
}

static const char *const anon_settings[] = {"pages", "reserve", PAGES_SETTINGS, NULL};

const struct load_ops load_anon = {
	.name = "anon",
	.help = "anonymous memory that grows at a rate or in bursts, then cold or touched again",
	.anonymous = true,
	.settings = anon_settings,
	.anonymous_bytes = anon_bytes,
	.check = anon_check,
	.prepare = anon_prepare,
	.begin = pages_begin,
	.step = pages_step,
	.verify = pages_verify,
	.finish = anon_finish,
};
