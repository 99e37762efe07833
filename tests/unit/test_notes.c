/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel_notes_read() on ELF images made here, sound and damaged, and on the
 * test guests, of which libxenguest gives its own account.
 *
 * An image ends at the end of a page with nothing behind it, and cannot be
 * written: an access that it should not make ends the test.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/elfnote.h>
#include <xenctrl.h>
#include <xenguest.h>

#include "hooks/kernel_notes.h"
#include "hooks/plan.h"
#include "unit_random.h"

#define ROOM 4096

/* Where everything is in an image; its size is the end of the headers. */
#define POS_PHDR     0x40
#define POS_NOTES    0x80
#define POS_LEGACY   0x180
#define POS_NAMES    0x280
#define POS_SECTIONS 0x2b0

static const char section_names[] = "\0.note\0__xen_guest\0.shstrtab";

struct recipe {
    bool wide; /* ELF of 64 bits */
    uint8_t notes[256];
    size_t notes_size;
    size_t segment_size; /* of the notes in the segment; 0: all */
    bool segment;        /* a PT_NOTE with an offset */
    bool zero_segment;   /* a PT_NOTE that says offset 0 */
    bool section;        /* a SHT_NOTE */
    const char *legacy;
    bool unterminated; /* without its NUL, the section ends there */
    bool typeless;     /* the names' section has type 0, as 9front's */
};

struct elf_image {
    uint8_t bytes[ROOM];
    size_t size;
};

/* ---- making images ---- */

static void add_named(struct recipe *r, const void *name, uint32_t name_size,
                      uint32_t type, const void *desc, uint32_t size)
{
    uint32_t head[3] = {name_size, size, type};
    uint8_t *at = r->notes + r->notes_size;
    size_t name_room = (name_size + 3u) & ~3u, room = (size + 3u) & ~3u;

    ck_assert(r->notes_size + 12 + name_room + room <= sizeof(r->notes));
    memcpy(at, head, 12);
    memcpy(at + 12, name, name_size);
    memcpy(at + 12 + name_room, desc, size);
    r->notes_size += 12 + name_room + room;
}

static void add_note(struct recipe *r, const char *name, uint32_t type,
                     const void *desc, uint32_t size)
{
    add_named(r, name, (uint32_t)strlen(name) + 1, type, desc, size);
}

static void add_string(struct recipe *r, uint32_t type, const char *text)
{
    add_note(r, "Xen", type, text, (uint32_t)strlen(text) + 1);
}

static void add_number(struct recipe *r, uint32_t type, uint64_t value,
                       uint32_t size)
{
    add_note(r, "Xen", type, &value, size);
}

#define MAKE_ELF(BITS, CLASS, MACHINE)                                         \
    static void make_elf##BITS(const struct recipe *r,                         \
                               struct elf_image *image, size_t legacy_size)    \
    {                                                                          \
        Elf##BITS##_Ehdr *e = (Elf##BITS##_Ehdr *)image->bytes;                \
        Elf##BITS##_Phdr *p = (Elf##BITS##_Phdr *)(image->bytes + POS_PHDR);   \
        Elf##BITS##_Shdr *s =                                                  \
            (Elf##BITS##_Shdr *)(image->bytes + POS_SECTIONS);                 \
                                                                               \
        memcpy(e->e_ident, ELFMAG, SELFMAG);                                   \
        e->e_ident[EI_CLASS] = (CLASS);                                        \
        e->e_ident[EI_DATA] = ELFDATA2LSB;                                     \
        e->e_ident[EI_VERSION] = EV_CURRENT;                                   \
        e->e_type = ET_EXEC;                                                   \
        e->e_machine = (MACHINE);                                              \
        e->e_version = EV_CURRENT;                                             \
        e->e_ehsize = sizeof(*e);                                              \
        e->e_phoff = POS_PHDR;                                                 \
        e->e_phentsize = sizeof(*p);                                           \
        e->e_phnum = r->segment || r->zero_segment;                            \
        e->e_shoff = POS_SECTIONS;                                             \
        e->e_shentsize = sizeof(*s);                                           \
        e->e_shnum = 4;                                                        \
        e->e_shstrndx = 3;                                                     \
        if (e->e_phnum) {                                                      \
            p->p_type = PT_NOTE;                                               \
            p->p_offset = r->zero_segment ? 0 : POS_NOTES;                     \
            p->p_filesz = p->p_memsz = r->segment_size ?: r->notes_size;       \
        }                                                                      \
        s[1].sh_name = 1;                                                      \
        s[1].sh_type = r->section ? SHT_NOTE : SHT_PROGBITS;                   \
        s[1].sh_offset = POS_NOTES;                                            \
        s[1].sh_size = r->notes_size;                                          \
        s[2].sh_name = r->legacy ? 7 : 0;                                      \
        s[2].sh_type = SHT_PROGBITS;                                           \
        s[2].sh_offset = POS_LEGACY;                                           \
        s[2].sh_size = legacy_size;                                            \
        s[3].sh_name = 19;                                                     \
        s[3].sh_type = r->typeless ? SHT_NULL : SHT_STRTAB;                    \
        s[3].sh_offset = POS_NAMES;                                            \
        s[3].sh_size = sizeof(section_names);                                  \
        image->size = POS_SECTIONS + 4 * sizeof(*s);                           \
    }

MAKE_ELF(32, ELFCLASS32, EM_386)
MAKE_ELF(64, ELFCLASS64, EM_X86_64)

static void make(const struct recipe *r, struct elf_image *image)
{
    const char *legacy = r->legacy ? r->legacy : "";
    size_t legacy_size = strlen(legacy) + !r->unterminated;

    memset(image, 0, sizeof(*image));
    memset(image->bytes + POS_LEGACY, ']', POS_NAMES - POS_LEGACY);
    memcpy(image->bytes + POS_LEGACY, legacy, legacy_size);
    memcpy(image->bytes + POS_NOTES, r->notes, r->notes_size);
    memcpy(image->bytes + POS_NAMES, section_names, sizeof(section_names));
    if (r->wide)
        make_elf64(r, image, legacy_size);
    else
        make_elf32(r, image, legacy_size);
}

/* ---- reading them ---- */

static uint8_t *fence; /* ROOM bytes, then a page that is not there */

static void setup(void)
{
    fence = mmap(NULL, 2 * ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(fence != MAP_FAILED);
}

static void teardown(void)
{
    munmap(fence, 2 * ROOM);
}

static int read_bytes(const uint8_t *bytes, size_t size,
                      struct kernel_notes *notes)
{
    uint8_t *at = fence + ROOM - size;

    ck_assert(!mprotect(fence, ROOM, PROT_READ | PROT_WRITE));
    memcpy(at, bytes, size);
    ck_assert(!mprotect(fence, ROOM, PROT_READ));
    memset(notes, 0x5a, sizeof(*notes));
    return kernel_notes_read(at, size, notes);
}

static const struct kernel_notes nothing = {
    .init_p2m = KERNEL_UNSET,
    .virt_base = KERNEL_UNSET,
    .paddr_offset = KERNEL_UNSET,
    .phys32_entry = KERNEL_UNSET,
    .hypercall_page = KERNEL_UNSET,
};

static void check_notes(const struct kernel_notes *is,
                        const struct kernel_notes *wanted)
{
    ck_assert_int_eq(is->source, wanted->source);
    ck_assert_int_eq(is->extended_cr3, wanted->extended_cr3);
    ck_assert_int_eq(is->mod_start_pfn, wanted->mod_start_pfn);
    ck_assert_uint_eq(is->init_p2m, wanted->init_p2m);
    ck_assert_uint_eq(is->virt_base, wanted->virt_base);
    ck_assert_uint_eq(is->paddr_offset, wanted->paddr_offset);
    ck_assert_uint_eq(is->phys32_entry, wanted->phys32_entry);
    ck_assert_uint_eq(is->hypercall_page, wanted->hypercall_page);
    ck_assert_uint_eq(is->required, wanted->required);
    ck_assert_str_eq(is->loader, wanted->loader);
    ck_assert_str_eq(is->guest_os, wanted->guest_os);
    ck_assert_str_eq(is->xen_version, wanted->xen_version);
    ck_assert_str_eq(is->unknown_feature, wanted->unknown_feature);
}

/* In both widths. */
static void check_recipe(struct recipe *r, const struct kernel_notes *wanted)
{
    struct elf_image image;
    struct kernel_notes is;

    for (unsigned int wide = 0; wide < 2; wide++) {
        r->wide = wide;
        make(r, &image);
        ck_assert_int_eq(read_bytes(image.bytes, image.size, &is), 0);
        check_notes(&is, wanted);
    }
}

/* ---- notes ---- */

START_TEST(pae_mode)
{
    static const struct {
        const char *text;
        uint32_t size;
        bool extended;
    } mode[] = {
        {"yes", 4, true},      {"yes", 3, true},           {"no", 3, false},
        {"bimodal", 8, true},  {"bimodal", 7, true},       {"", 0, false},
        {"", 1, false},        {"yess", 5, false},         {"ye", 2, false},
        {"not yes", 8, false}, {"yes,bimodal", 12, true},  {"bimoda", 7, false},
        {"yes\0no", 7, true},  {"no\0bimodal", 11, false},
    };

    for (size_t i = 0; i < sizeof(mode) / sizeof(mode[0]); i++) {
        struct kernel_notes wanted = nothing;
        struct recipe r = {.segment = true};

        wanted.source = KERNEL_HAS_NOTES;
        wanted.extended_cr3 = mode[i].extended;
        add_note(&r, "Xen", XEN_ELFNOTE_PAE_MODE, mode[i].text, mode[i].size);
        check_recipe(&r, &wanted);
    }
}
END_TEST

/* A string ends with its NUL, and not with what the note says of its size. */
START_TEST(filling)
{
    for (uint32_t size = 2; size < 4; size++) {
        struct kernel_notes wanted = nothing;
        struct recipe r = {.segment = true};

        wanted.source = KERNEL_HAS_NOTES;
        wanted.extended_cr3 = size == 2;
        add_note(&r, "Xen", XEN_ELFNOTE_PAE_MODE, "yes", size);
        memcpy(r.notes + r.notes_size - 4, size == 3 ? "yesx" : "yes", 4);
        check_recipe(&r, &wanted);
    }
}
END_TEST

/* A segment, and a file, that end within the last note, as GRUB's do. */
START_TEST(cut_note)
{
    struct kernel_notes wanted = nothing;
    struct recipe r = {.segment = true};
    struct elf_image image;
    struct kernel_notes is;

    wanted.source = KERNEL_HAS_NOTES;
    wanted.extended_cr3 = true;
    strcpy(wanted.guest_os, "GRUB");
    add_string(&r, XEN_ELFNOTE_GUEST_OS, "GRUB");
    add_note(&r, "Xen", XEN_ELFNOTE_PAE_MODE, "yes\0bimodal", 12);
    r.segment_size = r.notes_size - 8;
    check_recipe(&r, &wanted);

    r.wide = false;
    make(&r, &image);
    ((Elf32_Ehdr *)image.bytes)->e_shoff = 0;
    ((Elf32_Ehdr *)image.bytes)->e_shnum = 0;
    ck_assert_int_eq(read_bytes(image.bytes, POS_NOTES + r.segment_size, &is),
                     0);
    check_notes(&is, &wanted);
    /* Not even the word is there. */
    ck_assert_int_eq(
        read_bytes(image.bytes, POS_NOTES + r.segment_size - 2, &is), 0);
    wanted.extended_cr3 = false;
    check_notes(&is, &wanted);
}
END_TEST

START_TEST(numbers)
{
    static const uint32_t size[] = {8, 4, 2, 1};

    for (unsigned int i = 0; i < 4; i++) {
        const uint64_t mask = UINT64_MAX >> (64 - 8 * size[i]);
        struct kernel_notes wanted = nothing;
        struct recipe r = {.segment = true};

        wanted.source = KERNEL_HAS_NOTES;
        wanted.mod_start_pfn = true;
        wanted.init_p2m = 0xfedcba9876543210 & mask;
        add_number(&r, XEN_ELFNOTE_INIT_P2M, 0xfedcba9876543210, size[i]);
        add_number(&r, XEN_ELFNOTE_MOD_START_PFN, 1, size[i]);
        check_recipe(&r, &wanted);
        add_number(&r, XEN_ELFNOTE_MOD_START_PFN, 0, size[i]);
        wanted.mod_start_pfn = false;
        check_recipe(&r, &wanted);
    }
}
END_TEST

/* Sizes that are no number's: 0, as for libxenguest. */
START_TEST(odd_numbers)
{
    static const uint32_t size[] = {0, 3, 5, 7};

    for (unsigned int i = 0; i < 4; i++) {
        struct kernel_notes wanted = nothing;
        struct recipe r = {.segment = true};

        wanted.source = KERNEL_HAS_NOTES;
        wanted.init_p2m = 0;
        add_number(&r, XEN_ELFNOTE_INIT_P2M, UINT64_MAX, size[i]);
        add_number(&r, XEN_ELFNOTE_MOD_START_PFN, UINT64_MAX, size[i]);
        check_recipe(&r, &wanted);
    }
}
END_TEST

/* Words are kept in 15 bytes; the last one counts. */
START_TEST(words)
{
    struct kernel_notes wanted = nothing;
    struct recipe r = {.segment = true, .legacy = "PAE=yes[extended-cr3]"};

    wanted.source = KERNEL_HAS_NOTES;
    wanted.phys32_entry = 0x100000;
    add_number(&r, XEN_ELFNOTE_PHYS32_ENTRY, 0x100000, 4);
    check_recipe(&r, &wanted);
    add_number(&r, XEN_ELFNOTE_VIRT_BASE, 0xc0000000, 4);
    wanted.virt_base = 0xc0000000;
    add_number(&r, XEN_ELFNOTE_PADDR_OFFSET, 0x1000, 2);
    wanted.paddr_offset = 0x1000;
    add_number(&r, XEN_ELFNOTE_HYPERCALL_PAGE, 0xc0101234, 8);
    wanted.hypercall_page = 0xc0101234;
    add_string(&r, XEN_ELFNOTE_LOADER, "generic");
    add_string(&r, XEN_ELFNOTE_LOADER, "0123456789abcdefgh");
    strcpy(wanted.loader, "0123456789abcde");
    add_string(&r, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    strcpy(wanted.xen_version, "xen-3.0");
    check_recipe(&r, &wanted);
}
END_TEST

/* Of others, of no interest, and of a name that begins alike. */
START_TEST(other_notes)
{
    struct kernel_notes wanted = nothing;
    struct recipe r = {.segment = true};

    add_note(&r, "GNU", XEN_ELFNOTE_PAE_MODE, "yes", 4);
    add_note(&r, "Xenophon", XEN_ELFNOTE_PAE_MODE, "yes", 4);
    add_note(&r, "xen", XEN_ELFNOTE_PAE_MODE, "yes", 4);
    check_recipe(&r, &wanted);
    add_string(&r, 0x1234567, "yes");
    wanted.source = KERNEL_HAS_NOTES; /* of an unknown type, but Xen's */
    check_recipe(&r, &wanted);
}
END_TEST

/* An owner's name is a string, whatever its size; that tells where the contents
 * are. */
START_TEST(owners)
{
    struct kernel_notes wanted = nothing;
    struct recipe r = {.segment = true};

    wanted.source = KERNEL_HAS_NOTES;
    add_named(&r, "Xen\0\0\0\0", 8, XEN_ELFNOTE_INIT_P2M, "\1\2\3", 4);
    wanted.init_p2m = 0x30201;
    check_recipe(&r, &wanted);
    add_named(&r, "Xen\0enophon", 12, XEN_ELFNOTE_MOD_START_PFN, "\1", 1);
    wanted.mod_start_pfn = true;
    check_recipe(&r, &wanted);
    /* No name at all: the contents are both. */
    add_named(&r, "", 0, XEN_ELFNOTE_VIRT_BASE, "Xen", 4);
    wanted.virt_base = 0x6e6558;
    check_recipe(&r, &wanted);
}
END_TEST

START_TEST(feature_names)
{
    static const struct {
        const char *text, *unknown;
        uint32_t required;
    } feature[] = {
        {"", "", 0},
        {"!writable_page_tables|pae_pgdir_above_4gb", "", 1},
        {"dom0|auto_translated_physmap", "", 0},
        {"x|!auto_translated_physmap||!dom0", "", 1u << 2 | 1u << 11},
        {"frobnicate", "", 0},
        {"!frobnicate", "!frobnicate", 0},
        {"!dom0|!x|!supervisor_mode_kernel", "!x", 1u << 11},
        {"!mmu_pt_update_preserve_ad", "!mmu_pt_update_preserve_ad", 0},
        {"! dom0", "! dom0", 0},
        /* A name of more than 63 bytes goes on as another one. */
        {"012345678901234567890123456789012345678901234567890123456789abc"
         "!dom0",
         "", 1u << 11},
    };

    for (size_t i = 0; i < sizeof(feature) / sizeof(feature[0]); i++) {
        struct kernel_notes wanted = nothing;
        struct recipe r = {.segment = true};
        char legacy[128];

        wanted.source = KERNEL_HAS_NOTES;
        wanted.required = feature[i].required;
        strcpy(wanted.unknown_feature, feature[i].unknown);
        add_string(&r, XEN_ELFNOTE_FEATURES, feature[i].text);
        check_recipe(&r, &wanted);
        r = (struct recipe){.legacy = legacy};
        wanted.source = KERNEL_HAS_STRING;
        /* An unknown one ends the string, but the extended CR3 that it is
         * about to take back stays in force. */
        wanted.extended_cr3 = *feature[i].unknown != '\0';
        snprintf(legacy, sizeof(legacy),
                 "PAE=yes[extended-cr3],FEATURES=%s,PAE=yes", feature[i].text);
        check_recipe(&r, &wanted);
    }
}
END_TEST

/* The first place that has notes of Xen's is the only one. */
START_TEST(places)
{
    struct kernel_notes by_notes = nothing, by_legacy = nothing;
    struct recipe r = {.legacy = "PAE=yes"};

    by_notes.source = KERNEL_HAS_NOTES;
    by_notes.extended_cr3 = by_notes.mod_start_pfn = true;
    by_notes.init_p2m = 0x1000;
    by_legacy.source = KERNEL_HAS_STRING;
    check_recipe(&r, &by_legacy);
    add_string(&r, XEN_ELFNOTE_PAE_MODE, "yes");
    add_number(&r, XEN_ELFNOTE_INIT_P2M, 0x1000, 8);
    add_number(&r, XEN_ELFNOTE_MOD_START_PFN, 1, 4);
    check_recipe(&r, &by_legacy); /* they lie nowhere */
    r.section = true;
    check_recipe(&r, &by_notes);
    r.segment = true;
    check_recipe(&r, &by_notes);
    r.section = false;
    check_recipe(&r, &by_notes);
    /* The segment has the first note only: the section does not count. */
    r.section = true;
    r.segment_size = 20;
    by_notes.mod_start_pfn = false;
    by_notes.init_p2m = KERNEL_UNSET;
    check_recipe(&r, &by_notes);
    r.section = false;
    r.segment_size = 0;
    r.zero_segment = true;
    check_recipe(&r, &by_legacy);
    r.section = true;
    by_notes.mod_start_pfn = true;
    by_notes.init_p2m = 0x1000;
    check_recipe(&r, &by_notes);
    /* Notes, but not Xen's. */
    r.notes[12] = r.notes[32] = r.notes[56] = 'Y';
    check_recipe(&r, &by_legacy);
    r.typeless = true;
    check_recipe(&r, &by_legacy);
    r.legacy = NULL;
    check_recipe(&r, &nothing);
}
END_TEST

/* A note says what it says whatever the next one says not. */
START_TEST(two_notes)
{
    struct kernel_notes wanted = nothing;
    struct recipe r = {.segment = true};

    wanted.source = KERNEL_HAS_NOTES;
    wanted.extended_cr3 = true;
    add_string(&r, XEN_ELFNOTE_PAE_MODE, "yes");
    add_string(&r, XEN_ELFNOTE_PAE_MODE, "no");
    check_recipe(&r, &wanted);
}
END_TEST

/* Without its NUL a string goes on behind its section, where there are "]". */
START_TEST(legacy_strings)
{
    static const struct {
        const char *text;
        bool extended, open;
    } legacy[] = {
        {"", false, false},
        {"PAE=yes", false, false},
        {"PAE=yes[extended-cr3]", true, false},
        {"PAE=no", false, false},
        {"XEN_VER=xen-3.0,PAE=yes[extended-cr3],A=y", true, true},
        {"A=x,PAE=yes,BSD_SYMTAB", false, false},
        {"NOPAE=yes[extended-cr3]", false, false},
        {"PAE=yes[extended-cr3", false, false},
        {"PAE=yes[extended-cr3]]", false, false},
        {"PAE", false, false},
        {"PAE=", false, false},
        {",,,=,=,", false, false},
        {"PAE=yes,PAE=yes[extended-cr3]", true, false},
        {"PAE=yes[extended-cr3],PAE=yes", false, false},
        {"PAE=yes[extended-cr3],PAE=no", true, true},
        {"PAE=yes[extended-cr3],PAE=yesno", false, false},
        {"PAE=yes,FEATURES=!frobnicate,PAE=yes[extended-cr3]", false, false},
        {"PAE =yes[extended-cr3]", false, false},
        {"PAE=yes=yes[extended-cr3]", false, false},
    };

    for (size_t i = 0; i < sizeof(legacy) / sizeof(legacy[0]); i++) {
        struct recipe r = {.legacy = legacy[i].text};
        struct elf_image image;
        struct kernel_notes is;

        for (unsigned int open = 0; open < 2; open++) {
            r.unterminated = open;
            make(&r, &image);
            ck_assert_int_eq(read_bytes(image.bytes, image.size, &is), 0);
            ck_assert_int_eq(is.source, KERNEL_HAS_STRING);
            ck_assert_msg(is.extended_cr3 ==
                              (open ? legacy[i].open : legacy[i].extended),
                          "%s", legacy[i].text);
        }
    }
}
END_TEST

/* Where a word ends that is too long, the next one begins. */
START_TEST(long_items)
{
    static const char fill[] = "0123456789012345678901234567890123456789"
                               "0123456789012345678901234567890123456789"
                               "0123456789012345678901234567890123456789";
    struct kernel_notes wanted = nothing;
    char legacy[POS_NAMES - POS_LEGACY];
    struct recipe r = {.legacy = legacy};

    wanted.source = KERNEL_HAS_STRING;
    /* 127 bytes of a value, 31 of a name. */
    snprintf(legacy, sizeof(legacy), "B=%.120s1234567VIRT_BASE=5", fill);
    wanted.virt_base = 5;
    check_recipe(&r, &wanted);
    snprintf(legacy, sizeof(legacy), "B=%.120s123456VIRT_BASE=5", fill);
    wanted.virt_base = KERNEL_UNSET;
    check_recipe(&r, &wanted);
    snprintf(legacy, sizeof(legacy), "%.31sVIRT_BASE=6", fill);
    wanted.virt_base = 6;
    check_recipe(&r, &wanted);
    snprintf(legacy, sizeof(legacy), "%.30sVIRT_BASE=6", fill);
    wanted.virt_base = KERNEL_UNSET;
    check_recipe(&r, &wanted);
}
END_TEST

START_TEST(legacy_numbers)
{
    struct kernel_notes wanted = nothing;
    struct recipe r = {.legacy = "HYPERCALL_PAGE=0x10,VIRT_BASE=0xC0000000,"
                                 "ELF_PADDR_OFFSET=010,LOADER=generic"};

    wanted.source = KERNEL_HAS_STRING;
    wanted.hypercall_page = 0xc0010000;
    wanted.virt_base = 0xc0000000;
    wanted.paddr_offset = 8;
    strcpy(wanted.loader, "generic");
    check_recipe(&r, &wanted);
    /* It is not moved where no base is said. */
    r.legacy = "HYPERCALL_PAGE=16,GUEST_OS=linux,XEN_VER=xen-3.0";
    wanted = nothing;
    wanted.source = KERNEL_HAS_STRING;
    wanted.hypercall_page = 0x10000;
    strcpy(wanted.guest_os, "linux");
    strcpy(wanted.xen_version, "xen-3.0");
    check_recipe(&r, &wanted);
    r.legacy = "VIRT_BASE=C0000000";
    wanted = nothing;
    wanted.source = KERNEL_HAS_STRING;
    wanted.virt_base = 0;
    check_recipe(&r, &wanted);
}
END_TEST

/* ---- damage ---- */

static const char *const full_legacy = "GUEST_OS=x,PAE=yes[extended-cr3],A=";

/* All that there can be in an image; `variant` chooses where it is found. */
static void make_full(unsigned int variant, struct elf_image *image)
{
    struct recipe r = {
        .wide = variant & 1,
        .segment = variant >> 1 == 0,
        .section = variant >> 1 <= 1,
        .legacy = full_legacy,
        .unterminated = variant >> 1 == 3,
    };

    if (variant >> 1 < 2) {
        add_string(&r, XEN_ELFNOTE_PAE_MODE, "yes");
        add_number(&r, XEN_ELFNOTE_INIT_P2M, 0x1000, 8);
        add_number(&r, XEN_ELFNOTE_MOD_START_PFN, 1, 4);
        add_note(&r, "Xen", XEN_ELFNOTE_PAE_MODE, "yes", 3);
    }
    make(&r, image);
}

static void check_any(const uint8_t *bytes, size_t size)
{
    struct kernel_notes notes;
    int rc = read_bytes(bytes, size, &notes);

    ck_assert(rc == 0 || rc == -ENOEXEC || rc == -EBADMSG);
    if (rc)
        check_notes(&notes, &nothing);
    (void)kernel_is_complete(fence + ROOM - size, size);
}

START_TEST(truncated)
{
    struct elf_image image;

    make_full(_i, &image);
    for (size_t size = 0; size < image.size; size++)
        check_any(image.bytes, size);
}
END_TEST

START_TEST(one_byte_changed)
{
    static const uint8_t change[] = {0xff, 0x01, 0x80};
    struct elf_image image;

    make_full(_i, &image);
    for (size_t at = 0; at < image.size; at++)
        for (unsigned int k = 0; k < sizeof(change); k++) {
            image.bytes[at] ^= change[k];
            check_any(image.bytes, image.size);
            image.bytes[at] ^= change[k];
        }
}
END_TEST

START_TEST(several_bytes_changed)
{
    for (unsigned int i = 0; i < 4000; i++) {
        struct unit_random r = unit_random_case(i);
        struct elf_image image;

        make_full(unit_below(&r, 8), &image);
        for (uint64_t n = 1 + unit_below(&r, 6); n > 0; n--)
            image.bytes[unit_below(&r, image.size)] = unit_random64(&r);
        check_any(image.bytes, image.size);
    }
}
END_TEST

START_TEST(no_elf)
{
    static const uint8_t other[64] = "\177ELG";
    struct kernel_notes notes;

    ck_assert_int_eq(read_bytes(other, 0, &notes), -ENOEXEC);
    ck_assert_int_eq(read_bytes(other, 4, &notes), -ENOEXEC);
    ck_assert_int_eq(read_bytes(other, sizeof(other), &notes), -ENOEXEC);
    check_notes(&notes, &nothing);
}
END_TEST

/* ---- real kernels, as libxenguest reads them ---- */

static const struct {
    const char *name, *type;
    uint64_t base, init_p2m;
    bool extended_cr3, mod_start_pfn;
    enum kernel_source source;
} guest[] = {
    {"hello-pae", "xen-3.0-x86_32p", 0xc0000000, KERNEL_UNSET, true, false,
     KERNEL_HAS_NOTES},
    {"hello-legacy", "xen-3.0-x86_32p", 0x40000000, KERNEL_UNSET, false, false,
     KERNEL_HAS_STRING},
    {"hello-64", "xen-3.0-x86_64", 0xffffffff80000000, 0x803ffff000, false,
     true, KERNEL_HAS_NOTES},
};

static void check_guest(const struct kernel_notes *is, unsigned int i)
{
    ck_assert_int_eq(is->source, guest[i].source);
    ck_assert_int_eq(is->extended_cr3, guest[i].extended_cr3);
    ck_assert_int_eq(is->mod_start_pfn, guest[i].mod_start_pfn);
    ck_assert_uint_eq(is->init_p2m, guest[i].init_p2m);
    ck_assert_uint_eq(is->virt_base, guest[i].base);
}

/* The logger of who calls libxenguest: errors only. */
static struct log {
    xentoollog_logger logger; /* first: libxc hands it back */
    unsigned int lines;
    char text[512];
} told;

static void tell(xentoollog_logger *logger, xentoollog_level level, int err,
                 const char *context, const char *format, va_list al)
{
    (void)logger;
    (void)err;
    (void)context;
    if (level < XTL_ERROR)
        return;
    told.lines++;
    vsnprintf(told.text, sizeof(told.text), format, al);
}

/* It fails, with one line in which this stands. */
static void plan_fails(struct xc_dom_image *dom, int rc, const char *why)
{
    struct dw_plan plan = {.ramdisk = NULL};

    told.lines = 0;
    ck_assert_int_eq(dw_plan(dom, &plan), rc);
    ck_assert_uint_eq(told.lines, 1);
    ck_assert_msg(strstr(told.text, why) && !strchr(told.text, '\n'),
                  "'%s' lacks '%s'", told.text, why);
}

/* What Xen's compat M2P has entries for: 166 GiB (asm/config.h). */
static void check_limit(struct xc_dom_image *dom, bool is_32_bit)
{
    const uint64_t frames = (UINT64_C(0xffe00000) - 0xf5800000) / 4;
    struct dw_plan plan = {.ramdisk = NULL};

    dom->total_pages = frames;
    ck_assert_int_eq(dw_plan(dom, &plan), 0);
    dom->total_pages = frames + 1;
    if (is_32_bit)
        plan_fails(dom, -E2BIG, "machine frames below 169984 MiB only");
    else
        ck_assert_int_eq(dw_plan(dom, &plan), 0);
}

/* The least memory that is told is the least that does. */
static void check_least(struct xc_dom_image *dom)
{
    unsigned int mib, least = 0;
    unsigned long told_least;
    struct dw_plan plan = {.ramdisk = NULL};

    dom->total_pages = 3;
    plan_fails(dom, -ENOSPC, ": the kernel does not fit in 0 MiB");
    told_least = strtoul(strstr(told.text, "memory=") + 7, NULL, 10);
    for (mib = 1; !least && mib < 100; mib++) {
        dom->total_pages = mib * 256;
        if (!dw_plan(dom, &plan))
            least = mib;
    }
    ck_assert_uint_eq(told_least, least);
}

static void check_plan(struct xc_dom_image *dom, unsigned int i)
{
    struct dw_plan plan = {.ramdisk = NULL};

    told.lines = 0;
    dom->total_pages = 8192;
    ck_assert_int_eq(dw_plan(dom, &plan), 0);
    ck_assert_uint_eq(told.lines, 0);
    check_guest(&plan.notes, i);
    ck_assert_str_eq(plan.layout.abi->guest_type, guest[i].type);
    ck_assert_uint_eq(plan.layout.item[PV_KERNEL].va.v, dom->kernel_seg.vstart);
    ck_assert_uint_eq(plan.layout.total_pages, 8192);
    ck_assert_uint_eq(plan.layout.nr_maps, guest[i].mod_start_pfn ? 2 : 1);
    check_limit(dom, plan.layout.abi == &pv_abi_x86_32p);
    check_least(dom);
    dom->total_pages = 8192;
}

/* In the order of their PFNs, each on the node that its virtual one is. */
static void check_vnuma(struct xc_dom_image *dom)
{
    xen_vmemrange_t ranges[] = {
        {.start = 16 << 20, .end = 32 << 20, .nid = 0},
        {.start = 0, .end = 16 << 20, .nid = 1},
    };
    unsigned int nodes[] = {5, 3};
    struct dw_plan plan = {.ramdisk = NULL};

    dom->vmemranges = ranges;
    dom->nr_vmemranges = 2;
    dom->vnode_to_pnode = nodes;
    dom->nr_vnodes = 2;
    ck_assert_int_eq(dw_plan(dom, &plan), 0);
    ck_assert_uint_eq(plan.nr_ranges, 2);
    for (uint64_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(plan.ranges[i].first.v, i * 4096);
        ck_assert_uint_eq(plan.ranges[i].end.v, (i + 1) * 4096);
        ck_assert_uint_eq(plan.ranges[i].node, i == 0 ? 3 : 5);
    }
    ck_assert_uint_eq(plan.layout.total_pages, 8192);
    ranges[0].nid = 2;
    plan_fails(dom, -EINVAL, "a vNUMA node is unknown");
    ranges[0].nid = 0;
    ranges[0].end = 17 << 20;
    ranges[1].end = 1 << 20;
    plan_fails(dom, -ENOSPC, "no room for the ");
    dom->vmemranges = NULL;
    dom->vnode_to_pnode = NULL;
    dom->nr_vmemranges = dom->nr_vnodes = 0;
}

START_TEST(test_guests)
{
    xentoollog_logger *lg = &told.logger;
    xc_interface *xch;
    struct xc_dom_image *dom;
    struct kernel_notes notes;
    char path[4096];

    lg->vmessage = tell;
    xch = xc_interface_open(lg, lg, XC_OPENFLAG_DUMMY);
    ck_assert_ptr_nonnull(xch);
    dom = xc_dom_allocate(xch, NULL, NULL);
    ck_assert_ptr_nonnull(dom);
    strcpy(dom->xen_caps, "xen-3.0-x86_64 xen-3.0-x86_32p ");
    snprintf(path, sizeof(path), "%s/tests/guests/%s", BUILD_DIR,
             guest[_i].name);
    ck_assert_int_eq(xc_dom_kernel_file(dom, path), 0);
    ck_assert_int_eq(
        kernel_notes_read(dom->kernel_blob, dom->kernel_size, &notes), 0);
    check_guest(&notes, _i);
    ck_assert(kernel_is_complete(dom->kernel_blob, dom->kernel_size));
    ck_assert_int_eq(xc_dom_parse_image(dom), 0);
    ck_assert_str_eq(dom->guest_type, guest[_i].type);
    ck_assert_uint_eq(xc_dom_virt_base(dom), guest[_i].base);
    check_plan(dom, _i);
    check_vnuma(dom);
    xc_dom_release(dom);
    xc_interface_close(xch);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("notes");
    TCase *tc = tcase_create("notes");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, pae_mode);
    tcase_add_test(tc, filling);
    tcase_add_test(tc, cut_note);
    tcase_add_test(tc, numbers);
    tcase_add_test(tc, odd_numbers);
    tcase_add_test(tc, words);
    tcase_add_test(tc, other_notes);
    tcase_add_test(tc, owners);
    tcase_add_test(tc, feature_names);
    tcase_add_test(tc, places);
    tcase_add_test(tc, two_notes);
    tcase_add_test(tc, legacy_strings);
    tcase_add_test(tc, long_items);
    tcase_add_test(tc, legacy_numbers);
    suite_add_tcase(suite, tc);

    tc = tcase_create("damage");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, truncated, 0, 8);
    tcase_add_loop_test(tc, one_byte_changed, 0, 8);
    tcase_add_test(tc, several_bytes_changed);
    tcase_add_test(tc, no_elf);
    suite_add_tcase(suite, tc);

    tc = tcase_create("guests");
    tcase_add_loop_test(tc, test_guests, 0, 3);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
