/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define XC_WANT_COMPAT_MAP_FOREIGN_API
#include "domain_frames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xenguest.h>

/* What xc_map_m2p() maps at a time. */
#define M2P_EXTENT (UINT64_C(2) << 20)

#define CHUNK 1024u /* XEN_DOMCTL_getpageframeinfo3 takes no more */

static int fail(const char *what)
{
    fprintf(stderr, "domain_frames: %s: %s\n", what, strerror(errno));
    return -1;
}

/* Only frames of the domain have a type. */
static int read_types(const struct domain_frames *f, xen_pfn_t *types,
                      const xen_pfn_t *mfns, unsigned int nr)
{
    DECLARE_HYPERCALL_BUFFER(xen_pfn_t, array);
    struct xen_domctl op = {.cmd = XEN_DOMCTL_getpageframeinfo3,
                            .domain = (domid_t)f->domid};
    int r;

    array = xc_hypercall_buffer_alloc(f->xch, array, CHUNK * sizeof(*array));
    if (!array)
        return fail("a buffer");
    memcpy(array, mfns, nr * sizeof(*array));
    op.u.getpageframeinfo3.num = nr;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, array);
    r = xc_domctl(f->xch, &op);
    memcpy(types, array, nr * sizeof(*array));
    xc_hypercall_buffer_free(f->xch, array);
    return r ? fail("XEN_DOMCTL_getpageframeinfo3") : 0;
}

static int add_chunk(struct domain_frames *f, const xen_pfn_t *mfns,
                     unsigned int nr)
{
    xen_pfn_t types[CHUNK], pfn;
    unsigned int i;

    if (read_types(f, types, mfns, nr))
        return -1;
    for (i = 0; i < nr; i++) {
        if ((types[i] & XEN_DOMCTL_PFINFO_LTAB_MASK) == XEN_DOMCTL_PFINFO_XTAB)
            continue;
        pfn = f->m2p[mfns[i]];
        if (f->p2m && pfn < f->pages && f->p2m[pfn] != mfns[i])
            continue;
        if (pfn >= f->pages || f->mfns[pfn]) {
            fprintf(stderr, "domain_frames: MFN %#lx cannot be at PFN %#lx\n",
                    mfns[i], pfn);
            return -1;
        }
        f->mfns[pfn] = mfns[i];
        f->types[pfn] = types[i];
        f->present++;
    }
    return 0;
}

int domain_frames_add(struct domain_frames *f, const xen_pfn_t *mfns,
                      uint64_t nr)
{
    uint64_t done;
    int rc = 0;

    for (done = 0; !rc && done < nr; done += CHUNK)
        rc = add_chunk(f, mfns + done,
                       nr - done < CHUNK ? (unsigned int)(nr - done) : CHUNK);
    return rc;
}

int domain_frames_open(struct domain_frames *f, xc_interface *xch,
                       uint32_t domid, uint64_t pages)
{
    *f = (struct domain_frames){.xch = xch, .domid = domid, .pages = pages};
    if (xc_domain_get_guest_width(xch, domid, &f->width))
        return fail("xc_domain_get_guest_width");
    if (xc_maximum_ram_page(xch, &f->max_mfn))
        return fail("xc_maximum_ram_page");
    f->m2p = xc_map_m2p(xch, f->max_mfn, PROT_READ, NULL);
    if (!f->m2p)
        return fail("xc_map_m2p");
    f->mfns = calloc(pages, sizeof(*f->mfns));
    f->types = calloc(pages, sizeof(*f->types));
    return f->mfns && f->types ? 0 : fail("memory");
}

static void unmap_m2p(struct domain_frames *f)
{
    uint64_t bytes = f->max_mfn * sizeof(*f->m2p);

    if (f->m2p)
        munmap((void *)f->m2p, (bytes + M2P_EXTENT - 1) & ~(M2P_EXTENT - 1));
}

void domain_frames_dispose(struct domain_frames *f)
{
    unmap_m2p(f);
    free(f->mfns);
    free(f->types);
    *f = (struct domain_frames){.xch = NULL};
}

uint64_t domain_frames_pfn(const struct domain_frames *f, uint64_t mfn)
{
    xen_pfn_t pfn = mfn < f->max_mfn ? f->m2p[mfn] : ~0ul;

    return mfn && pfn < f->pages && f->mfns[pfn] == mfn ? pfn : NO_PFN;
}

void *domain_frames_map(const struct domain_frames *f, uint64_t mfn)
{
    return xc_map_foreign_range(f->xch, f->domid, PAGE, PROT_READ,
                                (unsigned long)mfn);
}

uint64_t domain_frames_word(const struct domain_frames *f, const void *array,
                            size_t index)
{
    return f->width == 8 ? ((const uint64_t *)array)[index]
                         : ((const uint32_t *)array)[index];
}
