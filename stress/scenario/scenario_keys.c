/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/scenario/scenario_keys.h"

#include "base/parse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool scenario_name_is_good(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"0123456789-_");

	return n > 0 && n < STRESS_NAME_MAX && !name[n];
}

static int refuse(struct scenario_refusal *refusal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static int refuse(struct scenario_refusal *refusal, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(refusal->words, sizeof(refusal->words), format, ap);
	va_end(ap);
	return -EINVAL;
}

static int take_number(void *field, const char *value, int (*parse)(const char *, uint64_t *),
		       const char *words, struct scenario_refusal *refusal)
{
	uint64_t number;

	if (parse(value, &number) < 0 || number == 0)
		return refuse(refusal, "\"%.64s\" is not understood; it is %s", value, words);
	*(uint64_t *)field = number;
	return 0;
}

static int take_size(void *section, void *field, const char *value,
		     struct scenario_refusal *refusal)
{
	(void)section;
	return take_number(field, value, parse_size, "a size, such as 512M", refusal);
}

static int take_count(void *section, void *field, const char *value,
		      struct scenario_refusal *refusal)
{
	(void)section;
	return take_number(field, value, parse_u64, "a number from 1", refusal);
}

static int take_duration(void *section, void *field, const char *value,
			 struct scenario_refusal *refusal)
{
	(void)section;
	return take_number(field, value, parse_duration, "a time, such as 500ms or 5s", refusal);
}

static int take_yes(void *section, void *field, const char *value, struct scenario_refusal *refusal)
{
	(void)section;
	if (strcmp(value, "yes") != 0)
		return refuse(refusal, "\"%.64s\" is not understood; it is yes", value);
	*(bool *)field = true;
	return 0;
}

static int take_text(void *section, void *field, const char *value,
		     struct scenario_refusal *refusal)
{
	(void)section;
	if (!*value || strlen(value) >= JOB_VALUE_MAX)
		return refuse(refusal, "has 1 to %d bytes", JOB_VALUE_MAX - 1);
	strcpy(field, value);
	return 0;
}

static int take_word(void *section, void *field, const char *value,
		     struct scenario_refusal *refusal)
{
	(void)section;
	if (!*value || strlen(value) >= STRESS_NAME_MAX || strpbrk(value, " \t/,"))
		return refuse(refusal, "\"%.64s\" is not understood; it is one word", value);
	strcpy(field, value);
	return 0;
}

/* "6.12" */
static int take_kernel(void *section, void *field, const char *value,
		       struct scenario_refusal *refusal)
{
	struct scenario_requirement *requirement = section;
	const char *dot = strchr(value, '.');
	uint64_t major, minor;

	(void)field;
	if (!dot || parse_u64_n(value, (size_t)(dot - value), &major) < 0 ||
	    parse_u64(dot + 1, &minor) < 0)
		return refuse(refusal, "\"%.64s\" is not understood; it is as 6.12", value);
	requirement->kernel_major = major;
	requirement->kernel_minor = minor;
	return 0;
}

static int take_moment(void *section, void *field, const char *value,
		       struct scenario_refusal *refusal)
{
	struct scenario_moment *moment = field;

	(void)section;
	if (!scenario_name_is_good(value))
		return refuse(refusal, "\"%.64s\" is not understood; it is a step's name", value);
	strcpy(moment->name, value);
	return 0;
}

static int explain(const struct formula_error *error, const char *text,
		   struct scenario_refusal *refusal)
{
	return refuse(refusal, "at \"%.24s\": %s", text + error->at, error->words);
}

static int take_formula(void *section, void *field, const char *value,
			struct scenario_refusal *refusal)
{
	struct formula_error error;

	(void)section;
	return formula_parse(value, field, &error) < 0 ? explain(&error, value, refusal) : 0;
}

static int take_condition(void *section, void *field, const char *value,
			  struct scenario_refusal *refusal)
{
	struct formula_error error;

	(void)section;
	return formula_parse_condition(value, field, &error) < 0 ? explain(&error, value, refusal)
								 : 0;
}

static int take_is(void *section, void *field, const char *value, struct scenario_refusal *refusal)
{
	((struct scenario_expect *)section)->kind = EXPECT_IS;
	return take_formula(section, field, value, refusal);
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t")] == '\0';
}

/* "50M .. 60M", "50M ..", ".. 60M" */
static int take_range(void *section, void *field, const char *value,
		      struct scenario_refusal *refusal)
{
	struct scenario_expect *expect = section;
	const char *dots = strstr(value, "..");
	char low[JOB_VALUE_MAX] = "";

	(void)field;
	if (!dots || (size_t)(dots - value) >= sizeof(low))
		return refuse(refusal, "\"%.64s\" is not understood; it is LOW .. HIGH", value);
	memcpy(low, value, (size_t)(dots - value));
	if (is_blank(low) && is_blank(dots + 2))
		return refuse(refusal, "everything is in it: a bound is missing");
	expect->kind = EXPECT_RANGE;
	if (!is_blank(low) && take_formula(section, &expect->low, low, refusal) < 0)
		return -EINVAL;
	return is_blank(dots + 2) ? 0 : take_formula(section, &expect->high, dots + 2, refusal);
}

/* "50M within 3% of sum" */
static int take_close(void *section, void *field, const char *value,
		      struct scenario_refusal *refusal)
{
	static const struct {
		const char *name;
		enum expect_basis basis;
	} bases[] = {{"sum", EXPECT_OF_SUM},
		     {"sum-by-page", EXPECT_OF_SUM_BY_PAGE},
		     {"wanted", EXPECT_OF_WANTED}};
	struct scenario_expect *expect = section;
	char text[JOB_VALUE_MAX], *within, *of;

	if (strlen(value) >= sizeof(text))
		return refuse(refusal, "has more than %d bytes", JOB_VALUE_MAX - 1);
	strcpy(text, value);
	within = strstr(text, " within ");
	of = within ? strstr(within, " of ") : NULL;
	for (size_t i = 0; of && i < ARRAY_SIZE(bases); i++) {
		if (strcmp(of + 4, bases[i].name) != 0)
			continue;
		*within = *of = '\0';
		if (parse_percent(within + 8, &expect->share_permyriad) < 0 ||
		    expect->share_permyriad > 10000)
			return refuse(refusal, "\"%.20s\" is not a share from 0%% to 100%%",
				      within + 8);
		expect->kind = EXPECT_CLOSE;
		expect->basis = bases[i].basis;
		return take_formula(section, field, text, refusal);
	}
	return refuse(refusal,
		      "\"%.64s\" is not understood; it is FORMULA within SHARE of sum, "
		      "of sum-by-page or of wanted",
		      value);
}

/* "memory.reclaim(A)", "memory.peak@own(A)"; *ret_rest is what follows. */
static int read_file(const char *value, struct scenario_file *file, const char **ret_rest)
{
	size_t file_n = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789._");
	const char *dot = memchr(value, '.', file_n), *handle = value + file_n, *group, *close;
	size_t handle_n = 0;

	if (*handle == '@')
		handle_n = strcspn(++handle, "(");
	group = handle + handle_n;
	if (*group++ != '(' || !dot || dot == value)
		return -EINVAL;
	close = strchr(group, ')');
	if (!close || close == group || file_n >= STRESS_NAME_MAX || handle_n >= STRESS_NAME_MAX ||
	    (size_t)(close - group) >= STRESS_NAME_MAX || (handle_n == 0 && handle[-1] == '@'))
		return -EINVAL;
	*file = (struct scenario_file){.file = ""};
	memcpy(file->file, value, file_n);
	memcpy(file->handle, handle, handle_n);
	memcpy(file->group, group, (size_t)(close - group));
	*ret_rest = close + 1;
	return 0;
}

/* "memory.reclaim(A) 20M" */
static int take_write(void *section, void *field, const char *value,
		      struct scenario_refusal *refusal)
{
	struct scenario_step *step = section;
	const char *rest = "";

	if (read_file(value, field, &rest) < 0 || !*rest || strspn(rest, " \t") == 0 ||
	    is_blank(rest))
		return refuse(refusal,
			      "\"%.64s\" is not understood; it is FILE(GROUP) VALUE, such as "
			      "memory.reclaim(A) 20M",
			      value);
	return take_text(section, step->write_value, rest + strspn(rest, " \t"), refusal);
}

/* "A to 30M" */
static int take_reclaim(void *section, void *field, const char *value,
			struct scenario_refusal *refusal)
{
	struct scenario_step *step = section;
	const char *to = strstr(value, " to ");

	if (!to || to == value || to - value >= STRESS_NAME_MAX ||
	    parse_size(to + 4, &step->reclaim_to_bytes) < 0)
		return refuse(refusal, "\"%.64s\" is not understood; it is GROUP to SIZE", value);
	memcpy(field, value, (size_t)(to - value));
	return 0;
}

static int take_group(void *section, void *field, const char *value,
		      struct scenario_refusal *refusal)
{
	(void)section;
	if (!*value || strlen(value) >= STRESS_NAME_MAX)
		return refuse(refusal, "\"%.64s\" is not understood; it is a group", value);
	strcpy(field, value);
	return 0;
}

static int take_watched(void *section, void *field, const char *value,
			struct scenario_refusal *refusal)
{
	const char *rest = "";

	(void)section;
	if (read_file(value, field, &rest) < 0 || *rest)
		return refuse(refusal,
			      "\"%.64s\" is not understood; it is FILE(GROUP), such as "
			      "memory.events(A)",
			      value);
	return 0;
}

/* One of two words. */
static int take_either(const char *value, const char *const words[2], uint64_t *ret,
		       struct scenario_refusal *refusal)
{
	for (uint64_t i = 0; i < 2; i++) {
		if (strcmp(value, words[i]) == 0) {
			*ret = i;
			return 0;
		}
	}
	return refuse(refusal, "\"%.64s\" is not understood; it is %s, %s", value, words[0],
		      words[1]);
}

static int take_by(void *section, void *field, const char *value, struct scenario_refusal *refusal)
{
	static const char *const words[] = {"poll", "inotify"};

	(void)section;
	return take_either(value, words, field, refusal);
}

static int take_otherwise(void *section, void *field, const char *value,
			  struct scenario_refusal *refusal)
{
	static const char *const words[] = {"skip", "xfail"};

	(void)section;
	return take_either(value, words, field, refusal);
}

static int take_no_agent(void *section, void *field, const char *value,
			 struct scenario_refusal *refusal)
{
	(void)section;
	if (strcmp(value, "none") != 0)
		return refuse(refusal, "\"%.64s\" is not understood; it is none", value);
	*(bool *)field = true;
	return 0;
}

#define REQUIREMENT(name, take, field)                                   \
	{                                                                \
		name, take, offsetof(struct scenario_requirement, field) \
	}
#define STEP(name, take, field)                                   \
	{                                                         \
		name, take, offsetof(struct scenario_step, field) \
	}
#define WATCH(name, take, field)                                   \
	{                                                          \
		name, take, offsetof(struct scenario_watch, field) \
	}
#define MUTANT(name, take, field)                                   \
	{                                                           \
		name, take, offsetof(struct scenario_mutant, field) \
	}
#define EXPECT(name, take, field)                                   \
	{                                                           \
		name, take, offsetof(struct scenario_expect, field) \
	}

static const struct scenario_key scenario_keys[] = {
	{"title", take_text, offsetof(struct scenario, title)},
	{"timeout", take_duration, offsetof(struct scenario, timeout_ns)},
};
static const struct scenario_key requirement_keys[] = {
	[REQUIRES_SWAP] = REQUIREMENT("swap", take_size, swap_bytes),
	[REQUIRES_MEMORY] = REQUIREMENT("memory", take_size, memory_bytes),
	[REQUIRES_NODES] = REQUIREMENT("nodes", take_count, nodes),
	[REQUIRES_KERNEL] = REQUIREMENT("kernel", take_kernel, kernel_major),
	[REQUIRES_ZSWAP] = REQUIREMENT("zswap", take_yes, zswap),
	[REQUIRES_CONTROLLER] = REQUIREMENT("controller", take_word, controller),
	[REQUIRES_MOUNT_OPTION] = REQUIREMENT("mount-option", take_word, mount_option),
	[REQUIRES_FILE] = REQUIREMENT("file", take_word, file),
	[REQUIRES_PROGRAM] = REQUIREMENT("program", take_word, program),
	[REQUIRES_OTHERWISE] = REQUIREMENT("otherwise", take_otherwise, otherwise),
	[REQUIRES_BECAUSE] = REQUIREMENT("because", take_text, because),
};
static const struct scenario_key step_keys[] = {
	[STEP_AT] = STEP("at", take_duration, at_ns),
	[STEP_AFTER] = STEP("after", take_moment, after),
	[STEP_WHEN] = STEP("when", take_condition, when),
	[STEP_WITHIN] = STEP("within", take_duration, within_ns),
	[STEP_PAUSE] = STEP("pause", take_duration, pause_ns),
	[STEP_START] = STEP("start", take_word, start),
	[STEP_STOP] = STEP("stop", take_word, stop),
	[STEP_KILL] = STEP("kill", take_word, kill),
	[STEP_WRITE] = STEP("write", take_write, write),
	[STEP_RECLAIM] = STEP("reclaim", take_reclaim, reclaim),
	[STEP_REMOVE] = STEP("remove", take_group, remove),
};
static const struct scenario_key watch_keys[] = {
	[WATCH_FILE] = WATCH("file", take_watched, file),
	[WATCH_GROUP] = WATCH("group", take_group, file.group),
	[WATCH_BY] = WATCH("by", take_by, by),
};
static const struct scenario_key agent_keys[] = {
	{"command", take_text, offsetof(struct scenario, agent.command)},
	{"ready", take_text, offsetof(struct scenario, agent.ready)},
};
static const struct scenario_key mutant_keys[] = {
	[MUTANT_SET] = MUTANT("set", take_text, set),
	[MUTANT_AGENT] = MUTANT("agent", take_no_agent, no_agent),
	[MUTANT_FAILS] = MUTANT("fails", take_word, fails),
};
static const struct scenario_key expect_keys[] = {
	[EXPECT_KEY_VALUE] = EXPECT("value", take_formula, value),
	[EXPECT_KEY_OF] = EXPECT("of", take_formula, of),
	[EXPECT_KEY_SINCE] = EXPECT("since", take_moment, since),
	[EXPECT_KEY_AT] = EXPECT("at", take_moment, at),
	[EXPECT_KEY_IS] = EXPECT("is", take_is, wanted),
	[EXPECT_KEY_TOLERANCE] = EXPECT("tolerance", take_formula, tolerance),
	[EXPECT_KEY_RANGE] = EXPECT("range", take_range, low),
	[EXPECT_KEY_CLOSE] = EXPECT("close", take_close, wanted),
	[EXPECT_KEY_POLL] = EXPECT("poll", take_duration, poll_ns),
	[EXPECT_KEY_TIMEOUT] = EXPECT("timeout", take_duration, timeout_ns),
	[EXPECT_KEY_BECAUSE] = EXPECT("because", take_text, because),
};

_Static_assert(ARRAY_SIZE(requirement_keys) <= SCENARIO_KEYS_MAX, "room for their places");
_Static_assert(ARRAY_SIZE(step_keys) <= SCENARIO_KEYS_MAX, "room for their places");
_Static_assert(ARRAY_SIZE(expect_keys) <= SCENARIO_KEYS_MAX, "room for their places");

const struct scenario_kind scenario_kinds[SCENARIO_KINDS] = {
	[SCENARIO_KIND_SCENARIO] = {"scenario", scenario_keys, ARRAY_SIZE(scenario_keys), 0, 0, 0},
	[SCENARIO_KIND_REQUIRES] = {"requires", requirement_keys, ARRAY_SIZE(requirement_keys),
				    offsetof(struct scenario, requirements),
				    offsetof(struct scenario, n_requirements),
				    sizeof(struct scenario_requirement)},
	[SCENARIO_KIND_STEP] = {"step", step_keys, ARRAY_SIZE(step_keys),
				offsetof(struct scenario, steps),
				offsetof(struct scenario, n_steps), sizeof(struct scenario_step)},
	[SCENARIO_KIND_EXPECT] = {"expect", expect_keys, ARRAY_SIZE(expect_keys),
				  offsetof(struct scenario, expects),
				  offsetof(struct scenario, n_expects),
				  sizeof(struct scenario_expect)},
	[SCENARIO_KIND_WATCH] = {"watch", watch_keys, ARRAY_SIZE(watch_keys),
				 offsetof(struct scenario, watches),
				 offsetof(struct scenario, n_watches),
				 sizeof(struct scenario_watch)},
	[SCENARIO_KIND_AGENT] = {"agent", agent_keys, ARRAY_SIZE(agent_keys), 0, 0, 0},
	[SCENARIO_KIND_MUTANT] = {"mutant", mutant_keys, ARRAY_SIZE(mutant_keys),
				  offsetof(struct scenario, mutants),
				  offsetof(struct scenario, n_mutants),
				  sizeof(struct scenario_mutant)},
};
