/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * segment.c - segment descriptors of a PV guest: nothing in them may lead into
 * Xen, so privilege levels are raised to the guest kernel's own ring, and of
 * the system descriptors only call gates are let in.
 */
#include "memory/segment.h"

#include <errno.h>

#include "machine/host.h"

/* Bits of a descriptor's upper half (Intel SDM, volume 3, 3.4.5). */
#define TYPE_SHIFT 8
#define TYPE       (15u << TYPE_SHIFT)
#define CODE_DATA  (1u << 12)
#define DPL_SHIFT  13
#define DPL        (3u << DPL_SHIFT)
#define PRESENT    (1u << 15)
#define LONG       (1u << 21)
#define PAGES      (1u << 23) /* the limit's unit */

#define CALL_GATE (12u << TYPE_SHIFT)

/* Each domain has 14 frames of descriptors; Xen's own follow
 * (FIRST_RESERVED_GDT_ENTRY in public/arch-x86/xen.h). */
#define GUEST_DESCRIPTORS FIRST_RESERVED_GDT_ENTRY

/* Xen's flat kernel code segments (public/arch-x86/xen-x86_32.h, _64.h). */
#define KERNEL_CS_32 0xe019u
#define KERNEL_CS_64 0xe033u

#define COMPAT_XEN_START UINT64_C(0xf5800000)

/* A flat segment that ends where Xen's part began on 32-bit Xen is extended:
 * the M2P table is larger here. */
static void extend(uint32_t *low, uint32_t *high)
{
    uint32_t base = (*high & 0xff000000) | (*high & 0xff) << 16 | *low >> 16;
    uint64_t size = (uint64_t)((*high & 0xf0000) | (*low & 0xffff)) + 1;

    if (*high & PAGES)
        size <<= 12;
    if (base == 0 && size > COMPAT_XEN_START) {
        *low |= 0xffff;
        *high |= 0xf0000;
    }
}

static bool check_gate(uint32_t *low, uint32_t *high, unsigned int dpl,
                       bool is_32bit)
{
    uint32_t cs = *low >> 16;

    if (cs >> 3 >= GUEST_DESCRIPTORS &&
        cs != (is_32bit ? KERNEL_CS_32 : KERNEL_CS_64) && !(cs & 4))
        return false;
    /* Using the gate faults, and Xen emulates it. */
    *high &= ~DPL;
    *low = (*low & 0xffff) | ((cs & ~3u) | dpl) << 16;
    return !(*high & (is_32bit ? 0xe0 : 0xff));
}

bool fx_check_descriptor(uint64_t *descriptor, bool is_32bit)
{
    uint32_t low = (uint32_t)*descriptor;
    uint32_t high = (uint32_t)(*descriptor >> 32);
    unsigned int ring = is_32bit ? 1 : 3; /* the guest kernel's */
    unsigned int dpl = (high & DPL) >> DPL_SHIFT;

    if (!(high & PRESENT))
        return true;
    if (dpl < ring)
        dpl = ring;
    high = (high & ~DPL) | dpl << DPL_SHIFT;
    if (high & CODE_DATA) {
        if (is_32bit && high & LONG)
            return false;
        if (is_32bit)
            extend(&low, &high);
    } else if (!(high & TYPE)) {
        return true; /* the second half of a 64-bit gate; as it stands */
    } else if ((high & TYPE) != CALL_GATE ||
               !check_gate(&low, &high, dpl, is_32bit)) {
        return false;
    }
    *descriptor = (uint64_t)high << 32 | low;
    return true;
}

int fx_check_descriptors(uint64_t *descriptors, bool is_32bit)
{
    for (size_t i = 0; i < FX_PAGE_SIZE / sizeof(*descriptors); i++)
        if (!fx_check_descriptor(&descriptors[i], is_32bit))
            return -EINVAL;
    return 0;
}
