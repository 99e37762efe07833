/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * foreign.h - frames mapped into this process.
 *
 * Most of it is libxenforeignmemory's interface, and munmap().
 */
#ifndef FX_FOREIGN_H
#define FX_FOREIGN_H

#include "machine/host.h"

/*
 * Drops the references of mappings whose processes are gone; how many pages.
 * With the lock held: when a host is opened, and by whoever finds a frame in a
 * use that a dead process may have left it in.
 */
uint64_t fx_foreign_reap(struct fx_host *host);

/* munmap() without anybody watching. */
int fx_raw_munmap(void *address, size_t size);

#endif /* FX_FOREIGN_H */
