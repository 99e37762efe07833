/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/live_memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenguest.h>

#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>

#include "frame.h"
#include "host/find.h"
#include "pt/format.h"

/* An entry of a table (Intel SDM vol. 3A, 4.4 and 4.5). */
#define PRESENT    UINT64_C(1)
#define SUPERPAGE  UINT64_C(0x80)
#define FRAME_MASK UINT64_C(0x000ffffffffff000)
#define ENTRIES    (DW_PAGE_SIZE / sizeof(uint64_t))

/* What xc_map_m2p() maps at a time. */
#define M2P_EXTENT (UINT64_C(2) << 20)

/* A P2M of more than that is none: 16 times the machine, and gaps. */
#define ROOM(memory) (16 * (memory)->ram_end + (UINT64_C(1) << 25))

/* Xen's slots: of an L4 the ones for 0xffff800000000000 and on, of the L2 for
 * the last GiB those from 0xf5800000 on (xen-x86_64.h, xen-x86_32.h). */
#define L4_FIRST 256u
#define L4_END   272u
#define L2_FIRST 428u

#define FIELD(memory, name)                                                    \
    ((memory)->width == 8                                                      \
         ? (uint64_t)((struct shared_info_x86_64 *)(memory)->shared_info)      \
               ->arch.name                                                     \
         : (uint64_t)((struct shared_info_x86_32 *)(memory)->shared_info)      \
               ->arch.name)

static int no_memory(struct memory *memory)
{
    return diag_fail(memory->host->dg, DW_FAILED, -ENOMEM, "out of memory");
}

/* ---- what is there from the beginning ---- */

static int open_compat_m2p(struct memory *memory)
{
    struct xen_machphys_mfn_list list = {.max_extents = 1};

    memory->compat_m2p = ~(xen_pfn_t)0;
    if (memory->width == 8)
        return 0;
    set_xen_guest_handle_raw(list.extent_start, &memory->compat_m2p);
    if (xc_memory_op(memory->host->xc, XENMEM_machphys_compat_mfn_list, &list,
                     sizeof(list)))
        return diag_fail_xc(memory->host->dg, "asking for the compat M2P");
    return 0;
}

int memory_open(struct memory *memory, struct host *host,
                const xc_domaininfo_t *info, unsigned int width)
{
    const xen_pfn_t shared = info->shared_info_frame;
    unsigned long end;

    *memory = (struct memory){
        .host = host,
        .domid = info->domain,
        .width = width / 8,
        .levels = width == 64 ? 4 : 3,
        .foreign = xenforeignmemory_open(NULL, 0),
    };
    if (!memory->foreign)
        return diag_fail_xc(host->dg, "opening foreign memory");
    memory->shared_info = xenforeignmemory_map(memory->foreign, info->domain,
                                               PROT_READ, 1, &shared, NULL);
    if (!memory->shared_info)
        return diag_fail_xc(host->dg, "mapping the shared info");
    if (xc_maximum_ram_page(host->xc, &end))
        return diag_fail_xc(host->dg, "asking Xen for its memory's end");
    memory->ram_end = end;
    memory->m2p = xc_map_m2p(host->xc, end, PROT_READ, NULL);
    if (!memory->m2p)
        return diag_fail_xc(host->dg, "mapping Xen's M2P");
    return open_compat_m2p(memory);
}

void memory_close(struct memory *memory)
{
    const uint64_t bytes = memory->ram_end * sizeof(*memory->m2p);
    uint64_t i;

    for (i = 0; i < memory_pieces(memory); i++)
        memory_leave(memory, i);
    if (memory->m2p)
        munmap((void *)(uintptr_t)memory->m2p,
               (bytes + M2P_EXTENT - 1) & ~(M2P_EXTENT - 1));
    if (memory->shared_info)
        xenforeignmemory_unmap(memory->foreign, memory->shared_info, 1);
    if (memory->foreign)
        xenforeignmemory_close(memory->foreign);
    free(memory->mfn);
    free(memory->at);
    free(memory->type);
    free(memory->page);
    free(memory->piece);
    free(memory->p2m_pfn);
    *memory = (struct memory){.nr = 0};
}

/* ---- the P2M ---- */

static bool grow(void *array, size_t size, uint64_t from, uint64_t to, int fill)
{
    void **at = array, *new = realloc(*at, to * size);

    if (!new)
        return false;
    memset((char *)new + from *size, fill, (to - from) * size);
    *at = new;
    return true;
}

static int make_room(struct memory *memory, uint64_t nr)
{
    uint64_t from = memory->room, pieces = memory_pieces(memory);
    uint64_t to = (nr + MEMORY_PIECE - 1) / MEMORY_PIECE * MEMORY_PIECE;

    if (to <= from)
        return 0;
    if (!grow(&memory->mfn, sizeof(*memory->mfn), from, to, 0xff) ||
        !grow(&memory->at, sizeof(*memory->at), from, to, 0xff) ||
        !grow(&memory->type, sizeof(*memory->type), from, to, PAGE_ABSENT) ||
        !grow(&memory->page, sizeof(*memory->page), from, to, 0) ||
        !grow(&memory->piece, sizeof(*memory->piece), pieces, to / MEMORY_PIECE,
              0))
        return no_memory(memory);
    memory->room = to;
    return 0;
}

/* Copies n words of the guest's from its frames; each of them has a page full.
 * -EAGAIN, and nothing in the diag: one is not there. */
static int copy_frames(struct memory *memory, const uint64_t *mfn, uint64_t n,
                       uint64_t words, uint64_t *to)
{
    const uint64_t each = DW_PAGE_SIZE / memory->width;
    xen_pfn_t *frames = calloc(n, sizeof(*frames));
    int *errors = calloc(n, sizeof(*errors)), rc = 0;
    const void *map = NULL;
    uint64_t i;

    if (!frames || !errors)
        rc = -ENOMEM;
    for (i = 0; !rc && i < n; i++) {
        frames[i] = (xen_pfn_t)mfn[i];
        if (!mfn[i] || mfn[i] >= memory->ram_end)
            rc = -EAGAIN;
    }
    if (!rc)
        map = xenforeignmemory_map(memory->foreign, memory->domid, PROT_READ, n,
                                   frames, errors);
    if (!rc && !map)
        rc = -EAGAIN;
    for (i = 0; !rc && i < n; i++)
        if (errors[i])
            rc = -EAGAIN;
    for (i = 0; !rc && i < words && i < n * each; i++)
        to[i] = memory->width == 8 ? ((const uint64_t *)map)[i]
                                   : ((const uint32_t *)map)[i];
    if (map)
        xenforeignmemory_unmap(memory->foreign, (void *)(uintptr_t)map, n);
    free(frames);
    free(errors);
    return rc;
}

/* The frames of the list's n pages: by a tree of them. */
static int find_by_tree(struct memory *memory, uint64_t n, uint64_t *mfn)
{
    const uint64_t each = DW_PAGE_SIZE / memory->width;
    const uint64_t top = FIELD(memory, pfn_to_mfn_frame_list_list);
    const uint64_t middles = (n + each - 1) / each;
    uint64_t *middle = calloc(middles, sizeof(*middle));
    int rc = middle ? 0 : -ENOMEM;

    if (!rc && middles > each)
        rc = -EAGAIN;
    if (!rc)
        rc = copy_frames(memory, &top, 1, middles, middle);
    if (!rc)
        rc = copy_frames(memory, middle, middles, n, mfn);
    free(middle);
    return rc;
}

static uint64_t root_frame(const struct memory *memory, uint64_t cr3)
{
    return memory->width == 8 ? cr3 >> DW_PAGE_SHIFT
                              : xen_cr3_to_pfn_x86_32((uint32_t)cr3);
}

/* ... or by its address: the frames that n pages from `va` on are mapped to, at
 * the end of a walk that reads each table once. */
static int find_by_address(struct memory *memory, uint64_t n, uint64_t *mfn)
{
    uint64_t va = FIELD(memory, p2m_vaddr), i, number, before;
    uint64_t table[4][ENTRIES], of[4] = {0}, frame, entry;
    unsigned int level, shift;

    if (memory->width == 4)
        va &= UINT32_MAX;
    for (i = 0; i < n; i++) {
        frame = root_frame(memory, FIELD(memory, p2m_cr3));
        before = va + (i << DW_PAGE_SHIFT);
        for (level = memory->levels; level; level--) {
            xen_pfn_t wanted = (xen_pfn_t)frame;
            void *map;

            shift = DW_PAGE_SHIFT + 9 * (level - 1);
            number = before >> shift & (ENTRIES - 1);
            if (!frame || frame >= memory->ram_end)
                return -EAGAIN;
            if (of[level - 1] != frame) {
                map = xenforeignmemory_map(memory->foreign, memory->domid,
                                           PROT_READ, 1, &wanted, NULL);
                if (!map)
                    return -EAGAIN;
                memcpy(table[level - 1], map, DW_PAGE_SIZE);
                xenforeignmemory_unmap(memory->foreign, map, 1);
                of[level - 1] = frame;
            }
            entry = table[level - 1][number];
            if (!(entry & PRESENT))
                return -EAGAIN;
            frame = (entry & FRAME_MASK) >> DW_PAGE_SHIFT;
        }
        mfn[i] = frame;
    }
    return 0;
}

uint64_t memory_pfn(const struct memory *memory, uint64_t mfn)
{
    uint64_t pfn = mfn < memory->ram_end ? memory->m2p[mfn] : MEMORY_NONE;

    return pfn < memory->nr && memory->mfn[pfn] == mfn ? pfn : MEMORY_NONE;
}

/* The PFNs of its own pages, which the stream names. */
static int name_pages(struct memory *memory, const uint64_t *mfn, uint64_t n,
                      bool *changed)
{
    uint64_t *pfn = calloc(n, sizeof(*pfn)), i;
    int rc = pfn ? 0 : -ENOMEM;

    for (i = 0; !rc && i < n; i++) {
        pfn[i] = memory_pfn(memory, mfn[i]);
        if (pfn[i] == MEMORY_NONE)
            rc = -EAGAIN;
    }
    if (rc) {
        free(pfn);
        return rc;
    }
    *changed = n != memory->p2m_pages ||
               memcmp(pfn, memory->p2m_pfn, n * sizeof(*pfn));
    free(memory->p2m_pfn);
    memory->p2m_pfn = pfn;
    memory->p2m_pages = n;
    return 0;
}

static int try_p2m(struct memory *memory, bool *changed)
{
    const uint64_t each = DW_PAGE_SIZE / memory->width;
    const uint64_t nr = FIELD(memory, max_pfn), n = (nr + each - 1) / each;
    uint64_t *mfn, before = memory->nr, i;
    int rc;

    if (!nr || nr > ROOM(memory) || nr > UINT32_MAX)
        return -EAGAIN;
    rc = make_room(memory, nr);
    if (rc)
        return rc;
    mfn = calloc(n, sizeof(*mfn));
    if (!mfn)
        return -ENOMEM;
    rc = FIELD(memory, p2m_cr3) ? find_by_address(memory, n, mfn)
                                : find_by_tree(memory, n, mfn);
    if (!rc)
        rc = copy_frames(memory, mfn, n, nr, memory->mfn);
    if (!rc) {
        memory->nr = nr;
        for (i = nr; i < memory->room; i++)
            memory->mfn[i] = MEMORY_NONE;
        rc = name_pages(memory, mfn, n, changed);
        *changed |= nr != before;
    }
    free(mfn);
    return rc;
}

int memory_read_p2m(struct memory *memory, bool *changed)
{
    unsigned int times;
    int rc = -EAGAIN;

    /* A guest that runs may be just changing it. */
    for (times = 0; rc == -EAGAIN && times < 8; times++)
        rc = try_p2m(memory, changed);
    return rc == -EAGAIN
               ? diag_fail(memory->host->dg, DW_FAILED, -EINVAL,
                           "domain %s's list of frames is not where its kernel "
                           "says, or not whole",
                           host_called(memory->host, memory->domid))
           : rc
               ? diag_fail(memory->host->dg, DW_FAILED, rc, "%s", strerror(-rc))
               : 0;
}

/* ---- types and contents ---- */

static int ask_types(struct memory *memory, uint64_t first)
{
    DECLARE_HYPERCALL_BUFFER(xen_pfn_t, array);
    struct xen_domctl op = {.cmd = XEN_DOMCTL_getpageframeinfo3,
                            .domain = (domid_t)memory->domid};
    unsigned int i;
    int r;

    array = xc_hypercall_buffer_alloc(memory->host->xc, array,
                                      MEMORY_PIECE * sizeof(*array));
    if (!array)
        return no_memory(memory);
    for (i = 0; i < MEMORY_PIECE; i++)
        array[i] = (xen_pfn_t)memory->mfn[first + i];
    op.u.getpageframeinfo3.num = MEMORY_PIECE;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, array);
    r = xc_domctl(memory->host->xc, &op);
    for (i = 0; !r && i < MEMORY_PIECE; i++)
        memory->type[first + i] =
            (uint8_t)(array[i] >> XEN_DOMCTL_PFINFO_LTAB_SHIFT & 0xf);
    xc_hypercall_buffer_free(memory->host->xc, array);
    return r ? diag_fail_xc(memory->host->dg, "asking for pages' types") : 0;
}

static bool has_contents(const struct memory *memory, uint64_t pfn)
{
    return memory->type[pfn] < PAGE_BROKEN && memory->mfn[pfn] != MEMORY_NONE;
}

void memory_leave(struct memory *memory, uint64_t piece)
{
    struct memory_piece *p = &memory->piece[piece];
    const uint64_t first = piece * MEMORY_PIECE;

    if (!p->map)
        return;
    xenforeignmemory_unmap(memory->foreign, p->map, p->mapped);
    *p = (struct memory_piece){.map = NULL};
    memset(&memory->page[first], 0, MEMORY_PIECE * sizeof(*memory->page));
    memset(&memory->at[first], 0xff, MEMORY_PIECE * sizeof(*memory->at));
}

static bool is_mapped(const struct memory *memory, uint64_t first)
{
    uint64_t pfn;

    for (pfn = first; pfn < first + MEMORY_PIECE; pfn++)
        if (has_contents(memory, pfn) &&
            (!memory->page[pfn] || memory->at[pfn] != memory->mfn[pfn]))
            return false;
    return true;
}

/* A frame that is not the guest's any more stays without contents. */
static int map_piece(struct memory *memory, uint64_t piece)
{
    const uint64_t first = piece * MEMORY_PIECE;
    struct memory_piece *p = &memory->piece[piece];
    xen_pfn_t frames[MEMORY_PIECE];
    int errors[MEMORY_PIECE];
    uint16_t of[MEMORY_PIECE];
    unsigned int i, n = 0;

    memory_leave(memory, piece);
    for (i = 0; i < MEMORY_PIECE; i++)
        if (has_contents(memory, first + i)) {
            of[n] = (uint16_t)i;
            frames[n++] = (xen_pfn_t)memory->mfn[first + i];
        }
    if (!n)
        return 0;
    p->map = xenforeignmemory_map(memory->foreign, memory->domid, PROT_READ, n,
                                  frames, errors);
    if (!p->map)
        return diag_fail_xc(memory->host->dg, "mapping the guest's memory");
    p->mapped = n;
    for (i = 0; i < n; i++)
        if (!errors[i]) {
            memory->page[first + of[i]] =
                (const char *)p->map + (size_t)i * DW_PAGE_SIZE;
            memory->at[first + of[i]] = memory->mfn[first + of[i]];
        }
    return 0;
}

int memory_look(struct memory *memory, uint64_t piece)
{
    int rc = ask_types(memory, piece * MEMORY_PIECE);

    if (!rc && !is_mapped(memory, piece * MEMORY_PIECE))
        rc = map_piece(memory, piece);
    return rc;
}

/* ---- tables ---- */

/* Which of its entries are Xen's own: [*first, *end). */
static void find_xens(const struct memory *memory, unsigned int level,
                      const uint64_t *table, unsigned int *first,
                      unsigned int *end)
{
    *first = *end = 0;
    if (level == 4) {
        *first = L4_FIRST;
        *end = L4_END;
    } else if (memory->levels == 3 && level == 3) {
        *first = 4;
        *end = ENTRIES;
    } else if (memory->levels == 3 && level == 2 &&
               (table[L2_FIRST] & FRAME_MASK) >> DW_PAGE_SHIFT ==
                   memory->compat_m2p) {
        *first = L2_FIRST;
        *end = ENTRIES;
    }
}

bool memory_normal_table(const struct memory *memory, uint64_t pfn,
                         uint64_t to[ENTRIES])
{
    const unsigned int level = memory->type[pfn] & PAGE_LEVEL;
    unsigned int i, first, end;
    uint64_t other;

    memcpy(to, memory->page[pfn], DW_PAGE_SIZE);
    find_xens(memory, level, to, &first, &end);
    for (i = 0; i < ENTRIES; i++) {
        if (i >= first && i < end)
            to[i] = 0;
        if (!(to[i] & PRESENT))
            continue;
        if (level > 1 && to[i] & SUPERPAGE)
            return false;
        other = memory_pfn(memory, (to[i] & FRAME_MASK) >> DW_PAGE_SHIFT);
        if (other == MEMORY_NONE)
            return false;
        to[i] = (to[i] & ~FRAME_MASK) | other << DW_PAGE_SHIFT;
    }
    return true;
}
