/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the doctor share: a line of its report, and what each of them looks at. */
#pragma once

#include "agent/doctor/doctor.h"

#include <stdbool.h>
#include <stdint.h>

/* A line: whether it is well, what was looked at, and what came of it or what to do. */
void __attribute__((format(printf, 4, 5)))
doctor_tell(FILE *out, bool well, const char *what, const char *format, ...);

/* sysctls.c: vm.* settings that work against reclaim on this machine. */
void doctor_examine_sysctls(const struct doctor *doctor, FILE *out);

/* disks.c: I/O schedulers that do not fit their disks. */
void doctor_examine_disks(const struct doctor *doctor, FILE *out);

/* others.c: who else reclaims memory here, or acts on what reclaim changes. */
void doctor_examine_others(const struct doctor *doctor, FILE *out);
