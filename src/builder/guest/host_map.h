/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_map.h - the memory map of a guest that is to see where the host has its
 * devices: e820_host of xl.cfg(5), as libxl makes it (libxl_x86.c).
 */
#ifndef DW_HOST_MAP_H
#define DW_HOST_MAP_H

#include <stdint.h>

#include <xenctrl.h>

#include "config/guest_config.h"
#include "host/host.h"

/* The host's entries, and four of the guest's own. */
#define HOST_MAP_ENTRIES (E820MAX + 4)

/*
 * The map of a guest of `kib` KiB, which may grow by `more_kib`, on a host with
 * these `n` entries, E820MAX at most.  How many entries it has.
 *
 * The guest's memory begins at 0 and goes on to the first range that is
 * reserved on the host above 1 MiB, or as far as there is memory; what is left
 * of it lies behind 4 GiB.  The host's own memory, where no device can be, is
 * unusable.
 */
unsigned int host_map_make(const struct e820entry *host, unsigned int n,
                           uint64_t kib, uint64_t more_kib,
                           struct e820entry map[HOST_MAP_ENTRIES]);

/* Gives a domain its map.  Nothing where the configuration does not ask. */
int __attribute__((warn_unused_result))
host_map_set(struct host *host, uint32_t domid, const struct config *cfg);

#endif /* DW_HOST_MAP_H */
