/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that do nothing: what they take is stacks, the kernel's and their own. */
#include "stress/loads/load.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

/* THREAD_SIZE of 64-bit machines with pages of 4 KiB (asm/page_64_types.h, asm/memory.h). */
#define KERNEL_STACK_BYTES UINT64_C(16384)

static void *wait_for_end(void *unused)
{
	for (;;)
		(void)pause();
	return unused;
}

/* Signals are for the thread that works: those that sleep hear none. */
static int start_threads(uint64_t n, uint64_t *ret_started)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	uint64_t started = 0;
	pthread_t thread;
	int error = pthread_attr_init(&attributes);

	if (error)
		return -error;
	sigfillset(&all);
	(void)pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	while (!error && started < n) {
		error = pthread_create(&thread, &attributes, wait_for_end, NULL);
		started += !error;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	*ret_started = started;
	return -error;
}

static int thread_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	uint64_t there = block_get(&load->block->operations);
	uint64_t left = load->settings->n_threads - there, started = 0;
	int r = start_threads(MIN(left, (uint64_t)LOAD_BATCH), &started);

	(void)now_ns;
	block_add(&load->block->operations, started);
	*ret_due_ns = started < left ? 0 : UINT64_MAX;
	return r < 0 ? load_fail(load, r, "start thread %ju: raise the limits on tasks",
				 (uintmax_t)(there + started + 1))
		     : 0;
}

static uint64_t thread_bytes(const struct load_settings *settings, const struct load_plan *plan)
{
	(void)plan;
	return settings->n_threads * KERNEL_STACK_BYTES;
}

static const char *const thread_settings[] = {"threads", NULL};

const struct load_ops load_thread = {
	.name = "thread",
	.help = "threads that do nothing, each with its stack in the kernel",
	.sizeless = true,
	.unswappable = true,
	.settings = thread_settings,
	.anonymous_bytes = thread_bytes,
	.step = thread_step,
};
