/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that come and go: each is forked, fills memory of its own, lives for a while, reads it
 * back and exits; it also reads it back when told to. A schedule or a set point says how many there
 * are at once. They die with the worker, whatever ends it.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "stress/loads/level.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

/* A process, or room for one. Shared with it: it writes what it found. */
struct child {
	pid_t pid; /* 0: none */
	uint64_t born_ns;
	bool ending;	 /* it was told to end before its time */
	uint32_t number; /* the generation of its pages */
	uint64_t verified_pages, bad_pages, skipped_pages;
	uint64_t right_ns; /* all its pages were, then */
	struct worker_bad_page first_bad;
};

/* What a process is told. */
#define READ_BACK SIGUSR1
#define END_LIFE  SIGUSR2

enum child_exit { CHILD_OK, CHILD_NO_MEMORY, CHILD_ORPHAN };

struct churn {
	struct level level;
	uint64_t n_pages;  /* of a process */
	size_t n_children; /* at most */
	size_t n_alive, n_ending;
	struct child *children;
	uint32_t forked;
	bool rests; /* no more were wanted at the last look */
	struct pace pace;
};

static const char *const churn_settings[] = {
	"forks", "alive", "lifetime", "contents", LOAD_PACE_SETTINGS, LEVEL_SETTINGS, NULL,
};

static const char *churn_check(const struct load_settings *settings)
{
	if (settings->rate_bytes != SCHEDULE_UNLIMITED && !level_is_said(settings))
		return "rate: of processes it is given as forks=100/s";
	return level_check_unmapped(settings);
}

static uint64_t churn_peak_bytes(const struct load_settings *settings, const struct load_plan *plan)
{
	uint64_t bytes;

	return __builtin_mul_overflow(plan->size_bytes, settings->n_alive, &bytes) ? UINT64_MAX
										   : bytes;
}

static int churn_prepare(struct load *load, const char **ret_why)
{
	struct churn *churn = calloc(1, sizeof(*churn));
	uint64_t rate_bytes;
	int r;

	*ret_why = "no memory for book-keeping";
	if (!churn)
		return -ENOMEM;
	load->state = churn;
	r = level_prepare(&churn->level, load, load->plan->size_bytes, ret_why);
	if (r < 0)
		return r;
	*ret_why = "no memory for book-keeping";
	churn->n_pages = load->plan->size_bytes / CONTENT_PAGE_BYTES;
	churn->n_children = load->settings->n_alive;
	churn->children = load_shared_alloc(churn->n_children * sizeof(*churn->children));
	churn->pace = level_pace(&churn->level, load);
	churn->pace.rate_bytes =
		__builtin_mul_overflow(load->settings->forks, load->plan->size_bytes, &rate_bytes)
			? PACE_UNLIMITED
			: rate_bytes;
	return churn->children ? 0 : -ENOMEM;
}

/* The end of a process wakes the worker, which waits for it with sigtimedwait. */
static int churn_begin(struct load *load, const char **ret_why)
{
	struct churn *churn = load->state;
	sigset_t set;

	*ret_why = "block SIGCHLD";
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	return level_begin(&churn->level, load, ret_why);
}

static void fill(const struct load *load, const struct churn *churn, const struct child *child,
		 char *memory)
{
	for (uint64_t page = 0; page < churn->n_pages; page++) {
		uint64_t *words = (uint64_t *)(void *)(memory + page * CONTENT_PAGE_BYTES);

		if (load->settings->contents == CONTENTS_FULL)
			content_fill(&load->content, page, child->number, words);
		else
			*words = content_first_word(&load->content, page, child->number);
	}
}

static void read_back(const struct load *load, const struct churn *churn, struct child *child,
		      const char *memory)
{
	uint64_t verified = 0, bad = 0;

	for (uint64_t page = 0; page < churn->n_pages; page++) {
		struct content_error error = {0};

		if (!load_verify_wants(load, page))
			continue;
		verified++;
		if (!load_page_is_good(load, page, child->number,
				       memory + page * CONTENT_PAGE_BYTES, &error) &&
		    bad++ == 0 && child->bad_pages == 0)
			child->first_bad = (struct worker_bad_page){
				.page = page,
				.generation = child->number,
				.error = error,
				.found_ns = clock_now_ns(),
				.right_ns = child->right_ns,
			};
	}
	child->verified_pages += verified;
	child->skipped_pages = churn->n_pages - verified;
	child->bad_pages = MAX(child->bad_pages, bad);
	child->right_ns = clock_now_ns();
}

static sigset_t commands(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, READ_BACK);
	sigaddset(&set, END_LIFE);
	return set;
}

/* Until its lifetime is over; does what it is told meanwhile. */
static void wait_for_end(const struct load *load, const struct churn *churn, struct child *child,
			 const char *memory)
{
	uint64_t now_ns = clock_now_ns(), end_ns = now_ns + load->settings->lifetime_ns;
	const sigset_t set = commands();

	for (int told = 0; now_ns < end_ns && told != END_LIFE; now_ns = clock_now_ns()) {
		const struct timespec left = {
			.tv_sec = (time_t)((end_ns - now_ns) / NSEC_PER_SEC),
			.tv_nsec = (long)((end_ns - now_ns) % NSEC_PER_SEC),
		};

		told = sigtimedwait(&set, NULL, &left);
		if (told == READ_BACK && load->settings->verify != VERIFY_NONE)
			read_back(load, churn, child, memory);
	}
}

/* Allocates nothing but what it is there for: it is the copy of a process at any point. */
static _Noreturn void live(const struct load *load, const struct churn *churn, struct child *child,
			   pid_t worker)
{
	char *memory;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != worker)
		_exit(CHILD_ORPHAN);
	memory = mmap(NULL, churn->n_pages * CONTENT_PAGE_BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		_exit(CHILD_NO_MEMORY);
	fill(load, churn, child, memory);
	wait_for_end(load, churn, child, memory);
	if (load->settings->verify != VERIFY_NONE)
		read_back(load, churn, child, memory);
	_exit(CHILD_OK);
}

static int spawn(struct load *load, struct churn *churn)
{
	struct child *child = churn->children;
	const sigset_t set = commands();
	pid_t worker = getpid(), pid;
	sigset_t before;

	while (child->pid)
		child++;
	*child = (struct child){
		.born_ns = clock_now_ns(),
		.number = ++churn->forked,
		.skipped_pages = churn->n_pages,
	};
	/* Blocked in the process from its beginning: what it is told early waits for it. */
	(void)sigprocmask(SIG_BLOCK, &set, &before);
	pid = fork();
	if (pid == 0)
		live(load, churn, child, worker);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return load_fail(load, -errno, "fork");
	child->pid = pid;
	churn->n_alive++;
	block_set(&load->block->resident_pages, churn->n_alive * churn->n_pages);
	return 0;
}

static void count_life(struct load *load, const struct churn *churn, const struct child *child)
{
	struct worker_block *block = load->block;
	uint64_t life_ns = clock_now_ns() - child->born_ns;

	histogram_record(&block->first, life_ns - MIN(life_ns, load->settings->lifetime_ns));
	block_add(&block->operations, 1);
	block_add(&block->bytes, churn->n_pages * CONTENT_PAGE_BYTES);
}

static void count_pages(struct load *load, const struct child *child)
{
	struct worker_block *block = load->block;

	block_add(&block->verified_pages, child->verified_pages);
	block->skipped_pages += child->skipped_pages;
	if (child->bad_pages && block->bad_pages == 0)
		block->first_bad = child->first_bad;
	block->bad_pages += child->bad_pages;
}

static struct child *find_child(const struct churn *churn, pid_t pid)
{
	for (size_t i = 0; i < churn->n_children; i++)
		if (churn->children[i].pid == pid)
			return &churn->children[i];
	return NULL;
}

static int bury(struct load *load, struct churn *churn, struct child *child, int status)
{
	child->pid = 0;
	churn->n_alive--;
	churn->n_ending -= child->ending;
	block_set(&load->block->resident_pages, churn->n_alive * churn->n_pages);
	if (WIFSIGNALED(status))
		return load_fail(load, -ECANCELED, "a process was killed by signal %d (%s)",
				 WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != CHILD_OK)
		return load_fail(load, -ENOMEM, "a process got no address space");
	count_pages(load, child);
	return 0;
}

static int bury_all(struct load *load, struct churn *churn)
{
	struct child *child;
	int status, r = 0;
	pid_t pid;

	while (r == 0 && churn->n_alive && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
		child = find_child(churn, pid);
		if (!child)
			continue;
		r = bury(load, churn, child, status);
		if (r == 0 && !child->ending)
			count_life(load, churn, child);
	}
	return r;
}

/* Until a process ended, but no longer than a worker may be deaf. */
static void wait_for_child(void)
{
	const struct timespec most = {.tv_nsec = 10 * LOAD_SLEEP_NS};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	(void)sigtimedwait(&set, NULL, &most);
}

/* Those that are too many read theirs back and end now. */
static void end_surplus(struct churn *churn, size_t wanted)
{
	struct child *child = churn->children;

	for (; churn->n_alive - churn->n_ending > wanted; child++) {
		if (!child->pid || child->ending)
			continue;
		child->ending = true;
		churn->n_ending++;
		(void)kill(child->pid, END_LIFE);
	}
}

/* How many are to live: the whole number that is nearest. */
static int look_wanted(struct load *load, struct churn *churn, uint64_t now_ns, size_t *ret_wanted,
		       uint64_t *ret_due_ns)
{
	uint64_t size = load->plan->size_bytes, bytes;
	int r = level_look(&churn->level, load, (churn->n_alive - churn->n_ending) * size, now_ns,
			   &bytes, ret_due_ns);

	if (r == 0)
		*ret_wanted = MIN((bytes + size / 2) / size, churn->n_children);
	return r;
}

/* One more, when it is time. */
static int grow(struct load *load, struct churn *churn, uint64_t now_ns, uint64_t *ret_due_ns)
{
	uint64_t size_bytes = load->plan->size_bytes, pace_ns;
	int r;

	if (!load_take(load, &churn->pace, now_ns, size_bytes, 1, &pace_ns)) {
		*ret_due_ns = MIN(*ret_due_ns, pace_ns);
		return 0;
	}
	*ret_due_ns = 0;
	if (churn->n_alive == churn->n_children) {
		wait_for_child();
		return 0;
	}
	if (!load_may_grow(load)) {
		*ret_due_ns = now_ns + 10 * LOAD_SLEEP_NS;
		return 0;
	}
	r = spawn(load, churn);
	pace_note(&churn->pace, size_bytes);
	return r;
}

static int churn_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	struct churn *churn = load->state;
	size_t wanted = 0;
	bool wants;
	int r = bury_all(load, churn);

	if (r == 0)
		r = look_wanted(load, churn, now_ns, &wanted, ret_due_ns);
	if (r < 0)
		return r;
	end_surplus(churn, wanted);
	/* What is to be forked while there are as many as there may ever be is debt. */
	wants = churn->n_alive - churn->n_ending < wanted || wanted == churn->n_children;
	if (wants && churn->rests)
		pace_rest(&churn->pace, now_ns - load->started_ns);
	churn->rests = !wants;
	if (wants)
		r = grow(load, churn, now_ns, ret_due_ns);
	/* Those that live are to be buried soon after they end. */
	if (churn->n_alive && *ret_due_ns > now_ns)
		*ret_due_ns = MIN(*ret_due_ns, now_ns + LOAD_SLEEP_NS);
	return r;
}

static void tell_all(const struct churn *churn, int what)
{
	for (size_t i = 0; i < churn->n_children; i++)
		if (churn->children[i].pid)
			(void)kill(churn->children[i].pid, what);
}

/* Each reads its own pages back; what it finds is counted when it ends. */
static int churn_verify(struct load *load)
{
	tell_all(load->state, READ_BACK);
	return 0;
}

/* Those that still live read theirs back and end now. */
static int churn_verify_at_end(struct load *load)
{
	struct churn *churn = load->state;
	int status, r = 0;

	tell_all(churn, END_LIFE);
	for (size_t i = 0; i < churn->n_children && r == 0; i++)
		if (churn->children[i].pid && waitpid(churn->children[i].pid, &status, 0) > 0)
			r = bury(load, churn, &churn->children[i], status);
	return r;
}

static void churn_finish(struct load *load)
{
	struct churn *churn = load->state;

	if (!churn)
		return;
	level_finish(&churn->level);
	load_shared_free(churn->children, churn->n_children * sizeof(*churn->children));
	free(churn);
	load->state = NULL;
}

const struct load_ops load_churn = {
	.name = "churn",
	.help = "processes forked at a rate; each fills `size` of memory, reads it back and exits; "
		"a touch is one process's life, less its lifetime",
	.anonymous = true,
	.settings = churn_settings,
	.anonymous_bytes = churn_peak_bytes,
	.peak_bytes = churn_peak_bytes,
	.check = churn_check,
	.prepare = churn_prepare,
	.begin = churn_begin,
	.step = churn_step,
	.verify = churn_verify,
	.verify_at_end = churn_verify_at_end,
	.finish = churn_finish,
};
