/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_map.c - what memory there is: E820 maps, and where the M2P lies.
 */
#include "hypercall/memory_map.h"

#include <errno.h>
#include <string.h>

#include <xen/memory.h>

#include "domain/state.h"
#include "hypercall/compat.h"

/* struct e820entry: address, size and type, packed. */
#define E820_ENTRY_BYTES 20

/* The frame that each 2 MiB of an M2P begins with. */
static long m2p_list(const struct fx_caller *caller, uint64_t at,
                     uint64_t first, uint64_t frames)
{
    xen_machphys_mfn_list_t list;
    uint64_t i;

    if (fx_struct_in(caller, FX_MACHPHYS_MFN_LIST, &list, at))
        return -EFAULT;
    for (i = 0; i < list.max_extents && i < frames / 512; i++)
        if (fx_word_out(caller, (uint64_t)(uintptr_t)list.extent_start.p, i,
                        first + i * 512))
            return -EFAULT;
    list.nr_extents = (unsigned int)i;
    return fx_struct_out(caller, FX_MACHPHYS_MFN_LIST, at, &list);
}

long fx_m2p_list_op(const struct fx_caller *caller, uint64_t command,
                    uint64_t at)
{
    const struct fx_super *super = caller->host->super;

    /* A 32-bit guest's is the narrow one. */
    if (command == XENMEM_machphys_mfn_list && !caller->is_32bit)
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

    if (fx_struct_in(caller, FX_MEMORY_MAP, &asked, at))
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
    return fx_struct_out(caller, FX_MEMORY_MAP, at, &asked);
}

/* Where a guest's kernel finds its M2P, and how much of it (xen/arch-x86/
 * xen-x86_{32,64}.h: HYPERVISOR_VIRT_START and MACH2PHYS_VIRT_END). */
long fx_m2p_mapping_op(const struct fx_caller *caller, uint64_t at)
{
    xen_machphys_mapping_t wide = {
        .v_start = 0xffff800000000000,
        .v_end = 0xffff804000000000,
        .max_mfn = 0x4000000000 / sizeof(uint64_t) - 1,
    };
    const xen_machphys_mapping_t narrow = {
        .v_start = 0xf5800000,
        .v_end = 0xffe00000,
        .max_mfn = (0xffe00000 - 0xf5800000) / sizeof(uint32_t) - 1,
    };

    return fx_struct_out(caller, FX_MACHPHYS_MAPPING, at,
                         caller->is_32bit ? &narrow : &wide);
}

/* The machine's RAM ranges; all else reads as absent. */
long fx_machine_memory_map_op(const struct fx_caller *caller, uint64_t at)
{
    const struct fx_super *super = caller->host->super;
    xen_memory_map_t asked;
    uint32_t i;

    if (!fx_is_control(caller))
        return -EPERM;
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
