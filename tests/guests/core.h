/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core.h - a guest that runs on the project's own core library: the tables that
 * it changes, and the tree that its P2M is in.
 */
#ifndef GUEST_CORE_H
#define GUEST_CORE_H

#include "paging.h"
#include "tap.h"
#include "pt/map.h"
#include "pv/p2m_tree.h"

/* ---- core_tables.c: lib/pt on tables that Xen watches ---- */

/* What went to Xen, and what came back. */
struct calls {
    unsigned long stores, invalidations, refused;
};
extern struct calls calls;

struct pt_tables own_tables(void);

/*
 * Maps `pages` of the domain's memory that the builder has not mapped, where
 * they would be if it had; returns the first of them. Their frames come from
 * `source`. Once only.
 */
void *map_more_memory(unsigned int pages, pt_source source, void *arg);

/* Changes what its own kernel's pages allow, and is refused some of it. */
void check_own_tables(void);

/* ---- core_p2m.c: lib/pv/p2m_tree, with pages from a reserve, and from
 * map_more_memory() ---- */
void check_p2m(void);
/* From then on. */
const struct p2m_tree *own_p2m(void);
void end_p2m(void);

#endif /* GUEST_CORE_H */
