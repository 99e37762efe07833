/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pt/format.h"

#include <errno.h>
#include <stddef.h>

bool pt_addr_valid(const struct pt_format *fmt, vaddr_t va)
{
    if (!fmt->va_signed)
        return fmt->va_bits >= 64 || (va.v >> fmt->va_bits) == 0;

    /* The top translated bit and all above it are alike. */
    uint64_t high = va.v >> (fmt->va_bits - 1);

    return high == 0 || high == UINT64_MAX >> (fmt->va_bits - 1);
}

bool pt_range_valid(const struct pt_format *fmt, vaddr_t first, vaddr_t end)
{
    /* Wraps to the last byte when `end` is the top of 64 bits, as it must. */
    uint64_t last = end.v - 1;

    if (((first.v | end.v) & (DW_PAGE_SIZE - 1)) != 0 || first.v > last)
        return false;
    if (!pt_addr_valid(fmt, first) || !pt_addr_valid(fmt, VADDR(last)))
        return false;
    /* Both ends are good; between two halves lies the hole. */
    return !fmt->va_signed || (first.v ^ last) >> 63 == 0;
}

int pt_check_leaf(const struct pt_format *fmt, unsigned int level, mfn_t mfn)
{
    uint64_t frames = pt_span(fmt, level) >> DW_PAGE_SHIFT;

    if (!pt_mfn_fits(fmt, mfn))
        return -ERANGE;
    if (!fmt->level[level].leaf || (mfn.v & (frames - 1)) != 0)
        return -EDOM;
    return 0;
}

bool pt_can_say(const struct pt_format *fmt, enum pt_memory memory,
                uint32_t software)
{
    return (memory == PT_WB || fmt->set_memory != NULL) &&
           software <= fmt->software;
}

uint64_t pt_encode(const struct pt_format *fmt, unsigned int level,
                   const struct pt_entry *entry)
{
    uint64_t raw = fmt->leaf(level, entry->mfn, entry->prot);

    if (entry->memory != PT_WB)
        raw = fmt->set_memory(level, raw, entry->memory);
    if (entry->software != 0)
        raw = fmt->set_software(level, raw, entry->software);
    return raw;
}
