/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel_image.h - makes ELF images that say of themselves what PV kernels say,
 * sound ones and others.  Nothing in them can run.
 *
 * A recipe is filled in by recipe_init() and by words, or by hand; image_make()
 * makes a file of it.  A word that is none, or too much of something, ends the
 * program.
 */
#ifndef KERNEL_IMAGE_H
#define KERNEL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXTRAS_MAX 4

/* A program header besides those of the kernel and its notes. */
struct extra_segment {
    uint32_t type;
    uint64_t offset, filesz, memsz;
};

enum notes_place { NOTES_SEGMENT, NOTES_SECTION, NOTES_NOWHERE };

struct kernel_recipe {
    bool wide; /* 64 bits */
    unsigned int machine;
    uint8_t byte_order, version; /* EI_DATA, EI_VERSION */
    uint64_t entry, paddr;
    uint64_t size, room; /* bytes of the kernel in the file, and in memory */
    uint32_t flags;      /* p_flags */
    enum notes_place place;
    uint8_t notes[2048];
    size_t notes_size;
    uint64_t notes_more; /* bytes that the segment claims to have beside */
    char string[2048];   /* __xen_guest's */
    bool has_string;
    bool symbols;        /* a symbol table, in the kernel's own bytes */
    uint32_t names_type; /* of the section of sections' names */
    struct extra_segment extra[EXTRAS_MAX];
    unsigned int nr_extras;
    bool headless; /* no section headers, the notes before the kernel */
    uint64_t cut;  /* bytes of the file that are not there */
};

struct kernel_file {
    uint8_t *bytes; /* free() them */
    size_t size;
    size_t head; /* what comes before the kernel's own bytes */
};

/* A kernel of 32 or 64 bits at `base` + 1 MiB without a word for Xen. */
void recipe_init(struct kernel_recipe *r, bool wide, uint64_t base);

/* A note whose owner's name is name[0 .. name_size - 1]. */
void recipe_note(struct kernel_recipe *r, const void *name, size_t name_size,
                 uint32_t type, const void *desc, size_t size);

/* One of Xen's, with a string or with a number of `size` bytes. */
void recipe_text(struct kernel_recipe *r, uint32_t type, const char *text);
void recipe_number(struct kernel_recipe *r, uint32_t type, uint64_t value,
                   size_t size);

/* "KEY=VALUE" for the string, with a comma where there is something already. */
void recipe_item(struct kernel_recipe *r, const char *item);

/*
 * A word of make-kernel's command line, which README.md tells.  -1: it is none.
 */
int __attribute__((warn_unused_result))
recipe_word(struct kernel_recipe *r, const char *word);

void image_make(const struct kernel_recipe *r, struct kernel_file *file);

#endif /* KERNEL_IMAGE_H */
