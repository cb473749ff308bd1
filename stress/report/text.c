/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/report/text.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <inttypes.h>

const char *format_ns(char text[static TEXT_BYTES], uint64_t ns)
{
	static const struct {
		const char *unit;
		uint64_t scale;
	} units[] = {{"s", NSEC_PER_SEC}, {"ms", NSEC_PER_MSEC}, {"us", NSEC_PER_USEC}};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (ns >= units[i].scale) {
			double value = (double)ns / (double)units[i].scale;

			(void)snprintf(text, TEXT_BYTES, "%.*f %s",
				       value < 10    ? 2
				       : value < 100 ? 1
						     : 0,
				       value, units[i].unit);
			return text;
		}
	}
	(void)snprintf(text, TEXT_BYTES, "%" PRIu64 " ns", ns);
	return text;
}

const char *format_rate(char text[static TEXT_BYTES], uint64_t bytes, uint64_t ns)
{
	char size[FORMAT_SIZE_BYTES];
	uint64_t rate = ns ? scale(bytes, NSEC_PER_SEC, ns) : 0;

	(void)snprintf(text, TEXT_BYTES, "%.18s/s", format_size(size, sizeof(size), rate));
	return text;
}
