/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * va_mapping.c - __HYPERVISOR_update_va_mapping: an L1 entry by the address
 * that it is for.
 */
#include "hypercall/va_mapping.h"

#include <errno.h>

#include "domain/guest_memory.h"
#include "hypercall/mmu_call.h"
#include "hypercall/mmu_update.h"
#include "machine/frames.h"
#include "memory/page_type.h"
#include "memory/pt_entry.h"
#include "machine/tlb.h"

/* The arguments: a 32-bit guest gives the entry in two words. */
struct mapping {
    uint64_t address, entry, flags;
    uint16_t domid;
};

static struct mapping read_mapping(const struct fx_caller *caller,
                                   const uint64_t *arg)
{
    struct mapping m = {.address = arg[0], .entry = arg[1]};

    if (caller->is_32bit)
        m.entry |= arg++[2] << 32;
    m.flags = arg[2];
    m.domid = (uint16_t)arg[3];
    return m;
}

/* A pointer to the vCPUs whose caches matter, or one of two small numbers. */
static int flush(const struct fx_caller *caller, uint64_t flags)
{
    uint64_t mask = flags & ~UVMF_FLUSHTYPE_MASK;

    if (!(flags & UVMF_FLUSHTYPE_MASK))
        return 0;
    fx_tlb_flush(caller->domain);
    if (mask == UVMF_LOCAL || mask == UVMF_ALL)
        return 0;
    return fx_mmu_vcpus(caller, mask);
}

static int update(const struct fx_caller *caller, const struct mapping *m,
                  uint16_t owner)
{
    struct fx_host *host = caller->host;
    uint64_t table;
    int rc;

    if (!fx_mmu_permitted(caller, owner, false))
        return -EPERM;
    table = fx_guest_l1(caller, m->address);
    if (fx_get_page(host, table, caller->domain->id))
        return -EINVAL;
    rc = -EINVAL;
    if (FX_T_TYPE(fx_frame(host, table)->type) == FX_L1)
        rc = fx_update_table(host, caller->domain, owner, table,
                             m->address >> FX_PAGE_SHIFT & (FX_ENTRIES - 1),
                             m->entry, false);
    fx_put_page(host, table);
    return rc ? rc : flush(caller, m->flags);
}

long fx_update_va_mapping(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct mapping m = read_mapping(caller, arg);

    return update(caller, &m, caller->domain->id);
}

long fx_update_va_mapping_otherdomain(const struct fx_caller *caller,
                                      const uint64_t arg[5])
{
    struct mapping m = read_mapping(caller, arg);
    uint16_t owner;
    int rc = fx_mmu_owner(caller, m.domid, &owner);

    return rc ? rc : update(caller, &m, owner);
}
