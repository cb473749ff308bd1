/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service manager wants to hear (sd_notify(3)). Without a manager, or built without
 * libsystemd, each of these does nothing.
 */
#pragma once

#include <stdint.h>

/* All return 1 when the message was sent, 0 when nobody listens, -errno. */
int notify_ready(void);
int notify_reloading(void); /* notify_ready ends it */
int notify_stopping(void);
int notify_watchdog(void); /* still alive */

/* One line that systemctl status shows. Control characters in it become '?'. */
int notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How often at least notify_watchdog must be called; 0: never. */
uint64_t notify_watchdog_ns(void);
