/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formulas over the files of groups, as scenarios write them:
 *
 *	memory.current(A)                            a file of group A that holds one number
 *	memory.stat:anon(A)                          a key of a flat keyed file
 *	memory.pressure:some.total(A)                a field of a line of words (PSI)
 *	memory.peak@own(A)                           the same, through a descriptor that stays open
 *	cgroup.controllers:memory(A)                 1 where the word is in the file, else 0
 *	load:signal(fill), vmstat:pswpin(machine)    what is no file of a group: formula_source
 *	abs(memory.current(A) - memory.stat:anon(A)) <= 64 * page * cpus
 *
 * Numbers are integers with a kind: plain, bytes (50M, 512B), times (3s) and shares (2.5%). Kinds
 * that do not go together are refused when the formula is read: "memory.current(A) >= 50" meant
 * 50M. What a key counts in is known for those listed in formula_kind.c; others go with every kind.
 * A 0 goes with every kind too. Division drops the remainder.
 *
 * Reading and evaluating are pure and allocate nothing.
 */
#pragma once

#include "stress/job/settings.h"

#include <stddef.h>
#include <stdint.h>

enum formula_kind {
	FORMULA_ANY,
	FORMULA_PLAIN,
	FORMULA_BYTES,
	FORMULA_TIME,  /* ns */
	FORMULA_SHARE, /* permyriad */
};

/* "plain numbers", "bytes", "times", "shares" */
const char *formula_kind_name(enum formula_kind kind);

enum formula_source {
	FORMULA_OF_GROUP,  /* a file of the group `of`; its name has a dot, no other source's has */
	FORMULA_OF_LOAD,   /* load:KEY(LOAD): formula_load_key */
	FORMULA_OF_STEP,   /* step:KEY(STEP): formula_step_key */
	FORMULA_OF_WATCH,  /* watch:KEY(WATCH): formula_watch_key */
	FORMULA_OF_VMSTAT, /* vmstat:KEY(machine): /proc/vmstat */
	FORMULA_OF_MEMINFO, /* meminfo:KEY(machine): /proc/meminfo */
	FORMULA_OF_NODE,    /* node:KEY(0): vmstat of the node */
};

/* Keys of what is no file, as their index in the names that formula_kind.c has for them. */
enum formula_load_key {
	FORMULA_LOAD_ALIVE,	/* 1 while its process lives, 0 before and after */
	FORMULA_LOAD_EXIT,	/* its process's exit status, 0 when a signal ended it */
	FORMULA_LOAD_SIGNAL,	/* what ended its process; 0: none did */
	FORMULA_LOAD_ERRNO,	/* what made it give up; 0: nothing did */
	FORMULA_LOAD_BAD_PAGES, /* with wrong contents */
	FORMULA_LOAD_RESIDENT,	/* bytes touched and not given back by the load itself */
	FORMULA_LOAD_OPERATIONS,
	FORMULA_LOAD_FIRST_P50, /* latency of first touches */
	FORMULA_LOAD_FIRST_P99,
	FORMULA_LOAD_FIRST_P99_9,
	FORMULA_LOAD_REUSE_P50, /* and of later ones */
	FORMULA_LOAD_REUSE_P99,
	FORMULA_LOAD_REUSE_P99_9,
	FORMULA_LOAD_KEYS,
};
enum formula_step_key {
	FORMULA_STEP_ERRNO, /* of its write or removal; 0: it succeeded */
	FORMULA_STEP_TRIES, /* writes that its reclaim took */
	FORMULA_STEP_TOOK,  /* how long it took */
	FORMULA_STEP_KEYS,
};
enum formula_watch_key {
	FORMULA_WATCH_EVENTS,  /* notices so far */
	FORMULA_WATCH_DELETED, /* IN_DELETE_SELF */
	FORMULA_WATCH_IGNORED, /* IN_IGNORED: the last one */
	FORMULA_WATCH_KEYS,
};

/* A number somewhere in a file of a group, or of another source. */
struct formula_file {
	enum formula_source source;
	size_t key_index; /* of a source with keys of its own */
	char file[STRESS_NAME_MAX];
	char handle[STRESS_NAME_MAX]; /* "": it is opened anew */
	char key[STRESS_NAME_MAX];    /* "": the file is one number */
	char of[STRESS_NAME_MAX];     /* what stands in brackets */
	int64_t scale;		      /* what a unit of the file's comes to: 1000 for us */
};

enum formula_operation {
	FORMULA_NUMBER, /* operand: the number itself */
	FORMULA_FILE,	/* operand: index in files */
	FORMULA_PAGE,	/* bytes */
	FORMULA_FOLIO,	/* bytes of the largest */
	FORMULA_CPUS,
	FORMULA_NODES,
	FORMULA_ADD,
	FORMULA_SUBTRACT,
	FORMULA_MULTIPLY,
	FORMULA_DIVIDE,
	FORMULA_MIN,
	FORMULA_MAX,
	FORMULA_ABS,
};

struct formula_step {
	enum formula_operation operation;
	int64_t operand;
};

#define FORMULA_STEPS_MAX 64
#define FORMULA_FILES_MAX 8

/* In reverse Polish notation. */
struct formula {
	enum formula_kind kind; /* of the result */
	size_t n_steps, n_files;
	struct formula_step steps[FORMULA_STEPS_MAX];
	struct formula_file files[FORMULA_FILES_MAX];
};

enum formula_order {
	FORMULA_EQUAL,
	FORMULA_UNEQUAL,
	FORMULA_LESS,
	FORMULA_AT_MOST,
	FORMULA_MORE,
	FORMULA_AT_LEAST,
};

struct formula_condition {
	enum formula_order order;
	struct formula left, right;
};

#define FORMULA_WORDS_BYTES 160

/* Why a formula was refused. */
struct formula_error {
	size_t at; /* byte of the text */
	char words[FORMULA_WORDS_BYTES];
};

/* The whole text must be one formula. -EINVAL with *ret_error. */
int formula_parse(const char *text, struct formula *ret, struct formula_error *ret_error);
/* FORMULA, one of == != < <= > >=, FORMULA. */
int formula_parse_condition(const char *text, struct formula_condition *ret,
			    struct formula_error *ret_error);

/*
 * What a file's or key's number is; sets file's source, key_index and scale, too. -EINVAL with
 * words (static): there is no such source or key.
 */
int formula_file_kind(struct formula_file *file, enum formula_kind *ret_kind, const char **ret_why);

/* cgroup.controllers and the like: a key is 1 where it is in the file, else 0. */
bool formula_file_lists_words(const char *file);

/* As it was written: "memory.stat:anon(A)", "memory.peak@own(A)". Returns text. */
#define FORMULA_FILE_NAME_BYTES (4 * STRESS_NAME_MAX + 4)
char *formula_file_name(char text[static FORMULA_FILE_NAME_BYTES], const struct formula_file *file);

/* Whether two kinds can be compared. */
bool formula_kinds_agree(enum formula_kind a, enum formula_kind b);

struct formula_machine {
	int64_t page_bytes, folio_bytes, cpus, nodes;
};

/*
 * values: of formula->files, in their order, as formula_file_value gave them. -EOVERFLOW; -EDOM for
 * a division by 0; -EINVAL: no formula was read into it.
 */
int formula_evaluate(const struct formula *formula, const int64_t *values,
		     const struct formula_machine *machine, int64_t *ret);

bool formula_compare(int64_t left, enum formula_order order, int64_t right);

/*
 * The number in a file's text, scaled; "max" is INT64_MAX. Of files that list controllers: whether
 * the key is in it. -EBADMSG: malformed, missing or doubled;
 * -EOVERFLOW.
 */
int formula_file_value(const struct formula_file *file, const char *text, int64_t *ret);
