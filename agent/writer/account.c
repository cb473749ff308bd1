/* SPDX-License-Identifier: Apache-2.0 */
/* What was written to each device, for status. */
#include "agent/writer/cleaner_internal.h"

/* NULL: there are too many devices. */
static struct account *find(struct cleaner *c, uint64_t number)
{
	for (size_t i = 0; i < CLEANER_DEVICES; i++) {
		struct account *a = &c->accounts[i];
		uint64_t its = atomic_load(&a->number);

		if (its == 0)
			atomic_store(&a->number, number);
		if (its == 0 || its == number)
			return a;
	}
	return NULL;
}

void account_answered(struct cleaner *c, uint64_t number, const struct writer_answer *answer)
{
	struct account *a = find(c, number);

	if (!a)
		return;
	atomic_fetch_add(&a->orders, 1);
	atomic_fetch_add(&a->asked_bytes, answer->asked_bytes);
	atomic_fetch_add(&a->cleaned_bytes, answer->cleaned_bytes);
	if (answer->slowest_ns > atomic_load(&a->slowest_ns))
		atomic_store(&a->slowest_ns, answer->slowest_ns);
}

void account_bound(struct cleaner *c, uint64_t number, uint64_t bytes_per_s)
{
	struct account *a = find(c, number);

	if (a)
		atomic_store(&a->bytes_per_s, bytes_per_s);
}

void account_given_up(struct cleaner *c, uint64_t number, bool abandoned)
{
	struct account *a = find(c, number);

	if (!a)
		return;
	atomic_fetch_add(&a->given_up, 1);
	atomic_store(&a->abandoned, abandoned);
}

void account_gone(struct cleaner *c, uint64_t number)
{
	struct account *a = find(c, number);

	if (a)
		atomic_store(&a->abandoned, false);
}

void account_read(const struct cleaner *c, struct cleaner_state *ret)
{
	ret->n_devices = 0;
	for (size_t i = 0; i < CLEANER_DEVICES; i++) {
		const struct account *a = &c->accounts[i];
		uint64_t number = atomic_load(&a->number);
		uint64_t bytes_per_s = atomic_load(&a->bytes_per_s);

		if (number == 0)
			return;
		ret->devices[ret->n_devices++] = (struct device_account){
			.number = number,
			.orders = atomic_load(&a->orders),
			.asked_bytes = atomic_load(&a->asked_bytes),
			.cleaned_bytes = atomic_load(&a->cleaned_bytes),
			.slowest_ns = atomic_load(&a->slowest_ns),
			.bytes_per_s = bytes_per_s ? bytes_per_s : UINT64_MAX,
			.given_up = atomic_load(&a->given_up),
			.abandoned = atomic_load(&a->abandoned),
		};
	}
}
