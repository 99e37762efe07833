/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memmap/maps.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Xen's E820 and Linux's have room for 1,024 and fewer. */
#define MAX_ENTRIES 4096
#define MAX_MAPS    256

#define RESERVED 2

/* Bytes before "RAM map:" that its title has: "Initial Xen-e820 " and more. */
#define TITLE_MAX 64

/* ---- the maps ---- */

static void *more_room(struct maps *maps, void *list, size_t *room, size_t item)
{
    size_t wanted = *room ? 2 * *room : 16;
    void *more = realloc(list, wanted * item);

    if (!more) {
        maps->rc = -ENOMEM;
        return NULL;
    }
    *room = wanted;
    return more;
}

static struct paste_map *new_map(struct maps *maps, enum map_source source,
                                 unsigned int line)
{
    struct paste_map *map;

    if (maps->nr == MAX_MAPS) {
        maps->rc = -E2BIG;
        return NULL;
    }
    if (maps->nr == maps->room) {
        map = more_room(maps, maps->map, &maps->room, sizeof(*map));
        if (!map)
            return NULL;
        maps->map = map;
    }
    map = &maps->map[maps->nr];
    *map = (struct paste_map){.source = source, .line = line};
    maps->current[source] = (int)maps->nr++;
    return map;
}

/* The one that the source's entries go to. */
static struct paste_map *current(struct maps *maps, enum map_source source,
                                 unsigned int line)
{
    int i = maps->current[source];

    return i < 0 ? new_map(maps, source, line) : &maps->map[i];
}

static void __attribute__((format(printf, 4, 5)))
damage(struct maps *maps, enum map_source source, unsigned int line,
       const char *fmt, ...)
{
    struct paste_map *map = current(maps, source, line);
    va_list al;

    if (!map || map->bad_line)
        return;
    map->bad_line = line;
    va_start(al, fmt);
    vsnprintf(map->bad, sizeof(map->bad), fmt, al);
    va_end(al);
}

/* More than anybody reads. */
#define MAX_FINDINGS 64

static void __attribute__((format(printf, 3, 4)))
find(struct maps *maps, struct paste_map *map, const char *fmt, ...)
{
    char text[200];
    va_list al;

    if (map->findings.nr > MAX_FINDINGS)
        return;
    va_start(al, fmt);
    vsnprintf(text, sizeof(text), fmt, al);
    va_end(al);
    if (findings_add(&map->findings, "%s",
                     map->findings.nr < MAX_FINDINGS ? text
                                                     : "and more like these"))
        maps->rc = -ENOMEM;
}

static void append(struct maps *maps, struct paste_map *map,
                   const struct map_entry *entry)
{
    struct map_entry *list;

    if (map->nr == MAX_ENTRIES) {
        maps->rc = -E2BIG;
        return;
    }
    if (map->nr == map->room) {
        list = more_room(maps, map->entry, &map->room, sizeof(*list));
        if (!list)
            return;
        map->entry = list;
    }
    map->entry[map->nr++] = *entry;
    maps->entries++;
}

static struct map_entry *same_entry(const struct paste_map *map,
                                    const struct mem_range *range)
{
    for (size_t i = 0; i < map->nr; i++) {
        const struct mem_range *r = &map->entry[i].range;

        if (r->first.v == range->first.v && r->end.v == range->end.v &&
            r->type == range->type)
            return &map->entry[i];
    }
    return NULL;
}

/*
 * Linux and Xen sort a map before they print it.  So one that goes back to its
 * start, and has said something else or the same of it already, is another one:
 * of the next boot, say.
 */
static bool starts_again(const struct paste_map *map,
                         const struct mem_range *range)
{
    const struct mem_range *first, *last;

    if (map->nr < 2)
        return false;
    first = &map->entry[0].range;
    last = &map->entry[map->nr - 1].range;
    return range->first.v <= first->first.v && range->end.v > first->first.v &&
           range->end.v <= last->first.v;
}

static void add_entry(struct maps *maps, enum map_source source,
                      const struct map_entry *entry)
{
    const struct mem_range *range = &entry->range, *last;
    struct paste_map *map = current(maps, source, entry->line);
    const struct map_entry *same;

    if (!map)
        return;
    if (range->end.v < range->first.v) {
        damage(maps, source, entry->line, "a range ends before it begins");
        return;
    }
    if (range->end.v > MEM_ADDR_END) {
        damage(maps, source, entry->line,
               "no machine has an address of more than 52 bits");
        return;
    }
    if (starts_again(map, range)) {
        find(maps, map, "line %u: another map begins, which is left out",
             entry->line);
        map = new_map(maps, source, entry->line);
        if (map)
            append(maps, map, entry);
        return;
    }
    same = same_entry(map, range);
    if (same) {
        find(maps, map, "line %u: the range of line %u once more", entry->line,
             same->line);
        return;
    }
    last = map->nr ? &map->entry[map->nr - 1].range : NULL;
    if (range->first.v == range->end.v)
        find(maps, map, "line %u: an empty range", entry->line);
    else if (last && range->first.v < last->first.v)
        find(maps, map, "line %u: not in order", entry->line);
    else if (last && range->first.v < last->end.v)
        find(maps, map,
             "line %u: the range overlaps the one before: what is not RAM wins",
             entry->line);
    append(maps, map, entry);
}

/* ---- types ---- */

static const struct {
    const char *words;
    uint32_t type;
} types[] = {
    {"usable", MEM_E820_RAM},
    {"System RAM", MEM_E820_RAM},
    {"kernel usable RAM", MEM_E820_RAM},
    {"reserved", RESERVED},
    {"device reserved", RESERVED},
    {"Reserved", RESERVED},
    {"ACPI data", 3},
    {"ACPI Tables", 3},
    {"ACPI NVS", 4},
    {"ACPI Non-volatile Storage", 4},
    {"unusable", 5},
    {"Unusable memory", 5},
    {"soft reserved", 0xefffffff},
    {"Soft Reserved", 0xefffffff},
    {"persistent (type 7)", 7},
    {"persistent RAM (type 7)", 7},
    {"Persistent Memory", 7},
    {"persistent (type 12)", 12},
    {"persistent RAM (type 12)", 12},
    {"Persistent Memory (legacy)", 12},
    {"Unknown E820 type", RESERVED},
};

#define N_TYPES (sizeof(types) / sizeof(types[0]))

/* Is what is left of the text the beginning of the words? */
static bool begins(struct scan s, const char *words)
{
    size_t len = (size_t)(s.end - s.p);

    return len < strlen(words) && !memcmp(s.p, words, len);
}

enum taken { TAKEN, WRONG, CUT };

/* "type 20", which is none that we must know. */
static bool take_number(struct scan *s, uint32_t *type)
{
    uint64_t number;
    struct scan t = *s;

    if (!scan_text(&t, "type ") || !scan_decimal(&t, 1, 10, &number))
        return false;
    *s = t;
    *type = number == MEM_E820_RAM || number == MAP_GAP ? RESERVED
                                                        : (uint32_t)number;
    return true;
}

/* Without a size, which kernels of one spring wrote before it. */
static void skip_size(struct scan *s)
{
    static const char *const units[] = {"TB", "GB", "MB", "KB", "B"};
    struct scan t = *s;
    uint64_t n;

    if (!scan_decimal(&t, 1, 5, &n))
        return;
    if (scan_text(&t, ".") && !scan_decimal(&t, 1, 3, &n))
        return;
    scan_blanks(&t);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (scan_word(&t, units[i])) {
            scan_blanks(&t);
            *s = t;
        }
}

static enum taken take_words(struct scan *s, const char *after, uint32_t *type)
{
    bool cut = scan_over(*s);
    struct scan best = *s;

    for (size_t i = 0; i < N_TYPES; i++) {
        struct scan t = *s;

        cut = cut || begins(t, types[i].words);
        if (!scan_text(&t, types[i].words))
            continue;
        if (*after && !scan_text(&t, after)) {
            cut = cut || t.p == t.end;
            continue;
        }
        if (!*after && t.p < t.end && isalnum((unsigned char)*t.p))
            continue;
        if (t.p > best.p) {
            best = t;
            *type = types[i].type;
        }
    }
    if (best.p > s->p) {
        *s = best;
        return TAKEN;
    }
    return cut ? CUT : WRONG;
}

/* "(usable)", "usable", "type 20": what stands behind a range. */
static enum taken take_type(struct scan *s, uint32_t *type)
{
    scan_blanks(s);
    skip_size(s);
    if (take_number(s, type))
        return TAKEN;
    if (begins(*s, "type 1"))
        return CUT;
    if (scan_text(s, "("))
        return take_words(s, ")", type);
    return take_words(s, "", type);
}

/* ---- entries of Linux's log and Xen's ---- */

struct place {
    const char *line, *p; /* p is where the entry, or its name, begins */
    unsigned int nr;
};

/* A range was taken, and its type follows, here or in the next line. */
static void take_entry(struct maps *maps, enum map_source source,
                       struct map_entry *entry, struct scan *s)
{
    struct scan from = *s;
    size_t len;

    switch (take_type(s, &entry->range.type)) {
    case TAKEN:
        add_entry(maps, source, entry);
        break;
    case CUT:
        scan_blanks(&from);
        len = (size_t)(from.end - from.p);
        maps->wrapped.is = true;
        maps->wrapped.source = source;
        maps->wrapped.entry = *entry;
        if (len >= sizeof(maps->wrapped.type))
            len = 0;
        memcpy(maps->wrapped.type, from.p, len);
        maps->wrapped.type[len] = '\0';
        s->p = s->end;
        break;
    default:
        damage(maps, source, entry->line,
               "a range without a type that is known");
    }
}

/* Both ends, with the last byte or the one behind it. */
static void set_range(struct map_entry *entry, uint64_t first, uint64_t end,
                      bool inclusive)
{
    /* An end that is all ones is beyond what there is, not 0. */
    if (inclusive && end != UINT64_MAX)
        end++;
    entry->range.first = MADDR(first);
    entry->range.end = MADDR(end);
}

/* "[mem 0x...-0x...]": *is_gap tells "gap" from "mem". */
static bool take_mem(struct scan *s, struct map_entry *entry, bool *is_gap)
{
    struct scan t = *s;
    uint64_t first, last;

    *is_gap = scan_text(&t, "[gap 0x");
    if ((!*is_gap && !scan_text(&t, "[mem 0x")) ||
        !scan_hex(&t, 16, 16, &first) || !scan_text(&t, "-0x") ||
        !scan_hex(&t, 16, 16, &last) || !scan_text(&t, "]"))
        return false;
    set_range(entry, first, last, true);
    *s = t;
    return true;
}

/* "... - ...", or early 2.4's "SIZE @ START". */
static bool take_numbers(struct scan *s, struct map_entry *entry)
{
    struct scan t = *s;
    uint64_t first, end;
    bool size;

    if (!scan_hex(&t, 16, 16, &first))
        return false;
    scan_blanks(&t);
    size = scan_text(&t, "@");
    if (!size && !scan_text(&t, "-"))
        return false;
    scan_blanks(&t);
    if (!scan_hex(&t, 16, 16, &end))
        return false;
    if (size)
        set_range(entry, end, end + first < end ? UINT64_MAX : end + first,
                  false);
    else
        set_range(entry, first, end, false);
    *s = t;
    return true;
}

static const struct {
    const char *name;
    enum map_source source;
    bool strong; /* is about a map wherever it stands */
} names[] = {
    {"BIOS-e820:", MAP_BIOS, true},
    {"BIOS-e801:", MAP_FALLBACK, true},
    {"BIOS-88:", MAP_FALLBACK, true},
    {"Xen:", MAP_PSEUDO, false},
    {"user:", MAP_USER, false},
    {"modified:", MAP_MODIFIED, false},
    {"extended:", MAP_EXTENDED, false},
    {"reserve setup_data:", MAP_EXTENDED, false},
};

#define N_NAMES (sizeof(names) / sizeof(names[0]))

/* Does this look like a range that is not whole? */
static bool like_range(struct scan s, bool strong)
{
    const char *from = s.p;
    uint64_t n;

    if (strong)
        return s.p == s.end || *s.p == '[' ||
               (scan_hex(&s, 1, 16, &n) &&
                (s.p - from > 4 || scan_over(s) || *s.p == '['));
    return scan_text(&s, "[mem 0x") || scan_text(&s, "[gap 0x") ||
           (scan_hex(&s, 8, 16, &n) && scan_blanks(&s) && scan_text(&s, "-"));
}

static bool named_entry(struct maps *maps, const struct place *at,
                        struct scan *s)
{
    struct map_entry entry = {.line = at->nr};
    struct scan t = *s;
    bool is_gap = false;
    size_t i;

    for (i = 0; i < N_NAMES && !scan_text(&t, names[i].name); i++)
        ;
    if (i == N_NAMES)
        return false;
    scan_blanks(&t);
    if (take_mem(&t, &entry, &is_gap) || take_numbers(&t, &entry)) {
        if (is_gap)
            add_entry(maps, names[i].source, &entry);
        else
            take_entry(maps, names[i].source, &entry, &t);
    } else if (like_range(t, names[i].strong)) {
        damage(maps, names[i].source, at->nr,
               "a range that is not whole: wrapped, or cut");
    } else {
        return false;
    }
    *s = t;
    return true;
}

/*
 * Of Xen's: they have no name, so that what is not whole is one only where the
 * map goes on.
 */
static bool xen_cut(struct maps *maps, const struct place *at)
{
    if (!maps->xen_at || at->nr - maps->xen_at > 1)
        return false;
    damage(maps, maps->title, at->nr,
           "a range that is not whole: wrapped, or cut");
    return true;
}

/* From 4.14 on: "[..., ...] (usable)". */
static bool xen_entry(struct maps *maps, const struct place *at, struct scan *s)
{
    struct map_entry entry = {.line = at->nr};
    struct scan t = *s, digits;
    uint64_t first, last;

    if (!scan_text(&t, "["))
        return false;
    digits = t;
    if (!scan_hex(&t, 1, 16, &first))
        return false;
    /* A time stamp ends with its bracket. */
    if (t.p - digits.p != 16 || !scan_text(&t, ", "))
        return (scan_over(t) || *t.p == ',') && xen_cut(maps, at);
    if (!scan_hex(&t, 16, 16, &last) || !scan_text(&t, "]"))
        return xen_cut(maps, at);
    set_range(&entry, first, last, true);
    take_entry(maps, maps->title, &entry, &t);
    maps->xen_at = at->nr;
    *s = t;
    return true;
}

/* Is there nothing but a prefix before it? */
static bool leads(const struct place *at)
{
    const char *p = at->p;

    while (p > at->line && (p[-1] == ' ' || p[-1] == '\t'))
        p--;
    return p == at->line || strchr(")]>|", p[-1]);
}

/*
 * Xen's to 4.13, "... - ... (usable)", and the listing of sysfs' script, which
 * has no blanks around the hyphen.
 */
static bool bare_entry(struct maps *maps, const struct place *at,
                       struct scan *s)
{
    struct map_entry entry = {.line = at->nr};
    struct scan t = *s;
    uint64_t n;
    enum map_source source;

    if (!leads(at))
        return false;
    if (take_numbers(&t, &entry)) {
        source = s->p[16] == '-' ? MAP_SCRIPT : maps->title;
        scan_blanks(&t);
        if (scan_over(t) || *t.p == '(' || !strncmp(t.p, "type ", 5)) {
            take_entry(maps, source, &entry, &t);
            maps->xen_at = source == MAP_SCRIPT ? 0 : at->nr;
            *s = t;
            return true;
        }
        return false;
    }
    return scan_hex(&t, 8, 16, &n) &&
           (scan_over(t) || (scan_blanks(&t) && scan_text(&t, "-"))) &&
           xen_cut(maps, at);
}

/* Does what stands before it end with the word? */
static bool follows(const struct place *at, const char *word)
{
    size_t len = strlen(word);

    return (size_t)(at->p - at->line) >= len && !memcmp(at->p - len, word, len);
}

/* Does the word stand shortly before it?  A title has a name between them; who
 * looked further would go through a long line once for each title in it. */
static bool is_near(const struct place *at, const char *word)
{
    size_t before = (size_t)(at->p - at->line);
    size_t len = before < TITLE_MAX ? before : TITLE_MAX;

    return memmem(at->p - len, len, word, strlen(word)) != NULL;
}

static void note_title(struct maps *maps, const struct place *at)
{
    if (!maps->titled)
        maps->titled = at->nr;
}

/* "... RAM map:": all that follows belongs to another map than before. */
static bool heading(struct maps *maps, const struct place *at, struct scan *s)
{
    if (scan_text(s, "RAM map:")) {
        note_title(maps, at);
        if (follows(at, " physical ") || follows(at, "provided physical ")) {
            for (unsigned int i = 0; i < MAP_SOURCES; i++)
                maps->current[i] = -1;
            maps->title = MAP_XEN;
            return true;
        }
        maps->title = is_near(at, "Initial ") ? MAP_INITIAL : MAP_XEN;
    } else if (scan_text(s, "memory map:")) {
        maps->title = MAP_DOMAIN;
    } else {
        return false;
    }
    maps->current[maps->title] = -1;
    maps->xen_at = at->nr;
    return true;
}

/* ---- /sys/firmware/memmap ---- */

static struct sysfs_entry *sysfs_at(struct maps *maps, uint64_t n)
{
    struct sysfs_entry *list;

    if (n >= MAX_ENTRIES) {
        maps->rc = -E2BIG;
        return NULL;
    }
    if (!maps->sysfs) {
        list = calloc(MAX_ENTRIES, sizeof(*list));
        if (!list) {
            maps->rc = -ENOMEM;
            return NULL;
        }
        maps->sysfs = list;
    }
    if (n >= maps->sysfs_end)
        maps->sysfs_end = n + 1;
    return &maps->sysfs[n];
}

enum { SYSFS_START = 1, SYSFS_END = 2, SYSFS_TYPE = 4, SYSFS_ALL = 7 };

static bool sysfs_number(struct scan *s, uint64_t *value)
{
    return scan_text(s, "0x") && scan_hex(s, 1, 16, value);
}

/* "7/start:0x100000000", and what stands before it. */
static bool sysfs_value(struct maps *maps, const struct place *at,
                        struct scan *s)
{
    struct scan t = *s;
    struct sysfs_entry *entry;
    unsigned int what;
    uint64_t n, value = 0;
    uint32_t type = 0;
    bool good;

    if (!scan_decimal(&t, 1, 5, &n))
        return false;
    what = scan_text(&t, "/start:")  ? SYSFS_START
           : scan_text(&t, "/end:")  ? SYSFS_END
           : scan_text(&t, "/type:") ? SYSFS_TYPE
                                     : 0;
    if (!what)
        return false;
    if (what == SYSFS_TYPE)
        good = take_words(&t, "", &type) == TAKEN;
    else
        good = sysfs_number(&t, &value);
    good = good && scan_over(t);
    *s = t;
    entry = maps->sysfs_over ? NULL : sysfs_at(maps, n);
    if (!entry)
        return true;
    if (entry->have & what) {
        maps->sysfs_over = true;
        return true;
    }
    if (!good)
        damage(maps, MAP_SYSFS, at->nr, "a line of sysfs that is not whole");
    entry->have |= what;
    if (!entry->line)
        entry->line = at->nr;
    if (what == SYSFS_START)
        entry->first = value;
    else if (what == SYSFS_END)
        entry->last = value;
    else
        entry->type = type;
    return true;
}

static void sysfs_entries(struct maps *maps)
{
    for (size_t i = 0; i < maps->sysfs_end; i++) {
        const struct sysfs_entry *e = &maps->sysfs[i];
        struct map_entry entry = {.line = e->line};

        if (!e->have) {
            struct paste_map *map =
                current(maps, MAP_SYSFS, maps->sysfs[0].line);

            if (map)
                find(maps, map, "incomplete: sysfs' entry %zu is missing", i);
            continue;
        }
        if (e->have != SYSFS_ALL) {
            damage(maps, MAP_SYSFS, e->line, "entry %zu has no %s", i,
                   !(e->have & SYSFS_START) ? "start"
                   : !(e->have & SYSFS_END) ? "end"
                                            : "type");
            continue;
        }
        set_range(&entry, e->first, e->last, true);
        entry.range.type = e->type;
        add_entry(maps, MAP_SYSFS, &entry);
    }
}

/* ---- /proc/iomem ---- */

/*
 * What lies in another range is about a part of it.  That is told by the
 * addresses: blanks at the beginning of lines do not outlive a paste.
 */
static void iomem_entry(struct maps *maps, struct map_entry *entry,
                        const char *name, size_t len)
{
    static const char ram[] = "System RAM";
    const struct mem_range *range = &entry->range;
    struct paste_map *map = current(maps, MAP_IOMEM, entry->line);

    if (!map)
        return;
    if (range->end.v <= range->first.v) {
        damage(maps, MAP_IOMEM, entry->line, "a range ends before it begins");
        return;
    }
    if (len > 0 && len < strlen(ram) && !memcmp(name, ram, len))
        damage(maps, MAP_IOMEM, entry->line, "a name that is not whole");
    if (map->nr > 1 && range->first.v == 0 && range->end.v > 1 &&
        map->entry[0].range.first.v == 0) {
        maps->iomem_over = true; /* another listing */
        return;
    }
    if (map->nr && range->end.v - 1 <= maps->iomem_last)
        return;
    if (map->nr && range->first.v <= maps->iomem_last) {
        damage(maps, MAP_IOMEM, entry->line,
               "a range that is neither in the one before nor behind it");
        return;
    }
    maps->iomem_last = range->end.v - 1;
    entry->range.type =
        len == strlen(ram) && !memcmp(name, ram, len) ? MEM_E820_RAM : RESERVED;
    append(maps, map, entry);
}

static bool iomem_line(struct maps *maps, unsigned int nr, const char *text,
                       size_t len)
{
    struct scan s = {text, text + len};
    struct map_entry entry = {.line = nr};
    uint64_t first, last;

    while (s.p < s.end && strchr(" \t>|", *s.p))
        s.p++;
    if (maps->iomem_over || !scan_hex(&s, 8, 16, &first) ||
        !scan_text(&s, "-") || !scan_hex(&s, 8, 16, &last) ||
        !scan_blanks(&s) || !scan_text(&s, ":") || !scan_blanks(&s))
        return false;
    while (s.end > s.p && (s.end[-1] == ' ' || s.end[-1] == '\t'))
        s.end--;
    if (last == UINT64_MAX)
        last--;
    set_range(&entry, first, last, true);
    iomem_entry(maps, &entry, s.p, (size_t)(s.end - s.p));
    return true;
}

/* ---- lines ---- */

/* What kernel and hypervisor count, to hold the sum against it. */
static bool sums(struct maps *maps, const struct place *at, struct scan *s)
{
    struct scan t = *s;
    uint64_t n;

    if (!maps->xen_line && scan_text(&t, "System RAM: ") &&
        scan_decimal(&t, 1, 12, &n) && scan_text(&t, "MB (") &&
        scan_decimal(&t, 1, 15, &maps->xen_kib) && scan_text(&t, "kB)")) {
        maps->xen_line = at->nr;
        *s = t;
        return true;
    }
    if (!maps->last_line && scan_text(&t, "last_pfn = 0x") &&
        scan_hex(&t, 1, 13, &maps->last_pfn)) {
        maps->last_line = at->nr;
        *s = t;
        return true;
    }
    return false;
}

static bool try_at(struct maps *maps, const struct place *at, struct scan *s)
{
    bool begins_word = at->p == at->line || !isalnum((unsigned char)at->p[-1]);

    if (!begins_word)
        return false;
    switch (*at->p) {
    case '[':
        return xen_entry(maps, at, s);
    case 'R':
    case 'm':
        return heading(maps, at, s) || named_entry(maps, at, s);
    case 'S':
    case 'l':
        return sums(maps, at, s);
    case 'B':
    case 'X':
    case 'e':
    case 'r':
    case 'u':
        return named_entry(maps, at, s);
    default:
        return isxdigit((unsigned char)*at->p) &&
               (bare_entry(maps, at, s) || sysfs_value(maps, at, s));
    }
}

/* Is the line what was missing of a type? */
static void finish_wrapped(struct maps *maps, const char *text, size_t len)
{
    static const char *const between[] = {" ", ""};
    struct map_entry *entry = &maps->wrapped.entry;
    char joined[160];

    maps->wrapped.is = false;
    while (len && strchr(" \t>", *text)) {
        text++;
        len--;
    }
    for (unsigned int i = 0; i < 2; i++) {
        int n = snprintf(joined, sizeof(joined), "%s%s%.*s", maps->wrapped.type,
                         between[i], len > 64 ? 64 : (int)len, text);
        struct scan s = {joined, joined + n};
        struct paste_map *map;

        if (take_type(&s, &entry->range.type) != TAKEN)
            continue;
        add_entry(maps, maps->wrapped.source, entry);
        map = current(maps, maps->wrapped.source, entry->line);
        if (map && !map->wrapped++)
            map->wrapped_line = entry->line;
        return;
    }
    damage(maps, maps->wrapped.source, entry->line,
           "a range without its type: wrapped, or cut");
}

void maps_line(struct maps *maps, unsigned int nr, const char *text, size_t len)
{
    struct place at = {.line = text, .p = text, .nr = nr};
    struct scan s = {text, text + len};

    if (maps->wrapped.is)
        finish_wrapped(maps, text, len);
    if (iomem_line(maps, nr, text, len))
        return;
    while (!maps->rc && s.p < s.end) {
        at.p = s.p;
        if (!try_at(maps, &at, &s) || s.p == at.p)
            s.p++;
    }
}

/* ---- all of them ---- */

void maps_begin(struct maps *maps)
{
    *maps = (struct maps){.title = MAP_XEN};
    for (unsigned int i = 0; i < MAP_SOURCES; i++)
        maps->current[i] = -1;
}

void maps_end(struct maps *maps)
{
    if (maps->wrapped.is)
        finish_wrapped(maps, "", 0);
    sysfs_entries(maps);
}

void maps_dispose(struct maps *maps)
{
    for (size_t i = 0; i < maps->nr; i++) {
        free(maps->map[i].entry);
        findings_dispose(&maps->map[i].findings);
    }
    free(maps->map);
    free(maps->sysfs);
    maps_begin(maps);
}

struct paste_map *maps_choose(const struct maps *maps)
{
    struct paste_map *best = NULL;

    for (size_t i = 0; i < maps->nr; i++)
        if (!best || maps->map[i].source < best->source)
            best = &maps->map[i];
    return best;
}

const char *maps_source(enum map_source source)
{
    static const char *const words[MAP_SOURCES] = {
        [MAP_XEN] = "Xen's log",
        [MAP_BIOS] = "Linux's boot log",
        [MAP_SYSFS] = "/sys/firmware/memmap",
        [MAP_SCRIPT] = "a listing of /sys/firmware/memmap",
        [MAP_FALLBACK] = "Linux's boot log, without an E820",
        [MAP_INITIAL] = "Xen's log, as the firmware had it",
        [MAP_IOMEM] = "/proc/iomem",
        [MAP_EXTENDED] = "Linux's boot log, with boot data reserved",
        [MAP_MODIFIED] = "Linux's boot log, as modified by Linux",
        [MAP_USER] = "Linux's boot log, as its command line wants it",
        [MAP_PSEUDO] = "a PV guest's boot log",
        [MAP_DOMAIN] = "Xen's log, a domain's",
    };

    return words[source];
}
