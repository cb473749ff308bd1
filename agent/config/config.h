/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operator can set. One struct, immutable once made: a reload makes a new one and the
 * workers change over between two ticks.
 *
 * Every setting stands in one table (settings.c) with its parser, range, unit, default and help;
 * --help-settings and the manual are made from that table.
 */
#pragma once

#include "base/cleanup.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_SOCKET_PATH  "/run/uswapd/control.sock" /* the default */
#define CONFIG_PATH_MAX	    108			       /* a unix socket's address */
#define CONFIG_PATTERNS_MAX 32
#define CONFIG_PATTERN_MAX  256
#define CONFIG_RULES_MAX    32

/*
 * Globs over a group's path below the cgroup root, as fnmatch(3) with FNM_PATHNAME. A match holds
 * for the groups below it too (FNM_LEADING_DIR): what is taken from them is taken from it.
 */
struct config_patterns {
	size_t n;
	char pattern[CONFIG_PATTERNS_MAX][CONFIG_PATTERN_MAX];
};

/* How a margin follows demand; see policy/demand.h for the law. */
struct margin_settings {
	bool enabled;
	uint64_t reaction_ns;	   /* what the agent needs from "it grows" to "memory is free" */
	uint64_t margin_min_bytes; /* while there is demand at all */
	uint64_t margin_max_permyriad; /* of the limit, or of the node's managed memory */
};

struct headroom_settings {
	struct margin_settings margin;
	uint64_t swap_allowance_permyriad; /* of the group's limit that may stand in swap */
};

struct balance_settings {
	struct margin_settings margin;
	uint64_t order;		      /* of free pieces that are wanted; 0: of any size */
	uint64_t order_free_bytes;    /* so much, in such pieces */
	bool keep_local;	      /* act on a node although its neighbours still have room */
	uint64_t elsewhere_permyriad; /* of a group's memory that may be on nodes with room */
	bool lru_gen;	    /* through debugfs, where a group has memory on other nodes too */
	uint64_t drop_slab; /* times an hour, of the whole machine, where nothing else helps */
	uint64_t hopeless_rounds;   /* fruitless rounds until a node is left alone */
	uint64_t hopeless_retry_ns; /* until it is tried again */
};

struct protect_settings {
	struct config_patterns exclude;			  /* groups nothing is ever taken from */
	struct config_patterns exclude_unit, exclude_uid; /* the same, by other names */
	uint64_t swap_free_permyriad;			  /* of all swap that stays free */
	uint64_t swap_yield_permyriad; /* of the swapped, to be gained at least; 0: no matter */
	uint64_t swap_writes_bytes;    /* a day, to swap on disks; 0: no bound */
	char swap_writes_file[CONFIG_PATH_MAX]; /* what is left of them; "": forgotten */
	struct config_patterns exclude_device;	/* block devices nothing is written to */
	uint64_t cpu_permyriad;	 /* of one CPU a worker may use, own and in reclaim */
	uint64_t time_permyriad; /* of its time that requests may last; 10000: no bound */
	uint64_t rate_bytes;	 /* a second a worker may take; 0: no bound */
	uint64_t price_ns;	 /* of CPU time a MiB may cost; 0: no bound */
};

struct reclaim_settings {
	uint64_t piece_ns;	  /* how long one request to the kernel should take */
	uint64_t piece_min_bytes; /* and its bounds */
	uint64_t piece_max_bytes;
	uint64_t deadline_ns;	  /* after which a request is interrupted */
	bool swappiness_by_price; /* else the kernel's setting stands */
};

enum agent_mode {
	MODE_OBSERVE, /* decides and reports, and asks the kernel for nothing */
	MODE_ACT,
};

/* Write-back of dirty file memory that is in the way of reclaim. */
struct clean_settings {
	bool enabled;
	bool remote;		     /* network and FUSE file systems too */
	uint64_t device_target_ns;   /* how long a piece may take: what others wait for ours */
	uint64_t device_bytes_per_s; /* of each device; 0: no bound */
	bool give_way;		     /* slower while others read from it */
	uint64_t deadline_ns;	     /* until a device is given up */
};

/* Cold memory given back continuously; see policy/trim.h for the law. */
struct trim_settings {
	bool enabled;
	uint64_t interval_ns;	      /* between two steps; refaults need time to show */
	uint64_t pause_ns;	      /* without a step after a PSI trigger fired */
	uint64_t ratio_min_permyriad; /* of usage, a step; where it starts */
	uint64_t ratio_max_permyriad;
	uint64_t pressure_permyriad;  /* allowed: of the time */
	uint64_t refault_permyriad;   /* allowed: of the taken */
	uint64_t promotion_permyriad; /* allowed: of the working set, a minute */
	uint64_t floor_bytes;	      /* usage is not trimmed below that */
	uint64_t swap_permyriad;      /* of the group's memory, swap included, that may be there */
	uint64_t cold_age_ns;	      /* not used for so long is cold, where ages are known */
};

/* Processes whose memory is cold beyond doubt: paged out with process_madvise(2). */
struct pageout_settings {
	bool enabled;
	uint64_t still_for_ns; /* how long a process must have been frozen or stopped */
	uint64_t rss_min_bytes;
	struct config_patterns name, uid, group; /* all that are set must match */
	uint64_t cold_age_ns; /* of named processes only what is untouched for so long; 0: all */
	struct config_patterns mapping; /* of named processes only these; none: all */
	struct config_patterns exclude_mapping;
	bool second_chance; /* MADV_COLD for the processes that are left */
};

/* For Prometheus. */
struct metrics_settings {
	char textfile[CONFIG_PATH_MAX]; /* for node_exporter; "": none */
	uint64_t interval_ns;		/* between two writings of it */
	uint64_t groups_max;		/* the most groups that are named */
};

/* What policies see and decide, written down. */
struct record_settings {
	char file[CONFIG_PATH_MAX]; /* "": none */
	uint64_t max_bytes;
};

/* Groups left alone by lot, to see what looking after them does; see policy/holdout.h. */
struct holdout_settings {
	uint64_t share_permyriad; /* of the windows of a group; 0: none */
	uint64_t window_ns;
	uint64_t harm_permyriad; /* more of what hurts stops the agent */
};

#define TUNING_KEEP UINT64_MAX

/* What is said of a group by its name, or else holds for all. */
struct group_settings {
	bool exclude;	      /* nothing is taken from it */
	bool headroom;	      /* it is looked after below its limit */
	bool trim;	      /* its cold memory is taken */
	uint64_t weight;      /* its share of what a node wants, beside its size; 0: not said */
	uint64_t floor_bytes; /* of it, and of what is below it in all, are left alone */
};

/* A section [group PATTERN]. */
struct group_rule {
	char pattern[CONFIG_PATTERN_MAX];
	unsigned int said;		/* a bit for each of group_keys (group_rules.h) */
	struct group_settings settings; /* of which this was said, and the rest is 0 */
};

/* Sysctls for as long as the agent runs; TUNING_KEEP: left as they are (act/tuning.h). */
struct tuning_settings {
	uint64_t swappiness, vfs_cache_pressure, page_cluster, watermark_scale_factor;
	uint64_t dirty_ratio, dirty_background_ratio;
	uint64_t watermark_most; /* that the factor is raised to, for bursts; 0: it is not */
};

/* Who only grows, for uswapctl growth. */
struct growth_settings {
	bool enabled;
	uint64_t interval_ns; /* between two looks at a group */
};

struct agent_settings {
	enum agent_mode mode;
	enum log_level log_level;
	char socket_path[CONFIG_PATH_MAX];
	uint64_t journal_min_bytes; /* requests that took less leave no record in the journal */
	uint64_t tick_min_ns;	    /* a worker never looks more often than this */
	uint64_t tick_max_ns;	    /* what may change unheard is looked at so often */
};

struct config {
	struct agent_settings agent;
	struct headroom_settings headroom;
	struct balance_settings balance;
	struct protect_settings protect;
	struct reclaim_settings reclaim;
	struct clean_settings clean;
	struct trim_settings trim;
	struct pageout_settings pageout;
	struct metrics_settings metrics;
	struct record_settings record;
	struct holdout_settings holdout;
	struct tuning_settings tuning;
	struct growth_settings growth;
	size_t n_rules;
	struct group_rule rules[CONFIG_RULES_MAX]; /* as they were read: the last counts */
};

/* Where a setting came from and what is wrong with it, ready to be shown. */
#define CONFIG_ERROR_MAX 512
struct config_error {
	char text[CONFIG_ERROR_MAX]; /* "FILE:LINE: section.key: what, and what would be right" */
};

void config_defaults(struct config *ret);

/*
 * Defaults, then the file (NULL: none), then *.conf of its drop-in directory FILE.d in the order of
 * their names, then the overrides ("section.key=value"). *ret is written only when all is good.
 * 0; -EINVAL, -ERANGE, -ENOENT ... with ret_error filled in.
 */
int config_load(const char *file, const char *const *overrides, size_t n_overrides,
		struct config *ret, struct config_error *ret_error);

/* The same overrides of what base says. */
int config_override(const struct config *base, const char *const *overrides, size_t n_overrides,
		    struct config *ret, struct config_error *ret_error);

/* Prints the settings with their values in the form of a configuration file, help as comments. */
void config_print(const struct config *config, FILE *out);

/* What holds for the group at path. */
struct group_settings config_of_group(const struct config *config, const char *path);

/* Some group is, or may be. */
bool config_trims(const struct config *config);

bool config_patterns_match(const struct config_patterns *patterns, const char *path);

/* The same, but a pattern may also begin further down: "db.service" matches
 * "system.slice/db.service". */
bool config_patterns_match_part(const struct config_patterns *patterns, const char *path);
bool config_patterns_are_same(const struct config_patterns *a, const struct config_patterns *b);
