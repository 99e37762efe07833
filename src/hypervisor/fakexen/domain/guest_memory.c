/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest_memory.c - a running guest's memory, through its own page tables.
 *
 * The tables are validated, and change under the lock alone: a walk that it
 * holds leads where the guest's CPU would get, and leaves the same accessed and
 * dirty bits.
 */
#include "domain/guest_memory.h"

#include <errno.h>
#include <string.h>

#include "domain/state.h"
#include "machine/frames.h"
#include "memory/pt_entry.h"

/* Xen's part of a 32-bit guest's addresses, up to their end (xen/arch-x86/
 * xen-x86_32.h: __HYPERVISOR_VIRT_START_PAE). */
#define COMPAT_XEN_START UINT64_C(0xf5800000)

static bool is_xens(const struct fx_caller *caller, uint64_t address)
{
    return caller->is_32bit ? address >= COMPAT_XEN_START
                            : fx_in_xens_range(address);
}

/* Down to the entry of that level; NULL where there is none. */
static uint64_t *walk(const struct fx_caller *caller, uint64_t address,
                      unsigned int to, uint64_t *table, bool write)
{
    struct fx_host *host = caller->host;
    const struct fx_vcpu_state *v =
        fx_vcpu_state(host, caller->domain, caller->vcpu);
    unsigned int level = caller->is_32bit ? 3 : 4;
    uint64_t *entry;

    if (!v || is_xens(caller, address))
        return NULL;
    for (*table = v->root;; level--) {
        entry = fx_entry_in(host, *table, level, address);
        if (!entry || level == to)
            return entry;
        if (!(*entry & FX_PRESENT) || *entry & FX_PSE ||
            (write && !(*entry & FX_RW)))
            return NULL;
        fx_entry_add(entry, FX_ACCESSED);
        *table = fx_entry_mfn(*entry);
    }
}

uint64_t fx_guest_l1(const struct fx_caller *caller, uint64_t address)
{
    uint64_t table;

    return walk(caller, address, 1, &table, false) ? table : FX_NO_MFN;
}

/* Where the byte is, here; NULL: nowhere that the kernel could read, or write,
 * it. */
static uint8_t *byte_at(const struct fx_caller *caller, uint64_t address,
                        bool write)
{
    struct fx_host *host = caller->host;
    uint64_t table, *entry = walk(caller, address, 1, &table, write);
    struct fx_domain *owner;
    struct fx_frame *frame;
    uint8_t *page;
    uint64_t mfn;

    if (!entry || !(*entry & FX_PRESENT) || (write && !(*entry & FX_RW)))
        return NULL;
    mfn = fx_entry_mfn(*entry);
    frame = fx_frame(host, mfn);
    page = frame ? fx_page(host, mfn) : NULL;
    if (!page)
        return NULL;
    fx_entry_add(entry, FX_ACCESSED | (write ? FX_DIRTY : 0));
    owner = write ? fx_domain(host, frame->owner) : NULL;
    if (owner)
        fx_mark_dirty(owner, frame);
    return page + (address & (FX_PAGE_SIZE - 1));
}

/* Page by page, so far as there are any: what was copied before a fault stays
 * copied, as on Xen. */
static int copy(const struct fx_caller *caller, uint8_t *ours, uint64_t address,
                size_t size, bool write)
{
    while (size) {
        size_t n = FX_PAGE_SIZE - (address & (FX_PAGE_SIZE - 1));
        uint8_t *theirs = byte_at(caller, address, write);

        if (!theirs)
            return -EFAULT;
        if (n > size)
            n = size;
        if (write)
            memcpy(theirs, ours, n);
        else
            memcpy(ours, theirs, n);
        ours += n;
        address += n;
        size -= n;
    }
    return 0;
}

static int copy_in(const struct fx_caller *caller, void *to, uint64_t from,
                   size_t size)
{
    return copy(caller, to, from, size, false);
}

static int copy_out(const struct fx_caller *caller, uint64_t to,
                    const void *from, size_t size)
{
    /* Not written to: which way it goes is for copy() to know. */
    return copy(caller, (uint8_t *)(uintptr_t)from, to, size, true);
}

struct fx_caller fx_guest_caller(struct fx_host *host, struct fx_domain *domain,
                                 uint32_t vcpu)
{
    return (struct fx_caller){
        .host = host,
        .domain = domain,
        .is_guest = true,
        .is_32bit = domain->is_32bit,
        .vcpu = vcpu,
        .copy_in = copy_in,
        .copy_out = copy_out,
    };
}
