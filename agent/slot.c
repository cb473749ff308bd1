/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/slot.h"

#include <sys/eventfd.h>

enum slot_state {
	SLOT_FREE,
	SLOT_FILLING, /* its asker's */
	SLOT_ASKED,   /* the thread's from here on */
	SLOT_AT_WORK,
	SLOT_DONE, /* its asker's again */
};

static bool change(struct slot *s, int from, int to)
{
	return atomic_compare_exchange_strong(&s->state, &from, to);
}

bool slot_take(struct slot *s)
{
	return change(s, SLOT_FREE, SLOT_FILLING);
}

void slot_ask(struct slot *s, int wake_fd)
{
	s->wake_fd = wake_fd;
	atomic_store(&s->forgotten, false);
	atomic_store(&s->state, SLOT_ASKED);
}

bool slot_is_done(const struct slot *s)
{
	return atomic_load(&s->state) == SLOT_DONE;
}

void slot_free(struct slot *s)
{
	atomic_store(&s->state, SLOT_FREE);
}

/* Whichever of the two sees the other's word frees it. */
void slot_forget(struct slot *s)
{
	atomic_store(&s->forgotten, true);
	(void)change(s, SLOT_DONE, SLOT_FREE);
}

bool slot_begin(struct slot *s)
{
	return change(s, SLOT_ASKED, SLOT_AT_WORK);
}

void slot_end(struct slot *s)
{
	int wake_fd = s->wake_fd; /* once done it may be asked again */

	atomic_store(&s->state, SLOT_DONE);
	if (!atomic_load(&s->forgotten))
		(void)eventfd_write(wake_fd, 1);
	else
		(void)change(s, SLOT_DONE, SLOT_FREE);
}
