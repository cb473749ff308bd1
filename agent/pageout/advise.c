/* SPDX-License-Identifier: Apache-2.0 */
/* The calls: which part of a mapping is next, and what came of it. */
#include "agent/pageout/pass_internal.h"

#include "base/clock.h"
#include "base/saturate.h"

#include <errno.h>
#include <sys/mman.h>

#define WATCH_WORK 500 /* what DAMON tells is a directory of files */
#define CALL_WORK  2   /* and the time it takes */
/* A call that goes on is interrupted. */
#define CALL_NS NSEC_PER_SEC
/* What was cold so long ago is asked anew. */
#define COLD_FRESH_NS NSEC_PER_SEC

int pass_learn_cold(struct pageout_pass *p, uint64_t now_ns)
{
	const struct damon_question question = {
		.process = &p->process,
		.resident_bytes = p->before.resident_bytes,
		.cold_age_ns = p->settings.cold_age_ns,
	};
	int r;

	if (p->cold_ns > 0 && now_ns - p->cold_ns < COLD_FRESH_NS)
		return 0;
	pass_spend(p, WATCH_WORK);
	r = damon_watch_read(p->watch, &question, now_ns, &p->cold);
	if (r == 0)
		p->cold_ns = now_ns;
	return r;
}

/* Before acting, read again: it may have been thawed or continued, or used what was cold. */
static bool is_still_cold(struct pageout_pass *p, uint64_t now_ns)
{
	struct process_status now;
	uint64_t known_ns = p->cold_ns;

	switch (p->bounds.reason) {
	case PAGEOUT_FROZEN:
		return pass_group_is_frozen(p);
	case PAGEOUT_STOPPED:
		return process_read_status(&p->process, &now, NULL) == 0 && now.state == 'T';
	case PAGEOUT_COLD:
		if (pass_learn_cold(p, now_ns) < 0)
			return false;
		if (p->cold_ns != known_ns)
			p->range_end = p->at;
		return true;
	default:
		return true;
	}
}

static void take_result(struct pageout_pass *p, int error, uint64_t resident_bytes, uint64_t end)
{
	bool cools = p->bounds.reason == PAGEOUT_SECOND_CHANCE;

	p->at = end;
	if (error == -ECANCELED) {
		p->result.chosen_bytes += resident_bytes;
	} else if (error < 0) {
		/* Unmapped or locked meanwhile: what is left of it is not ours to know. */
		if (error != -ENOMEM && error != -EINVAL)
			pass_note_error(p, error);
		p->at = p->mapping.end;
		return;
	} else {
		p->result.calls++;
		*(cools ? &p->result.cooled_bytes : &p->result.tried_bytes) += resident_bytes;
		p->result.chosen_bytes += resident_bytes;
	}
	p->served_bytes += resident_bytes;
}

/* No other call to the process will be allowed either. */
static bool is_refusal(int error)
{
	return error == -EPERM || error == -EACCES || error == -ENOSYS || error == -ESRCH;
}

/* Nor one to any process: it is the hand that failed, or what it was asked never came back. */
static bool is_end(int error)
{
	return error == -ETIMEDOUT || error == -EPIPE || error == -EBUSY;
}

/* One call: its error. */
static int call(struct pageout_pass *p, uint64_t length)
{
	const struct request request = {
		.backend = BACKEND_PROCESS_MADVISE,
		.fd = p->process.pid_fd,
		.start = p->at,
		.bytes = length,
		.advice = p->bounds.reason == PAGEOUT_SECOND_CHANCE ? MADV_COLD : MADV_PAGEOUT,
	};
	struct hand_result result = {0};
	int r = hand_make(p->hand, p->ops, &request, CALL_NS, p->leaving, &result);

	p->result.calls_ns += result.wall_ns;
	p->result.cpu_ns += result.cpu_ns;
	pass_spend(p, CALL_WORK + result.wall_ns / NSEC_PER_USEC);
	return r < 0 ? r : result.error;
}

/* The part of the mapping to be advised next: all of it, or what is cold. False: nothing is left.
 */
static bool next_range(struct pageout_pass *p)
{
	struct cold_range range = {.start = p->at, .end = p->mapping.end};

	if (p->at < p->range_end)
		return true;
	if (p->at >= p->mapping.end || (p->bounds.reason == PAGEOUT_COLD &&
					!cold_ranges_find(&p->cold, p->at, p->mapping.end, &range)))
		return false;
	p->at = range.start;
	p->range_end = range.end;
	return true;
}

void pass_advise(struct pageout_pass *p, uint64_t piece_bytes, uint64_t now_ns)
{
	uint64_t end, resident;
	int error;

	if (!is_still_cold(p, now_ns)) {
		pass_leave_process(p);
		return;
	}
	if (!next_range(p)) {
		p->stage = STAGE_MAPPING;
		return;
	}
	end = MIN(p->at + pageout_part_bytes(&p->mapping, piece_bytes, p->page_size), p->range_end);
	resident = scale(p->mapping.resident_bytes, end - p->at, p->mapping.end - p->mapping.start);
	error = call(p, end - p->at);
	take_result(p, error, resident, end);
	if (p->at >= p->mapping.end)
		p->stage = STAGE_MAPPING;
	if (is_refusal(error) || is_end(error))
		pass_leave_process(p);
	if (is_end(error))
		pageout_pass_end(p);
}
