/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xs_unserved.h - what nobody here ever does for a process that waits for it:
 * no guest runs, so that devices have no backend, and nothing is at the other
 * end of a console.  Said at once, on standard error.
 */
#ifndef FX_XS_UNSERVED_H
#define FX_XS_UNSERVED_H

#include <stddef.h>

/* A watch was set: for a backend to come up? */
void fx_unserved_watch(const char *path);

/* A value was read: by xenconsole, of a terminal that is one for show?  It ends
 * then, rather than wait for ever.  With no lock held. */
void fx_unserved_read(const char *path, const void *value, size_t bytes);

#endif /* FX_XS_UNSERVED_H */
