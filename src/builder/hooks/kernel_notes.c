/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>

#include "hooks/kernel_notes.h"

/* A note's number; a size that none has counts as 0, as in libxenguest. */
static uint64_t note_number(const uint8_t *desc, size_t size)
{
    uint64_t value = 0;

    if (size == 1 || size == 2 || size == 4 || size == 8)
        memcpy(&value, desc, size);
    return value;
}

/* Is the note's string, which may lack its NUL, equal to `text`? */
static bool note_is(const uint8_t *desc, size_t size, const char *text)
{
    size_t len = strlen(text);

    return size >= len && !memcmp(desc, text, len) &&
           (size == len || desc[len] == '\0');
}

static bool note_has(const uint8_t *desc, size_t size, const char *text)
{
    const uint8_t *nul = memchr(desc, '\0', size);

    return memmem(desc, nul ? (size_t)(nul - desc) : size, text,
                  strlen(text)) != NULL;
}

static void take_note(struct kernel_notes *notes, unsigned int type,
                      const uint8_t *desc, size_t size)
{
    switch (type) {
    case XEN_ELFNOTE_PAE_MODE:
        /* A second note of another value takes nothing back. */
        if (note_is(desc, size, "yes") || note_has(desc, size, "bimodal"))
            notes->extended_cr3 = true;
        break;
    case XEN_ELFNOTE_INIT_P2M:
        notes->init_p2m = note_number(desc, size);
        break;
    case XEN_ELFNOTE_MOD_START_PFN:
        notes->mod_start_pfn = note_number(desc, size) != 0;
        break;
    case XEN_ELFNOTE_PHYS32_ENTRY:
        notes->phys32_entry = true;
        return;
    case XEN_ELFNOTE_VIRT_BASE:
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        break;
    default:
        return;
    }
    notes->pv = true;
}

/* Sizes in notes are padded to words, in ELF files of both classes. */
static uint64_t padded(uint32_t size)
{
    return ((uint64_t)size + 3) & ~UINT64_C(3);
}

/*
 * Every Xen note that begins in [offset, offset + size) of the image; returns
 * how many.  libelf would leave out a note that goes on behind that, or behind
 * the file; libxenguest does not, and GRUB's file ends within its last note,
 * PAE_MODE: what is there of it counts.
 */
static unsigned int take_notes(struct kernel_notes *notes, Elf *elf,
                               uint64_t offset, uint64_t size)
{
    size_t room = 0;
    const uint8_t *image = (const uint8_t *)elf_rawfile(elf, &room);
    uint64_t end = offset + size < offset ? UINT64_MAX : offset + size;
    unsigned int count = 0;

    while (image && offset < end && offset < room) {
        Elf32_Nhdr note;
        uint64_t name = offset + sizeof(note), desc;

        if (room - offset < sizeof(note))
            break;
        memcpy(&note, image + offset, sizeof(note));
        desc = name + padded(note.n_namesz);
        offset = desc + padded(note.n_descsz);
        if (desc > room || note.n_namesz != sizeof("Xen") ||
            memcmp(image + name, "Xen", sizeof("Xen")))
            continue;
        take_note(notes, note.n_type, image + desc,
                  note.n_descsz < room - desc ? note.n_descsz : room - desc);
        count++;
    }
    return count;
}

static unsigned int take_segments(struct kernel_notes *notes, Elf *elf)
{
    unsigned int count = 0;
    size_t nr = 0;

    if (elf_getphdrnum(elf, &nr))
        return 0;
    for (size_t i = 0; i < nr; i++) {
        GElf_Phdr phdr;

        /* An offset of 0 is an old linker's way to say that it has none. */
        if (!gelf_getphdr(elf, (int)i, &phdr) || phdr.p_type != PT_NOTE ||
            phdr.p_offset == 0)
            continue;
        count += take_notes(notes, elf, phdr.p_offset, phdr.p_filesz);
    }
    return count;
}

static unsigned int take_sections(struct kernel_notes *notes, Elf *elf)
{
    unsigned int count = 0;
    Elf_Scn *scn = NULL;

    while ((scn = elf_nextscn(elf, scn))) {
        GElf_Shdr shdr;

        if (gelf_getshdr(scn, &shdr) && shdr.sh_type == SHT_NOTE)
            count += take_notes(notes, elf, shdr.sh_offset, shdr.sh_size);
    }
    return count;
}

/*
 * "KEY=VALUE,KEY=VALUE": only PAE matters here, as this string can neither
 * move the P2M nor leave modules unmapped.  The last "yes" counts, whatever
 * follows it, as in libxenguest.
 */
static void take_legacy(struct kernel_notes *notes, const char *text,
                        size_t size)
{
    static const char extended[] = "yes[extended-cr3]";
    char *copy = strndup(text, size), *rest = copy, *item;

    notes->pv = true;
    while ((item = strsep(&rest, ",")))
        if (!strncmp(item, "PAE=yes", 7))
            notes->extended_cr3 = !strcmp(item + 4, extended);
    free(copy);
}

static void find_legacy(struct kernel_notes *notes, Elf *elf)
{
    Elf_Scn *scn = NULL;
    size_t names;

    if (elf_getshdrstrndx(elf, &names))
        return;
    while ((scn = elf_nextscn(elf, scn))) {
        GElf_Shdr shdr;
        const char *name;
        Elf_Data *data;

        if (!gelf_getshdr(scn, &shdr))
            continue;
        name = elf_strptr(elf, names, shdr.sh_name);
        if (!name || strcmp(name, "__xen_guest"))
            continue;
        data = elf_rawdata(scn, NULL);
        if (data && data->d_buf)
            take_legacy(notes, data->d_buf, data->d_size);
        return;
    }
}

int kernel_notes_read(const void *image, size_t size,
                      struct kernel_notes *notes)
{
    Elf *elf;
    int rc = -ENOEXEC;

    *notes = (struct kernel_notes){.init_p2m = UINT64_MAX};
    if (elf_version(EV_CURRENT) == EV_NONE)
        return -ENOEXEC;
    /* libelf only reads an image that it was not asked to write. */
    elf = elf_memory((char *)(uintptr_t)image, size);
    if (!elf || elf_kind(elf) != ELF_K_ELF)
        goto out;
    rc = 0;
    if (!take_segments(notes, elf) && !take_sections(notes, elf))
        find_legacy(notes, elf);
out:
    elf_end(elf);
    return rc;
}
