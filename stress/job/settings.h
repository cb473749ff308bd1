/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every setting of a job, in one table: what a job file may say, what the command line may say, and
 * what --help and `uswap-stress help KEY` tell all come from here.
 */
#pragma once

#include "stress/job/amount.h"
#include "stress/job/node_list.h"
#include "stress/pattern/access.h"
#include "stress/pattern/schedule.h"
#include "stress/pattern/setpoint.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define STRESS_NAME_MAX 64 /* of a load or a group, with the final NUL */
#define WATCHES_MAX	8
#define LOAD_BYTES_MAX	(UINT64_C(1) << 46) /* 64 TiB: with it there is address space to spare */

enum verify { VERIFY_END, VERIFY_SAMPLE, VERIFY_NONE };
enum page_size { PAGES_4K, PAGES_THP, PAGES_HUGETLB };
enum lock { LOCK_ONFAULT, LOCK_MLOCK };
enum backing { BACKING_MEMFD, BACKING_ANONYMOUS };
enum mapping { MAPPING_SHARED, MAPPING_PRIVATE };
enum objects { OBJECTS_DENTRIES, OBJECTS_FILES };
enum channel_kind { CHANNEL_PIPE, CHANNEL_UNIX, CHANNEL_UDP };
enum sync { SYNC_NONE, SYNC_WRITEBACK, SYNC_DATA };
enum contents { CONTENTS_FULL, CONTENTS_WORD };
enum reuse_when { REUSE_PARALLEL, REUSE_AFTER };
enum release { RELEASE_MUNMAP, RELEASE_DONTNEED };
enum read_via { VIA_READ, VIA_MMAP };
enum read_mode { MODE_LOOP, MODE_STREAM };

/* Processes whose CPU time is measured: by number or by name. */
struct watch_list {
	uint64_t n;
	struct {
		uint64_t pid; /* 0: by name */
		char name[STRESS_NAME_MAX];
	} entries[WATCHES_MAX];
};

/* [global] */
struct global_settings {
	uint64_t duration_ns, interval_ns, grace_ns;
	uint64_t seed;
	struct amount floor;
	char parent[PATH_MAX]; /* "/a/b"; "": the group this program is in */
	char json[PATH_MAX];   /* "": none */
	char csv[PATH_MAX];    /* the same */
	uint64_t check_fit;
	struct watch_list watches;
};

/* "memory.current 80% of limit": what a closed loop holds. */
struct set_point {
	enum setpoint_signal signal;
	struct amount amount;	     /* signals in bytes */
	uint64_t pressure_permyriad; /* SETPOINT_PRESSURE */
};

/* [load NAME]; sizes as said, plan.h turns them into bytes */
struct load_settings {
	char type[STRESS_NAME_MAX];
	char group[STRESS_NAME_MAX]; /* "": where this program is */
	struct node_list nodes;
	uint64_t policy; /* enum topology_policy */
	uint64_t n_workers;
	struct amount size;
	uint64_t rate_bytes; /* per second; SCHEDULE_UNLIMITED */
	uint64_t start_ns, duration_ns;
	uint64_t seed; /* 0: from the run's seed and the load's place */
	uint64_t ratio_percent;
	uint64_t verify; /* enum verify */
	uint64_t verify_every_ns;
	uint64_t slow_ns;
	uint64_t oom_score_adj; /* index in oom_score_adjs */
	uint64_t pages;		/* anon: enum page_size */
	uint64_t reserve;	/* anon */
	uint64_t lock;		/* locked: enum lock */
	uint64_t backing;	/* shmem: enum backing */
	/* page memory */
	uint64_t contents; /* enum contents */
	uint64_t schedule; /* enum schedule_kind */
	struct amount burst, low;
	uint64_t period_ns, hold_ns;
	uint64_t n_steps;
	char trace[PATH_MAX]; /* "": none */
	uint64_t trace_scale_permyriad;
	struct set_point set_point;
	uint64_t release; /* enum release */
	struct access_pattern reuse;
	uint64_t reuse_when; /* enum reuse_when */
	uint64_t reuse_rate_bytes;
	uint64_t reuse_write_permyriad;
	uint64_t reuse_debt_bytes; /* PACE_UNLIMITED */
	uint64_t think_ns, think_after_bytes;
	struct access_changes changes; /* of reuse */
	/* fileread, filemap */
	char directory[PATH_MAX];
	uint64_t n_files, block_bytes;
	uint64_t via;  /* enum read_via */
	uint64_t mode; /* enum read_mode */
	uint64_t sparse;
	struct access_pattern access;
	uint64_t mapping;	  /* enum mapping */
	uint64_t write_permyriad; /* of touches */
	uint64_t dirty_permyriad; /* of pages */
	uint64_t sync;		  /* enum sync */
	uint64_t sync_every_ns;
	uint64_t objects;		      /* slab: enum objects */
	uint64_t channel;		      /* buffers: enum channel_kind */
	uint64_t order;			      /* fragment */
	uint64_t forks, n_alive, lifetime_ns; /* churn; forks a second */
	uint64_t n_threads;		      /* thread */
	uint64_t status;		      /* exit */
};

struct setting;

/* A kind of value. */
struct setting_type {
	const char *words; /* what a value looks like, for error messages and help */
	/* Writes *field only on success. 0, -EINVAL (not such a value), -ERANGE, -E2BIG. */
	int (*parse)(const struct setting *setting, const char *text, void *field);
	/* Writes one of setting.min and max as people say it; NULL: words say the bounds. */
	char *(*show)(char *text, size_t n, uint64_t bound);
};

struct setting {
	const char *name;
	const struct setting_type *type;
	size_t offset;		    /* in global_settings or load_settings */
	uint64_t min, max;	    /* of numbers, sizes in bytes, durations; max 0: no bound */
	const char *const *choices; /* NULL-ended; the value is the index */
	const char *default_text;   /* NULL: must be given, or is empty */
	const char *help;
	bool common; /* of loads: every type knows it; others are listed in load_ops.settings */
	bool many;   /* it may be said again and again: each adds to those before */
};

enum { N_GLOBAL_SETTINGS_MAX = 16, N_LOAD_SETTINGS_MAX = 80 };

/* What /proc/PID/oom_score_adj of a worker may be; NULL at the end. */
extern const char *const oom_score_adjs[];

struct setting_table {
	const char *section; /* "global", "load" */
	const struct setting *settings;
	size_t n;
};
extern const struct setting_table global_table, load_table;

/* NULL when there is none. */
const struct setting *stress_setting_find(const struct setting_table *table, const char *name);
/* The known name nearest to a misspelt one, or NULL. */
const char *stress_setting_nearest(const struct setting_table *table, const char *name);

/* Reads text into the setting's field of the struct at base. Errors as setting_type.parse. */
int stress_setting_read(const struct setting *setting, const char *text, void *base);

/* Fills the struct at base with the table's defaults. */
void stress_settings_default(const struct setting_table *table, void *base);

/* One setting for people: value, default, range and help. */
void stress_setting_print(const struct setting *setting, FILE *to);
