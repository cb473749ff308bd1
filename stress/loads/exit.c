/* SPDX-License-Identifier: Apache-2.0 */
/* A process that ends by itself, for scenarios about what is left of it. */
#include "stress/loads/load.h"

#include <unistd.h>

static int exit_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	*ret_due_ns = load->started_ns + load->settings->lifetime_ns;
	if (now_ns >= *ret_due_ns)
		_exit((int)load->settings->status);
	return 0;
}

static const char *const exit_settings[] = {"lifetime", "status", NULL};

const struct load_ops load_exit = {
	.name = "exit",
	.help = "a process that ends by itself after `lifetime`, for scenarios: a run counts that "
		"as a failure",
	.sizeless = true,
	.settings = exit_settings,
	.step = exit_step,
};
