/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.h - the groups of checks, in the order in which they run.
 *
 * They are in that order because later ones change what earlier ones look at:
 * nothing before check_refusals() makes a hypercall that could alter a table,
 * but for the guest's own windows.
 */
#ifndef GUEST_CHECK_H
#define GUEST_CHECK_H

#include "guest.h"
#include "paging.h"
#include "tap.h"

#define FIRST_MFN_ABOVE_4G 0x100000

/* check_boot.c */
void check_start_info(void);
void check_registers(void);
void check_layout(void);
void check_hypercall_page(void);

/* check_frames.c */
void check_frames(void);
void check_shared_info(void);
void check_vcpus(void);
void check_rings(void);

/* check_tables.c */
void check_tables(void);

/* All the tables that the walk found, the root first. */
#define MAX_TABLES 2048
extern struct table tables[MAX_TABLES];
extern unsigned int nr_tables;
bool mfn_is_table(mfn_t mfn);
/* End of the initial region: the first address above it that is not mapped. */
extern uintptr_t region_end;

/* check_refusals.c */
void check_refusals(void);

/* check_assists.c */
void check_assists(void);

/* check_store.c */
void check_store(void);

/* Pages of the P2M list. */
unsigned long p2m_list_pages(void);
/* Does the P2M list lie at an address of its own? */
static inline bool p2m_is_apart(void)
{
    return start_info->nr_p2m_frames != 0;
}

#endif /* GUEST_CHECK_H */
