/* SPDX-License-Identifier: Apache-2.0 */
/* Anonymous memory that can't be reclaimed, because it is locked. */
#include "stress/loads/pages.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24 /* asm-generic/mman-common.h of 5.18 */
#endif

static int lock_failed(const char **ret_why)
{
	*ret_why = "size: more than may be locked; raise the limit (ulimit -l, LimitMEMLOCK= of a "
		   "service) or run with CAP_IPC_LOCK";
	return errno == ENOMEM || errno == EPERM || errno == EAGAIN ? -EOPNOTSUPP : -errno;
}

/* Locks are not inherited: in the worker they are its own. */
static int map_locked(const struct load *load, void *at, size_t bytes, const char **ret_why)
{
	int r = pages_anon.map(load, at, bytes, ret_why);

	if (r < 0)
		return r;
	if (mlock2(at, bytes, MLOCK_ONFAULT) < 0)
		return lock_failed(ret_why);
	/* It was a trial then: pages are locked as they come. */
	if (load->settings->lock == LOCK_MLOCK && munlock(at, bytes) < 0)
		return -errno;
	return 0;
}

static int lock_pages(const struct load *load, void *at, size_t bytes)
{
	return load->settings->lock == LOCK_MLOCK && mlock(at, bytes) < 0 ? -errno : 0;
}

static const struct pages_kind locked_kind = {
	.discard = MADV_DONTNEED_LOCKED,
	.map = map_locked,
	.grown = lock_pages,
};

static int locked_prepare(struct load *load, const char **ret_why)
{
	return pages_prepare(load, &locked_kind, ret_why);
}

static const char *const locked_settings[] = {"lock", PAGES_SETTINGS, NULL};

const struct load_ops load_locked = {
	.name = "locked",
	.help = "anonymous memory that is locked, so that nothing can reclaim it",
	.anonymous = true,
	.unswappable = true,
	.settings = locked_settings,
	.anonymous_bytes = pages_anonymous_bytes,
	.check = pages_check,
	.prepare = locked_prepare,
	.begin = pages_begin,
	.step = pages_step,
	.verify = pages_verify,
	.finish = pages_finish,
};
