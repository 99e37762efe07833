/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * e820.c - where the machine has its RAM.
 */
#include "machine/e820.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/superblock.h"

#define DEFAULT_BYTES (UINT64_C(6) << 30)
#define MIN_BYTES     (UINT64_C(4) << 20)
#define MAX_BYTES     (UINT64_C(1) << 40)

/* A PC: a hole for the BIOS and VGA below 1 MiB, one for PCI below 4 GiB. */
#define BIOS_HOLE_FIRST (UINT64_C(0x9f000) >> FX_PAGE_SHIFT)
#define BIOS_HOLE_END   (UINT64_C(0x100000) >> FX_PAGE_SHIFT)
#define PCI_HOLE_FIRST  (UINT64_C(0xc0000000) >> FX_PAGE_SHIFT)
#define PCI_HOLE_END    (UINT64_C(0x100000000) >> FX_PAGE_SHIFT)

/* Nodes meet at multiples of 2 MiB, so that no superpage lies on two. */
#define NODE_ALIGN (UINT64_C(1) << 9)

static int too_many(char *why, size_t len)
{
    snprintf(why, len, "more than %d ranges of memory", FX_MAX_E820);
    return -EINVAL;
}

/* Takes [first, end) out of what is there. */
static int cut(struct fx_ram *ram, uint64_t first, uint64_t end, char *why,
               size_t len)
{
    struct fx_ram old = *ram;
    uint32_t i;

    ram->nr = 0;
    for (i = 0; i < old.nr; i++) {
        struct fx_range r = old.range[i];
        struct fx_range part[2] = {{r.first, r.end < first ? r.end : first},
                                   {r.first > end ? r.first : end, r.end}};
        unsigned int k;

        for (k = 0; k < 2; k++) {
            if (part[k].first >= part[k].end)
                continue;
            if (ram->nr == FX_MAX_E820)
                return too_many(why, len);
            ram->range[ram->nr++] = part[k];
        }
    }
    return 0;
}

static int add(struct fx_ram *ram, uint64_t first, uint64_t end, char *why,
               size_t len)
{
    uint32_t at;
    int rc;

    if (first >= end)
        return 0;
    rc = cut(ram, first, end, why, len);
    if (rc)
        return rc;
    if (ram->nr == FX_MAX_E820)
        return too_many(why, len);
    for (at = ram->nr; at && ram->range[at - 1].first > first; at--)
        ram->range[at] = ram->range[at - 1];
    ram->range[at] = (struct fx_range){first, end};
    ram->nr++;
    return 0;
}

/* A number of bytes with its unit; false where it is none. */
static bool read_bytes(const char *word, uint64_t *bytes)
{
    static const char units[] = "KMG";
    const char *unit;
    unsigned int shift = 0;
    char *end;

    if (*word < '0' || *word > '9')
        return false;
    errno = 0;
    *bytes = strtoull(word, &end, 0);
    if (errno)
        return false;
    if (*end) {
        unit = strchr(units, *end);
        if (!unit || end[1])
            return false;
        shift = 10 * (unsigned int)(unit - units + 1);
    }
    if (*bytes > UINT64_MAX >> shift)
        return false;
    *bytes <<= shift;
    return true;
}

/* One line of a map; `*kind` is 'm' for RAM, 'r' for reserved, 0 for neither.
 */
static bool read_line(char *line, uint64_t *first, uint64_t *end, char *kind)
{
    char word[3][24], more[2];
    int words;

    *kind = 0;
    line[strcspn(line, "#\n")] = '\0';
    words = sscanf(line, "%23s %23s %23s %1s", word[0], word[1], word[2], more);
    if (words <= 0)
        return true;
    if (words != 3 || !read_bytes(word[0], first))
        return false;
    if (word[1][0] == '+') {
        if (!read_bytes(word[1] + 1, end) || *first + *end < *first)
            return false;
        *end += *first;
    } else {
        if (!read_bytes(word[1], end) || *end < *first || *end == UINT64_MAX)
            return false;
        ++*end;
    }
    if (!strcmp(word[2], "ram"))
        *kind = 'm';
    else if (!strcmp(word[2], "reserved"))
        *kind = 'r';
    return *kind && *end <= MAX_BYTES;
}

/* The file once through, for the lines of one kind. */
static int read_map(FILE *file, const char *path, char wanted,
                    struct fx_ram *ram, char *why, size_t len)
{
    char line[256];
    unsigned int nr = 0;
    uint64_t first, end;
    char kind;
    int rc = 0;

    rewind(file);
    while (!rc && fgets(line, sizeof(line), file)) {
        nr++;
        if (!read_line(line, &first, &end, &kind)) {
            snprintf(why, len,
                     "%s:%u: not `FIRST LAST|+SIZE ram|reserved' below 1 TiB",
                     path, nr);
            return -EINVAL;
        }
        if (kind != wanted)
            continue;
        /* A page that is not RAM as a whole is none. */
        if (kind == 'm')
            rc = add(ram, (first + FX_PAGE_SIZE - 1) >> FX_PAGE_SHIFT,
                     end >> FX_PAGE_SHIFT, why, len);
        else
            rc = cut(ram, first >> FX_PAGE_SHIFT,
                     (end + FX_PAGE_SIZE - 1) >> FX_PAGE_SHIFT, why, len);
    }
    if (!rc && ferror(file)) {
        rc = -errno;
        snprintf(why, len, "%s: %s", path, strerror(-rc));
    }
    return rc;
}

static int map_from_file(const char *path, struct fx_ram *ram, char *why,
                         size_t len)
{
    FILE *file = fopen(path, "re");
    int rc;

    if (!file) {
        rc = -errno;
        snprintf(why, len, "%s: %s", path, strerror(-rc));
        return rc;
    }
    rc = read_map(file, path, 'm', ram, why, len);
    if (!rc)
        rc = read_map(file, path, 'r', ram, why, len);
    fclose(file);
    return rc;
}

static int map_of_pc(uint64_t bytes, struct fx_ram *ram, char *why, size_t len)
{
    uint64_t frames, below;
    int rc;

    if (!bytes)
        bytes = DEFAULT_BYTES;
    if (bytes < MIN_BYTES || bytes > MAX_BYTES) {
        snprintf(why, len, "memory must be from 4 MiB to 1 TiB");
        return -EINVAL;
    }
    frames = bytes >> FX_PAGE_SHIFT;
    below = frames < PCI_HOLE_FIRST ? frames : PCI_HOLE_FIRST;
    rc = add(ram, 0, BIOS_HOLE_FIRST, why, len);
    if (!rc)
        rc = add(ram, BIOS_HOLE_END, below, why, len);
    if (!rc)
        rc = add(ram, PCI_HOLE_END, PCI_HOLE_END + frames - below, why, len);
    return rc;
}

uint64_t fx_e820_pc_bytes(uint64_t end)
{
    if (end > PCI_HOLE_FIRST && end <= PCI_HOLE_END)
        return 0;
    return (end > PCI_HOLE_END ? end - PCI_HOLE_END + PCI_HOLE_FIRST : end)
           << FX_PAGE_SHIFT;
}

static uint64_t count(const struct fx_ram *ram)
{
    uint64_t frames = 0;
    uint32_t i;

    for (i = 0; i < ram->nr; i++)
        frames += ram->range[i].end - ram->range[i].first;
    return frames;
}

/* Cuts the ranges where one node's share is full and the next one's begins. */
static int split(struct fx_ram *ram, unsigned int nodes, char *why, size_t len)
{
    uint64_t share = count(ram) / nodes, left = share;
    unsigned int node = 0;
    uint32_t i, k;

    for (i = 0; i < ram->nr; i++) {
        struct fx_range *r = &ram->range[i];
        uint64_t at = (r->first + left) & ~(NODE_ALIGN - 1);

        ram->node[i] = node;
        if (node == nodes - 1)
            continue;
        if (at >= r->end || at <= r->first) {
            left -= left < r->end - r->first ? left : r->end - r->first;
        } else {
            if (ram->nr == FX_MAX_E820)
                return too_many(why, len);
            for (k = ram->nr++; k > i; k--)
                ram->range[k] = ram->range[k - 1];
            ram->range[i + 1].first = r->end = at;
            left = 0;
        }
        if (left < NODE_ALIGN) {
            node++;
            left = share;
        }
    }
    if (node == nodes - 1)
        return 0;
    snprintf(why, len, "too little memory for %u nodes", nodes);
    return -EINVAL;
}

int fx_e820_ram(const struct fx_options *options, struct fx_ram *ram, char *why,
                size_t len)
{
    unsigned int nodes = options->nodes ? options->nodes : 1;
    int rc;

    if (nodes > FX_MAX_NODES) {
        snprintf(why, len, "at most %d nodes", FX_MAX_NODES);
        return -EINVAL;
    }
    memset(ram, 0, sizeof(*ram));
    if (options->e820_path)
        rc = map_from_file(options->e820_path, ram, why, len);
    else
        rc = map_of_pc(options->memory_bytes, ram, why, len);
    if (!rc)
        rc = cut(ram, 0, 1, why, len);
    if (!rc && count(ram) << FX_PAGE_SHIFT < MIN_BYTES / 2) {
        snprintf(why, len, "less than 2 MiB of memory");
        rc = -EINVAL;
    }
    return rc ? rc : split(ram, nodes, why, len);
}
