/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/job/error.h"

#include <stdarg.h>
#include <stdio.h>

int stress_fail(struct stress_error *ret_error, int error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(ret_error->text, sizeof(ret_error->text), format, ap);
	va_end(ap);
	return error;
}
