/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scope-bound release of what a function owns.
 *
 * An owning type `struct x` has `struct x *x_free(struct x *)`, which takes NULL and returns NULL,
 * and beside it DEFINE_CLEANUP(struct x *, x_free). A local declared `_cleanup_(x_freep)` is then
 * released on every way out; TAKE_PTR hands it on.
 */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

/* Defines static inline void func##p(type *p) for use with _cleanup_. */
#define DEFINE_CLEANUP(type, func)          \
	static inline void func##p(type *p) \
	{                                   \
		if (*p)                     \
			func(*p);           \
	}

#define TAKE_PTR(p)                     \
	({                              \
		__auto_type _pp = &(p); \
		__auto_type _p = *_pp;  \
		*_pp = NULL;            \
		_p;                     \
	})

#define TAKE_FD(fd)                \
	({                         \
		int *_pfd = &(fd); \
		int _fd = *_pfd;   \
		*_pfd = -1;        \
		_fd;               \
	})

static inline void freep(void *p)
{
	free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(freep)

/* Closes fd if it is one; always returns -1, so `fd = fd_close(fd)` can't be closed twice. */
static inline int fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
	return -1;
}

static inline void fd_closep(int *fd)
{
	*fd = fd_close(*fd);
}
#define _cleanup_close_ _cleanup_(fd_closep)

DEFINE_CLEANUP(FILE *, fclose)
DEFINE_CLEANUP(DIR *, closedir)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define MIN(a, b)                     \
	({                            \
		__auto_type _a = (a); \
		__auto_type _b = (b); \
		_a < _b ? _a : _b;    \
	})
#define MAX(a, b)                     \
	({                            \
		__auto_type _c = (a); \
		__auto_type _d = (b); \
		_c > _d ? _c : _d;    \
	})
#define CLAMP(v, lo, hi) MIN(MAX((v), (lo)), (hi))
