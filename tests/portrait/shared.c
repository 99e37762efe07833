/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pages through which a domain meets others: start_info, shared_info and
 * the grant table; and its event channels. */
#include "portrait.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <xenforeignmemory.h>

/* Who may bind to a channel of the domain's, or has. */
static void print_channel(const struct portrait *p, const char *name,
                          uint32_t port)
{
    xc_evtchn_status_t s = {.dom = (domid_t)p->domid, .port = port};

    if (xc_evtchn_status(p->xch, &s))
        s.status = EVTCHNSTAT_closed;
    if (s.status == EVTCHNSTAT_unbound)
        printf("start_info: %s to domain %u\n", name, s.u.unbound.dom);
    else if (s.status == EVTCHNSTAT_interdomain)
        printf("start_info: %s to domain %u\n", name, s.u.interdomain.dom);
    else
        printf("start_info: %s %u, of no use\n", name, port);
}

static void print_page(const struct portrait *p, const char *name, uint64_t mfn)
{
    printf("start_info: %s PFN %#" PRIx64 "\n", name,
           domain_frames_pfn(&p->frames, mfn));
}

static void print_place(const char *name, uint64_t va, uint64_t pfn)
{
    printf("%s: at %#" PRIx64 ", PFN %#" PRIx64 "\n", name, va, pfn);
}

int portrait_start_info(const struct portrait *p)
{
    const start_info_x86_64_t *s = &p->start;

    print_place("start_info", p->start_info_va, p->start_info_pfn);
    printf("start_info: magic %.*s\n", (int)sizeof(s->magic), s->magic);
    printf("start_info: nr_pages %#" PRIx64 "\n", s->nr_pages);
    printf("start_info: shared_info: %s\n",
           s->shared_info == p->info.shared_info_frame << XC_PAGE_SHIFT
               ? "the domain's"
               : "another page");
    printf("start_info: flags %#x\n", s->flags);
    print_page(p, "store_mfn", s->store_mfn);
    print_page(p, "console.domU.mfn", s->console.domU.mfn);
    printf("start_info: event channels: %s\n",
           s->store_evtchn == s->console.domU.evtchn ? "one" : "two");
    print_channel(p, "store_evtchn", s->store_evtchn);
    print_channel(p, "console.domU.evtchn", s->console.domU.evtchn);
    print_place("start_info: pt_base", s->pt_base, p->tables_pfn);
    printf("start_info: nr_pt_frames %#" PRIx64 "\n", s->nr_pt_frames);
    print_place("start_info: mfn_list", s->mfn_list, p->p2m_pfn);
    printf("start_info: first_p2m_pfn %#" PRIx64 ", nr_p2m_frames %#" PRIx64
           "\n",
           s->first_p2m_pfn, s->nr_p2m_frames);
    printf("start_info: mod_start %#" PRIx64 ", mod_len %#" PRIx64 "\n",
           s->mod_start, s->mod_len);
    printf("start_info: cmd_line \"%.*s\"\n", (int)sizeof(s->cmd_line),
           (const char *)s->cmd_line);
    return 0;
}

/* "+OFFSET VALUE" for each that is not zero. */
static void describe_words(const uint64_t *words, size_t nr, char *text,
                           size_t size)
{
    size_t used = 0, i;

    text[0] = '\0';
    for (i = 0; i < nr; i++)
        if (words[i])
            used += (size_t)snprintf(text + used, size - used,
                                     "%s+%zu %#" PRIx64, used ? ", " : "",
                                     i * sizeof(*words), words[i]);
}

union shared {
    uint64_t words[PAGE / sizeof(uint64_t)];
    shared_info_x86_32_t x32;
    shared_info_x86_64_t x64;
};

/* Xen writes the wall-clock time there, of when it was built. */
static void clear_time(const struct portrait *p, union shared *shared)
{
    if (p->top == 3) {
        shared->x32.wc_version = shared->x32.wc_sec = 0;
        shared->x32.wc_nsec = shared->x32.arch.wc_sec_hi = 0;
    } else {
        shared->x64.wc_version = shared->x64.wc_sec = 0;
        shared->x64.wc_nsec = shared->x64.wc_sec_hi = 0;
    }
}

/* As far as anything is in it: of a domain that never ran that is little. */
int portrait_shared_info(const struct portrait *p)
{
    const void *page = domain_frames_map(&p->frames, p->info.shared_info_frame);
    const size_t span = sizeof(struct vcpu_info_x86_64);
    struct runs runs = {.name = "shared_info", .span = span};
    union shared copy;
    size_t i;

    if (!page)
        return portrait_fail("shared_info");
    memcpy(&copy, page, sizeof(copy));
    munmap((void *)(uintptr_t)page, PAGE);
    clear_time(p, &copy);
    for (i = 0; i < PAGE; i += span) {
        char text[sizeof(runs.text)];

        describe_words(copy.words + i / sizeof(uint64_t),
                       span / sizeof(uint64_t), text, sizeof(text));
        if (text[0])
            runs_add(&runs, i, NO_PFN, text);
    }
    runs_end(&runs);
    return 0;
}

/* Xen sets in an entry that somebody has mapped it: that is not the builder's.
 */
static void print_grants(const struct portrait *p, const grant_entry_v1_t *e)
{
    size_t i;

    for (i = 0; i < PAGE / sizeof(*e); i++)
        if (e[i].flags)
            printf("grant: %zu flags %#x domain %u PFN %#" PRIx64 "\n", i,
                   e[i].flags & ~(GTF_reading | GTF_writing), e[i].domid,
                   domain_frames_pfn(&p->frames, e[i].frame));
}

int portrait_grants(const struct portrait *p)
{
    xenforeignmemory_handle *fmem = xc_interface_fmem_handle(p->xch);
    xenforeignmemory_resource_handle *resource;
    void *page = NULL;

    resource = xenforeignmemory_map_resource(
        fmem, (domid_t)p->domid, XENMEM_resource_grant_table,
        XENMEM_resource_grant_table_id_shared, 0, 1, &page, PROT_READ, 0);
    if (!resource)
        return portrait_fail("the grant table");
    print_grants(p, page);
    xenforeignmemory_unmap_resource(fmem, resource);
    return 0;
}
