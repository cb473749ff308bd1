/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/swap.h"

#include "agent/sense/swap_areas.h"
#include "agent/worker/internal.h"
#include "agent/worker/report.h"
#include "base/clock.h"
#include "base/saturate.h"
#include "cgroup/reclaim.h"

#include <errno.h>

#define SWAP_AGE_NS  NSEC_PER_SEC
#define PRICE_AGE_NS (2 * NSEC_PER_SEC)

/*
 * What is filled before areas on devices that are excluded keeps the same share free as swap as a
 * whole: the kernel, who swaps too, must not find it full in the middle of a request.
 */
static bool goes_to_denied(const struct worker *w, const char **ret_bad)
{
	const struct protect_settings *settings = &w->config->protect;
	struct swap_before before;

	if (settings->exclude_device.n == 0)
		return false;
	if (swap_areas_read(w->world->proc_fd, w->world->sys_fd, &settings->exclude_device,
			    &before) < 0) {
		if (ret_bad)
			*ret_bad = "swaps";
		return true;
	}
	return before.any_named &&
	       before.free_bytes <= share(before.total_bytes, settings->swap_free_permyriad);
}

static int read_swap(struct worker *w, const char **ret_bad)
{
	uint64_t budget_bytes = w->config->protect.swap_writes_bytes;
	uint64_t total = w->swap.total_bytes;
	int r = machine_read_swap(&w->machine_watch, &w->swap, &w->store, ret_bad);

	/* Some area came or went: so may a zram device have done. */
	if (r == 0 && w->swap.total_bytes != total) {
		r = machine_find_zram(&w->machine_watch, w->world->sys_fd);
		if (r == 0)
			r = machine_read_swap(&w->machine_watch, &w->swap, &w->store, ret_bad);
		w->swap_on_disk = machine_swaps_to_disk(w->world->proc_fd);
	}
	/* A request to it has never come back. */
	w->swap.is_stuck = atomic_load(&w->world->hands->stuck) > 0;
	w->swap.is_worn = w->swap_on_disk && budget_bytes > 0 &&
			  shared_swap_writes(w->world->shared) >= budget_bytes;
	w->swap.is_denied = goes_to_denied(w, ret_bad);
	return r;
}

static void read_prices(struct worker *w, uint64_t now_ns)
{
	struct machine_reads reads;
	int r;

	if (!w->config->reclaim.swappiness_by_price || w->swap.total_bytes == 0 ||
	    (w->read_prices.learned_ns != 0 && now_ns - w->read_prices.learned_ns < PRICE_AGE_NS))
		return;
	r = machine_reads_read(w->world->proc_fd, &reads);
	if (r < 0)
		worker_complain(w, now_ns, "diskstats", r, "can't tell what reads from swap cost");
	else
		read_prices_learn(&w->read_prices, now_ns, &reads);
}

void worker_read_swap(struct worker *w, uint64_t now_ns)
{
	const uint64_t total = w->swap.total_bytes;
	const char *bad = NULL;
	int r;

	if (w->swap_ns != 0 && now_ns - w->swap_ns < SWAP_AGE_NS)
		return;
	w->swap_ns = now_ns;
	r = read_swap(w, &bad);
	if (w->swap.total_bytes > total)
		balance_try_again(&w->here.history, now_ns);
	if (r < 0)
		worker_complain(w, now_ns, "swap", r, bad);
	read_prices(w, now_ns);
}

/* Of what a target sent to swap, as it was judged last; before that, as the machine's swap is. */
static uint64_t gained_permyriad(const struct worker *w, const struct yield *yield)
{
	const struct yield_sums machine = {
		.swapped_bytes = minus(w->swap.total_bytes, w->swap.free_bytes),
		.kept_bytes = w->store.used_bytes,
	};

	if (yield->judged.swapped_bytes > 0)
		return yield_permyriad(&yield->judged);
	return machine.swapped_bytes > 0 ? yield_permyriad(&machine) : 10000;
}

int worker_swappiness(const struct worker *w, const struct group *asked)
{
	const struct yield *yield = asked ? &asked->yield : &w->here.yield;

	if (!w->config->reclaim.swappiness_by_price || !w->world->reclaim_features.swappiness ||
	    w->swap.total_bytes == 0)
		return GROUP_RECLAIM_DEFAULT;
	return swappiness_by_price(&w->read_prices, gained_permyriad(w, yield));
}

void worker_weigh(const struct worker *w, const struct group *asked, struct request *request)
{
	if (request->swappiness == GROUP_RECLAIM_DEFAULT)
		request->swappiness = worker_swappiness(w, asked);
}

/* Whose memory a request takes; NULL: the node's, or of a group that has gone. */
static struct group *asked_of(const struct flight *f)
{
	return f->group ? f->group : f->victim;
}

/* What of it is in swap; of the node, what is in zram and zswap. */
static int read_swapped(const struct worker *w, const struct flight *f, uint64_t *ret_bytes)
{
	const struct group *asked = asked_of(f);

	if (f->request.backend == BACKEND_NODE_RECLAIM) {
		*ret_bytes = w->store.stored_bytes;
		return 0;
	}
	if (!asked || !asked->cgroup)
		return -ENODEV;
	return memory_bytes_read_at(asked->cgroup->dir_fd, "memory.swap.current", ret_bytes);
}

bool worker_read_store(struct worker *w, struct swap_store *ret)
{
	if (w->swap.total_bytes == 0 || read_swap(w, NULL) < 0)
		return false;
	*ret = w->store;
	return true;
}

void worker_mark_swap_writes(const struct worker *w, struct swap_mark *ret)
{
	ret->known = w->swap_on_disk && w->config->protect.swap_writes_bytes > 0 &&
		     machine_read_swap_writes(&w->machine_watch, w->page_size, &ret->bytes) == 0;
}

/* What zswap takes and writes back later is not seen. */
void worker_count_swap_writes(const struct worker *w, const struct swap_mark *mark,
			      uint64_t most_bytes)
{
	int64_t bytes;

	if (mark->known && machine_read_swap_writes(&w->machine_watch, w->page_size, &bytes) == 0)
		shared_count_swap_writes(w->world->shared, mark->bytes, bytes, most_bytes);
}

void worker_swap_before(struct worker *w, struct flight *f)
{
	if (f->request.swappiness == GROUP_RECLAIM_NO_ANON)
		return;
	f->may_swap = worker_read_store(w, &f->store) && read_swapped(w, f, &f->swapped_bytes) == 0;
	worker_mark_swap_writes(w, &f->swap_mark);
}

void worker_swap_after(struct worker *w, const struct flight *f, struct taken *taken,
		       uint64_t now_ns)
{
	struct group *asked = asked_of(f);
	struct swap_store store;
	uint64_t swapped = 0;
	bool known = f->may_swap && worker_read_store(w, &store) &&
		     read_swapped(w, f, &swapped) == 0;

	if (known)
		taken->swapped_bytes = minus(swapped, f->swapped_bytes);
	/*
	 * What others write meanwhile can't be told apart; of the asked, more may have gone than
	 * was asked for: with MGLRU Linux 6.1 may take many times that.
	 */
	worker_count_swap_writes(w, &f->swap_mark, MAX(2 * f->request.bytes, taken->swapped_bytes));
	if (!known)
		return;
	taken->swap_kept_bytes = yield_of(taken->swapped_bytes, &f->store, &store).kept_bytes;
	yield_learn(asked ? &asked->yield : &w->here.yield, w->config->protect.swap_yield_permyriad,
		    taken->swapped_bytes, &f->store, &store, now_ns);
}
