/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hooks/kernel_notes.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>
#include <xen/features.h>

#include "hooks/elf_image.h"

/* ELF_MAX_TOTAL_NOTE_COUNT of Xen's libelf: of all owners, in all places. */
#define NOTES_MAX 65536

static void copy_word(char word[16], const char *text)
{
    snprintf(word, 16, "%s", text);
}

/*
 * Takes what is in [*at, end) up to a NUL or one of `stops` into word[0 ..
 * room - 1], the rest of which is cleared, and moves *at behind it and behind
 * the stop, which it returns.  0: a NUL, the end, or no more room; what did not
 * fit is the next word's, as it is for libxenguest.
 */
static char take_word(const char **at, const char *end, char *word, size_t room,
                      const char *stops)
{
    memset(word, 0, room);
    for (size_t len = 0; len < room - 1 && *at < end && **at; len++) {
        char c = *(*at)++;

        if (strchr(stops, c))
            return c;
        word[len] = c;
    }
    return '\0';
}

/* ---- features ---- */

/* Those whose names libxenguest knows, xen/features.h. */
static const struct {
    const char *name;
    unsigned int bit;
} features[] = {
    {"writable_page_tables", XENFEAT_writable_page_tables},
    {"writable_descriptor_tables", XENFEAT_writable_descriptor_tables},
    {"auto_translated_physmap", XENFEAT_auto_translated_physmap},
    {"supervisor_mode_kernel", XENFEAT_supervisor_mode_kernel},
    {"pae_pgdir_above_4gb", XENFEAT_pae_pgdir_above_4gb},
    {"hvm_callback_vector", XENFEAT_hvm_callback_vector},
    {"dom0", XENFEAT_dom0},
};

/* "name|!name": false where a required one is not known; what follows counts
 * no more. */
static bool take_features(struct kernel_notes *notes, const char *text)
{
    const char *end = text + strlen(text);
    char word[64];

    while (text < end) {
        size_t i, n = sizeof(features) / sizeof(features[0]);

        take_word(&text, end, word, sizeof(word), "|");
        if (word[0] != '!')
            continue;
        for (i = 0; i < n && strcmp(word + 1, features[i].name); i++)
            ;
        if (i == n) {
            if (!notes->unknown_feature[0])
                memcpy(notes->unknown_feature, word, sizeof(word));
            return false;
        }
        notes->required |= UINT32_C(1) << features[i].bit;
    }
    return true;
}

/* ---- notes ---- */

struct note {
    uint32_t type;
    uint64_t desc; /* address */
    uint32_t size;
};

/* Sizes in notes are padded to words, in ELF files of both classes. */
static uint32_t padded(uint64_t size)
{
    return (uint32_t)((size + 3) & ~UINT64_C(3));
}

/* A note's string ends with its NUL, wherever that is. */
static bool take_string(struct kernel_notes *notes, uint32_t type,
                        const char *text)
{
    switch (type) {
    case XEN_ELFNOTE_PAE_MODE:
        /* A second note of another value takes nothing back. */
        if (!strcmp(text, "yes") || strstr(text, "bimodal"))
            notes->pae = notes->extended_cr3 = true;
        break;
    case XEN_ELFNOTE_BSD_SYMTAB:
        notes->symbols |= !strcmp(text, "yes");
        break;
    case XEN_ELFNOTE_LOADER:
        copy_word(notes->loader, text);
        break;
    case XEN_ELFNOTE_GUEST_OS:
        copy_word(notes->guest_os, text);
        break;
    case XEN_ELFNOTE_XEN_VERSION:
        copy_word(notes->xen_version, text);
        break;
    case XEN_ELFNOTE_FEATURES:
        return take_features(notes, text);
    }
    return true;
}

static void take_number(struct kernel_notes *notes, uint32_t type,
                        uint64_t value)
{
    switch (type) {
    case XEN_ELFNOTE_ENTRY:
        notes->entry = value;
        break;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        notes->hypercall_page = value;
        break;
    case XEN_ELFNOTE_VIRT_BASE:
        notes->virt_base = value;
        break;
    case XEN_ELFNOTE_INIT_P2M:
        notes->init_p2m = value;
        break;
    case XEN_ELFNOTE_PADDR_OFFSET:
        notes->paddr_offset = value;
        break;
    case XEN_ELFNOTE_PHYS32_ENTRY:
        notes->phys32_entry = value;
        break;
    case XEN_ELFNOTE_MOD_START_PFN:
        notes->mod_start_pfn = value != 0;
        break;
    }
}

/* false: it makes libxenguest refuse the kernel. */
static bool take_note(struct kernel_notes *notes, const struct elf_image *elf,
                      const struct note *note)
{
    const char *text;

    switch (note->type) {
    case XEN_ELFNOTE_PAE_MODE:
    case XEN_ELFNOTE_BSD_SYMTAB:
    case XEN_ELFNOTE_LOADER:
    case XEN_ELFNOTE_GUEST_OS:
    case XEN_ELFNOTE_XEN_VERSION:
    case XEN_ELFNOTE_FEATURES:
        text = elf_string(elf, note->desc);
        notes->cut |= !text;
        return !text || take_string(notes, note->type, text);
    default:
        notes->cut |=
            note->size <= 8 && !elf_inside(elf, note->desc, note->size);
        take_number(notes, note->type, elf_number(elf, note->desc, note->size));
        return true;
    }
}

/*
 * Every note that begins in [at, end), if the file goes that far, as each may
 * go on behind both: GRUB's file ends within its last one.  A name is a string,
 * whatever its size says, which tells alone where the contents are.  false:
 * libxenguest reads no further.
 */
static bool take_notes(struct kernel_notes *notes, const struct elf_image *elf,
                       uint64_t at, uint64_t end, unsigned int *count)
{
    while (at < end && (*count)++ < NOTES_MAX) {
        Elf32_Nhdr header; /* alike in both classes */
        uint64_t name = at + sizeof(header);
        uint32_t name_size = padded(elf_number(elf, at, 4));
        struct note note = {
            .size = (uint32_t)elf_number(elf, at + 4, 4),
            .type = (uint32_t)elf_number(elf, at + 8, 4),
            .desc = name + name_size,
        };
        const char *owner = elf_string(elf, name);
        uint64_t next = note.desc + padded(note.size);

        if (owner && !strcmp(owner, "Xen")) {
            notes->source = KERNEL_HAS_NOTES;
            if (!take_note(notes, elf, &note))
                return false;
        }
        if (next <= at || !elf_inside(elf, at, 1))
            break;
        at = next;
    }
    return true;
}

static bool take_segments(struct kernel_notes *notes,
                          const struct elf_image *elf, unsigned int *count)
{
    struct elf_segment s;

    for (unsigned int i = 0; elf_segment(elf, i, &s); i++) {
        uint64_t at = elf->base + s.offset;

        /* An offset of 0 is an old linker's way to say that it has none. */
        if (s.type == PT_NOTE && s.offset != 0 &&
            !take_notes(notes, elf, at, at + s.filesz, count))
            return false;
    }
    return true;
}

static bool take_sections(struct kernel_notes *notes,
                          const struct elf_image *elf, unsigned int *count)
{
    struct elf_section s;

    for (unsigned int i = 1; elf_section(elf, i, &s); i++) {
        uint64_t at = elf->base + s.offset;

        if (s.type == SHT_NOTE &&
            !take_notes(notes, elf, at, at + s.size, count))
            return false;
    }
    return true;
}

/* ---- the string ---- */

static void take_item(struct kernel_notes *notes, const char *name,
                      const char *value)
{
    if (!strcmp(name, "LOADER"))
        copy_word(notes->loader, value);
    else if (!strcmp(name, "GUEST_OS"))
        copy_word(notes->guest_os, value);
    else if (!strcmp(name, "XEN_VER"))
        copy_word(notes->xen_version, value);
    else if (!strcmp(name, "BSD_SYMTAB"))
        notes->symbols = true;
    else if (!strcmp(name, "VIRT_BASE"))
        notes->virt_base = strtoull(value, NULL, 0);
    else if (!strcmp(name, "VIRT_ENTRY"))
        notes->entry = strtoull(value, NULL, 0);
    else if (!strcmp(name, "ELF_PADDR_OFFSET"))
        notes->paddr_offset = strtoull(value, NULL, 0);
    else if (!strcmp(name, "HYPERCALL_PAGE"))
        notes->hypercall_page = strtoull(value, NULL, 0) << 12;
    else if (!strcmp(name, "PAE") && !strncmp(value, "yes", 3)) {
        /* The last "yes" counts, whatever follows it. */
        notes->pae = true;
        notes->extended_cr3 = !strcmp(value, "yes[extended-cr3]");
    }
}

/*
 * "KEY=VALUE,KEY=VALUE" up to a NUL, wherever the section ends; an unknown
 * feature that is required ends it, too.
 */
static void take_guest_string(struct kernel_notes *notes, const char *at,
                              const char *end)
{
    char name[32], value[128];

    while (at < end && *at) {
        value[0] = '\0';
        if (take_word(&at, end, name, sizeof(name), ",=") == '=')
            take_word(&at, end, value, sizeof(value), ",");
        if (!strcmp(name, "FEATURES") && !take_features(notes, value))
            break;
        take_item(notes, name, value);
    }
    if (notes->virt_base != KERNEL_UNSET &&
        notes->hypercall_page != KERNEL_UNSET)
        notes->hypercall_page += notes->virt_base;
}

static void find_guest_string(struct kernel_notes *notes,
                              const struct elf_image *elf)
{
    struct elf_section s;
    uint64_t at;

    if (!elf_find_section(elf, "__xen_guest", &s))
        return;
    notes->source = KERNEL_HAS_STRING;
    at = elf->base + s.offset;
    if (elf_inside(elf, at, 1))
        take_guest_string(notes, (const char *)(uintptr_t)at,
                          (const char *)(uintptr_t)(elf->base + elf->size));
    else
        notes->cut = true;
}

/* ---- all of it ---- */

/* Without the symbols that BSD_SYMTAB puts behind it. */
static void find_extent(struct kernel_notes *notes, const struct elf_image *elf)
{
    struct elf_segment s;

    notes->first = UINT64_MAX;
    for (unsigned int i = 0; elf_segment(elf, i, &s); i++) {
        if (!elf_is_loaded(&s))
            continue;
        if (notes->first > s.paddr)
            notes->first = s.paddr;
        if (notes->end < s.paddr + s.memsz)
            notes->end = s.paddr + s.memsz;
    }
}

static void find_notes(struct kernel_notes *notes, const struct elf_image *elf)
{
    unsigned int count = 0;

    if (!take_segments(notes, elf, &count) ||
        notes->source != KERNEL_SAYS_NOTHING)
        return;
    if (take_sections(notes, elf, &count) &&
        notes->source == KERNEL_SAYS_NOTHING)
        find_guest_string(notes, elf);
}

int kernel_notes_read(const void *image, size_t size,
                      struct kernel_notes *notes)
{
    struct elf_image elf;
    int rc = elf_image_open(&elf, image, size);

    *notes = (struct kernel_notes){
        .machine = elf.machine,
        .init_p2m = KERNEL_UNSET,
        .virt_base = KERNEL_UNSET,
        .paddr_offset = KERNEL_UNSET,
        .phys32_entry = KERNEL_UNSET,
        .hypercall_page = KERNEL_UNSET,
        .entry = KERNEL_UNSET,
    };
    if (rc)
        return rc;
    find_extent(notes, &elf);
    find_notes(notes, &elf);
    if (notes->entry == KERNEL_UNSET)
        notes->entry = elf.entry;
    return 0;
}

bool kernel_is_complete(const void *image, size_t size)
{
    struct kernel_notes notes;
    struct elf_image elf;
    struct elf_segment s;

    if (elf_image_open(&elf, image, size) ||
        kernel_notes_read(image, size, &notes) || notes.cut)
        return false;
    for (unsigned int i = 0; i < elf.segments; i++)
        if (!elf_segment(&elf, i, &s) ||
            (elf_is_loaded(&s) &&
             !elf_inside(&elf, elf.base + s.offset, s.filesz)))
            return false;
    return true;
}
