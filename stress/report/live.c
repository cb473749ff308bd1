/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/report/live.h"

#include "base/clock.h"
#include "base/parse.h"
#include "base/saturate.h"
#include "stress/report/report.h"
#include "stress/report/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#define PAINT_NS     (250 * NSEC_PER_MSEC)
#define LINE_NS	     (10 * NSEC_PER_SEC)
#define SCREEN_BYTES 65536

struct live_load {
	struct histogram_reader first, reuse;
	uint64_t bytes, slow;
};

struct live {
	FILE *to;
	bool terminal;
	uint64_t shown_ns;   /* the last time something was shown */
	size_t n_lines;	     /* of the screen as it stands */
	uint64_t painted_ns; /* what follows was taken then; 0: never */
	struct psi_totals psi;
	size_t n_loads, n_groups;
	struct live_load *loads;
	struct group_reading *groups;
	char screen[SCREEN_BYTES];
};

struct live *live_new(FILE *to)
{
	struct live *live = calloc(1, sizeof(*live));
	const char *term = getenv("TERM");

	if (!live)
		return NULL;
	live->to = to;
	live->terminal = isatty(fileno(to)) && term && strcmp(term, "dumb") != 0;
	live->shown_ns = clock_now_ns();
	return live;
}

struct live *live_free(struct live *live)
{
	if (!live)
		return NULL;
	free(live->loads);
	free(live->groups);
	free(live);
	return NULL;
}

/* The page being written: lines are cut at its width, and left out below its height. */
struct canvas {
	char *at, *end;
	size_t width, height, n;
};

static void put_line(struct canvas *canvas, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void put_line(struct canvas *canvas, const char *format, ...)
{
	char line[256];
	size_t n;
	va_list ap;

	if (canvas->n == canvas->height)
		return;
	va_start(ap, format);
	(void)vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	n = MIN(strlen(line), canvas->width - 1);
	if ((size_t)(canvas->end - canvas->at) < n + 2)
		return;
	memcpy(canvas->at, line, n);
	canvas->at += n;
	*canvas->at++ = '\n';
	*canvas->at = '\0';
	canvas->n++;
}

static uint64_t per_second(uint64_t before, uint64_t now, uint64_t ns)
{
	return ns ? scale(minus(now, before), NSEC_PER_SEC, ns) : 0;
}

/* Share of the time, in percent, of microseconds stalled. */
static unsigned int stalled(uint64_t before_us, uint64_t now_us, uint64_t ns)
{
	return ns ? (unsigned int)MIN(minus(now_us, before_us) * 100000 / ns, UINT64_C(100)) : 0;
}

static void put_head(struct canvas *canvas, const struct run *run, uint64_t now_ns)
{
	uint64_t start_ns = run->control->start_ns, all_ns = run->job->global.duration_ns;
	uint64_t gone_ns = MIN(minus(now_ns, start_ns), all_ns);
	size_t done = (size_t)(gone_ns * 30 / all_ns);

	put_line(canvas, "%.1f of %.1f s  [%.*s%.*s]  Ctrl-C ends it", (double)gone_ns / 1e9,
		 (double)all_ns / 1e9, (int)done, "##############################",
		 (int)(30 - done), "..............................");
}

static void put_load(struct canvas *canvas, struct live_load *before,
		     const struct run_worker *worker, uint64_t ns)
{
	const struct worker_block *block = worker->load.block;
	uint64_t bytes = block_get(&block->bytes);
	uint64_t slow = slow_count(&block->first_slow) + slow_count(&block->reuse_slow);
	char there[FORMAT_SIZE_BYTES], rate[TEXT_BYTES],
		p50[TEXT_BYTES] = "-", p99[TEXT_BYTES] = "-", max[TEXT_BYTES] = "-";
	struct latency first, reuse, *latency;

	histogram_read_interval(&before->first, &block->first, &first);
	histogram_read_interval(&before->reuse, &block->reuse, &reuse);
	latency = reuse.count ? &reuse : &first;
	if (latency->count) {
		(void)format_ns(p50, latency->p50_ns);
		(void)format_ns(p99, latency->p99_ns);
		(void)format_ns(max, latency->max_ns);
	}
	put_line(canvas, "%-12.12s %-8.8s %10s %11s %7s %7s %7s %6" PRIu64, worker->load.name,
		 worker->end == END_ALIVE ? worker->load.ops->name : worker_end_name(worker->end),
		 format_size(there, sizeof(there),
			     block_get(&block->resident_pages) * CONTENT_PAGE_BYTES),
		 format_rate(rate, minus(bytes, before->bytes), ns), p50, p99, max,
		 minus(slow, before->slow));
	before->bytes = bytes;
	before->slow = slow;
}

static void put_group(struct canvas *canvas, struct group_reading *before,
		      const struct group_reading *now, const char *name, uint64_t limit_bytes,
		      uint64_t ns)
{
	char current[FORMAT_SIZE_BYTES], limit[FORMAT_SIZE_BYTES] = "-", swap[FORMAT_SIZE_BYTES];

	if (limit_bytes != UINT64_MAX)
		(void)format_size(limit, sizeof(limit), limit_bytes);
	put_line(canvas, "%-21.21s %10s %10s %10s %4u %% %8" PRIu64 " %8" PRIu64, name,
		 format_size(current, sizeof(current), now->current_bytes), limit,
		 format_size(swap, sizeof(swap), now->swap_bytes),
		 stalled(before->psi.some_us, now->psi.some_us, ns),
		 per_second(before->stat.pgsteal, now->stat.pgsteal, ns),
		 per_second(before->stat.workingset_refault_anon +
				    before->stat.workingset_refault_file,
			    now->stat.workingset_refault_anon + now->stat.workingset_refault_file,
			    ns));
	*before = *now;
}

static void put_machine(struct canvas *canvas, struct live *live, const struct sample *now,
			const struct run *run, uint64_t ns)
{
	const struct machine_reading *machine = &now->machine;
	const struct memory_reading *memory = &machine->memory;
	char left[FORMAT_SIZE_BYTES], swap[FORMAT_SIZE_BYTES], cost[FORMAT_SIZE_BYTES];

	put_line(
		canvas, "machine: %s available, %s swapped (takes %s), stalled %u %%",
		format_size(left, sizeof(left), memory->available_bytes),
		format_size(swap, sizeof(swap), memory->swap_used_bytes),
		format_size(cost, sizeof(cost), memory->zram.used_bytes + memory->zswap_used_bytes),
		stalled(live->psi.some_us, machine->psi.some_us, ns));
	for (size_t i = 0; i < run->machine.n_nodes; i++)
		put_line(canvas, "node %u: %s free, %s of files", run->machine.nodes[i].id,
			 format_size(left, sizeof(left), now->nodes[i].free_bytes),
			 format_size(swap, sizeof(swap), now->nodes[i].file_bytes));
	live->psi = machine->psi;
}

/* How many of n rows fit when reserve lines are wanted after them; a line says how many do not. */
static size_t rows_that_fit(const struct canvas *canvas, size_t n, size_t reserve)
{
	size_t left = canvas->height - canvas->n;

	left = left > reserve ? left - reserve : 0;
	return n <= left ? n : left > 1 ? left - 1 : 0;
}

static void put_loads(struct canvas *canvas, struct live *live, const struct run *run,
		      size_t reserve, uint64_t ns)
{
	size_t shown;

	put_line(canvas, "%-12s %-8s %10s %11s %7s %7s %7s %6s", "load", "kind", "there", "touched",
		 "p50", "p99", "max", "slow");
	shown = rows_that_fit(canvas, live->n_loads, reserve);
	for (size_t i = 0; i < shown; i++)
		put_load(canvas, &live->loads[i], &run->workers[i], ns);
	if (shown < live->n_loads)
		put_line(canvas, "... and %zu more", live->n_loads - shown);
}

static void put_groups(struct canvas *canvas, struct live *live, const struct run *run,
		       const struct sample *now, size_t reserve, uint64_t ns)
{
	size_t shown;

	if (live->n_groups == 0)
		return;
	put_line(canvas, "%-21s %10s %10s %10s %6s %8s %8s", "group", "memory", "limit", "swapped",
		 "some", "taken/s", "back/s");
	shown = rows_that_fit(canvas, live->n_groups, reserve);
	for (size_t i = 0; i < shown; i++)
		put_group(canvas, &live->groups[i], &now->groups[i], run->job->groups[i].name,
			  run->plan->groups[i].limit_bytes, ns);
	if (shown < live->n_groups)
		put_line(canvas, "... and %zu more", live->n_groups - shown);
}

/* Once the run is known. */
static bool prepare(struct live *live, const struct run *run)
{
	if (live->loads)
		return true;
	live->n_loads = run->n_workers;
	live->n_groups = run->job->n_groups;
	live->loads = calloc(live->n_loads + 1, sizeof(*live->loads));
	live->groups = calloc(live->n_groups + 1, sizeof(*live->groups));
	return live->loads && live->groups;
}

size_t live_paint(struct live *live, const struct run *run, size_t width, size_t height, char *text,
		  size_t size)
{
	struct canvas canvas = {text, text + size, MAX(width, (size_t)1), height, 0};
	const struct sample *now = run->measure ? measure_results(run->measure)->last : NULL;
	uint64_t now_ns = clock_now_ns(), ns = live->painted_ns ? now_ns - live->painted_ns : 0;
	size_t machine = 1 + run->machine.n_nodes;
	uint64_t verified = 0, pages = 0;

	*text = '\0';
	if (!prepare(live, run))
		return 0;
	for (size_t i = 0; i < run->n_workers; i++) {
		verified += block_get(&run->workers[i].load.block->verified_pages);
		pages += block_get(&run->workers[i].load.block->resident_pages);
	}
	if (!now || run->control->start_ns == 0) {
		put_line(&canvas, "starting %zu loads", run->n_workers);
		return canvas.n;
	}
	if (run->measured) {
		put_line(&canvas, "verifying: %" PRIu64 " of %" PRIu64 " pages", verified, pages);
		return canvas.n;
	}
	put_head(&canvas, run, now_ns);
	put_loads(&canvas, live, run, machine + (live->n_groups ? 1 + live->n_groups : 0), ns);
	put_groups(&canvas, live, run, now, machine, ns);
	put_machine(&canvas, live, now, run, ns);
	live->painted_ns = now_ns;
	return canvas.n;
}

static void paint_screen(struct live *live, const struct run *run)
{
	struct winsize size = {0};
	const char *line, *end;

	(void)ioctl(fileno(live->to), TIOCGWINSZ, &size);
	if (live->n_lines)
		(void)fprintf(live->to, "\033[%zuA", live->n_lines);
	/* A line below the last one stays free for the cursor. */
	live->n_lines = live_paint(live, run, size.ws_col ? size.ws_col : 80,
				   size.ws_row > 2 ? size.ws_row - 1U : 23, live->screen,
				   sizeof(live->screen));
	for (line = live->screen; *line; line = end + 1) {
		end = strchrnul(line, '\n');
		(void)fprintf(live->to, "\r\033[K%.*s\n", (int)(end - line), line);
	}
	/* Whatever a taller one left. */
	(void)fputs("\033[J", live->to);
}

/* "12.0 of 60.0 s: 1.0 GiB touched, 64.0 MiB there" */
static void print_line(const struct live *live, const struct run *run)
{
	uint64_t bytes = 0, pages = 0;
	char touched[FORMAT_SIZE_BYTES], there[FORMAT_SIZE_BYTES];

	for (size_t i = 0; i < run->n_workers; i++) {
		bytes += block_get(&run->workers[i].load.block->bytes);
		pages += block_get(&run->workers[i].load.block->resident_pages);
	}
	(void)fprintf(live->to, "%.1f of %.1f s: %s touched, %s there%s\n",
		      (double)minus(clock_now_ns(), run->control->start_ns) / 1e9,
		      (double)run->job->global.duration_ns / 1e9,
		      format_size(touched, sizeof(touched), bytes),
		      format_size(there, sizeof(there), pages * CONTENT_PAGE_BYTES),
		      run->measured ? "; verifying" : "");
}

void live_begin(struct live *live, size_t n_loads)
{
	if (!live || !live->terminal)
		return;
	(void)fprintf(live->to, "preparing %zu loads\n", n_loads);
	(void)fflush(live->to);
	live->n_lines = 1;
}

void live_show(struct live *live, const struct run *run)
{
	uint64_t now_ns = clock_now_ns();

	if (!live || now_ns - live->shown_ns < (live->terminal ? PAINT_NS : LINE_NS) ||
	    run->control->start_ns == 0)
		return;
	live->shown_ns = now_ns;
	if (live->terminal)
		paint_screen(live, run);
	else
		print_line(live, run);
	(void)fflush(live->to);
}

void live_end(struct live *live)
{
	if (!live || live->n_lines == 0)
		return;
	(void)fprintf(live->to, "\033[%zuA\r\033[J", live->n_lines);
	(void)fflush(live->to);
	live->n_lines = 0;
}
