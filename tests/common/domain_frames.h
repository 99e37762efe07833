/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domain_frames.h - a PV domain's memory as a control tool sees it: which frame
 * is at which PFN, by the M2P, and what page type it has.
 */
#ifndef DOMAIN_FRAMES_H
#define DOMAIN_FRAMES_H

#include <stdint.h>

#include <xenctrl.h>

#define PAGE 4096u

/* No PFN of the domain's. */
#define NO_PFN UINT64_MAX

struct domain_frames {
    xc_interface *xch;
    uint32_t domid;
    unsigned int width; /* of the guest's words, bytes */
    uint64_t pages;     /* PFNs below this are looked at */
    uint64_t present;   /* so many of them have a frame */
    /* By PFN, or NULL: the guest's own list, where the M2P may have frames that
     * it has given back, and that somebody still has mapped. */
    const xen_pfn_t *p2m;
    /* By PFN: */
    xen_pfn_t *mfns;  /* 0: none */
    xen_pfn_t *types; /* with pins: XEN_DOMCTL_PFINFO_* */
    /* The machine's: */
    unsigned long max_mfn;
    const xen_pfn_t *m2p;
};

/*
 * Looks at a domain, with no frame of it yet.  A domain that changes has to be
 * paused from here on.  0 or -1, with a message; frames are to be disposed of
 * either way.
 */
int __attribute__((warn_unused_result))
domain_frames_open(struct domain_frames *frames, xc_interface *xch,
                   uint32_t domid, uint64_t pages);

void domain_frames_dispose(struct domain_frames *frames);

/*
 * Adds those of the frames that are the domain's, each at the PFN that the M2P
 * has for it.  0 or -1, with a message: two are at one PFN, or Xen refuses.
 */
int __attribute__((warn_unused_result))
domain_frames_add(struct domain_frames *frames, const xen_pfn_t *mfns,
                  uint64_t nr);

/* The PFN that a frame was added at, or NO_PFN. */
uint64_t domain_frames_pfn(const struct domain_frames *frames, uint64_t mfn);

/* A page to be read, until munmap(); NULL with errno. */
void *domain_frames_map(const struct domain_frames *frames, uint64_t mfn);

/* Element `index` of an array of the guest's words. */
uint64_t domain_frames_word(const struct domain_frames *frames,
                            const void *array, size_t index);

#endif /* DOMAIN_FRAMES_H */
