/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * foreign.h - frames mapped into processes, and how that is seen to end.
 *
 * The rest of it is libxenforeignmemory's interface.
 */
#ifndef FX_FOREIGN_H
#define FX_FOREIGN_H

#include "host.h"

/* Drops the references of mappings whose processes are gone; how many pages. */
uint64_t fx_foreign_reap(struct fx_host *host);

/* munmap() without anybody watching. */
int fx_raw_munmap(void *address, size_t size);

#endif /* FX_FOREIGN_H */
