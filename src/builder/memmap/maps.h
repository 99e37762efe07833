/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * maps.h - the memory maps that a paste holds, told apart.
 *
 * Order of calls: maps_begin(), maps_line() for each line, maps_end(), then
 * maps_choose(); maps_dispose() at any time.
 *
 * Entries are found wherever they stand in a line, behind whatever prefix, and
 * several in one.  What is damaged is kept with its line: it matters only if it
 * is in the map that is chosen.
 */
#ifndef DW_MEMMAP_MAPS_H
#define DW_MEMMAP_MAPS_H

#include "memmap/findings.h"
#include "memmap/scan.h"
#include "mem/memmap.h"

/* The best witness first. */
enum map_source {
    MAP_XEN,      /* what Xen starts with */
    MAP_BIOS,     /* BIOS-e820 of Linux */
    MAP_SYSFS,    /* /sys/firmware/memmap */
    MAP_SCRIPT,   /* the listing of the script in its documentation */
    MAP_FALLBACK, /* BIOS-e801, BIOS-88 */
    MAP_INITIAL,  /* Xen's Initial ... RAM map, as the firmware has it */
    MAP_IOMEM,    /* /proc/iomem */
    MAP_EXTENDED, /* reserve setup_data */
    MAP_MODIFIED,
    MAP_USER,   /* mem=, memmap= */
    MAP_PSEUDO, /* a PV guest's */
    MAP_DOMAIN, /* a domain's, as Xen tells */
    MAP_SOURCES
};

/* The type of an entry that says that there is nothing: Linux from 7.0 on. */
#define MAP_GAP 0

struct map_entry {
    struct mem_range range;
    unsigned int line;
};

#define MAP_BAD 160

struct paste_map {
    enum map_source source;
    unsigned int line; /* the first one */
    struct map_entry *entry;
    size_t nr, room;
    unsigned int bad_line;              /* 0: nothing is damaged */
    char bad[MAP_BAD];                  /* what is wrong there */
    unsigned int wrapped, wrapped_line; /* types in a line of their own */
    struct findings findings;
};

/* One entry of sysfs, in three lines. */
struct sysfs_entry {
    uint64_t first, last;
    uint32_t type;
    unsigned int have, line;
};

struct maps {
    struct paste_map *map;
    size_t nr, room;
    size_t entries; /* of all of them */
    int rc;         /* -ENOMEM, or -E2BIG: more than anybody's map */

    int current[MAP_SOURCES]; /* the one that an entry goes to; -1: a new one */
    enum map_source title;    /* what Xen's lines are, by the last title */
    unsigned int titled;      /* the line of the first; 0: none */
    unsigned int xen_at;      /* the line of it that was last; 0: none */
    struct {                  /* a range whose type may be in the next line */
        bool is;
        enum map_source source;
        struct map_entry entry;
        char type[64];
    } wrapped;
    struct sysfs_entry *sysfs;
    size_t sysfs_end;
    bool sysfs_over; /* a second listing has begun */
    bool iomem_over;
    uint64_t iomem_last;   /* of the range that the nested ones are in */
    unsigned int xen_line; /* "System RAM: ...MB (...kB)"; 0: not there */
    uint64_t xen_kib;
    unsigned int last_line; /* "last_pfn = ..." of Linux; 0: not there */
    uint64_t last_pfn;
};

void maps_begin(struct maps *maps);
void maps_line(struct maps *maps, unsigned int nr, const char *text,
               size_t len);
void maps_end(struct maps *maps);
void maps_dispose(struct maps *maps);

/* The machine's own, or NULL. */
struct paste_map *maps_choose(const struct maps *maps);

/* In words. */
const char *maps_source(enum map_source source);

#endif /* DW_MEMMAP_MAPS_H */
