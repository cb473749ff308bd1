/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/budget.h"

#include "base/cleanup.h"
#include "base/saturate.h"

static bool is_over(const struct budget *b, uint64_t now_ns)
{
	return minus(now_ns, b->begun_ns) >= BUDGET_WINDOW_NS;
}

static struct spending since(const struct spending *before, const struct spending *so_far)
{
	return (struct spending){
		.cpu_ns = minus(so_far->cpu_ns, before->cpu_ns),
		.request_cpu_ns = minus(so_far->request_cpu_ns, before->request_cpu_ns),
		.request_ns = minus(so_far->request_ns, before->request_ns),
		.taken_bytes = minus(so_far->taken_bytes, before->taken_bytes),
	};
}

static uint64_t debt(uint64_t spent, uint64_t earned, uint64_t a_window)
{
	return MIN(minus(spent, earned), scale(a_window, BUDGET_DEBT_WINDOWS, 1));
}

static struct spending owed_after(const struct budget *b, const struct protect_settings *settings,
				  const struct spending *so_far, uint64_t now_ns)
{
	const struct spending spent = since(&b->before, so_far);
	uint64_t elapsed_ns = minus(now_ns, b->begun_ns);
	uint64_t earned_ns = share(elapsed_ns, settings->cpu_permyriad);
	uint64_t looks_ns = minus(spent.cpu_ns, spent.request_cpu_ns);

	return (struct spending){
		.cpu_ns = debt(plus(b->owed.cpu_ns, spent.request_cpu_ns),
			       MAX(minus(earned_ns, looks_ns), earned_ns / 2),
			       share(BUDGET_WINDOW_NS, settings->cpu_permyriad)),
		.request_ns = debt(plus(b->owed.request_ns, spent.request_ns),
				   share(elapsed_ns, settings->time_permyriad),
				   share(BUDGET_WINDOW_NS, settings->time_permyriad)),
		.taken_bytes = debt(plus(b->owed.taken_bytes, spent.taken_bytes),
				    scale(settings->rate_bytes, elapsed_ns, BUDGET_WINDOW_NS),
				    settings->rate_bytes),
	};
}

void budget_turn(struct budget *b, const struct protect_settings *settings,
		 const struct spending *so_far, uint64_t now_ns)
{
	if (is_over(b, now_ns))
		*b = (struct budget){
			.begun_ns = now_ns,
			.before = *so_far,
			.owed = owed_after(b, settings, so_far, now_ns),
		};
}

struct spending budget_spent(const struct budget *b, const struct protect_settings *settings,
			     const struct spending *so_far, uint64_t now_ns)
{
	struct spending spent = since(&b->before, so_far);

	if (is_over(b, now_ns))
		return owed_after(b, settings, so_far, now_ns);
	spent.cpu_ns = plus(spent.cpu_ns, b->owed.cpu_ns);
	spent.request_ns = plus(spent.request_ns, b->owed.request_ns);
	spent.taken_bytes = plus(spent.taken_bytes, b->owed.taken_bytes);
	return spent;
}

uint64_t budget_bytes_left(const struct protect_settings *settings, const struct spending *spent)
{
	if (settings->rate_bytes == 0)
		return UINT64_MAX;
	return minus(settings->rate_bytes, spent->taken_bytes);
}

enum verdict_reason budget_used_up(const struct protect_settings *settings,
				   const struct spending *spent)
{
	if (spent->cpu_ns > share(BUDGET_WINDOW_NS, settings->cpu_permyriad))
		return VERDICT_CPU_BUDGET;
	if (budget_time_is_bound(settings) &&
	    spent->request_ns > share(BUDGET_WINDOW_NS, settings->time_permyriad))
		return VERDICT_TIME_BUDGET;
	if (budget_bytes_left(settings, spent) == 0)
		return VERDICT_BYTE_BUDGET;
	return VERDICT_NONE;
}
