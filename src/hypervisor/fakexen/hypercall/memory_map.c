/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_map.c - what memory there is: E820 maps, and where the M2P lies.
 */
#include "hypercall/memory_map.h"

#include <errno.h>
#include <string.h>

#include <xen/memory.h>

#include "domain/state.h"

/* struct e820entry: address, size and type, packed. */
#define E820_ENTRY_BYTES 20

/* The frame that each 2 MiB of an M2P begins with. */
static long m2p_list(const struct fx_caller *caller, uint64_t at,
                     uint64_t first, uint64_t frames)
{
    xen_machphys_mfn_list_t list;
    uint64_t i;

    if (fx_copy_in(caller, &list, at, sizeof(list)))
        return -EFAULT;
    for (i = 0; i < list.max_extents && i < frames / 512; i++) {
        xen_pfn_t mfn = first + i * 512;

        if (fx_copy_out(caller,
                        (uint64_t)(uintptr_t)list.extent_start.p +
                            i * sizeof(mfn),
                        &mfn, sizeof(mfn)))
            return -EFAULT;
    }
    list.nr_extents = (unsigned int)i;
    return fx_copy_out(caller, at, &list, sizeof(list));
}

long fx_m2p_list_op(const struct fx_caller *caller, uint64_t command,
                    uint64_t at)
{
    const struct fx_super *super = caller->host->super;

    if (command == XENMEM_machphys_mfn_list)
        return m2p_list(caller, at, fx_m2p_mfn(super),
                        fx_m2p_frames(super, sizeof(uint64_t)));
    return m2p_list(caller, at, fx_compat_m2p_mfn(super),
                    fx_m2p_frames(super, sizeof(uint32_t)));
}

long fx_set_memory_map_op(const struct fx_caller *caller, uint64_t at)
{
    struct xen_foreign_memory_map asked;
    struct fx_domain_state *state;
    struct fx_domain *domain;
    uint8_t map[FX_MAX_DOMAIN_E820][E820_ENTRY_BYTES];

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (asked.map.nr_entries > FX_MAX_DOMAIN_E820)
        return -EINVAL;
    domain = fx_caller_domain(caller, asked.domid);
    state = domain ? fx_domain_state(caller->host, domain) : NULL;
    if (!state)
        return -ESRCH;
    if (fx_copy_in(caller, map, (uint64_t)(uintptr_t)asked.map.buffer.p,
                   asked.map.nr_entries * E820_ENTRY_BYTES))
        return -EFAULT;
    memcpy(state->e820, map, asked.map.nr_entries * E820_ENTRY_BYTES);
    state->nr_e820 = asked.map.nr_entries;
    return 0;
}

/* As much as the caller has room for; without one, Xen knows no such call. */
long fx_memory_map_op(const struct fx_caller *caller, uint64_t at)
{
    const struct fx_domain_state *state =
        fx_domain_state(caller->host, caller->domain);
    xen_memory_map_t asked;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (!state || !state->nr_e820)
        return -ENOSYS;
    if (asked.nr_entries > state->nr_e820)
        asked.nr_entries = state->nr_e820;
    if (asked.nr_entries > FX_MAX_DOMAIN_E820) /* a damaged file */
        return -EFAULT;
    if (fx_copy_out(caller, (uint64_t)(uintptr_t)asked.buffer.p, state->e820,
                    asked.nr_entries * E820_ENTRY_BYTES))
        return -EFAULT;
    return fx_copy_out(caller, at, &asked, sizeof(asked));
}

/* The machine's RAM ranges; all else reads as absent. */
long fx_machine_memory_map_op(const struct fx_caller *caller, uint64_t at)
{
    const struct fx_super *super = caller->host->super;
    xen_memory_map_t asked;
    uint32_t i;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (asked.buffer.p && asked.nr_entries < super->nr_ram + 1)
        return -EINVAL;
    for (i = 0; asked.buffer.p && i < super->nr_ram; i++) {
        uint64_t words[2] = {super->ram[i].first << FX_PAGE_SHIFT,
                             (super->ram[i].end - super->ram[i].first)
                                 << FX_PAGE_SHIFT};
        uint32_t type = 1; /* E820_RAM */
        uint8_t entry[E820_ENTRY_BYTES];

        memcpy(entry, words, sizeof(words));
        memcpy(entry + sizeof(words), &type, sizeof(type));
        if (fx_copy_out(caller,
                        (uint64_t)(uintptr_t)asked.buffer.p + i * sizeof(entry),
                        entry, sizeof(entry)))
            return -EFAULT;
    }
    asked.nr_entries = super->nr_ram;
    return fx_copy_out(caller, at, &asked, sizeof(asked));
}

/* No device has memory of its own. */
long fx_reserved_memory_op(const struct fx_caller *caller, uint64_t at)
{
    struct xen_reserved_device_memory_map asked;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (asked.flags & ~XENMEM_RDM_ALL)
        return -EINVAL;
    asked.nr_entries = 0;
    return fx_copy_out(caller, at, &asked, sizeof(asked));
}
