/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A preloaded object that makes a builder wrong: whatever part of the machine
 * it wants a page from, it gets it from anywhere.  For the tests that somebody
 * else notices.
 */
#include <dlfcn.h>

#include <xenctrl.h>

/* xen/memory.h: the address bits stand below the node. */
#define ADDRESS_BITS 0xffu

int xc_domain_populate_physmap(xc_interface *xch, uint32_t domid,
                               unsigned long nr_extents,
                               unsigned int extent_order,
                               unsigned int mem_flags, xen_pfn_t *extent_start)
{
    int (*real)(xc_interface *, uint32_t, unsigned long, unsigned int,
                unsigned int, xen_pfn_t *);

    *(void **)&real = dlsym(RTLD_NEXT, __func__);
    return real(xch, domid, nr_extents, extent_order, mem_flags & ~ADDRESS_BITS,
                extent_start);
}
