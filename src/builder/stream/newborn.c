/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream/newborn.h"

#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stream/format.h"
#include "stream/sink.h"

/* Pages of a record: of those with contents 4 MiB, and half a MiB of words. */
#define BATCH       1024
#define EMPTY_BATCH (UINT64_C(64) << 10)

/* ---- what it is ---- */

static int put_info(struct sink *sink, const struct pv_abi *abi)
{
    const struct pv_info info = {
        .width = (uint8_t)abi->word,
        .levels = (uint8_t)abi->format->levels,
    };
    int rc = sink_record(sink, LIBXC_X86_PV_INFO, &info, sizeof(info), NULL, 0);

    return rc ? rc : sink_record(sink, LIBXC_STATIC_DATA_END, NULL, 0, NULL, 0);
}

/* ---- memory ---- */

static uint64_t p2m_pages(const struct pv_layout *layout)
{
    return dw_pages_for(layout->p2m_entries * layout->abi->word);
}

static int put_p2m_frames(struct sink *sink, const struct pv_layout *layout)
{
    const struct p2m_frames_header header = {
        .last = (uint32_t)(layout->p2m_entries - 1)};
    uint64_t n = p2m_pages(layout), i;
    uint64_t *pfns = malloc(n * sizeof(*pfns));
    int rc;

    if (!pfns)
        return -ENOMEM;
    for (i = 0; i < n; i++)
        pfns[i] = layout->item[PV_P2M].pfn.v + i;
    rc = sink_record(sink, LIBXC_X86_PV_P2M_FRAMES, &header, sizeof(header),
                     pfns, n * sizeof(*pfns));
    free(pfns);
    return rc;
}

static bool is_in(const struct pv_item *item, uint64_t pfn)
{
    return pfn >= item->pfn.v && pfn - item->pfn.v < item->pages;
}

/* Nobody writes there before the guest runs. */
static bool is_empty(const struct pv_layout *layout, uint64_t pfn)
{
    return is_in(&layout->item[PV_BOOT_STACK], pfn) ||
           is_in(&layout->item[PV_PADDING], pfn);
}

/* Of tables the root alone is pinned; Xen counts their levels from 1. */
static unsigned int table_type(const struct pv_layout *layout, uint64_t pfn)
{
    for (unsigned int i = 0; i < layout->nr_runs; i++) {
        const struct pv_run *run = &layout->run[i];

        if (pfn >= run->pfn.v && pfn - run->pfn.v < run->count)
            return (run->level + 1) |
                   (pfn == layout->root.v ? (unsigned int)PAGE_PINNED : 0);
    }
    return PAGE_NORMAL;
}

static unsigned int page_type(const struct pv_layout *layout, uint64_t pfn)
{
    return is_empty(layout, pfn) ? PAGE_ALLOCATE : table_type(layout, pfn);
}

static uint64_t word_of(uint64_t pfn, unsigned int type)
{
    return pfn | (uint64_t)type << PAGE_DATA_TYPE_SHIFT;
}

static bool has_contents(uint64_t word)
{
    return word >> PAGE_DATA_TYPE_SHIFT != PAGE_ALLOCATE;
}

static bool is_zero(const uint8_t *page)
{
    return !page[0] && !memcmp(page, page + 1, DW_PAGE_SIZE - 1);
}

/* A hole, where there can be one: more follows in any case. */
static int put_zeros(struct sink *sink, const uint8_t *pages, uint64_t n)
{
    size_t size = n << DW_PAGE_SHIFT;
    struct stat st;

    if (!fstat(sink->fd, &st) && S_ISREG(st.st_mode) &&
        lseek(sink->fd, (off_t)size, SEEK_CUR) >= 0)
        return 0;
    return sink_put(sink, pages, size);
}

/* Those that follow each other and are alike, with one call. */
static int put_contents(struct sink *sink, const struct newborn *newborn,
                        uint64_t pfn, const uint64_t *word, uint64_t n)
{
    const uint8_t *pages = newborn->pages + (pfn << DW_PAGE_SHIFT), *at;
    uint64_t i, end;
    bool zero;
    int rc = 0;

    for (i = 0; !rc && i < n; i = end) {
        end = i + 1;
        if (!has_contents(word[i]))
            continue;
        at = pages + (i << DW_PAGE_SHIFT);
        zero = is_zero(at);
        while (end < n && has_contents(word[end]) &&
               is_zero(pages + (end << DW_PAGE_SHIFT)) == zero)
            end++;
        rc = zero ? put_zeros(sink, at, end - i)
                  : sink_put(sink, at, (end - i) << DW_PAGE_SHIFT);
    }
    return rc;
}

/* PFNs [pfn, pfn + n) in one record. */
static int put_pages(struct sink *sink, const struct newborn *newborn,
                     uint64_t pfn, const uint64_t *word, uint64_t n)
{
    struct record_header record = {.type = LIBXC_PAGE_DATA};
    const struct page_data_header header = {.count = (uint32_t)n};
    uint64_t contents = 0, i;
    int rc;

    for (i = 0; i < n; i++)
        contents += has_contents(word[i]);
    record.length = (uint32_t)(sizeof(header) + n * sizeof(*word) +
                               (contents << DW_PAGE_SHIFT));
    rc = sink_put(sink, &record, sizeof(record));
    if (!rc)
        rc = sink_put(sink, &header, sizeof(header));
    if (!rc)
        rc = sink_put(sink, word, n * sizeof(*word));
    return rc ? rc : put_contents(sink, newborn, pfn, word, n);
}

static int put_memory(struct sink *sink, const struct newborn *newborn)
{
    const struct pv_layout *layout = newborn->layout;
    uint64_t written = pv_layout_written_end(layout).v;
    uint64_t total = layout->total_pages, pfn, n, i;
    uint64_t *word = malloc(EMPTY_BATCH * sizeof(*word));
    int rc = word ? 0 : -ENOMEM;

    for (pfn = 0; !rc && pfn < total; pfn += n) {
        n = pfn < written ? written - pfn : total - pfn;
        if (n > (pfn < written ? BATCH : EMPTY_BATCH))
            n = pfn < written ? BATCH : EMPTY_BATCH;
        for (i = 0; i < n; i++)
            word[i] =
                word_of(pfn + i, pfn < written ? page_type(layout, pfn + i)
                                               : PAGE_ALLOCATE);
        rc = put_pages(sink, newborn, pfn, word, n);
        if (!rc && newborn->tell)
            rc = newborn->tell(newborn->arg, pfn + n, total);
    }
    free(word);
    return rc;
}

int newborn_write(int fd, const struct newborn *newborn)
{
    struct sink sink = {.fd = fd};
    /* The rest is the host's where it is restored. */
    const struct tsc_info tsc = {.mode = newborn->tsc_mode};
    const struct vcpu_header vcpu = {.vcpu = 0};
    int rc = sink_headers(&sink);

    if (!rc)
        rc = put_info(&sink, newborn->layout->abi);
    if (!rc)
        rc = put_p2m_frames(&sink, newborn->layout);
    if (!rc)
        rc = put_memory(&sink, newborn);
    if (!rc)
        rc = sink_record(&sink, LIBXC_X86_TSC_INFO, &tsc, sizeof(tsc), NULL, 0);
    if (!rc)
        rc = sink_record(&sink, LIBXC_SHARED_INFO, newborn->shared_info,
                         DW_PAGE_SIZE, NULL, 0);
    if (!rc)
        rc = sink_record(&sink, LIBXC_X86_PV_VCPU_BASIC, &vcpu, sizeof(vcpu),
                         newborn->context, newborn->context_size);
    return rc ? rc : sink_record(&sink, LIBXC_END, NULL, 0, NULL, 0);
}
