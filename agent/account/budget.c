/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/budget.h"

#include "base/saturate.h"

static bool is_over(const struct budget *b, uint64_t now_ns)
{
	return minus(now_ns, b->begun_ns) >= BUDGET_WINDOW_NS;
}

void budget_turn(struct budget *b, const struct spending *so_far, uint64_t now_ns)
{
	if (is_over(b, now_ns))
		*b = (struct budget){.begun_ns = now_ns, .before = *so_far};
}

struct spending budget_spent(const struct budget *b, const struct spending *so_far, uint64_t now_ns)
{
	if (is_over(b, now_ns))
		return (struct spending){0};
	return (struct spending){
		.cpu_ns = minus(so_far->cpu_ns, b->before.cpu_ns),
		.taken_bytes = minus(so_far->taken_bytes, b->before.taken_bytes),
	};
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
	if (budget_bytes_left(settings, spent) == 0)
		return VERDICT_BYTE_BUDGET;
	return VERDICT_NONE;
}
