/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scheduling.h - how much of the host's CPUs a guest gets: its CPU pool, its
 * weight and its cap.
 *
 * Order of calls: scheduling_find_pool(), the domain and its vCPUs are made,
 * scheduling_share().
 */
#ifndef DW_SCHEDULING_H
#define DW_SCHEDULING_H

#include "config/guest_config.h"
#include "host/host.h"

struct pool {
    uint32_t id;
    uint32_t scheduler; /* XEN_SCHEDULER_*; 0: it was not asked for */
};

/*
 * The pool that the configuration names, by a name as xl keeps them in xenstore
 * (libxl_cpupoolid_to_name()) or by its ID; Pool-0 where it names none.
 */
int __attribute__((warn_unused_result))
scheduling_find_pool(struct host *host, const struct config *cfg,
                     struct pool *pool);

/*
 * Sets weight and cap, where the configuration has them, as the schedulers
 * credit and credit2 know them; of another scheduler's guest a warning tells
 * that it has none, which xl does not say.
 */
int __attribute__((warn_unused_result))
scheduling_share(struct host *host, uint32_t domid, const struct config *cfg,
                 const struct pool *pool);

#endif /* DW_SCHEDULING_H */
