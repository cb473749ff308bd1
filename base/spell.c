/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spell.h"

#include "base/cleanup.h"

#include <string.h>

size_t spell_distance(const char *a, const char *b)
{
	/* Row i of the table: the distance of a's first i characters from each beginning of b. */
	size_t rows[3][SPELL_MAX + 1];
	size_t a_n = strnlen(a, SPELL_MAX), b_n = strnlen(b, SPELL_MAX);

	for (size_t j = 0; j <= b_n; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_n; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3], *above_that = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_n; j++) {
			size_t added = MIN(above[j], row[j - 1]) + 1;
			size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = MIN(added, replaced);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], above_that[j - 2] + 1);
		}
	}
	return rows[a_n % 3][b_n];
}

size_t spell_nearest(const char *typed, const char *const *names, size_t n)
{
	size_t bound = MAX(strnlen(typed, SPELL_MAX) / 3, (size_t)1);
	size_t nearest = n;

	for (size_t i = 0; i < n; i++) {
		size_t distance = spell_distance(typed, names[i]);

		if (distance < bound || (distance == bound && nearest == n)) {
			bound = distance;
			nearest = i;
		}
	}
	return nearest;
}
