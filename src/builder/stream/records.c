/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream/records.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xen/xen.h>

#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>

#define WORDS (DW_PAGE_SIZE / sizeof(uint64_t))

/* An entry of a table, x86's (Intel SDM vol. 3A, 4.4 and 4.5). */
#define PTE_PRESENT    UINT64_C(1)
#define PTE_FRAME(pte) ((pte) >> DW_PAGE_SHIFT & ((UINT64_C(1) << 40) - 1))

/* What libxenguest takes of xc_domain_get_ext_vcpucontext()'s. */
#define EXTENDED_MAX 128
#define XSAVE_MIN    16

/* Words of the books in a page of them, and pages that nobody has to answer
 * for: those of a guest of 32 GiB. */
#define PER_BLOCK    (DW_PAGE_SIZE / sizeof(uint64_t))
#define BLOCKS(pfns) (((pfns) + PER_BLOCK - 1) / PER_BLOCK)
#define BOOKS_FREE   (UINT64_C(64) << 20)

/* More vCPUs than a PV domain can have (Xen's MAX_VIRT_CPUS). */
#define VCPUS_MAX 8192

static bool covered(const struct saved *saved, uint64_t pfn)
{
    return pfn < saved->pfns;
}

/* Of one that is covered. */
static bool is_memory(const struct saved *saved, uint64_t pfn)
{
    unsigned int type = saved_type(saved, pfn);

    return saved_has_contents(type) || type == PAGE_ALLOCATE;
}

/* ---- what comes first ---- */

static int take_pv_info(struct reader *reader, uint64_t body, uint32_t length)
{
    struct saved *saved = reader->saved;
    struct pv_info info;
    const void *from = NULL;
    int rc;

    (void)length;
    rc = reader_get(reader, body, sizeof(info), &from);
    if (rc)
        return rc;
    memcpy(&info, from, sizeof(info));
    if (!(info.width == 4 && info.levels == 3) &&
        !(info.width == 8 && info.levels == 4))
        return reader_fail(reader, -EINVAL,
                           "%u bytes a word and %u levels of tables",
                           info.width, info.levels);
    saved->width = info.width;
    saved->levels = info.levels;
    reader->has_info = true;
    return 0;
}

static int take_static_end(struct reader *reader, uint64_t body,
                           uint32_t length)
{
    (void)body;
    (void)length;
    reader->is_static_done = true;
    return 0;
}

/* A version 2 stream has no record for that (the document, "v3 compat"). */
static int check_static(struct reader *reader)
{
    if (reader->is_static_done || reader->saved->version < 3)
        return 0;
    return reader_fail(reader, -EINVAL, "before STATIC_DATA_END");
}

/* ---- the P2M list ---- */

/*
 * Zeroes, of which none takes memory until it is written: a stream may say that
 * its domain has any size.
 */
static int cover(struct reader *reader, uint64_t pfns)
{
    struct saved *saved = reader->saved;
    size_t size = sizeof(*saved->page);
    uint64_t before = BLOCKS(saved->pfns), after = BLOCKS(pfns);
    uint8_t *touched = realloc(saved->touched, (after + 7) / 8);
    void *new;

    if (!touched)
        return reader_fail(reader, -ENOMEM, "out of memory");
    saved->touched = touched;
    if (after > before)
        memset(touched + (before + 7) / 8, 0,
               (after + 7) / 8 - (before + 7) / 8);

    if (saved->page)
        new = mremap(saved->page, saved->pfns * size, pfns * size,
                     MREMAP_MAYMOVE);
    else
        new = mmap(NULL, pfns * size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (new == MAP_FAILED)
        return reader_fail(reader, -ENOMEM,
                           "no memory to keep books of %" PRIu64 " pages",
                           pfns);
    /* Of large pages a single word would take a whole one. */
    madvise(new, pfns * size, MADV_NOHUGEPAGE);
    saved->page = new;
    saved->pfns = pfns;
    return 0;
}

static int cover_list(struct reader *reader, uint64_t pages)
{
    struct saved *saved = reader->saved;
    uint64_t *p2m = realloc(saved->p2m, pages * sizeof(*p2m));

    if (!p2m)
        return reader_fail(reader, -ENOMEM, "out of memory");
    saved->p2m = p2m;
    saved->p2m_pages = pages;
    return 0;
}

static int take_p2m_frames(struct reader *reader, uint64_t body,
                           uint32_t length)
{
    struct saved *saved = reader->saved;
    struct p2m_frames_header header;
    uint64_t per_page, first, n;
    const void *from = NULL;
    int rc = check_static(reader);

    if (!rc && !reader->has_info)
        rc = reader_fail(reader, -EINVAL, "before X86_PV_INFO");
    if (!rc)
        rc = reader_get(reader, body, sizeof(header), &from);
    if (rc)
        return rc;
    memcpy(&header, from, sizeof(header));
    per_page = DW_PAGE_SIZE / saved->width;
    first = header.first / per_page;
    n = header.last / per_page + 1 - first;
    /* No guest has one page alone. */
    if (header.first > header.last || !header.last ||
        length != sizeof(header) + n * sizeof(uint64_t))
        return reader_fail(reader, -EINVAL,
                           "%" PRIu32 " bytes for PFNs %#" PRIx32
                           " to %#" PRIx32,
                           length, header.first, header.last);
    if (first > saved->p2m_pages)
        return reader_fail(reader, -EINVAL,
                           "from PFN %#" PRIx32 " on, where the list ends at "
                           "%#" PRIx64,
                           header.first, saved->pfns);
    if (reader->pfns_max && header.last >= reader->pfns_max)
        return reader_fail(reader, -EINVAL,
                           "to PFN %#" PRIx32 ", where a guest of its memory "
                           "has %#" PRIx64 " at most",
                           header.last, reader->pfns_max);
    if (header.last >= saved->pfns)
        rc = cover(reader, (uint64_t)header.last + 1);
    if (!rc && first + n > saved->p2m_pages)
        rc = cover_list(reader, first + n);
    if (rc)
        return rc;
    rc = reader_get(reader, body + sizeof(header), n * sizeof(uint64_t), &from);
    if (!rc)
        memcpy(saved->p2m + first, from, n * sizeof(uint64_t));
    return rc;
}

/* ---- memory ---- */

static bool is_known_type(unsigned int type)
{
    return type <= 4 || (type >= (PAGE_PINNED | 1) && type <= PAGE_ABSENT);
}

/* A page of the books is taken.  Few guests have 512 PFNs of which but one is
 * memory, and none has many of such.
 */
static int touch(struct reader *reader, uint64_t pfn, uint64_t at)
{
    struct saved *saved = reader->saved;
    uint8_t *byte = &saved->touched[pfn / PER_BLOCK / 8];
    uint8_t bit = (uint8_t)(1u << (pfn / PER_BLOCK % 8));

    if (*byte & bit)
        return 0;
    *byte |= bit;
    saved->n_touched++;
    return saved->n_touched * DW_PAGE_SIZE <= BOOKS_FREE + 8 * at
               ? 0
               : reader_fail(reader, -EINVAL,
                             "its pages are as scattered as no guest's");
}

static int take_type(struct reader *reader, uint64_t word, uint64_t at)
{
    struct saved *saved = reader->saved;
    uint64_t pfn = word & PAGE_DATA_PFN, page;
    unsigned int type = (unsigned int)(word >> PAGE_DATA_TYPE_SHIFT);

    if (!covered(saved, pfn))
        return reader_fail(reader, -EINVAL,
                           "PFN %#" PRIx64
                           ", where the P2M list ends at %#" PRIx64,
                           pfn, saved->pfns);
    if (!is_known_type(type))
        return reader_fail(reader, -EINVAL,
                           "PFN %#" PRIx64 " of type %u, which is none", pfn,
                           type);
    if (saved_level(type) > saved->levels)
        return reader_fail(reader, -EINVAL,
                           "PFN %#" PRIx64 " is an L%u, of a guest with %u "
                           "levels",
                           pfn, saved_level(type), saved->levels);
    /* Zeroes stay untouched where nothing is new. */
    page = saved_page(saved_has_contents(type) ? at : 0, type);
    if (saved->page[pfn] == page)
        return 0;
    saved->page[pfn] = page;
    return touch(reader, pfn, at);
}

/* Every frame that it maps has to be one that there can be. */
static int check_table(struct reader *reader, uint64_t pfn, unsigned int type,
                       uint64_t at)
{
    const struct saved *saved = reader->saved;
    const uint64_t *entry;
    const void *from = NULL;
    unsigned int i;
    int rc = reader_get(reader, at, DW_PAGE_SIZE, &from);

    if (rc)
        return rc;
    entry = from;
    for (i = 0; i < WORDS; i++)
        if (entry[i] & PTE_PRESENT && !covered(saved, PTE_FRAME(entry[i])))
            return reader_fail(
                reader, -EINVAL,
                "L%u at PFN %#" PRIx64 ", entry %u: PFN %#" PRIx64
                ", where the P2M list ends at %#" PRIx64,
                saved_level(type), pfn, i, PTE_FRAME(entry[i]), saved->pfns);
    return 0;
}

/* The words are copied: a source has one place for what was got of it. */
static int take_pages(struct reader *reader, const uint64_t *word,
                      uint32_t count, uint64_t at)
{
    unsigned int type;
    uint32_t i;
    int rc;

    for (i = 0; i < count; i++) {
        rc = take_type(reader, word[i], at);
        type = (unsigned int)(word[i] >> PAGE_DATA_TYPE_SHIFT);
        if (!rc && saved_level(type))
            rc = check_table(reader, word[i] & PAGE_DATA_PFN, type, at);
        if (rc)
            return rc;
        if (saved_has_contents(type)) {
            at += DW_PAGE_SIZE;
            reader->saved->contents++;
        }
    }
    return 0;
}

/* Has the record the size for what it says that it has? */
static int check_size(struct reader *reader, const uint64_t *word,
                      uint32_t count, uint32_t length)
{
    uint64_t want =
        sizeof(struct page_data_header) + (uint64_t)count * sizeof(*word);
    uint32_t i;

    for (i = 0; i < count; i++)
        if (saved_has_contents((unsigned int)(word[i] >> PAGE_DATA_TYPE_SHIFT)))
            want += DW_PAGE_SIZE;
    return length == want ? 0
                          : reader_fail(reader, -EINVAL,
                                        "%" PRIu32 " bytes, where %" PRIu32
                                        " PFNs of its types take %" PRIu64,
                                        length, count, want);
}

static int take_page_data(struct reader *reader, uint64_t body, uint32_t length)
{
    struct page_data_header header;
    const void *from = NULL;
    uint64_t *word;
    size_t size;
    int rc = check_static(reader);

    if (!rc)
        rc = reader_get(reader, body, sizeof(header), &from);
    if (rc)
        return rc;
    memcpy(&header, from, sizeof(header));
    size = (size_t)header.count * sizeof(*word);
    if (!size || size > length - sizeof(header))
        return reader_fail(reader, -EINVAL,
                           "%" PRIu32 " PFNs in %" PRIu32 " bytes",
                           header.count, length);
    rc = reader_get(reader, body + sizeof(header), size, &from);
    if (rc)
        return rc;
    word = malloc(size);
    if (!word)
        return reader_fail(reader, -ENOMEM, "out of memory");
    memcpy(word, from, size);
    rc = check_size(reader, word, header.count, length);
    if (!rc)
        rc = take_pages(reader, word, header.count,
                        body + sizeof(header) + size);
    free(word);
    return rc;
}

/* ---- vCPUs ---- */

static int add_vcpus(struct reader *reader, unsigned int vcpus)
{
    struct saved *saved = reader->saved;
    struct saved_vcpu *vcpu;

    if (vcpus <= saved->vcpus)
        return 0;
    vcpu = realloc(saved->vcpu, vcpus * sizeof(*vcpu));
    if (!vcpu)
        return reader_fail(reader, -ENOMEM, "out of memory");
    saved->vcpu = vcpu;
    for (; saved->vcpus < vcpus; saved->vcpus++)
        vcpu[saved->vcpus] =
            (struct saved_vcpu){.root = PFN_INVALID, .user_root = PFN_INVALID};
    return 0;
}

static uint32_t context_size(const struct saved *saved)
{
    return saved->width == 8 ? sizeof(struct vcpu_guest_context_x86_64)
                             : sizeof(struct vcpu_guest_context_x86_32);
}

static int check_blob(struct reader *reader, enum saved_vcpu_blob kind,
                      uint32_t length)
{
    const char *wrong = NULL;

    switch (kind) {
    case SAVED_BASIC:
        if (length != context_size(reader->saved))
            wrong = "not those of a vCPU's context of its width";
        break;
    case SAVED_EXTENDED:
        if (length > EXTENDED_MAX)
            wrong = "more than 128";
        break;
    case SAVED_XSAVE:
        if (length < XSAVE_MIN)
            wrong = "less than 16";
        break;
    case SAVED_MSRS:
    case SAVED_VCPU_BLOBS:
        if (length % MSR_BYTES)
            wrong = "no whole MSRs";
        break;
    }
    return wrong ? reader_fail(reader, -EINVAL, "%" PRIu32 " bytes, %s", length,
                               wrong)
                 : 0;
}

/* `body` has a header and `length` bytes; none is no state (its errata). */
static int take_vcpu(struct reader *reader, enum saved_vcpu_blob kind,
                     uint64_t body, uint32_t length)
{
    struct saved *saved = reader->saved;
    struct vcpu_header header;
    struct saved_blob *blob;
    const void *from = NULL;
    int rc = reader_get(reader, body, sizeof(header), &from);

    if (rc)
        return rc;
    memcpy(&header, from, sizeof(header));
    length -= (uint32_t)sizeof(header);
    if (!length)
        return 0;
    if (!reader->has_info)
        return reader_fail(reader, -EINVAL, "before X86_PV_INFO");
    if (header.vcpu >= VCPUS_MAX)
        return reader_fail(reader, -EINVAL, "vCPU %" PRIu32, header.vcpu);
    rc = check_blob(reader, kind, length);
    if (!rc)
        rc = add_vcpus(reader, header.vcpu + 1);
    if (rc)
        return rc;
    blob = &saved->vcpu[header.vcpu].blob[kind];
    if (blob->length)
        return reader_fail(reader, -EINVAL, "a second one for vCPU %" PRIu32,
                           header.vcpu);
    *blob = (struct saved_blob){body + sizeof(header), length};
    return 0;
}

/* What a vCPU's context says, of either width. */
struct context {
    uint64_t root, user_root, vm_assist, start_info;
    bool has_user;
};

static void read_context(const struct saved *saved, const void *from,
                         struct context *context)
{
    const struct vcpu_guest_context_x86_32 *c32 = from;
    const struct vcpu_guest_context_x86_64 *c64 = from;

    *context = (struct context){.has_user = false};
    if (saved->width == 4) {
        context->root = xen_cr3_to_pfn_x86_32(c32->ctrlreg[3]);
        context->vm_assist = c32->vm_assist;
        context->start_info = c32->user_regs.edx;
    } else {
        context->root = c64->ctrlreg[3] >> DW_PAGE_SHIFT;
        context->has_user = c64->ctrlreg[1] & 1;
        context->user_root = c64->ctrlreg[1] >> DW_PAGE_SHIFT;
        context->vm_assist = c64->vm_assist;
        context->start_info = c64->user_regs.rdx;
    }
}

static int take_context(struct reader *reader, uint64_t body, uint32_t length)
{
    struct saved *saved = reader->saved;
    unsigned char context[sizeof(struct vcpu_guest_context_x86_64)];
    struct context said;
    struct vcpu_header header;
    struct saved_vcpu *vcpu;
    const void *from = NULL;
    int rc = take_vcpu(reader, SAVED_BASIC, body, length);

    if (rc || length == sizeof(header))
        return rc;
    rc = reader_get(reader, body, length, &from);
    if (rc)
        return rc;
    memcpy(&header, from, sizeof(header));
    memcpy(context, (const char *)from + sizeof(header),
           length - sizeof(header));
    read_context(saved, context, &said);
    vcpu = &saved->vcpu[header.vcpu];
    vcpu->root = PFN(said.root);
    if (said.has_user)
        vcpu->user_root = PFN(said.user_root);
    if (!header.vcpu) {
        saved->vm_assist = said.vm_assist;
        saved->start_info = PFN(said.start_info);
    }
    return 0;
}

static int take_extended(struct reader *reader, uint64_t body, uint32_t length)
{
    return take_vcpu(reader, SAVED_EXTENDED, body, length);
}

static int take_xsave(struct reader *reader, uint64_t body, uint32_t length)
{
    return take_vcpu(reader, SAVED_XSAVE, body, length);
}

static int take_msrs(struct reader *reader, uint64_t body, uint32_t length)
{
    return take_vcpu(reader, SAVED_MSRS, body, length);
}

/* ---- the others ---- */

static int take_shared_info(struct reader *reader, uint64_t body,
                            uint32_t length)
{
    if (!reader->has_info)
        return reader_fail(reader, -EINVAL, "before X86_PV_INFO");
    reader->saved->shared_info = (struct saved_blob){body, length};
    return 0;
}

static int take_tsc(struct reader *reader, uint64_t body, uint32_t length)
{
    const void *from = NULL;
    int rc;

    (void)length;
    rc = reader_get(reader, body, sizeof(reader->saved->tsc), &from);
    if (!rc)
        memcpy(&reader->saved->tsc, from, sizeof(reader->saved->tsc));
    reader->saved->has_tsc = !rc;
    return rc;
}

static int take_policy(struct reader *reader, struct saved_blob *blob,
                       uint64_t body, uint32_t length, uint32_t item)
{
    if (length % item)
        return reader_fail(reader, -EINVAL,
                           "%" PRIu32 " bytes, where an item "
                           "has %" PRIu32,
                           length, item);
    *blob = (struct saved_blob){body, length};
    return 0;
}

static int take_cpuid(struct reader *reader, uint64_t body, uint32_t length)
{
    return take_policy(reader, &reader->saved->cpuid, body, length,
                       CPUID_LEAF_BYTES);
}

static int take_msr_policy(struct reader *reader, uint64_t body,
                           uint32_t length)
{
    return take_policy(reader, &reader->saved->msrs, body, length, MSR_BYTES);
}

static int take_nothing(struct reader *reader, uint64_t body, uint32_t length)
{
    (void)reader;
    (void)body;
    (void)length;
    return 0;
}

/* What a record of each type is, in a PV domain's stream that is no part of a
 * replication.  No `take`: it has no place there. */
static const struct kind {
    const char *name;
    uint32_t min, max; /* bytes */
    bool once;
    int (*take)(struct reader *reader, uint64_t body, uint32_t length);
} kinds[LIBXC_RECORDS] = {
    [LIBXC_END] = {"END", 0, 0, true, take_nothing},
    [LIBXC_PAGE_DATA] = {"PAGE_DATA", sizeof(struct page_data_header),
                         RECORD_MAX, false, take_page_data},
    [LIBXC_X86_PV_INFO] = {"X86_PV_INFO", sizeof(struct pv_info),
                           sizeof(struct pv_info), true, take_pv_info},
    [LIBXC_X86_PV_P2M_FRAMES] = {"X86_PV_P2M_FRAMES",
                                 sizeof(struct p2m_frames_header), RECORD_MAX,
                                 false, take_p2m_frames},
    [LIBXC_X86_PV_VCPU_BASIC] = {"X86_PV_VCPU_BASIC",
                                 sizeof(struct vcpu_header), RECORD_MAX, false,
                                 take_context},
    [LIBXC_X86_PV_VCPU_EXTENDED] = {"X86_PV_VCPU_EXTENDED",
                                    sizeof(struct vcpu_header), RECORD_MAX,
                                    false, take_extended},
    [LIBXC_X86_PV_VCPU_XSAVE] = {"X86_PV_VCPU_XSAVE",
                                 sizeof(struct vcpu_header), RECORD_MAX, false,
                                 take_xsave},
    [LIBXC_SHARED_INFO] = {"SHARED_INFO", DW_PAGE_SIZE, DW_PAGE_SIZE, true,
                           take_shared_info},
    [LIBXC_X86_TSC_INFO] = {"X86_TSC_INFO", sizeof(struct tsc_info),
                            sizeof(struct tsc_info), true, take_tsc},
    [LIBXC_HVM_CONTEXT] = {.name = "HVM_CONTEXT"},
    [LIBXC_HVM_PARAMS] = {.name = "HVM_PARAMS"},
    [LIBXC_TOOLSTACK] = {.name = "TOOLSTACK"},
    [LIBXC_X86_PV_VCPU_MSRS] = {"X86_PV_VCPU_MSRS", sizeof(struct vcpu_header),
                                RECORD_MAX, false, take_msrs},
    [LIBXC_VERIFY] = {"VERIFY", 0, 0, true, take_nothing},
    [LIBXC_CHECKPOINT] = {.name = "CHECKPOINT"},
    [LIBXC_CHECKPOINT_DIRTY_PFN_LIST] = {.name = "CHECKPOINT_DIRTY_PFN_LIST"},
    [LIBXC_STATIC_DATA_END] = {"STATIC_DATA_END", 0, 0, true, take_static_end},
    [LIBXC_X86_CPUID_POLICY] = {"X86_CPUID_POLICY", CPUID_LEAF_BYTES,
                                RECORD_MAX, true, take_cpuid},
    [LIBXC_X86_MSR_POLICY] = {"X86_MSR_POLICY", 0, RECORD_MAX, true,
                              take_msr_policy},
};

const char *saved_record_name(uint32_t type)
{
    return type < LIBXC_RECORDS ? kinds[type].name : NULL;
}

int records_take(struct reader *reader, uint32_t type, uint64_t body,
                 uint32_t length)
{
    const struct kind *kind;

    if (type >= LIBXC_RECORDS)
        return type & RECORD_OPTIONAL
                   ? 0
                   : reader_fail(reader, -EINVAL,
                                 "of type %#" PRIx32 ", which is not known",
                                 type);
    kind = &kinds[type];
    if (!kind->take)
        return reader_fail(reader, -EINVAL, "a PV domain's file has none");
    if (length < kind->min || length > kind->max)
        return reader_fail(reader, -EINVAL, "%" PRIu32 " bytes", length);
    if (kind->once && reader->seen & UINT32_C(1) << type)
        return reader_fail(reader, -EINVAL, "a second one");
    reader->seen |= UINT32_C(1) << type;
    return kind->take(reader, body, length);
}

/* ---- all of them ---- */

/* What a domain cannot do without. */
static int check_seen(struct reader *reader)
{
    static const enum libxc_record needed[] = {
        LIBXC_X86_PV_INFO,  LIBXC_X86_PV_P2M_FRAMES, LIBXC_PAGE_DATA,
        LIBXC_X86_TSC_INFO, LIBXC_SHARED_INFO,
    };
    size_t i;

    for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!(reader->seen & UINT32_C(1) << needed[i]))
            return reader_fail(reader, -EINVAL, "there was no %s before it",
                               kinds[needed[i]].name);
    if (!reader->saved->vcpus ||
        !reader->saved->vcpu[0].blob[SAVED_BASIC].length)
        return reader_fail(reader, -EINVAL,
                           "there was no X86_PV_VCPU_BASIC of vCPU 0 before "
                           "it");
    return 0;
}

static int check_p2m(struct reader *reader)
{
    const struct saved *saved = reader->saved;
    uint64_t i;

    for (i = 0; i < saved->p2m_pages; i++)
        if (!covered(saved, saved->p2m[i]) || !is_memory(saved, saved->p2m[i]))
            return reader_fail(reader, -EINVAL,
                               "page %" PRIu64
                               " of the P2M list is PFN %#" PRIx64
                               ", which is no memory",
                               i, saved->p2m[i]);
    return 0;
}

static int check_root(struct reader *reader, unsigned int vcpu, pfn_t root)
{
    const struct saved *saved = reader->saved;

    if (root.v == PFN_INVALID.v)
        return 0;
    if (!covered(saved, root.v) ||
        saved_level(saved_type(saved, root.v)) != saved->levels)
        return reader_fail(reader, -EINVAL,
                           "vCPU %u's CR3 is PFN %#" PRIx64 ", which is no L%u",
                           vcpu, root.v, saved->levels);
    return 0;
}

/* What a suspended guest's vCPU 0 has in EDX. */
static int check_start_info(struct reader *reader)
{
    const struct saved *saved = reader->saved;
    uint64_t pfn = saved->start_info.v;

    if (covered(saved, pfn) && saved_type(saved, pfn) == PAGE_NORMAL)
        return 0;
    return reader_fail(
        reader, -EINVAL,
        "the start_info is PFN %#" PRIx64 ", which is no ordinary memory", pfn);
}

int records_finish(struct reader *reader)
{
    const struct saved *saved = reader->saved;
    unsigned int i;
    int rc = check_seen(reader);

    if (!rc)
        rc = check_p2m(reader);
    if (!rc)
        rc = check_start_info(reader);
    for (i = 0; !rc && i < saved->vcpus; i++) {
        rc = check_root(reader, i, saved->vcpu[i].root);
        if (!rc)
            rc = check_root(reader, i, saved->vcpu[i].user_root);
    }
    return rc;
}
