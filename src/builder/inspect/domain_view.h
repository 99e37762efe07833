/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect/domain_view.h - a PV domain's frames as a control tool sees them:
 * which are its own, what Xen has them typed as, what stands in them.
 *
 * The domain may run, and be hostile: nothing that it holds is believed, each
 * frame is copied before it is looked at, and what is known of a frame is as
 * old as the last view_ask() for it.  Memory: a byte for each frame of the
 * machine.
 *
 * Order of calls: view_open(), then the others as often as wanted, and
 * view_close() whatever view_open() returned.  All that return int return 0 or
 * a negative errno with the failure in view->dg.
 */
#ifndef DW_INSPECT_DOMAIN_VIEW_H
#define DW_INSPECT_DOMAIN_VIEW_H

#include <stdbool.h>
#include <xenctrl.h>

#include "diag.h"
#include "pt/format.h"

/* XEN_DOMCTL_getpageframeinfo3 takes no more at once. */
#define VIEW_ASK 1024

/* Frames that view_read() takes at once: mapped together, 256 KiB of memory. */
#define VIEW_READ 64

/* A table that a vCPU has loaded. */
struct view_root {
    mfn_t mfn;
    unsigned int vcpu;
    bool user; /* a 64-bit guest's, for its processes */
};

/* What is known of a frame: the level of table that it is, 1 to 4 or 0, and: */
enum view_state {
    VIEW_LEVEL = 0x07,
    VIEW_PINNED = 0x08,
    VIEW_OWNED = 0x10,
    VIEW_ASKED = 0x20,
    VIEW_UNLISTED = 0x40, /* owned, and not marked by view_set_listed() since */
};

struct domain_view;

/* Where a view's frames are, if not in Xen: saved_view.h.  All are known. */
struct view_backing {
    /* 0 or a negative errno. */
    int (*read)(const struct domain_view *view, mfn_t mfn, void *page);
    /* view_ask_roots() */
    int (*ask_roots)(struct domain_view *view);
    const void *arg;
};

struct domain_view {
    xc_interface *xc; /* NULL: there is a backing */
    const struct view_backing *backing;
    struct diag *dg;
    uint32_t domid;
    const struct pt_format *format;
    unsigned int word;   /* bytes, of the guest's */
    uint64_t ram_end;    /* the first frame behind all RAM */
    uint64_t tot_pages;  /* frames that Xen counts for it */
    uint64_t max_pages;  /* ... and that it may have */
    uint64_t found;      /* frames that are known to be its own */
    mfn_t near;          /* one of them */
    uint64_t first, end; /* all that were ever its own are in [first, end) */
    mfn_t shared_info;   /* not counted, as it is Xen's own memory */
    /* In vCPU 0's registers, before it has run: */
    vaddr_t start_info, entry, stack;
    bool extended_cr3;    /* the VM assist */
    uint64_t absent_safe; /* no address below this is, in an absent entry */
    const xen_pfn_t *m2p; /* by frame; ~0: none */
    uint8_t *state;       /* by frame: enum view_state */
    struct view_root *root;
    unsigned int nr_roots;
    xen_pfn_t *compat_m2p; /* the first frame of each 2 MiB of it */
    unsigned int nr_compat_m2p;
    xen_pfn_t *grant; /* the frames of its grant table, version 1 */
    unsigned int nr_grants;
};

/* A PV domain, and what others know of it. */
struct view_domain {
    const xc_domaininfo_t *info;
    unsigned int width; /* 32 or 64 */
    /* As xenstore has them; MFN_INVALID: it does not. */
    mfn_t store, console;
};

/* `width`: 32 or 64, domain_width() of it. */
int __attribute__((warn_unused_result))
view_open(struct domain_view *view, xc_interface *xc, struct diag *dg,
          const xc_domaininfo_t *info, unsigned int width);
void view_close(struct domain_view *view);

/* What view->m2p takes for so many frames, as view_close() gives it back. */
size_t view_m2p_bytes(uint64_t frames);

/* Asks Xen about these frames, whatever is known of them; any number. */
int __attribute__((warn_unused_result))
view_ask(struct domain_view *view, const mfn_t *mfns, unsigned int n);

/*
 * Asks about all frames of the machine that were not asked about, until all of
 * the domain's are found.
 */
int __attribute__((warn_unused_result)) view_ask_all(struct domain_view *view);

/*
 * -ESRCH: the domain is dying, or gone.  Its frames and tables are taken from
 * it one after the other then: what was seen of them meanwhile means nothing.
 */
int __attribute__((warn_unused_result))
view_check_alive(struct domain_view *view);

/* The tables that its vCPUs have loaded by now, into view->root; -ESRCH, too.
 */
int __attribute__((warn_unused_result))
view_ask_roots(struct domain_view *view);

/*
 * Copies n frames, at most VIEW_READ, to pages[] of 4 KiB each.  ok[i]: the
 * i'th is there; the domain need not have it any more.
 */
int __attribute__((warn_unused_result))
view_read(struct domain_view *view, const mfn_t *mfns, unsigned int n,
          void *pages, bool *ok);

struct view_page {
    bool there;
    mfn_t mfn;
    uint64_t word[DW_PAGE_SIZE / sizeof(uint64_t)];
};

/*
 * The frame's contents in `page`, read unless they are there already; NULL
 * where the frame cannot be read, for whatever reason.
 */
uint64_t *view_page(struct domain_view *view, struct view_page *page,
                    mfn_t mfn);

/* Tables by level, for translations that lie near each other. */
struct view_path {
    struct domain_view *view;
    struct view_page level[4];
};

/* The frame that `va` is mapped to; MFN_INVALID: none. */
mfn_t view_translate(struct view_path *path, mfn_t root, vaddr_t va);

static inline unsigned int view_state(const struct domain_view *view, mfn_t mfn)
{
    return mfn.v < view->ram_end ? view->state[mfn.v] : 0;
}

/* Was it asked about? */
static inline bool view_asked(const struct domain_view *view, mfn_t mfn)
{
    return view_state(view, mfn) & VIEW_ASKED;
}

/* Is a frame the domain's own, as far as it was asked about? */
static inline bool view_owned(const struct domain_view *view, mfn_t mfn)
{
    return view_state(view, mfn) & VIEW_OWNED;
}

/* What level of page table Xen holds it for, 1 to 4, or 0. */
static inline unsigned int view_level(const struct domain_view *view, mfn_t mfn)
{
    return view_state(view, mfn) & VIEW_LEVEL;
}

/*
 * The PFN that the M2P has for one of its frames, which is the guest's to set;
 * PFN_INVALID: none.  Frames have 40 bits at most (Intel SDM vol. 3A, 4.1.4).
 */
#define VIEW_PFN_LAST ((UINT64_C(1) << 40) - 1)
static inline pfn_t view_pfn(const struct domain_view *view, mfn_t mfn)
{
    return view_owned(view, mfn) && view->m2p[mfn.v] <= VIEW_PFN_LAST
               ? PFN(view->m2p[mfn.v])
               : PFN_INVALID;
}

static inline bool view_pinned(const struct domain_view *view, mfn_t mfn)
{
    return view_state(view, mfn) & VIEW_PINNED;
}

/* A mark for the caller's use, of a frame that is owned. */
static inline void view_set_listed(struct domain_view *view, mfn_t mfn)
{
    view->state[mfn.v] &= (uint8_t)~VIEW_UNLISTED;
}

/*
 * The first of the frames from `mfn` on, below `end`, that has one of the bits
 * in the array of bytes; `end`: none.  Eight at a time, as most have none.
 */
uint64_t view_next(const uint8_t *bytes, uint64_t mfn, uint64_t end,
                   uint8_t bits);

/* A guest's CR3: its 32-bit form is rotated (xen-x86_32.h). */
mfn_t view_root_mfn(const struct domain_view *view, uint64_t cr3);

/*
 * Is it Xen's memory that a guest may map all the same: its shared info or its
 * grant table?
 */
bool view_lent(const struct domain_view *view, mfn_t mfn);

/* Is that slot of a table of `level` Xen's own, with this entry in it? */
bool view_xens_slot(const struct domain_view *view, unsigned int level,
                    unsigned int slot, const struct pt_entry *entry);

#endif /* DW_INSPECT_DOMAIN_VIEW_H */
