/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream/newborn.h"

#include <config.h>

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stream/format.h"
#include "stream/source.h"

/* Pages of a record: of those with contents 4 MiB, and half a MiB of words. */
#define BATCH       1024
#define EMPTY_BATCH (UINT64_C(64) << 10)

/* ---- records ---- */

static int put_header(int fd, uint32_t type, size_t length)
{
    const struct record_header header = {.type = type,
                                         .length = (uint32_t)length};

    return source_write(fd, &header, sizeof(header));
}

static int pad(int fd, size_t length)
{
    static const char zeros[8];

    return source_write(fd, zeros, -length % sizeof(zeros));
}

/* Of two parts, of which the second may be nothing. */
static int put_record(int fd, uint32_t type, const void *a, size_t a_size,
                      const void *b, size_t b_size)
{
    int rc = put_header(fd, type, a_size + b_size);

    if (!rc)
        rc = source_write(fd, a, a_size);
    if (!rc)
        rc = source_write(fd, b, b_size);
    return rc ? rc : pad(fd, a_size + b_size);
}

static int put_headers(int fd)
{
    const struct libxc_image_header image = {
        .marker = LIBXC_MARKER,
        .id_be = htobe32(LIBXC_ID),
        .version_be = htobe32(LIBXC_VERSION_MAX),
    };
    const struct libxc_domain_header domain = {
        .type = LIBXC_X86_PV,
        .page_shift = DW_PAGE_SHIFT,
        .xen_major = XEN_MAJOR,
        .xen_minor = XEN_MINOR,
    };
    int rc = source_write(fd, &image, sizeof(image));

    return rc ? rc : source_write(fd, &domain, sizeof(domain));
}

static int put_info(int fd, const struct pv_abi *abi)
{
    const struct pv_info info = {
        .width = (uint8_t)abi->word,
        .levels = (uint8_t)abi->format->levels,
    };
    int rc = put_record(fd, LIBXC_X86_PV_INFO, &info, sizeof(info), NULL, 0);

    return rc ? rc : put_header(fd, LIBXC_STATIC_DATA_END, 0);
}

/* ---- memory ---- */

static uint64_t p2m_pages(const struct pv_layout *layout)
{
    return dw_pages_for(layout->p2m_entries * layout->abi->word);
}

static int put_p2m_frames(int fd, const struct pv_layout *layout)
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
    rc = put_record(fd, LIBXC_X86_PV_P2M_FRAMES, &header, sizeof(header), pfns,
                    n * sizeof(*pfns));
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
static int put_zeros(int fd, const uint8_t *pages, uint64_t n)
{
    size_t size = n << DW_PAGE_SHIFT;
    struct stat st;

    if (!fstat(fd, &st) && S_ISREG(st.st_mode) &&
        lseek(fd, (off_t)size, SEEK_CUR) >= 0)
        return 0;
    return source_write(fd, pages, size);
}

/* Those that follow each other and are alike, with one call. */
static int put_contents(int fd, const struct newborn *newborn, uint64_t pfn,
                        const uint64_t *word, uint64_t n)
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
        rc = zero ? put_zeros(fd, at, end - i)
                  : source_write(fd, at, (end - i) << DW_PAGE_SHIFT);
    }
    return rc;
}

/* PFNs [pfn, pfn + n) in one record. */
static int put_pages(int fd, const struct newborn *newborn, uint64_t pfn,
                     const uint64_t *word, uint64_t n)
{
    const struct page_data_header header = {.count = (uint32_t)n};
    uint64_t contents = 0, i;
    int rc;

    for (i = 0; i < n; i++)
        contents += has_contents(word[i]);
    rc = put_header(fd, LIBXC_PAGE_DATA,
                    sizeof(header) + n * sizeof(*word) +
                        (contents << DW_PAGE_SHIFT));
    if (!rc)
        rc = source_write(fd, &header, sizeof(header));
    if (!rc)
        rc = source_write(fd, word, n * sizeof(*word));
    return rc ? rc : put_contents(fd, newborn, pfn, word, n);
}

static int put_memory(int fd, const struct newborn *newborn)
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
        rc = put_pages(fd, newborn, pfn, word, n);
        if (!rc && newborn->tell)
            rc = newborn->tell(newborn->arg, pfn + n, total);
    }
    free(word);
    return rc;
}

int newborn_write(int fd, const struct newborn *newborn)
{
    /* The rest is the host's where it is restored. */
    const struct tsc_info tsc = {.mode = newborn->tsc_mode};
    const struct vcpu_header vcpu = {.vcpu = 0};
    int rc = put_headers(fd);

    if (!rc)
        rc = put_info(fd, newborn->layout->abi);
    if (!rc)
        rc = put_p2m_frames(fd, newborn->layout);
    if (!rc)
        rc = put_memory(fd, newborn);
    if (!rc)
        rc = put_record(fd, LIBXC_X86_TSC_INFO, &tsc, sizeof(tsc), NULL, 0);
    if (!rc)
        rc = put_record(fd, LIBXC_SHARED_INFO, newborn->shared_info,
                        DW_PAGE_SIZE, NULL, 0);
    if (!rc)
        rc = put_record(fd, LIBXC_X86_PV_VCPU_BASIC, &vcpu, sizeof(vcpu),
                        newborn->context, newborn->context_size);
    return rc ? rc : put_header(fd, LIBXC_END, 0);
}
