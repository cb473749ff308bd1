/* SPDX-License-Identifier: Apache-2.0 */
/* What was written to swap on disks: forgotten with time, and kept in a file. */
#include "agent/agent_internal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/kfile.h"
#include "base/saturate.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#define FORGET_NS (60 * NSEC_PER_SEC)

/* What an agent before has left. Returns how old it is. */
static uint64_t load(struct agent *a, const char *path)
{
	char text[WEAR_TEXT_BYTES];
	const char *bad = NULL;
	ssize_t n = *path ? kfile_read_at(AT_FDCWD, path, text, sizeof(text)) : -ENOENT;

	if (n >= 0)
		n = wear_parse(text, &a->wear, &bad);
	if (n < 0 && n != -ENOENT)
		log_warning(&a->world.log, "%s: %s%s%s: nothing is known of swap writes before",
			    path, bad ? bad : "", bad ? ": " : "", strerrordesc_np((int)-n));
	shared_add_swap_writes(a->world.shared, a->wear.written_bytes);
	return wear_age_ns(&a->wear, (uint64_t)time(NULL));
}

static void save(struct agent *a, const char *path)
{
	char text[WEAR_TEXT_BYTES];
	int r;

	if (*path == '\0')
		return;
	wear_print(text, &a->wear);
	r = file_replace(path, text, strlen(text));
	if (r < 0)
		agent_degrade(a, "swap writes are forgotten at the next start: %s: %s", path,
			      strerrordesc_np(-r));
}

uint64_t agent_watch_wear(struct agent *a, uint64_t now_ns)
{
	const struct protect_settings *settings = &a->config->protect;
	uint64_t budget_bytes = settings->swap_writes_bytes;
	uint64_t boot_ns = clock_boottime_ns(), elapsed_ns;
	bool is_new = budget_bytes != a->wear_budget_bytes;

	a->wear_budget_bytes = budget_bytes;
	if (budget_bytes == 0)
		return UINT64_MAX;
	if (!is_new && now_ns < a->wear_due_ns)
		return a->wear_due_ns;
	elapsed_ns = a->wear_ns > 0 ? boot_ns - a->wear_ns : load(a, settings->swap_writes_file);
	a->wear_ns = boot_ns;
	/* What was written under another one is a day's at most, and no debt. */
	shared_forget_swap_writes(a->world.shared, wear_forgotten_bytes(budget_bytes, elapsed_ns),
				  is_new ? budget_bytes : UINT64_MAX);
	a->wear = (struct wear){shared_swap_writes(a->world.shared), (uint64_t)time(NULL)};
	save(a, settings->swap_writes_file);
	a->wear_due_ns = now_ns + FORGET_NS;
	return a->wear_due_ns;
}

void agent_end_wear(struct agent *a)
{
	if (a->wear_ns == 0)
		return;
	a->wear_due_ns = 0;
	(void)agent_watch_wear(a, clock_now_ns());
}

uint64_t agent_swap_writes_left(const struct agent *a)
{
	uint64_t budget_bytes = a->config->protect.swap_writes_bytes;

	return budget_bytes == 0 ? UINT64_MAX
				 : minus(budget_bytes, shared_swap_writes(a->world.shared));
}
