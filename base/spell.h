/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean ...": the known name nearest to a misspelt one. */
#pragma once

#include <stddef.h>

/*
 * Fewest single edits that turn a into b: insert, delete or replace a character, or swap two
 * neighbours (optimal string alignment distance; Damerau 1964). Case counts. Only the first
 * SPELL_MAX characters are looked at.
 */
#define SPELL_MAX 63
size_t spell_distance(const char *a, const char *b);

/*
 * Index of the name nearest to typed, the first of equals; n when none is near enough to have been
 * meant: more than a third of the typed characters would have to change (of short words: one).
 */
size_t spell_nearest(const char *typed, const char *const *names, size_t n);
