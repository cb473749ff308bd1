/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/report/metrics_writer.h"

#include "agent/control/metrics.h"
#include "agent/errand.h"
#include "base/clock.h"
#include "base/memory_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BUSY_NS	    NSEC_PER_SEC	/* until a busy thread is asked again */
#define PATIENCE_NS (10 * NSEC_PER_SEC) /* until a file system is said to hang */

struct metrics_writer {
	metrics_write_file *write;
	struct log log;
	/* Main's. */
	char path[CONFIG_PATH_MAX]; /* last handed over; "": none */
	uint64_t due_ns, handed_ns;
	bool complained;
	struct errand *errand;
	/* The errand's while it is busy, else main's. */
	struct {
		char path[CONFIG_PATH_MAX];
		char *text; /* NULL: only what was written before is removed */
		size_t n;
	} job;
	/* The errand's. */
	struct metrics_file file;
	int error; /* of the last time: said once */
};

static void write_text(struct metrics_writer *w)
{
	int r = w->write(&w->file, w->job.text, w->job.n);

	if (r < 0 && r != w->error)
		log_warning(&w->log,
			    "%s: can't be written: %s; see metrics.textfile, and for the packaged "
			    "service ReadWritePaths= of uswapd.service",
			    w->file.path, strerrordesc_np(-r));
	else if (r == 0 && w->error < 0)
		log_notice(&w->log, "%s: written again", w->file.path);
	w->error = r;
	free(TAKE_PTR(w->job.text));
}

static void do_job(void *context)
{
	struct metrics_writer *w = context;

	if (strcmp(w->file.path, w->job.path) != 0) {
		metrics_file_remove(&w->file);
		w->file = (struct metrics_file){0};
		memcpy(w->file.path, w->job.path, sizeof(w->file.path));
		w->error = 0;
	}
	if (w->job.text)
		write_text(w);
}

int metrics_writer_new(metrics_write_file *write, const struct log *log,
		       struct metrics_writer **ret_writer)
{
	struct metrics_writer *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->write = write;
	w->log = *log;
	r = errand_new("uswapd/metrics", do_job, w, &w->errand);
	if (r < 0) {
		free(w);
		return r;
	}
	*ret_writer = w;
	return 0;
}

static int make_text(struct agent *agent, char **ret_text, size_t *ret_n)
{
	_cleanup_free_ char *text = NULL;
	struct agent_status status;
	FILE *out;
	int r = agent_status(agent, &status);

	if (r < 0)
		return r;
	out = memory_file_open(&text, ret_n);
	if (!out)
		return -ENOMEM;
	r = metrics_write(&status, status.metrics_groups_max, out);
	if (fclose(out) != 0 || r < 0)
		return -ENOMEM;
	*ret_text = TAKE_PTR(text);
	return 0;
}

static int hand_over(struct metrics_writer *w, struct agent *agent, const char *path)
{
	int r = 0;

	memcpy(w->path, path, sizeof(w->path));
	w->job.text = NULL;
	if (*path)
		r = make_text(agent, &w->job.text, &w->job.n);
	if (r < 0)
		return r;
	memcpy(w->job.path, path, sizeof(w->job.path));
	r = errand_send(w->errand);
	if (r < 0)
		free(TAKE_PTR(w->job.text));
	return r;
}

bool metrics_writer_is_busy(const struct metrics_writer *w)
{
	return errand_is_busy(w->errand);
}

static void complain_once(struct metrics_writer *w, uint64_t now_ns)
{
	if (w->complained || now_ns - w->handed_ns < PATIENCE_NS)
		return;
	w->complained = true;
	log_warning(&w->log, "%s: has not been written for 10 s: its file system hangs", w->path);
}

uint64_t metrics_writer_turn(struct metrics_writer *w, struct agent *agent, uint64_t now_ns)
{
	const struct metrics_settings *settings = &agent_config(agent)->metrics;
	bool moved = strcmp(w->path, settings->textfile) != 0;
	int r;

	if (!moved && *w->path == '\0')
		return UINT64_MAX;
	w->due_ns = MIN(w->due_ns, now_ns + settings->interval_ns);
	if (!moved && now_ns < w->due_ns)
		return w->due_ns;
	if (metrics_writer_is_busy(w)) {
		complain_once(w, now_ns);
		return now_ns + BUSY_NS;
	}
	w->handed_ns = now_ns;
	w->complained = false;
	w->due_ns = now_ns + settings->interval_ns;
	r = hand_over(w, agent, settings->textfile);
	if (r < 0)
		log_warning(&w->log, "%s: the metrics can't be made: %s", settings->textfile,
			    strerrordesc_np(-r));
	return *w->path ? w->due_ns : UINT64_MAX;
}

int metrics_writer_stop(struct metrics_writer *w, uint64_t timeout_ns)
{
	if (!w)
		return 0;
	if (errand_wait(w->errand, timeout_ns) < 0)
		return -ETIMEDOUT;
	w->job.path[0] = '\0';
	if (*w->path)
		(void)errand_send(w->errand);
	if (errand_stop(w->errand, timeout_ns) < 0)
		return -ETIMEDOUT;
	free(w);
	return 0;
}
