/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hooks/elf_image.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

/* ELF_MAX_STRING_LENGTH of Xen's libelf. */
#define STRING_MAX 4096

bool elf_inside(const struct elf_image *elf, uint64_t at, uint64_t size)
{
    uint64_t offset = at - elf->base;

    return offset <= elf->size && size <= elf->size - offset;
}

static const uint8_t *bytes_at(uint64_t at)
{
    return (const uint8_t *)(uintptr_t)at;
}

uint64_t elf_number(const struct elf_image *elf, uint64_t at, uint64_t size)
{
    uint64_t value = 0;

    if ((size != 1 && size != 2 && size != 4 && size != 8) ||
        !elf_inside(elf, at, size))
        return 0;
    for (uint64_t i = 0; i < size; i++)
        value |= (uint64_t)bytes_at(at)[elf->swap ? size - 1 - i : i]
                 << (8 * i);
    return value;
}

const char *elf_string(const struct elf_image *elf, uint64_t at)
{
    uint64_t room;

    if (!elf_inside(elf, at, 1))
        return NULL;
    room = elf->size - (at - elf->base);
    if (room > STRING_MAX + 1)
        room = STRING_MAX + 1;
    return memchr(bytes_at(at), '\0', room) ? (const char *)bytes_at(at) : NULL;
}

/* A field of a header at `at`, in the file's width. */
#define FIELD(elf, at, kind, member)                                           \
    ((elf)->wide ? elf_number(elf, (at) + offsetof(Elf64_##kind, member),      \
                              sizeof(((Elf64_##kind *)0)->member))             \
                 : elf_number(elf, (at) + offsetof(Elf32_##kind, member),      \
                              sizeof(((Elf32_##kind *)0)->member)))

/* libxenguest takes no more sections than the smaller headers would fill. */
static unsigned int count_sections(const struct elf_image *elf)
{
    uint64_t count = FIELD(elf, elf->base, Ehdr, e_shnum);
    uint64_t most = elf->size / sizeof(Elf32_Shdr);

    return (unsigned int)(count < most ? count : most);
}

int elf_image_open(struct elf_image *elf, const void *bytes, size_t size)
{
    const unsigned char *ident = bytes;
    uint64_t at = (uintptr_t)bytes;
    unsigned int names;
    struct elf_section section;

    *elf = (struct elf_image){.base = at, .size = size};
    if (size < sizeof(Elf32_Ehdr) || memcmp(ident, ELFMAG, SELFMAG))
        return -ENOEXEC;
    elf->wide = ident[EI_CLASS] == ELFCLASS64;
    elf->swap = ident[EI_DATA] != ELFDATA2LSB;
    elf->machine = (unsigned int)FIELD(elf, at, Ehdr, e_machine);
    elf->entry = FIELD(elf, at, Ehdr, e_entry);
    elf->segments = (unsigned int)FIELD(elf, at, Ehdr, e_phnum);
    elf->segment_table = FIELD(elf, at, Ehdr, e_phoff);
    elf->segment_size = FIELD(elf, at, Ehdr, e_phentsize);
    elf->sections = count_sections(elf);
    elf->section_table = FIELD(elf, at, Ehdr, e_shoff);
    elf->section_size = FIELD(elf, at, Ehdr, e_shentsize);
    if (elf->segment_table + elf->segment_size * elf->segments > size ||
        elf->section_table + elf->section_size * elf->sections > size)
        return -EBADMSG;
    names = (unsigned int)FIELD(elf, at, Ehdr, e_shstrndx);
    if (names < elf->sections) {
        /* Its header may lie outside: its offset is 0 then. */
        (void)elf_section(elf, names, &section);
        elf->names = at + section.offset;
    }
    return 0;
}

bool elf_segment(const struct elf_image *elf, unsigned int i,
                 struct elf_segment *segment)
{
    uint64_t at = elf->base + elf->segment_table + elf->segment_size * i;

    *segment = (struct elf_segment){
        .type = (uint32_t)FIELD(elf, at, Phdr, p_type),
        .flags = (uint32_t)FIELD(elf, at, Phdr, p_flags),
        .offset = FIELD(elf, at, Phdr, p_offset),
        .paddr = FIELD(elf, at, Phdr, p_paddr),
        .filesz = FIELD(elf, at, Phdr, p_filesz),
        .memsz = FIELD(elf, at, Phdr, p_memsz),
    };
    return i < elf->segments && elf_inside(elf, at, 1);
}

bool elf_is_loaded(const struct elf_segment *segment)
{
    return segment->type == PT_LOAD && segment->flags & (PF_R | PF_W | PF_X);
}

bool elf_section(const struct elf_image *elf, unsigned int i,
                 struct elf_section *section)
{
    uint64_t at = elf->base + elf->section_table + elf->section_size * i;

    *section = (struct elf_section){
        .name = (uint32_t)FIELD(elf, at, Shdr, sh_name),
        .type = (uint32_t)FIELD(elf, at, Shdr, sh_type),
        .offset = FIELD(elf, at, Shdr, sh_offset),
        .size = FIELD(elf, at, Shdr, sh_size),
    };
    return i < elf->sections && elf_inside(elf, at, 1);
}

bool elf_find_section(const struct elf_image *elf, const char *name,
                      struct elf_section *section)
{
    const char *is;

    if (!elf->names)
        return false;
    for (unsigned int i = 1; elf_section(elf, i, section); i++) {
        is = elf_string(elf, elf->names + section->name);
        if (is && !strcmp(is, name))
            return true;
    }
    return false;
}
