/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was written to swap on disks: forgotten with time, and kept in a file. It is read once, as
 * the configuration is; it is written by an errand, since its disk may hang.
 */
#include "agent/agent_internal.h"

#include "agent/errand.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/kfile.h"
#include "base/saturate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FORGET_NS (60 * NSEC_PER_SEC)
#define HEAR_NS	  NSEC_PER_SEC	      /* until it is asked what came of the writing */
#define HANGS_NS  (10 * NSEC_PER_SEC) /* until a file system is said to hang */

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

static void write_file(void *context)
{
	struct wear_file *file = context;

	file->result = file_replace(file->path, file->text, strlen(file->text));
}

static void degrade(struct agent *a, const char *reason)
{
	agent_degrade(a, "swap writes are forgotten at the next start: %s: %s", a->wear_file.path,
		      reason);
}

/* What came of the last writing. */
static void hear(struct agent *a, uint64_t now_ns)
{
	struct wear_file *file = &a->wear_file;

	if (!file->is_sent)
		return;
	file->is_sent = errand_is_busy(file->errand);
	if (file->is_sent && minus(now_ns, file->sent_ns) >= HANGS_NS)
		degrade(a, "its file system hangs");
	if (!file->is_sent && file->result < 0)
		degrade(a, strerrordesc_np(-file->result));
}

static void save(struct agent *a, const char *path, uint64_t now_ns)
{
	struct wear_file *file = &a->wear_file;
	int r = 0;

	if (*path == '\0' || file->is_sent)
		return;
	(void)snprintf(file->path, sizeof(file->path), "%s", path);
	wear_print(file->text, &a->wear);
	if (!file->errand)
		r = errand_new("uswapd/wear", write_file, file, &file->errand);
	if (r == 0)
		r = errand_send(file->errand);
	file->is_sent = r == 0;
	file->sent_ns = now_ns;
	if (r < 0)
		degrade(a, strerrordesc_np(-r));
}

static uint64_t next_due_ns(const struct agent *a, uint64_t now_ns)
{
	return a->wear_file.is_sent ? MIN(a->wear_due_ns, now_ns + HEAR_NS) : a->wear_due_ns;
}

uint64_t agent_watch_wear(struct agent *a, uint64_t now_ns)
{
	const struct protect_settings *settings = &a->config->protect;
	uint64_t budget_bytes = settings->swap_writes_bytes;
	uint64_t boot_ns = clock_boottime_ns(), elapsed_ns;
	bool is_new = budget_bytes != a->wear_budget_bytes;

	a->wear_budget_bytes = budget_bytes;
	hear(a, now_ns);
	if (budget_bytes == 0)
		return UINT64_MAX;
	if (!is_new && now_ns < a->wear_due_ns)
		return next_due_ns(a, now_ns);
	elapsed_ns = a->wear_ns > 0 ? boot_ns - a->wear_ns : load(a, settings->swap_writes_file);
	a->wear_ns = boot_ns;
	/* What was written under another one is a day's at most, and no debt. */
	shared_forget_swap_writes(a->world.shared, wear_forgotten_bytes(budget_bytes, elapsed_ns),
				  is_new ? budget_bytes : UINT64_MAX);
	a->wear = (struct wear){shared_swap_writes(a->world.shared), (uint64_t)time(NULL)};
	save(a, settings->swap_writes_file, now_ns);
	a->wear_due_ns = now_ns + FORGET_NS;
	return next_due_ns(a, now_ns);
}

int agent_end_wear(struct agent *a)
{
	struct wear_file *file = &a->wear_file;

	if (errand_wait(file->errand, a->options.stop_ns / 2) < 0)
		return -ETIMEDOUT;
	if (a->wear_ns > 0) {
		a->wear_due_ns = 0;
		(void)agent_watch_wear(a, clock_now_ns());
	}
	if (errand_stop(file->errand, a->options.stop_ns / 2) < 0)
		return -ETIMEDOUT;
	file->errand = NULL;
	hear(a, clock_now_ns());
	return 0;
}

uint64_t agent_swap_writes_left(const struct agent *a)
{
	uint64_t budget_bytes = a->config->protect.swap_writes_bytes;

	return budget_bytes == 0 ? UINT64_MAX
				 : minus(budget_bytes, shared_swap_writes(a->world.shared));
}
