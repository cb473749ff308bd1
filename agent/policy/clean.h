/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clean: what dirty file memory is to be written back before reclaim asks for it, when, and which
 * first. Pure.
 *
 * Dirty file memory makes reclaim come back short, on every kernel in another way: 6.12 starts no
 * write-back at all, 6.18 starts it and says -EAGAIN at once, 6.1 and 7 wait for it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Below this much a group's dirty memory is not worth a look at its processes. */
#define CLEAN_MIN_BYTES (UINT64_C(4) << 20)

enum clean_reason {
	CLEAN_NOT_WANTED, /* no demand, or clean memory enough */
	CLEAN_LITTLE,	  /* hardly anything is dirty */
	CLEAN_UNDER_WAY,  /* what is under write-back already suffices */
	CLEAN_HELD_OUT,	  /* left alone by lot (policy/holdout.h) */
	CLEAN_HARMFUL,	  /* so it was found: for groups' limits nothing is written any more */
	CLEAN_SHORT,	  /* a request came back short while dirty memory was in the way */
	CLEAN_AHEAD,	  /* at this fill rate one will */
	CLEAN_OFF,	  /* clean.enabled */
	CLEAN_REASONS,
};

/* "ahead": for machines; and for people. */
const char *clean_reason_name(enum clean_reason reason);
const char *clean_reason_words(enum clean_reason reason);

/* What is known of a target (a group, or a node) that wants memory. Bytes. */
struct clean_sample {
	uint64_t dirty_bytes, writeback_bytes;
	uint64_t clean_bytes;	    /* file memory that could be dropped as it is */
	uint64_t room_bytes;	    /* until tasks would have to reclaim for themselves */
	uint64_t wanted_bytes;	    /* the policies want back now */
	uint64_t rate_bytes_per_s;  /* how fast room is used up */
	uint64_t write_bytes_per_s; /* of the last write-back; 0: not known */
	bool came_short;	    /* the last request brought less than half */
};

struct clean_need {
	enum clean_reason reason;
	uint64_t bytes; /* to be cleaned; 0: none */
};

/*
 * SHORT: all that is wanted now and in the next CLEAN_HORIZON_NS at this rate.
 * AHEAD: when room and clean memory will be used up before the dirty memory can have been written,
 * with a factor of two to spare: (room + clean) / rate < 2 x dirty / write rate + reaction.
 */
#define CLEAN_HORIZON_NS    (4 * UINT64_C(1000000000))
#define CLEAN_REACTION_NS   (2 * UINT64_C(1000000000))
#define CLEAN_UNKNOWN_WRITE (UINT64_C(16) << 20) /* bytes/s, until one was measured */
struct clean_need clean_decide(bool enabled, const struct clean_sample *sample);

/* A file, or a range of one, that could be cleaned. */
struct clean_candidate {
	uint64_t file; /* any number that tells files apart */
	uint64_t offset, length, dirty_bytes;
	uint64_t age; /* of its file, as clean_age; 0 where that is not known */
	bool rests;
};

/*
 * Ages to be told apart: 0 below a second, then one more for each doubling. Among files whose ages
 * differ by less how much of them is dirty counts for more.
 */
uint64_t clean_age(uint64_t age_s);

/*
 * What became of files that were cleaned. One that is dirty again soon where it was cleaned is left
 * alone for a while, twice as long each time: each cleaned page costs its writer a fault, and on
 * devices with stable pages a wait.
 */
#define CLEAN_HISTORY_FILES 256
#define CLEAN_AGAIN_NS	    (10 * UINT64_C(1000000000)) /* dirty again within that is soon */
#define CLEAN_REST_NS	    (30 * UINT64_C(1000000000)) /* the first rest */
#define CLEAN_REST_MAX_NS   (960 * UINT64_C(1000000000))

struct clean_file_history {
	uint64_t device, inode; /* inode 0: free */
	uint64_t begin, end;	/* cleaned last, as one stretch; bytes of the file */
	uint64_t cleaned_ns, cleaned_bytes;
	uint64_t again_bytes;		 /* of those, seen dirty again */
	uint64_t rest_ns, rest_until_ns; /* the length of the last rest, and its end */
	uint64_t used_ns;		 /* the one used longest ago makes place */
};

/* All zero at the start. */
struct clean_history {
	struct clean_file_history files[CLEAN_HISTORY_FILES];
};

/* bytes of the range [offset, offset + length) were written, whether or not they are dirty again.
 */
void clean_history_cleaned(struct clean_history *history, uint64_t device, uint64_t inode,
			   uint64_t offset, uint64_t length, uint64_t bytes, uint64_t now_ns);

/*
 * The file was seen with these ranges dirty. True: it rests, leave it alone. *again_bytes grows by
 * what was cleaned less than CLEAN_AGAIN_NS ago and is dirty since: each page of it was a fault.
 */
bool clean_history_rests(struct clean_history *history, uint64_t device, uint64_t inode,
			 const struct clean_candidate *ranges, size_t n, uint64_t now_ns,
			 uint64_t *again_bytes);

/*
 * Puts the candidates to be written in front, in the order in which to write them, and returns how
 * many those are: files by age, the oldest first, since what has just been dirtied soon is again;
 * then by how much of them is dirty (few large runs rather than many small ones); within a file by
 * offset; until wanted_bytes are dirty in them.
 */
size_t clean_choose(struct clean_candidate *candidates, size_t n, uint64_t wanted_bytes);

/*
 * Bytes a device may be given: rate a second, and at most as much at once as passes in
 * CLEAN_BURST_NS, so that others find it free in between. rate 0: no bound. Returns what may be
 * started now of wanted_bytes, and takes it off.
 */
#define CLEAN_BURST_NS (16 * UINT64_C(1000000))
struct clean_budget {
	uint64_t left_bytes, filled_ns; /* zero at the start: full */
};
uint64_t clean_budget_take(struct clean_budget *budget, uint64_t bytes_per_s, uint64_t wanted_bytes,
			   uint64_t now_ns);

/*
 * How much may be under write-back at a time, of one group on one device, steered by how long a
 * piece takes from its start until it is clean: a little more while that stays below the target,
 * less in proportion (at most by half) when it does not. So the device is kept busy, and no
 * request of others finds more than about the target's time of ours before it. Where it is the
 * group's io.max that is slow, only that group's depth shrinks.
 */
#define CLEAN_DEPTH_MIN_BYTES (UINT64_C(512) << 10)
#define CLEAN_DEPTH_MAX_BYTES (UINT64_C(64) << 20)
#define CLEAN_PIECE_MIN_BYTES (UINT64_C(256) << 10)
#define CLEAN_PIECE_MAX_BYTES (UINT64_C(4) << 20)

struct clean_depth {
	uint64_t bytes;	    /* zero at the start */
	uint64_t shrunk_ns; /* when it was last made less: once a round, not once a piece */
};

uint64_t clean_depth_bytes(const struct clean_depth *depth);
/*
 * Half the depth: two pieces keep a device busy. No more than one burst of a rate (0: none). A
 * multiple of CLEAN_PIECE_MIN_BYTES.
 */
uint64_t clean_piece_bytes(const struct clean_depth *depth, uint64_t bytes_per_s);
/* A piece begun at begun_ns is clean now. */
void clean_depth_learn(struct clean_depth *depth, uint64_t target_ns, uint64_t begun_ns,
		       uint64_t now_ns);
