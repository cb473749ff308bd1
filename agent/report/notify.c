/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/report/notify.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#else
static int sd_notify(int unset_environment, const char *state)
{
	(void)unset_environment;
	(void)state;
	return 0;
}

static int sd_watchdog_enabled(int unset_environment, uint64_t *usec)
{
	(void)unset_environment;
	(void)usec;
	return 0;
}
#endif

int notify_ready(void)
{
	return sd_notify(0, "READY=1");
}

/* The time tells the manager's request apart from an older one's end (Type=notify-reload). */
int notify_reloading(void)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		       clock_now_ns() / NSEC_PER_USEC);
	return sd_notify(0, text);
}

int notify_stopping(void)
{
	return sd_notify(0, "STOPPING=1");
}

int notify_watchdog(void)
{
	return sd_notify(0, "WATCHDOG=1");
}

int notify_status(const char *format, ...)
{
	static const char prefix[] = "STATUS=";
	char text[256];
	const size_t n = sizeof(prefix) - 1;
	va_list ap;

	(void)snprintf(text, sizeof(text), "%s", prefix);
	va_start(ap, format);
	(void)vsnprintf(text + n, sizeof(text) - n, format, ap);
	va_end(ap);
	/* A newline would begin another field, MAINPID= for instance. */
	for (char *c = text + n; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return sd_notify(0, text);
}

/* Half of the manager's patience, as sd_watchdog_enabled(3) advises. */
uint64_t notify_watchdog_ns(void)
{
	uint64_t patience_us = 0;

	if (sd_watchdog_enabled(0, &patience_us) <= 0)
		return 0;
	return patience_us / 2 * NSEC_PER_USEC;
}
