/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "regress/state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/p2m.h"

#define WORDS (DW_PAGE_SIZE / sizeof(uint64_t))

/* An entry of a table, x86's (Intel SDM vol. 3A, 4.4 and 4.5). */
#define PTE_PRESENT UINT64_C(1)
#define PTE_FRAME   (((UINT64_C(1) << 40) - 1) << DW_PAGE_SHIFT)

/* No guest of a test has more. */
#define PFNS_MAX (UINT64_C(1) << 28)

uint64_t state_p2m_pages(uint64_t nr_pages, unsigned int word)
{
    return dw_pages_for(nr_pages * word);
}

uint64_t state_list_pages(uint64_t nr_pages, unsigned int word)
{
    return dw_pages_for(state_p2m_pages(nr_pages, word) * word) + 1;
}

/* ---- contents ---- */

/* No secret: two pages that differ by accident are not alike in it. */
static uint64_t hash_words(const uint64_t *word, size_t n)
{
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);

    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ word[i]) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    return hash ? hash : 1;
}

/* What Xen has put there leads to frames that are not the guest's. */
static void name_by_pfn(struct domain_view *view, uint64_t *entries)
{
    for (size_t i = 0; i < WORDS; i++) {
        mfn_t mfn = MFN((entries[i] & PTE_FRAME) >> DW_PAGE_SHIFT);
        pfn_t pfn;

        if (!(entries[i] & PTE_PRESENT))
            continue;
        pfn = view_pfn(view, mfn);
        entries[i] = pfn_valid(pfn)
                         ? (entries[i] & ~PTE_FRAME) | pfn.v << DW_PAGE_SHIFT
                         : 0;
    }
}

static void set_page(struct state *state, struct domain_view *view, mfn_t mfn,
                     uint64_t *words)
{
    pfn_t pfn = view_pfn(view, mfn);
    struct state_page *page;

    if (!pfn_valid(pfn) || pfn.v >= state->pfns)
        return;
    page = &state->page[pfn.v];
    page->type = view_state(view, mfn) & (VIEW_LEVEL | VIEW_PINNED);
    if (view_level(view, mfn))
        name_by_pfn(view, words);
    page->hash = hash_words(words, WORDS);
}

static int set_batch(struct state *state, struct domain_view *view,
                     const mfn_t *mfns, unsigned int n, void *pages)
{
    bool ok[VIEW_READ];
    int rc = view_read(view, mfns, n, pages, ok);

    for (unsigned int i = 0; !rc && i < n; i++)
        if (ok[i])
            set_page(state, view, mfns[i],
                     (uint64_t *)pages + (size_t)i * WORDS);
    return rc;
}

static int set_pages(struct state *state, struct domain_view *view)
{
    void *pages = malloc((size_t)VIEW_READ << DW_PAGE_SHIFT);
    mfn_t mfns[VIEW_READ];
    unsigned int n = 0;
    uint64_t mfn;
    int rc = pages ? 0 : -ENOMEM;

    for (mfn = view->first; !rc && mfn < view->end; mfn++) {
        if (!view_owned(view, MFN(mfn)))
            continue;
        mfns[n++] = MFN(mfn);
        if (n < VIEW_READ)
            continue;
        rc = set_batch(state, view, mfns, n, pages);
        n = 0;
    }
    if (!rc && n)
        rc = set_batch(state, view, mfns, n, pages);
    free(pages);
    return rc;
}

/* ---- what does not count ---- */

static void ignore(struct state *state, uint64_t pfn)
{
    if (pfn < state->pfns)
        state->page[pfn].hash = 0;
}

static int ignore_mapped(struct state *state, struct domain_view *view,
                         vaddr_t va, uint64_t pages)
{
    struct view_path *path = calloc(1, sizeof(*path));
    mfn_t mfn;

    if (!path)
        return -ENOMEM;
    path->view = view;
    for (; pages--; va.v += DW_PAGE_SIZE) {
        mfn = view_translate(path, view->root[0].mfn, va);
        if (view_owned(view, mfn))
            ignore(state, view_pfn(view, mfn).v);
    }
    free(path);
    return 0;
}

static int ignore_rewritten(struct state *state, struct domain_view *view,
                            const struct start_facts *start)
{
    uint64_t list, lists = state_list_pages(state->pfns, view->word);
    int rc = ignore_mapped(state, view, start->mfn_list,
                           state_p2m_pages(state->pfns, view->word));

    if (!rc)
        rc = ignore_mapped(state, view, view->start_info, 1);
    for (list = 0; list < lists && list < state->pfns; list++)
        ignore(state, state->pfns - 1 - list);
    return rc;
}

/* ---- vCPUs ---- */

/*
 * Registers that have frames in them have PFNs then.  vCPU 0's EDX tells the
 * tools where start_info is, and its EAX the kernel what became of it.
 */
static uint64_t hash_context(struct domain_view *view,
                             vcpu_guest_context_any_t *context, bool is_first)
{
    mfn_t root;

    if (view->word == 8) {
        root = view_root_mfn(view, context->x64.ctrlreg[3]);
        context->x64.ctrlreg[3] = view_pfn(view, root).v;
        if (is_first)
            context->x64.user_regs.rdx = context->x64.user_regs.rax = 0;
        return hash_words((uint64_t *)&context->x64,
                          sizeof(context->x64) / sizeof(uint64_t));
    }
    root = view_root_mfn(view, context->x32.ctrlreg[3]);
    context->x32.ctrlreg[3] = (uint32_t)view_pfn(view, root).v;
    if (is_first)
        context->x32.user_regs.edx = context->x32.user_regs.eax = 0;
    return hash_words((uint64_t *)&context->x32,
                      sizeof(context->x32) / sizeof(uint64_t));
}

static int set_vcpus(struct state *state, struct domain_view *view,
                     const xc_domaininfo_t *info)
{
    vcpu_guest_context_any_t context;
    unsigned int i;

    state->vcpus = info->max_vcpu_id + 1;
    state->vcpu = calloc(state->vcpus, sizeof(*state->vcpu));
    if (!state->vcpu)
        return -ENOMEM;
    for (i = 0; i < state->vcpus; i++) {
        memset(&context, 0, sizeof(context));
        if (!xc_vcpu_getcontext(view->xc, view->domid, i, &context))
            state->vcpu[i] = hash_context(view, &context, i == 0);
    }
    return 0;
}

/* ---- all of it ---- */

static int make_room(struct state *state, uint64_t pfns)
{
    if (!pfns || pfns > PFNS_MAX)
        return -EINVAL;
    state->pfns = pfns;
    state->page = malloc(pfns * sizeof(*state->page));
    if (!state->page)
        return -ENOMEM;
    for (uint64_t i = 0; i < pfns; i++)
        state->page[i] = (struct state_page){.type = STATE_ABSENT};
    return 0;
}

int state_find(struct domain_view *view, struct start_facts *start)
{
    struct p2m p2m;
    int rc;

    if (!start_info_read(view, start))
        return diag_fail(view->dg, DW_FAILED, -EINVAL,
                         "domain %u has run: its start_info is not where it "
                         "was",
                         view->domid);
    /* Or all of the machine's frames would have to be asked about. */
    rc = p2m_find(view, start, &p2m);
    if (!rc)
        rc = p2m_compare(view, &p2m, NULL);
    return rc ? rc : view_ask_all(view);
}

static int take(struct state *state, struct domain_view *view,
                const xc_domaininfo_t *info)
{
    struct start_facts start;
    int rc = state_find(view, &start);

    if (!rc)
        rc = make_room(state, start.nr_pages);
    if (!rc)
        rc = set_pages(state, view);
    if (!rc)
        rc = ignore_rewritten(state, view, &start);
    if (!rc)
        rc = set_vcpus(state, view, info);
    return rc;
}

int state_take(struct state *state, xc_interface *xc, struct diag *dg,
               const xc_domaininfo_t *info, unsigned int width)
{
    struct domain_view view;
    int rc = view_open(&view, xc, dg, info, width);

    *state = (struct state){0};
    if (!rc)
        rc = take(state, &view, info);
    view_close(&view);
    return rc ? diag_fail(dg, DW_FAILED, rc, "looking at domain %u: %s",
                          (unsigned int)info->domain, strerror(-rc))
              : 0;
}

void state_dispose(struct state *state)
{
    free(state->page);
    free(state->vcpu);
    *state = (struct state){0};
}

/* ---- as text ---- */

int state_write(const struct state *state, FILE *out)
{
    fprintf(out, "state %" PRIu64 " %u\n", state->pfns, state->vcpus);
    for (unsigned int i = 0; i < state->vcpus; i++)
        fprintf(out, "%" PRIx64 "\n", state->vcpu[i]);
    for (uint64_t pfn = 0; pfn < state->pfns; pfn++)
        fprintf(out, "%x %" PRIx64 "\n", state->page[pfn].type,
                state->page[pfn].hash);
    return fflush(out) || ferror(out) ? -EIO : 0;
}

int state_read(struct state *state, FILE *in)
{
    uint64_t pfns;
    unsigned int vcpus, type, i;
    int rc;

    *state = (struct state){0};
    if (fscanf(in, "state %" SCNu64 " %u\n", &pfns, &vcpus) != 2 ||
        vcpus > 8192)
        return -EINVAL;
    rc = make_room(state, pfns);
    state->vcpu = calloc(vcpus + 1, sizeof(*state->vcpu));
    if (!rc && !state->vcpu)
        rc = -ENOMEM;
    state->vcpus = vcpus;
    for (i = 0; !rc && i < vcpus; i++)
        if (fscanf(in, "%" SCNx64 "\n", &state->vcpu[i]) != 1)
            rc = -EINVAL;
    for (uint64_t pfn = 0; !rc && pfn < pfns; pfn++) {
        if (fscanf(in, "%x %" SCNx64 "\n", &type, &state->page[pfn].hash) != 2)
            rc = -EINVAL;
        else
            state->page[pfn].type = (uint8_t)type;
    }
    return rc;
}

/* ---- in what two differ ---- */

#define LINES_MAX 16

struct comparison {
    FILE *out;
    unsigned int lines;
};

static const char *type_name(uint8_t type, char name[16])
{
    if (type == STATE_ABSENT)
        return "absent";
    if (!(type & VIEW_LEVEL))
        return "memory";
    snprintf(name, 16, "L%u%s", type & VIEW_LEVEL,
             type & VIEW_PINNED ? ", pinned" : "");
    return name;
}

static void tell(struct comparison *to, uint64_t first, uint64_t end,
                 uint8_t was, uint8_t is)
{
    char a[16], b[16];

    if (to->lines++ >= LINES_MAX)
        return;
    fprintf(to->out, "PFN %#" PRIx64, first);
    if (end - first > 1)
        fprintf(to->out, " to %#" PRIx64, end - 1);
    if (was == is)
        fprintf(to->out, ": other contents (%s)\n", type_name(was, a));
    else
        fprintf(to->out, ": was %s, is %s\n", type_name(was, a),
                type_name(is, b));
}

static struct state_page page_of(const struct state *state, uint64_t pfn)
{
    return pfn < state->pfns ? state->page[pfn]
                             : (struct state_page){.type = STATE_ABSENT};
}

static bool is_same(struct state_page was, struct state_page is)
{
    /* 0: what is there does not count. */
    return was.type == is.type &&
           (was.hash == is.hash || !was.hash || !is.hash);
}

static uint64_t compare_pages(const struct state *was, const struct state *is,
                              struct comparison *to)
{
    uint64_t pfns = was->pfns > is->pfns ? was->pfns : is->pfns;
    uint64_t n = 0, pfn, first = 0;
    struct state_page a, b;
    uint8_t type[2] = {0, 0};
    bool open = false, differs;

    for (pfn = 0; pfn < pfns; pfn++) {
        a = page_of(was, pfn);
        b = page_of(is, pfn);
        differs = !is_same(a, b);
        if (open && (!differs || a.type != type[0] || b.type != type[1])) {
            tell(to, first, pfn, type[0], type[1]);
            open = false;
        }
        if (!differs)
            continue;
        n++;
        if (!open)
            first = pfn;
        open = true;
        type[0] = a.type;
        type[1] = b.type;
    }
    if (open)
        tell(to, first, pfns, type[0], type[1]);
    return n;
}

static uint64_t compare_vcpus(const struct state *was, const struct state *is,
                              struct comparison *to)
{
    unsigned int i, n = was->vcpus > is->vcpus ? was->vcpus : is->vcpus;
    uint64_t a, b, count = 0;

    for (i = 0; i < n; i++) {
        a = i < was->vcpus ? was->vcpu[i] : 0;
        b = i < is->vcpus ? is->vcpu[i] : 0;
        if (a == b)
            continue;
        count++;
        if (to->lines++ < LINES_MAX)
            fprintf(to->out, "vCPU %u: %s\n", i,
                    !b   ? "it is gone"
                    : !a ? "it was not there"
                         : "other registers");
    }
    return count;
}

uint64_t state_compare(const struct state *was, const struct state *is,
                       FILE *out)
{
    struct comparison to = {.out = out};

    return compare_pages(was, is, &to) + compare_vcpus(was, is, &to);
}
