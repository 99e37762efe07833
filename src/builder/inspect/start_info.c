/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect/start_info.h"

#include <stdlib.h>
#include <string.h>

#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>

/* Then come its version and its words' width. */
#define MAGIC "xen-3."

#define READ(facts, info)                                                      \
    do {                                                                       \
        bool pfn = (info)->flags & SIF_MOD_START_PFN;                          \
        *(facts) = (struct start_facts){                                       \
            .nr_pages = (info)->nr_pages,                                      \
            .mfn_list = VADDR((info)->mfn_list),                               \
            .store = MFN((info)->store_mfn),                                   \
            .console = MFN((info)->console.domU.mfn),                          \
            .tables = VADDR((info)->pt_base),                                  \
            .nr_tables = (info)->nr_pt_frames,                                 \
            .ramdisk_bytes = (info)->mod_len,                                  \
            .ramdisk = VADDR((info)->mod_start),                               \
            .ramdisk_pfn = pfn ? PFN((info)->mod_start) : PFN_INVALID,         \
            .p2m_pfn = PFN((info)->first_p2m_pfn),                             \
            .nr_p2m_frames = (info)->nr_p2m_frames,                            \
        };                                                                     \
    } while (0)

static bool read_page(const struct domain_view *view, const void *page,
                      struct start_facts *facts)
{
    if (memcmp(page, MAGIC, strlen(MAGIC)) != 0)
        return false;
    if (view->word == 4)
        READ(facts, (const start_info_x86_32_t *)page);
    else
        READ(facts, (const start_info_x86_64_t *)page);
    return true;
}

bool start_info_read(struct domain_view *view, struct start_facts *facts)
{
    struct view_path *path = calloc(1, sizeof(*path));
    bool found = false;
    mfn_t mfn;

    if (path && view->nr_roots && !(view->start_info.v % DW_PAGE_SIZE)) {
        path->view = view;
        mfn = view_translate(path, view->root[0].mfn, view->start_info);
        if (view_page(view, &path->level[0], mfn))
            found = read_page(view, path->level[0].word, facts);
    }
    free(path);
    return found;
}
