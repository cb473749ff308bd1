/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chained hash table whose entries live inside their owners' structs: inserting never fails and
 * allocates only to keep chains short. Keys are 64-bit numbers; equal keys may stand side by side.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct hash_entry {
	struct hash_entry *next;
	uint64_t key;
};

struct hash {
	struct hash_entry **buckets;
	size_t n_buckets, n_entries; /* n_buckets is a power of two */
};

/* The struct of the given type whose member entry is; NULL for NULL. */
#define hash_owner(entry, type, member)                                                    \
	({                                                                                 \
		struct hash_entry *_e = (entry);                                           \
		_e ? (type *)(void *)((char *)_e - offsetof(type, member)) : (type *)NULL; \
	})

int hash_init(struct hash *hash); /* 0 or -ENOMEM */
void hash_done(struct hash *hash);

void hash_insert(struct hash *hash, struct hash_entry *entry, uint64_t key);
void hash_remove(struct hash *hash, struct hash_entry *entry); /* must be in there */

/* The first entry with the key; the next one with the same key after entry; NULL: none. */
struct hash_entry *hash_first(const struct hash *hash, uint64_t key);
struct hash_entry *hash_next(const struct hash_entry *entry);

uint64_t hash_text(const char *text);
