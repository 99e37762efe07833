/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pt_entry.c - one page-table entry of a PV guest: what it may hold, and what
 * Xen adds to it.
 */
#include "memory/pt_entry.h"

#include "machine/frames.h"
#include "machine/host.h"

/* In no table: no superpages, and no memory types of the guest's choice, which
 * only domains with devices have. */
#define REFUSED (FX_PWT | FX_PCD | FX_PSE | FX_GLOBAL)

uint64_t fx_entry_refused(unsigned int level, bool is_32bit)
{
    switch (level) {
    case 1:
        /* The grant's bit: so do Xen's debug builds, which the project tests
         * with; others leave it to the guest. */
        return (REFUSED & ~FX_GLOBAL) | FX_GRANT;
    case 3:
        /* PAE reserves more of its L3 entries than long mode does. */
        return REFUSED | (is_32bit ? FX_AVAIL_HIGH | FX_NX : 0);
    default:
        return REFUSED;
    }
}

/* A 64-bit guest's kernel runs in ring 3 as well: all its pages are USER's, and
 * a bit tells the kernel's own, which must not be GLOBAL. */
static uint64_t adjust_l1(uint64_t entry)
{
    if (!(entry & FX_USER))
        entry |= FX_GUEST_KERNEL | FX_USER;
    if (!(entry & FX_GUEST_KERNEL))
        entry |= FX_GLOBAL | FX_USER;
    return entry;
}

uint64_t fx_entry_adjust(unsigned int level, bool is_32bit, uint64_t entry)
{
    if (!(entry & FX_PRESENT))
        return entry;
    switch (level) {
    case 1:
        return is_32bit ? entry : adjust_l1(entry);
    case 2:
        return is_32bit ? entry : entry | FX_USER;
    case 3:
        /* PAE has no such bits here; long mode, which runs it, has. */
        return entry | FX_USER | (is_32bit ? FX_RW : 0);
    default:
        return entry | FX_ACCESSED | (is_32bit ? 0 : FX_USER);
    }
}

uint64_t fx_entry_unadjust(unsigned int level, bool is_32bit, uint64_t entry)
{
    if (level != 3 || !is_32bit || !(entry & FX_PRESENT))
        return entry;
    return entry & ~(FX_USER | FX_RW | FX_ACCESSED);
}

bool fx_entry_similar(uint64_t old, uint64_t value)
{
    const uint64_t harmless = FX_NX | FX_AVAIL_HIGH | FX_AVAIL | FX_GLOBAL |
                              FX_DIRTY | FX_ACCESSED | FX_USER;

    return !((old ^ value) & ~harmless);
}

bool fx_entry_is_xens(uint32_t type_info, bool is_32bit, unsigned int slot)
{
    switch (FX_T_TYPE(type_info)) {
    case FX_L2:
        return type_info & FX_T_PAE_XEN_L2 && slot >= FX_PAE_L2_XEN;
    case FX_L4:
        return !is_32bit && slot >= FX_L4_XEN_FIRST && slot < FX_L4_XEN_END;
    default:
        return false;
    }
}

uint64_t *fx_entry_in(struct fx_host *host, uint64_t table, unsigned int level,
                      uint64_t address)
{
    uint64_t *entries = fx_is_ram(host, table) ? fx_page(host, table) : NULL;

    return entries ? &entries[fx_entry_slot(level, address)] : NULL;
}
