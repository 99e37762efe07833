/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * elf_image.h - an ELF file in memory, read as libxenguest reads it: field by
 * field from the raw bytes.  What lies outside of the file reads as 0, neither
 * a version nor a section's type is looked at, and bytes are swapped where the
 * file says so.  A stricter reader, as elfutils' is, sees other kernels.
 *
 * Positions are addresses of this process, as they are there: where a sum in a
 * hostile file wraps round, it does so in both at once.
 *
 * Sources: elf(5), elf.h; Xen's libelf for what it does not look at.
 */
#ifndef DW_ELF_IMAGE_H
#define DW_ELF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_image {
    uint64_t base, size; /* the file */
    bool wide;           /* ELFCLASS64 */
    bool swap;           /* not little-endian */
    unsigned int machine, segments, sections;
    uint64_t entry;
    /* What the ELF header says of its tables, and where sections' names are: */
    uint64_t segment_table, segment_size, section_table, section_size;
    uint64_t names; /* 0: nowhere */
};

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, paddr, filesz, memsz;
};

struct elf_section {
    uint32_t name, type;
    uint64_t offset, size;
};

/*
 * Opens bytes[0 .. size - 1], which are neither changed nor kept; there is
 * nothing to close.  0; -ENOEXEC: no ELF file; -EBADMSG: its tables of headers
 * go on behind its end.
 */
int __attribute__((warn_unused_result))
elf_image_open(struct elf_image *elf, const void *bytes, size_t size);

/* Is all of [at, at + size) in the file? */
bool elf_inside(const struct elf_image *elf, uint64_t at, uint64_t size);

/* A number of 1, 2, 4 or 8 bytes; 0 for any other, and outside of the file. */
uint64_t elf_number(const struct elf_image *elf, uint64_t at, uint64_t size);

/*
 * A string that ends in the file and is no longer than 4096 bytes, where
 * libxenguest stops looking; else NULL.
 */
const char *elf_string(const struct elf_image *elf, uint64_t at);

/* Number `i` of the program headers; false: the table ends before. */
bool elf_segment(const struct elf_image *elf, unsigned int i,
                 struct elf_segment *segment);

/* Does anybody load it? */
bool elf_is_loaded(const struct elf_segment *segment);

/* Number `i` of the section headers; false: the table ends before. */
bool elf_section(const struct elf_image *elf, unsigned int i,
                 struct elf_section *section);

/* The first section of that name, the one of number 0 left out; or false. */
bool elf_find_section(const struct elf_image *elf, const char *name,
                      struct elf_section *section);

#endif /* DW_ELF_IMAGE_H */
