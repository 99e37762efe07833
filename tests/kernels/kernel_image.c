/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel_image.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what)
{
    fprintf(stderr, "kernel_image: %s\n", what);
    exit(2);
}

void recipe_init(struct kernel_recipe *r, bool wide, uint64_t base)
{
    *r = (struct kernel_recipe){
        .wide = wide,
        .machine = wide ? EM_X86_64 : EM_386,
        .byte_order = ELFDATA2LSB,
        .version = EV_CURRENT,
        .entry = base + 0x100000,
        .paddr = 0x100000,
        .size = 0x1800,
        .room = 0x3000,
        .flags = PF_R | PF_W | PF_X,
        .names_type = SHT_STRTAB,
    };
}

/* ---- words for Xen ---- */

static void put(uint8_t *at, uint64_t value, size_t size, bool swap)
{
    for (size_t i = 0; i < size; i++)
        at[swap ? size - 1 - i : i] = (uint8_t)(value >> (8 * i));
}

static bool swapped(const struct kernel_recipe *r)
{
    return r->byte_order != ELFDATA2LSB;
}

static size_t padded(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

void recipe_note(struct kernel_recipe *r, const void *name, size_t name_size,
                 uint32_t type, const void *desc, size_t size)
{
    uint8_t *at = r->notes + r->notes_size;
    size_t all = 12 + padded(name_size) + padded(size);

    if (r->notes_size + all > sizeof(r->notes))
        die("too many notes");
    memset(at, 0, all);
    put(at, name_size, 4, swapped(r));
    put(at + 4, size, 4, swapped(r));
    put(at + 8, type, 4, swapped(r));
    memcpy(at + 12, name, name_size);
    memcpy(at + 12 + padded(name_size), desc, size);
    r->notes_size += all;
}

void recipe_text(struct kernel_recipe *r, uint32_t type, const char *text)
{
    recipe_note(r, "Xen", 4, type, text, strlen(text) + 1);
}

static void number(struct kernel_recipe *r, const void *name, size_t name_size,
                   uint32_t type, uint64_t value, size_t size)
{
    uint8_t desc[64] = {0};

    if (size > sizeof(desc))
        die("no number is so large");
    put(desc, value, size < 8 ? size : 8, swapped(r));
    recipe_note(r, name, name_size, type, desc, size);
}

void recipe_number(struct kernel_recipe *r, uint32_t type, uint64_t value,
                   size_t size)
{
    number(r, "Xen", 4, type, value, size);
}

void recipe_item(struct kernel_recipe *r, const char *item)
{
    size_t len = strlen(r->string);

    if (len + strlen(item) + 2 > sizeof(r->string))
        die("too long a string");
    sprintf(r->string + len, "%s%s", len ? "," : "", item);
    r->has_string = true;
}

/* ---- words of the command line ---- */

/* "TYPE:TEXT", "TYPE#VALUE/BYTES"; "N|" before: the owner's name has N bytes.
 */
static int note_word(struct kernel_recipe *r, const char *word)
{
    char name[16] = "Xen", *end;
    size_t name_size = 4;
    uint32_t type;
    uint64_t value;

    type = (uint32_t)strtoul(word, &end, 0);
    if (*end == '|') {
        name_size = type;
        type = (uint32_t)strtoul(end + 1, &end, 0);
    }
    if (name_size > sizeof(name))
        return -1;
    if (*end == ':') {
        recipe_note(r, name, name_size, type, end + 1, strlen(end));
        return 0;
    }
    if (*end != '#')
        return -1;
    value = strtoull(end + 1, &end, 0);
    if (*end != '/')
        return -1;
    number(r, name, name_size, type, value, strtoul(end + 1, NULL, 0));
    return 0;
}

/* "TYPE,OFFSET,FILESZ,MEMSZ" */
static int extra_word(struct kernel_recipe *r, const char *word)
{
    struct extra_segment *e = &r->extra[r->nr_extras];
    unsigned long long n[4];

    if (r->nr_extras == EXTRAS_MAX ||
        sscanf(word, "%lli,%lli,%lli,%lli", (long long *)&n[0],
               (long long *)&n[1], (long long *)&n[2], (long long *)&n[3]) != 4)
        return -1;
    *e = (struct extra_segment){(uint32_t)n[0], n[1], n[2], n[3]};
    r->nr_extras++;
    return 0;
}

static int place_word(struct kernel_recipe *r, const char *word)
{
    static const char *const places[] = {"segment", "section", "nowhere"};

    for (unsigned int i = 0; i < 3; i++)
        if (!strcmp(word, places[i])) {
            r->place = (enum notes_place)i;
            return 0;
        }
    return -1;
}

static int number_word(struct kernel_recipe *r, const char *key, size_t len,
                       uint64_t value)
{
    struct {
        const char *key;
        uint64_t *value;
    } wide[] = {
        {"entry", &r->entry}, {"paddr", &r->paddr},
        {"size", &r->size},   {"room", &r->room},
        {"cut", &r->cut},     {"notes-more", &r->notes_more},
    };

    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
        if (strlen(wide[i].key) == len && !strncmp(key, wide[i].key, len)) {
            *wide[i].value = value;
            return 0;
        }
    if (!strncmp(key, "machine", len))
        r->machine = (unsigned int)value;
    else if (!strncmp(key, "byte-order", len))
        r->byte_order = (uint8_t)value;
    else if (!strncmp(key, "version", len))
        r->version = (uint8_t)value;
    else if (!strncmp(key, "flags", len))
        r->flags = (uint32_t)value;
    else if (!strncmp(key, "headless", len))
        r->headless = value != 0;
    else if (!strncmp(key, "symbols", len))
        r->symbols = value != 0;
    else if (!strncmp(key, "names-type", len))
        r->names_type = (uint32_t)value;
    else
        return -1;
    return 0;
}

int recipe_word(struct kernel_recipe *r, const char *word)
{
    const char *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : 0;
    uint64_t value;
    char *end;

    if (!len)
        return -1;
    if (len == 4 && !strncmp(word, "note", len))
        return note_word(r, equals + 1);
    if (len == 5 && !strncmp(word, "guest", len)) {
        recipe_item(r, equals + 1);
        return 0;
    }
    if (len == 5 && !strncmp(word, "extra", len))
        return extra_word(r, equals + 1);
    if (len == 5 && !strncmp(word, "notes", len))
        return place_word(r, equals + 1);
    value = strtoull(equals + 1, &end, 0);
    return *end ? -1 : number_word(r, word, len, value);
}

/* ---- the file ---- */

static const char section_names[] = "\0__xen_guest\0.note\0.shstrtab";

enum { NAME_GUEST = 1, NAME_NOTE = 13, NAME_NAMES = 19 };

struct maker {
    const struct kernel_recipe *r;
    uint8_t *bytes;
    size_t text, notes, string, names, sections, size;
};

/* A field of a header at `at`, in the file's width. */
#define SET(m, at, kind, member, value)                                        \
    ((m)->r->wide                                                              \
         ? put((m)->bytes + (at) + offsetof(Elf64_##kind, member), (value),    \
               sizeof(((Elf64_##kind *)0)->member), swapped((m)->r))           \
         : put((m)->bytes + (at) + offsetof(Elf32_##kind, member), (value),    \
               sizeof(((Elf32_##kind *)0)->member), swapped((m)->r)))
#define SIZE_OF(r, kind)                                                       \
    ((r)->wide ? sizeof(Elf64_##kind) : sizeof(Elf32_##kind))

static void set_segment(struct maker *m, size_t at, uint32_t type,
                        uint32_t flags, const struct extra_segment *s,
                        uint64_t paddr)
{
    SET(m, at, Phdr, p_type, type);
    SET(m, at, Phdr, p_flags, flags);
    SET(m, at, Phdr, p_offset, s->offset);
    SET(m, at, Phdr, p_vaddr, paddr);
    SET(m, at, Phdr, p_paddr, paddr);
    SET(m, at, Phdr, p_filesz, s->filesz);
    SET(m, at, Phdr, p_memsz, s->memsz);
}

static void set_section(struct maker *m, size_t at, uint32_t name,
                        uint32_t type, size_t offset, size_t size)
{
    SET(m, at, Shdr, sh_name, name);
    SET(m, at, Shdr, sh_type, type);
    SET(m, at, Shdr, sh_offset, offset);
    SET(m, at, Shdr, sh_size, size);
}

static unsigned int set_segments(struct maker *m)
{
    const struct kernel_recipe *r = m->r;
    struct extra_segment text = {PT_LOAD, m->text, r->size, r->room};
    struct extra_segment notes = {PT_NOTE, m->notes,
                                  r->notes_size + r->notes_more, 0};
    size_t at = SIZE_OF(r, Ehdr), each = SIZE_OF(r, Phdr);
    unsigned int n = 0;

    set_segment(m, at + n++ * each, PT_LOAD, r->flags, &text, r->paddr);
    if (r->notes_size && r->place == NOTES_SEGMENT)
        set_segment(m, at + n++ * each, PT_NOTE, 0, &notes, 0);
    for (unsigned int i = 0; i < r->nr_extras; i++)
        set_segment(m, at + n++ * each, r->extra[i].type, 0, &r->extra[i], 0);
    return n;
}

static unsigned int set_sections(struct maker *m)
{
    const struct kernel_recipe *r = m->r;
    size_t each = SIZE_OF(r, Shdr), at = m->sections + each;

    set_section(m, at, NAME_GUEST * r->has_string, SHT_PROGBITS, m->string,
                strlen(r->string) + 1);
    set_section(m, at + each, NAME_NOTE,
                r->place == NOTES_SECTION ? SHT_NOTE : SHT_PROGBITS, m->notes,
                r->notes_size);
    set_section(m, at + 2 * each, NAME_NAMES, r->names_type, m->names,
                sizeof(section_names));
    if (r->symbols) {
        set_section(m, at + 3 * each, 0, SHT_SYMTAB, m->text,
                    3 * SIZE_OF(r, Sym));
        SET(m, at + 3 * each, Shdr, sh_link, 3);
    }
    return 4 + r->symbols;
}

static void set_header(struct maker *m)
{
    const struct kernel_recipe *r = m->r;

    memcpy(m->bytes, ELFMAG, SELFMAG);
    m->bytes[EI_CLASS] = r->wide ? ELFCLASS64 : ELFCLASS32;
    m->bytes[EI_DATA] = r->byte_order;
    m->bytes[EI_VERSION] = r->version;
    SET(m, 0, Ehdr, e_type, ET_EXEC);
    SET(m, 0, Ehdr, e_machine, r->machine);
    SET(m, 0, Ehdr, e_version, EV_CURRENT);
    SET(m, 0, Ehdr, e_entry, r->entry);
    SET(m, 0, Ehdr, e_ehsize, SIZE_OF(r, Ehdr));
    SET(m, 0, Ehdr, e_phoff, SIZE_OF(r, Ehdr));
    SET(m, 0, Ehdr, e_phentsize, SIZE_OF(r, Phdr));
    SET(m, 0, Ehdr, e_phnum, set_segments(m));
    if (r->headless)
        return;
    SET(m, 0, Ehdr, e_shoff, m->sections);
    SET(m, 0, Ehdr, e_shentsize, SIZE_OF(r, Shdr));
    SET(m, 0, Ehdr, e_shnum, set_sections(m));
    SET(m, 0, Ehdr, e_shstrndx, 3);
}

void image_make(const struct kernel_recipe *r, struct kernel_file *file)
{
    struct maker m = {.r = r};

    m.notes = 0x200 + (r->headless ? 0 : r->size);
    m.text = 0x200 + (r->headless ? r->notes_size : 0);
    m.string = 0x200 + r->size + r->notes_size;
    m.names = m.string + strlen(r->string) + 1;
    m.sections = (m.names + sizeof(section_names) + 7) & ~(size_t)7;
    m.size = m.sections + (size_t)(4 + r->symbols) * SIZE_OF(r, Shdr);
    m.bytes = calloc(1, m.size);
    if (!m.bytes)
        die("out of memory");
    for (size_t i = 0; i < r->size; i++)
        m.bytes[m.text + i] = (uint8_t)(i * 7 + 1);
    memcpy(m.bytes + m.notes, r->notes, r->notes_size);
    memcpy(m.bytes + m.string, r->string, strlen(r->string));
    memcpy(m.bytes + m.names, section_names, sizeof(section_names));
    set_header(&m);
    if (r->headless)
        m.size = m.string;
    if (r->cut > m.size)
        die("more is cut than there is");
    *file = (struct kernel_file){m.bytes, m.size - r->cut, m.text};
}
