/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/slow.h"

#include <sys/resource.h>

const char *slow_cause_name(enum slow_cause cause)
{
	static const char *const names[SLOW_CAUSES] = {
		[SLOW_NO_FAULT] = "no_fault",
		[SLOW_MINOR_FAULT] = "minor_fault",
		[SLOW_SWAP_IN] = "swap_in",
		[SLOW_READ_IN] = "read_in",
	};

	return names[cause];
}

enum slow_cause slow_cause_of(const struct fault_counts *since, bool of_file, bool *ret_mixed)
{
	/* read(2) of a file has no fault to show; swap in memory reads no blocks. */
	if (since->major || (of_file && since->blocks_read)) {
		*ret_mixed = since->minor || since->major > 1;
		return of_file ? SLOW_READ_IN : SLOW_SWAP_IN;
	}
	*ret_mixed = false;
	return since->minor ? SLOW_MINOR_FAULT : SLOW_NO_FAULT;
}

static struct fault_counts fault_counts_now(void)
{
	struct rusage usage = {0};

	(void)getrusage(RUSAGE_SELF, &usage);
	return (struct fault_counts){
		.minor = (uint64_t)usage.ru_minflt,
		.major = (uint64_t)usage.ru_majflt,
		.blocks_read = (uint64_t)usage.ru_inblock,
	};
}

void slow_look(struct fault_counts *last)
{
	*last = fault_counts_now();
}

void slow_note(struct slow_touches *slow, uint64_t ns)
{
	struct fault_counts now = fault_counts_now();
	const struct fault_counts since = {
		.minor = now.minor - slow->last->minor,
		.major = now.major - slow->last->major,
		.blocks_read = now.blocks_read - slow->last->blocks_read,
	};
	bool mixed;
	enum slow_cause cause = slow_cause_of(&since, slow->of_file, &mixed);

	*slow->last = now;
	slow->count[cause]++;
	slow->total_ns[cause] += ns;
	slow->mixed += mixed;
}

uint64_t slow_count(const struct slow_touches *slow)
{
	uint64_t n = 0;

	for (int i = 0; i < SLOW_CAUSES; i++)
		n += slow->count[i];
	return n;
}
