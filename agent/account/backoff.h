/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaving a target alone that does not give anything: after three fruitless requests in a row the
 * next one waits 250 ms, then twice as long each time, 30 s at most; one that brings something ends
 * it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BACKOFF_PATIENCE 3
#define BACKOFF_FIRST_NS (250 * UINT64_C(1000000))
#define BACKOFF_MOST_NS	 (30 * UINT64_C(1000000000))

struct backoff {
	uint64_t fruitless;
	uint64_t wait_ns, until_ns; /* 0: not waiting */
};

/* Fruitless: less than a sixteenth of what was asked for. */
void backoff_learn(struct backoff *backoff, uint64_t now_ns, uint64_t tried_bytes,
		   uint64_t applied_bytes);
bool backoff_waits(const struct backoff *backoff, uint64_t now_ns);
