/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What uswapctl top shows, apart from the terminal: pictures of the agent's status go in, one after
 * the other, and rates come of two. Keys change how it is shown. Pure: no clock, no terminal, no
 * socket.
 */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define TOP_HISTORY 256 /* pictures of a node's free memory that are kept */
#define TOP_TEXT    32

/* UINT64_MAX in a number: not known. */

/* What was done to a node or a group, for its room and, of groups, by trimming; and why. */
struct top_doings {
	uint64_t taken_bytes; /* since the agent began */
	uint64_t back_bytes;  /* of that, read back */
	uint64_t back_bytes_per_s;
	uint64_t cpu_ns;	   /* of the requests */
	uint64_t price_us_per_mib; /* what cpu_ns is for what was taken */
	char why[TOP_TEXT];	   /* the last verdict */
};

struct top_node {
	uint64_t node;
	bool answered; /* false: only node and history count */
	uint64_t free_bytes, low_bytes, high_bytes;
	uint64_t room_bytes, margin_bytes, rate_bytes_per_s;
	struct top_doings doings;
	size_t n_history;
	uint64_t history[TOP_HISTORY]; /* free_bytes; the last one is the newest */
};

struct top_group {
	uint64_t id;
	char *path; /* as the agent writes it */
	uint64_t current_bytes, limit_bytes;
	uint64_t cold_bytes;	    /* by its age */
	uint64_t stalled_us;	    /* since the group began */
	uint64_t stalled_permyriad; /* of the time since the last picture */
	struct top_doings doings;
};

enum top_sort {
	TOP_BY_STALL,
	TOP_BY_USED,
	TOP_BY_ROOM,
	TOP_BY_COLD,
	TOP_BY_BACK,
	TOP_BY_TAKEN,
	TOP_BY_PRICE,
	TOP_BY_NAME,
	TOP_SORTS,
};

/* What is on the screen. */
enum top_view {
	TOP_LIST,
	TOP_LINES,	/* text: an explanation, or help */
	TOP_ASK_FILTER, /* the list, with a line to type in */
	TOP_ASK_BYTES,
};

struct top_model {
	bool seen;	   /* there was a picture */
	bool answered;	   /* the last time it was asked for: else it is old */
	bool paused;	   /* shows the last one */
	char agent[128];   /* version, time and mode; of the last picture */
	char notice[160];  /* what was done last; "": nothing */
	char trouble[160]; /* why the picture is old; "": it is not */
	uint64_t picture_ns, uptime_ns;
	size_t n_nodes, n_groups, n_shown;
	struct top_node *nodes;
	struct top_group *groups; /* by id */
	size_t *shown;		  /* indices of groups: filtered and sorted */

	enum top_sort sort;
	bool reversed;
	char filter[64];
	uint64_t selected_id; /* 0: the first one */
	enum top_view view;
	char typed[64];
	char *lines; /* of TOP_LINES */
	size_t first_line;
};

/* What the owner of the model has to do after a key. */
enum top_order {
	TOP_NOTHING,
	TOP_QUIT,
	TOP_EXPLAIN,	 /* top_selected, or with none the agent; then top_show_lines */
	TOP_EXPLAIN_ALL, /* the same for the agent */
	TOP_WAKE,	 /* with what was typed: a size, or nothing; then top_notice */
};

/* Keys that are no characters. */
enum top_key {
	TOP_KEY_UP = 0x100,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_ENTER,
	TOP_KEY_ESCAPE,
	TOP_KEY_BACKSPACE,
};

/* All zero at the start. Frees what is in it. */
void top_model_clear(struct top_model *model);

/*
 * Takes in a status of schema "uswapd-status/1" that was taken at now_ns. -EPROTO when a member is
 * missing or of another type, -ENOMEM: the last picture stays.
 */
int top_feed(struct top_model *model, const json_t *status, uint64_t now_ns);

/*
 * Until the next picture, after one that took so much CPU time to take in: two seconds, or as long
 * as keeps pictures of many groups below a hundredth of a CPU; but half a minute at most.
 */
uint64_t top_interval_ns(uint64_t cpu_ns);

/* Filters and sorts: after either was changed. */
void top_arrange(struct top_model *model);

/* rows: of a page. */
enum top_order top_key(struct top_model *model, int key, size_t rows);

/* NULL: none is shown. */
const struct top_group *top_selected(const struct top_model *model, size_t *ret_index);

void top_notice(struct top_model *model, const char *text);
/* Until the next picture. */
void top_trouble(struct top_model *model, const char *text);
/* Takes the text. */
void top_show_lines(struct top_model *model, char *lines);

/* "stall" */
const char *top_sort_name(enum top_sort sort);
