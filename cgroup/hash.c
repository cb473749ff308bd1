/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/hash.h"

#include <errno.h>
#include <stdlib.h>

#define BUCKETS_MIN 64

static struct hash_entry **bucket_of(const struct hash *hash, uint64_t key)
{
	/* Inode numbers and watch descriptors are consecutive: mix, then take the upper bits. */
	uint64_t mixed = key * UINT64_C(0x9e3779b97f4a7c15);

	return &hash->buckets[(mixed >> 32) & (hash->n_buckets - 1)];
}

static void push(struct hash *hash, struct hash_entry *entry)
{
	struct hash_entry **bucket = bucket_of(hash, entry->key);

	entry->next = *bucket;
	*bucket = entry;
}

/* Without memory the chains just grow longer. */
static void grow(struct hash *hash)
{
	struct hash old = *hash;
	struct hash_entry **buckets = calloc(old.n_buckets * 2, sizeof(struct hash_entry *));

	if (!buckets)
		return;
	hash->buckets = buckets;
	hash->n_buckets = old.n_buckets * 2;
	for (size_t i = 0; i < old.n_buckets; i++) {
		struct hash_entry *entry = old.buckets[i];

		while (entry) {
			struct hash_entry *next = entry->next;

			push(hash, entry);
			entry = next;
		}
	}
	free(old.buckets);
}

int hash_init(struct hash *hash)
{
	struct hash_entry **buckets = calloc(BUCKETS_MIN, sizeof(struct hash_entry *));

	if (!buckets)
		return -ENOMEM;
	*hash = (struct hash){.buckets = buckets, .n_buckets = BUCKETS_MIN};
	return 0;
}

void hash_done(struct hash *hash)
{
	free(hash->buckets);
	*hash = (struct hash){0};
}

void hash_insert(struct hash *hash, struct hash_entry *entry, uint64_t key)
{
	if (hash->n_entries >= hash->n_buckets)
		grow(hash);
	entry->key = key;
	push(hash, entry);
	hash->n_entries++;
}

void hash_remove(struct hash *hash, struct hash_entry *entry)
{
	struct hash_entry **at = bucket_of(hash, entry->key);

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	entry->next = NULL;
	hash->n_entries--;
}

static struct hash_entry *with_key(struct hash_entry *entry, uint64_t key)
{
	while (entry && entry->key != key)
		entry = entry->next;
	return entry;
}

struct hash_entry *hash_first(const struct hash *hash, uint64_t key)
{
	return with_key(*bucket_of(hash, key), key);
}

struct hash_entry *hash_next(const struct hash_entry *entry)
{
	return with_key(entry->next, entry->key);
}

uint64_t hash_text(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}
