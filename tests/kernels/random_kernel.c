/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "random_kernel.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <xen/elfnote.h>

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static unsigned int below(uint64_t *s, unsigned int n)
{
    return (unsigned int)(next(s) >> 33) % n;
}

static bool one_in(uint64_t *s, unsigned int n)
{
    return below(s, n) == 0;
}

#define PICK(s, array) ((array)[below((s), sizeof(array) / sizeof((array)[0]))])

/* What is chosen before it is put into notes or the string. */
struct choice {
    struct kernel_recipe *r;
    uint64_t *s;
    bool wide, string;
    uint64_t base, offset; /* VIRT_BASE, PADDR_OFFSET or 0 */
    bool says_base, says_offset, says_entry;
    const char *loader, *guest_os, *version, *pae, *features;
    uint64_t entry, init_p2m, hypercall, phys32; /* 0: none */
    unsigned int mod_start;                      /* 0: none, 1: no, 2: yes */
};

/* ---- notes ---- */

static void number_note(struct choice *c, uint32_t type, uint64_t value)
{
    static const size_t sizes[] = {1, 2, 4, 8};
    size_t least = value >> 32 ? 3 : value >> 16 ? 2 : value >> 8 ? 1 : 0;

    recipe_number(c->r, type, value,
                  sizes[least + below(c->s, (unsigned int)(4 - least))]);
}

static void text_note(struct choice *c, uint32_t type, const char *text)
{
    size_t len = strlen(text);
    char owner[12] = "Xen";

    if (!text[0])
        return;
    if (one_in(c->s, 4))
        recipe_note(c->r, owner, PICK(c->s, ((const size_t[]){4, 5, 8, 12})),
                    type, text, len + 1);
    else
        recipe_text(c->r, type, text);
}

/* What has no part in it: other owners, unknown types. */
static void other_note(struct choice *c)
{
    switch (below(c->s, 7)) {
    case 0:
        recipe_note(c->r, "GNU", 4, 3, "0123456789abcdefghij", 20);
        break;
    case 1:
        recipe_text(c->r, 77, "unknown");
        break;
    case 2:
        recipe_note(c->r, "Xenix", 6, XEN_ELFNOTE_PAE_MODE, "yes", 4);
        break;
    case 3:
        recipe_number(c->r, XEN_ELFNOTE_SUPPORTED_FEATURES, next(c->s), 4);
        break;
    case 4:
        recipe_text(c->r, XEN_ELFNOTE_GUEST_VERSION, "0.1-what-it-is-called");
        break;
    case 5:
        recipe_number(c->r, XEN_ELFNOTE_HV_START_LOW, 0xf5800000, 4);
        break;
    case 6:
        recipe_text(c->r, XEN_ELFNOTE_BSD_SYMTAB, "yes");
        break;
    }
}

static void add_note(struct choice *c, unsigned int which)
{
    switch (which) {
    case 0:
        text_note(c, XEN_ELFNOTE_LOADER, c->loader);
        break;
    case 1:
        text_note(c, XEN_ELFNOTE_GUEST_OS, c->guest_os);
        break;
    case 2:
        text_note(c, XEN_ELFNOTE_XEN_VERSION, c->version);
        break;
    case 3:
        text_note(c, XEN_ELFNOTE_PAE_MODE, c->pae);
        break;
    case 4:
        text_note(c, XEN_ELFNOTE_FEATURES, c->features);
        break;
    case 5:
        if (c->says_base)
            number_note(c, XEN_ELFNOTE_VIRT_BASE, c->base);
        break;
    case 6:
        if (c->says_offset)
            number_note(c, XEN_ELFNOTE_PADDR_OFFSET, c->offset);
        break;
    case 7:
        if (c->says_entry)
            number_note(c, XEN_ELFNOTE_ENTRY, c->entry);
        break;
    case 8:
        if (c->init_p2m)
            number_note(c, XEN_ELFNOTE_INIT_P2M, c->init_p2m);
        break;
    case 9:
        if (c->hypercall)
            number_note(c, XEN_ELFNOTE_HYPERCALL_PAGE, c->hypercall);
        break;
    case 10:
        if (c->phys32)
            number_note(c, XEN_ELFNOTE_PHYS32_ENTRY, c->phys32);
        break;
    case 11:
        if (c->mod_start)
            number_note(c, XEN_ELFNOTE_MOD_START_PFN, c->mod_start - 1);
        break;
    default:
        other_note(c);
    }
}

/* ---- the string ---- */

static void text_item(struct choice *c, const char *key, const char *value)
{
    char item[160];

    if (!value[0])
        return;
    snprintf(item, sizeof(item), "%s=%s", key, value);
    recipe_item(c->r, item);
}

static void number_item(struct choice *c, const char *key, uint64_t value)
{
    char text[40];

    if (one_in(c->s, 3))
        snprintf(text, sizeof(text), "%" PRIu64, value);
    else
        snprintf(text, sizeof(text),
                 one_in(c->s, 2) ? "%#" PRIx64 : "0%" PRIo64, value);
    text_item(c, key, text);
}

static void other_item(struct choice *c)
{
    static const char *const items[] = {
        "",
        "BSD_SYMTAB",
        "GUEST_VER=2.6",
        "X=1=2",
        "PT_MODE_WRITABLE",
        "PAE=no",
        "A_NAME_OF_MORE_THAN_31_BYTES_HERE=yes",
        "VALUE=0123456789012345678901234567890123456789012345678901234567890123"
        "456789012345678901234567890123456789012345678901234567890123456789",
    };

    recipe_item(c->r, PICK(c->s, items));
}

static void add_item(struct choice *c, unsigned int which)
{
    switch (which) {
    case 0:
        text_item(c, "LOADER", c->loader);
        break;
    case 1:
        text_item(c, "GUEST_OS", c->guest_os);
        break;
    case 2:
        text_item(c, "XEN_VER", c->version);
        break;
    case 3:
        text_item(c, "PAE", c->pae);
        break;
    case 4:
        text_item(c, "FEATURES", c->features);
        break;
    case 5:
        if (c->says_base)
            number_item(c, "VIRT_BASE", c->base);
        break;
    case 6:
        if (c->says_offset)
            number_item(c, "ELF_PADDR_OFFSET", c->offset);
        break;
    case 7:
        if (c->says_entry)
            number_item(c, "VIRT_ENTRY", c->entry);
        break;
    case 9:
        if (c->hypercall)
            number_item(c, "HYPERCALL_PAGE", (c->hypercall - c->base) >> 12);
        break;
    case 8:
    case 10:
    case 11:
        break;
    default:
        other_item(c);
    }
}

/* ---- a kernel that is all right ---- */

static void choose_words(struct choice *c)
{
    static const char *const features[] = {
        "",
        "!writable_page_tables|pae_pgdir_above_4gb",
        "writable_descriptor_tables|auto_translated_physmap|dom0",
        "supervisor_mode_kernel||frobnicate",
        "pae_pgdir_above_4gb|!pae_pgdir_above_4gb|hvm_callback_vector",
    };
    static const char *const note_pae[] = {"yes", "bimodal", "yes,bimodal"};
    static const char *const string_pae[] = {"yes", "yes[extended-cr3]",
                                             "yes[extended-cr3", "yesno"};
    bool linux_guest = one_in(c->s, 3);

    c->loader = linux_guest
                    ? PICK(c->s, ((const char *[]){"", "other"}))
                    : PICK(c->s, ((const char *[]){"generic", "generic-2"}));
    c->guest_os = linux_guest
                      ? PICK(c->s, ((const char *[]){"linux", "linuxy"}))
                      : PICK(c->s, ((const char *[]){"", "mini-os"}));
    c->version = PICK(c->s, ((const char *[]){"xen-3.0", "xen-3.0-x86_32p"}));
    c->pae = c->string ? PICK(c->s, string_pae) : PICK(c->s, note_pae);
    c->features = PICK(c->s, features);
}

static void choose_addresses(struct choice *c)
{
    static const uint64_t narrow[] = {0xc0000000, 0x40000000, 0xb0000000, 0};
    static const uint64_t wide[] = {0xffffffff80000000, 0xffff880000000000,
                                    0x100000000, 0x40000000, 0};
    static const uint64_t paddr[] = {0x100000, 0, 0x1000, 0x200000};
    uint64_t at = PICK(c->s, paddr), start;

    c->base = c->wide ? PICK(c->s, wide) : PICK(c->s, narrow);
    c->says_base = c->base || one_in(c->s, 2);
    /* A string without ELF_PADDR_OFFSET has virtual addresses in its segments.
     */
    c->says_offset = c->says_base && one_in(c->s, 3);
    c->offset = c->says_offset ? PICK(c->s, ((const uint64_t[]){0, c->base}))
                : c->string    ? c->base
                               : 0;
    c->r->paddr = at + c->offset;
    if (!c->wide)
        c->r->paddr &= UINT32_MAX;
    c->r->size = 1 + below(c->s, 0x2000);
    c->r->room = c->r->size + below(c->s, 0x4000);
    start = c->base + at;
    c->entry = start + below(c->s, (unsigned int)c->r->room + 1);
    c->r->entry = c->entry;
    c->says_entry = one_in(c->s, 3);
    if (c->says_entry)
        c->r->entry = next(c->s); /* of no interest then */
    if (one_in(c->s, 3))
        c->hypercall = start & ~UINT64_C(4095);
    if (c->hypercall && !c->says_base && c->string)
        c->hypercall = 0;
}

static void choose_notes(struct choice *c)
{
    if (c->wide && one_in(c->s, 2) && c->base > 0x8000000000)
        c->init_p2m = PICK(c->s, ((const uint64_t[]){0x8000000000, 0x7ffffff000,
                                                     0x8000000123, 0x1000}));
    else if (one_in(c->s, 4))
        c->init_p2m = 0x10000000;
    c->mod_start = below(c->s, 3);
    if (one_in(c->s, 4))
        c->phys32 = 0x100000;
}

static void write_words(struct choice *c)
{
    unsigned int order[16], n = sizeof(order) / sizeof(order[0]);

    for (unsigned int i = 0; i < n; i++) {
        unsigned int j = below(c->s, i + 1);

        order[i] = order[j];
        order[j] = i;
    }
    for (unsigned int i = 0; i < n; i++) {
        if (order[i] >= 12 && one_in(c->s, 2))
            continue;
        if (c->string)
            add_item(c, order[i]);
        else
            add_note(c, order[i]);
    }
}

static void choose_file(struct choice *c)
{
    struct kernel_recipe *r = c->r;

    if (one_in(c->s, 16))
        r->byte_order = (uint8_t)(one_in(c->s, 2) ? ELFDATA2MSB : 7);
    if (one_in(c->s, 8))
        r->version = (uint8_t)next(c->s);
    if (one_in(c->s, 4))
        r->names_type = (uint32_t)next(c->s);
    if (!c->string && one_in(c->s, 3))
        r->place = NOTES_SECTION;
    r->symbols = one_in(c->s, 3);
    if (one_in(c->s, 8))
        r->notes_more = below(c->s, 0x10000);
    if (one_in(c->s, 6))
        r->extra[r->nr_extras++] = (struct extra_segment){
            PT_GNU_STACK, next(c->s), next(c->s), next(c->s)};
    if (one_in(c->s, 6))
        r->extra[r->nr_extras++] =
            (struct extra_segment){PT_NOTE, 0, next(c->s), 0};
    if (c->string ? one_in(c->s, 8) : one_in(c->s, 4))
        r->has_string = true;
}

/* ---- faults ---- */

/* Those that are made before the words are written: false, it is none here. */
static bool spoil_words(struct choice *c, unsigned int which, const char **why)
{
    uint64_t first = c->base + c->r->paddr - c->offset;

    switch (which) {
    case 0:
        c->loader = "other";
        c->guest_os = "Linux";
        *why = "LOADER";
        c->phys32 = 0;
        return true;
    case 1:
        c->version = PICK(c->s, ((const char *[]){"xen-4.0", "3.0", ""}));
        *why = "XEN_VER";
        return true;
    case 2:
        c->entry = c->r->entry = first + c->r->room + 1 + below(c->s, 0x10000);
        *why = c->phys32 && !c->string ? "PVH" : "entry";
        return true;
    case 3:
        c->features = "dom0|!frobnicate";
        *why = "frobnicate";
        return !c->string;
    case 4:
        c->features = "!dom0";
        *why = "domain 0";
        return true;
    case 5:
        c->features = "!auto_translated_physmap";
        *why = "auto-translated";
        return true;
    case 6:
        c->hypercall =
            c->base + PICK(c->s, ((const uint64_t[]){0x8000000, 0x80000000}));
        *why = "HYPERCALL_PAGE";
        return c->says_base && (c->wide || c->base < 0x80000000);
    case 7:
        *why = "PADDR_OFFSET";
        c->says_base = false;
        c->says_offset = true;
        c->hypercall = 0;
        return true;
    case 8: /* so far below that no memory reaches it */
        *why = "VIRT_BASE";
        c->says_base = true;
        c->says_offset = true;
        c->offset -= c->base - 0x1000000;
        c->base = 0x1000000;
        c->init_p2m = c->hypercall = 0;
        return c->wide && first > 0x4000000000;
    case 9:
        *why = "another machine";
        c->r->machine = PICK(c->s, ((const unsigned int[]){EM_AARCH64, EM_RISCV,
                                                           EM_NONE, 12345}));
        return true;
    case 10:
        *why = "without PAE";
        c->pae = "no";
        return !c->wide;
    case 11:
        *why = "INIT_P2M";
        c->init_p2m = first;
        return !c->string && first && c->r->room;
    case 12:
        *why = "nothing to load";
        c->r->flags = 0;
        return true;
    case 13:
        *why = "page-aligned";
        c->r->paddr += 0x10;
        c->entry = c->r->entry = first + 0x10;
        return c->init_p2m == 0;
    default:
        return false;
    }
}
#define WORD_FAULTS 14

/* And those of the file. */
static void spoil_file(struct random_kernel *k, struct choice *c)
{
    struct kernel_recipe *r = &k->recipe;

    if (one_in(c->s, 2)) {
        k->fault = "truncated";
        r->cut = 1 + below(c->s, (unsigned int)r->size);
        /* With its notes before the kernel itself it is built by stock. */
        r->headless = r->place == NOTES_SEGMENT && !c->string;
    } else {
        k->fault = "without Xen's notes";
        r->place = NOTES_NOWHERE;
        r->has_string = false;
        for (unsigned int i = 0; i < r->nr_extras; i++)
            if (r->extra[i].type == PT_NOTE)
                r->extra[i].type = PT_NULL;
    }
}

/* ---- packings ---- */

static void gzip_bytes(const uint8_t *bytes, size_t size, uint8_t **out,
                       size_t *out_size)
{
    z_stream z = {.next_in = (uint8_t *)bytes, .avail_in = (unsigned int)size};

    deflateInit2(&z, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
    *out_size = deflateBound(&z, size);
    *out = malloc(*out_size);
    z.next_out = *out;
    z.avail_out = (unsigned int)*out_size;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    *out_size = z.total_out;
    deflateEnd(&z);
}

#define SETUP 1024 /* a boot sector and one of setup */

static void wrap(struct kernel_file *file, unsigned int version)
{
    uint8_t *bytes = calloc(1, SETUP + file->size);

    if (!bytes)
        abort();
    bytes[0x1f1] = 1;
    memcpy(bytes + 0x202, "HdrS", 4);
    bytes[0x206] = (uint8_t)version;
    bytes[0x207] = (uint8_t)(version >> 8);
    for (int i = 0; i < 4; i++)
        bytes[0x24c + i] = (uint8_t)(file->size >> (8 * i));
    memcpy(bytes + SETUP, file->bytes, file->size);
    free(file->bytes);
    file->bytes = bytes;
    file->size += SETUP;
}

static void pack(struct random_kernel *k, uint64_t *s)
{
    struct kernel_file *p = &k->packed;
    bool faulty = !k->fault && !k->changed && one_in(s, 4);
    bool zipped = one_in(s, 2);

    if (zipped) {
        gzip_bytes(k->plain.bytes, k->plain.size, &p->bytes, &p->size);
    } else {
        p->bytes = malloc(k->plain.size);
        p->size = k->plain.size;
        memcpy(p->bytes, k->plain.bytes, p->size);
    }
    if (zipped && faulty && one_in(s, 2)) {
        p->bytes[12 + below(s, (unsigned int)p->size - 16)] ^= 0x55;
        k->fault = "gzip";
        faulty = false;
    }
    if (zipped && one_in(s, 2)) {
        if (faulty) {
            p->size -= 1 + below(s, (unsigned int)p->size - 12);
            k->fault = "truncated gzip";
        }
        return;
    }
    wrap(p, faulty && one_in(s, 2) ? 0x207 : 0x20f);
    if (faulty && p->bytes[0x206] == 7) {
        k->fault = "protocol 2.07";
    } else if (faulty) {
        p->size -= 1 + below(s, 100);
        k->fault = "truncated bzImage";
    }
}

/* ---- all of it ---- */

static void change_bytes(struct random_kernel *k, uint64_t *s)
{
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    struct kernel_file *f = &k->plain;
    size_t tail = f->head + k->recipe.size;
    unsigned int n = 1 + below(s, 6);

    k->changed = true;
    while (n-- > 0) {
        /* Headers are at both ends. */
        size_t at = one_in(s, 2) || tail >= f->size
                        ? below(s, 0xe0)
                        : tail + below(s, (unsigned int)(f->size - tail));

        if (at < 4)
            continue;
        f->bytes[at] = one_in(s, 2) ? PICK(s, values) : (uint8_t)next(s);
    }
}

static void make_ramdisk(struct random_kernel *k, uint64_t *s)
{
    size_t size = 1 + below(s, 30000);
    uint8_t *bytes = malloc(size);

    if (!bytes)
        abort();
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * i >> 7);
    k->ramdisk = bytes;
    k->ramdisk_size = size;
    if (one_in(s, 2)) {
        gzip_bytes(bytes, size, &k->ramdisk, &k->ramdisk_size);
        free(bytes);
    }
}

void random_kernel_make(struct random_kernel *k, uint64_t seed)
{
    uint64_t state = seed * 0x100000001b3 + 1, *s = &state;
    struct choice c = {.r = &k->recipe, .s = s, .wide = one_in(s, 2)};
    unsigned int kind = below(s, 16);

    memset(k, 0, sizeof(*k));
    k->mib = 5 + below(s, 2);
    c.string = one_in(s, 3);
    recipe_init(&k->recipe, c.wide, 0);
    choose_words(&c);
    choose_addresses(&c);
    if (!c.string)
        choose_notes(&c);
    choose_file(&c);
    if (kind < 4) {
        struct choice whole = c;
        struct kernel_recipe recipe = k->recipe;

        if (!spoil_words(&c, below(s, WORD_FAULTS), &k->fault)) {
            c = whole;
            k->recipe = recipe;
            k->fault = NULL;
        }
    }
    write_words(&c);
    if (kind == 4)
        spoil_file(k, &c);
    if (kind == 5 && one_in(s, 2)) {
        k->mib = 1 + below(s, 3);
        k->fault = "needs memory=";
    }
    image_make(&k->recipe, &k->plain);
    if (kind >= 6 && kind < 9)
        change_bytes(k, s);
    if (one_in(s, 4))
        pack(k, s);
    if (one_in(s, 4))
        make_ramdisk(k, s);
}

void random_kernel_dispose(struct random_kernel *k)
{
    free(k->plain.bytes);
    free(k->packed.bytes);
    free(k->ramdisk);
    memset(k, 0, sizeof(*k));
}
