/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memmap/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static int no_memory(struct diag *dg)
{
    return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
}

static int refuse(struct diag *dg, const char *name, unsigned int line,
                  const char *what)
{
    return diag_fail(dg, DW_CONFIG, -EINVAL, "%s:%u: %s", name, line, what);
}

static int move_findings(struct findings *to, const struct findings *from)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < from->nr; i++)
        rc = findings_add(to, "%s", from->text[i]);
    return rc;
}

/* ---- is the map whole? ---- */

static int check_zero(const struct paste_map *map, const char *name,
                      struct diag *dg)
{
    for (size_t i = 0; i < map->nr; i++)
        if (map->entry[i].range.first.v || map->entry[i].range.end.v > 1)
            return 0;
    return refuse(dg, name, map->entry[0].line,
                  "all addresses are zero: not root's view");
}

/* Kernels that name gaps leave nothing out between two lines. */
static int check_gaps(const struct paste_map *map, const char *name,
                      struct diag *dg)
{
    bool gaps = false;

    for (size_t i = 0; i < map->nr; i++)
        gaps = gaps || map->entry[i].range.type == MAP_GAP;
    for (size_t i = 1; gaps && i < map->nr; i++)
        if (map->entry[i].range.first.v != map->entry[i - 1].range.end.v)
            return refuse(dg, name, map->entry[i].line,
                          "a line is missing before it: neither a range nor a "
                          "gap ends here");
    return 0;
}

static int check_map(const struct paste_map *map, const char *name,
                     struct diag *dg)
{
    int rc;

    if (map->bad_line)
        return refuse(dg, name, map->bad_line, map->bad);
    if (!map->nr)
        return refuse(dg, name, map->line, "a map without a range");
    rc = check_zero(map, name, dg);
    return rc ? rc : check_gaps(map, name, dg);
}

/* ---- RAM ---- */

static uint64_t whole_bytes(const struct machine *machine)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < machine->nr_ram; i++) {
        uint64_t first = dw_pages_for(machine->ram[i].first.v);
        uint64_t end = machine->ram[i].end.v >> DW_PAGE_SHIFT;

        if (end > first)
            sum += (end - first) << DW_PAGE_SHIFT;
    }
    return sum;
}

static maddr_t ram_end(const struct machine *machine)
{
    return machine->nr_ram ? machine->ram[machine->nr_ram - 1].end : MADDR(0);
}

int machine_take_ranges(struct machine *machine, const char *source,
                        const struct mem_range *range, size_t n,
                        struct diag *dg)
{
    int rc;

    machine->source = source;
    machine->ram = calloc(n ? n : 1, sizeof(*machine->ram));
    if (!machine->ram)
        return no_memory(dg);
    rc = memmap_ram(range, n, machine->ram, n, &machine->nr_ram);
    if (rc)
        return diag_fail(dg, DW_CONFIG, rc, "%s: no memory map", source);
    return 0;
}

static int take_entries(struct machine *machine, const struct paste_map *map,
                        struct diag *dg)
{
    struct mem_range *range = calloc(map->nr, sizeof(*range));
    size_t n = 0;
    int rc;

    if (!range)
        return no_memory(dg);
    for (size_t i = 0; i < map->nr; i++)
        if (map->entry[i].range.type != MAP_GAP)
            range[n++] = map->entry[i].range;
    rc = machine_take_ranges(machine, maps_source(map->source), range, n, dg);
    free(range);
    machine->line = machine->last_line = map->entry[0].line;
    for (size_t i = 1; i < map->nr; i++) {
        unsigned int line = map->entry[i].line;

        machine->line = line < machine->line ? line : machine->line;
        machine->last_line =
            line > machine->last_line ? line : machine->last_line;
    }
    return rc;
}

/* ---- what is to be said of it ---- */

static const char *remark(enum map_source source)
{
    switch (source) {
    case MAP_FALLBACK:
        return "the firmware gave no E820: RAM may go on where it ends here";
    case MAP_INITIAL:
        return "the firmware's map, before Xen made it its own";
    case MAP_IOMEM:
        return "Linux's view, not the firmware's: what it keeps for itself "
               "(page 0, 640 KiB to 1 MiB) is missing";
    case MAP_EXTENDED:
    case MAP_MODIFIED:
        return "not the firmware's map: Linux has changed it";
    case MAP_USER:
        return "not the firmware's map: mem= or memmap= made it";
    case MAP_PSEUDO:
    case MAP_DOMAIN:
        return "a guest's memory, which is not the machine's";
    default:
        return NULL;
    }
}

static int say_incomplete(struct machine *machine, const struct paste *paste,
                          const struct paste_map *map)
{
    const struct mem_range *first = &map->entry[0].range;
    uint64_t kib = whole_bytes(machine) / 1024, last = 0;
    int rc = 0;

    for (size_t i = 0; i < map->nr; i++)
        if (map->entry[i].range.first.v < first->first.v)
            first = &map->entry[i].range;
    if (first->first.v)
        rc = findings_add(&machine->findings,
                          "incomplete: what is below 0x%" PRIx64
                          " is not in the paste and unknown",
                          first->first.v);
    if (!rc && map->source == MAP_XEN && paste->maps.xen_line &&
        kib != paste->maps.xen_kib)
        rc = findings_add(&machine->findings,
                          "incomplete: line %u: Xen counts %" PRIu64
                          " kB of RAM, and the map has %" PRIu64 " kB",
                          paste->maps.xen_line, paste->maps.xen_kib, kib);
    if (map->source == MAP_BIOS && paste->maps.last_line)
        last = paste->maps.last_pfn;
    if (!rc && last > ram_end(machine).v >> DW_PAGE_SHIFT)
        rc = findings_add(&machine->findings,
                          "incomplete: line %u: Linux has RAM up to 0x%" PRIx64
                          "000, and the map up to 0x%" PRIx64,
                          paste->maps.last_line, last, ram_end(machine).v);
    return rc;
}

static int say(struct machine *machine, const struct paste *paste,
               const struct paste_map *map)
{
    const char *words = remark(map->source);
    int rc = words ? findings_add(&machine->findings, "%s", words) : 0;

    if (!rc && map->wrapped)
        rc = findings_add(&machine->findings,
                          "line %u: its type is wrapped into the next line, "
                          "one of %u",
                          map->wrapped_line, map->wrapped);
    if (!rc && paste->joined)
        rc =
            findings_add(&machine->findings,
                         "line %u: a range goes on behind a soft line break of "
                         "quoted-printable, one of %u",
                         paste->joined_line, paste->joined);
    if (!rc)
        rc = move_findings(&machine->findings, &map->findings);
    return rc ? rc : say_incomplete(machine, paste, map);
}

int machine_take_map(struct machine *machine, const struct paste *paste,
                     struct diag *dg)
{
    const struct paste_map *map = maps_choose(&paste->maps);
    int rc;

    machine->name = paste->name;
    if (!map && (paste->mtrr.block.line || paste->mtrr.proc.line))
        return 0;
    if (!map && paste->maps.titled)
        return diag_fail(dg, DW_CONFIG, -EINVAL,
                         "%s:%u: the title of a memory map, without an entry "
                         "that can be read",
                         paste->name, paste->maps.titled);
    if (!map)
        return diag_fail(dg, DW_CONFIG, -ENOENT, "%s: no memory map in it",
                         paste->name);
    rc = check_map(map, paste->name, dg);
    if (!rc)
        rc = take_entries(machine, map, dg);
    if (!rc && say(machine, paste, map))
        rc = no_memory(dg);
    return rc;
}

/* ---- memory types ---- */

int machine_take_mtrrs(struct machine *machine, struct paste *paste,
                       bool wanted, struct diag *dg)
{
    struct mtrr_list *list = mtrr_text_choose(&paste->mtrr);
    int rc;

    if (!list && wanted)
        return diag_fail(dg, DW_CONFIG, -ENOENT, "%s: no MTRRs in it",
                         paste->name);
    if (!list)
        return 0;
    if (list->bad_line)
        return refuse(dg, paste->name, list->bad_line, list->bad);
    rc = mtrr_list_take(list, ram_end(machine), &machine->mtrrs);
    if (!rc)
        rc = move_findings(&machine->findings, &list->findings);
    machine->has_mtrrs = true;
    return rc ? no_memory(dg) : 0;
}

static int say_types(struct machine *machine)
{
    bool undefined = false;
    int rc = 0;

    if (!machine->source)
        rc = findings_add(&machine->findings,
                          "there is no memory map: RAM is unknown");
    if (!rc && !machine->has_mtrrs)
        rc = findings_add(&machine->findings,
                          "there are no MTRRs: memory types are unknown, and "
                          "leaves counted as if they never changed");
    for (size_t i = 0; i < machine->nr_chunks; i++)
        undefined = undefined || machine->chunk[i].type == MEM_UNDEFINED;
    if (!rc && undefined)
        rc = findings_add(&machine->findings,
                          "MTRRs of types that must not overlap do: what "
                          "memory is there is undefined");
    return rc;
}

static int say_parts(struct machine *machine)
{
    uint64_t bytes = 0, whole = whole_bytes(machine);

    for (size_t i = 0; i < machine->nr_ram; i++)
        bytes += machine->ram[i].end.v - machine->ram[i].first.v;
    if (bytes == whole)
        return 0;
    return findings_add(&machine->findings,
                        "%" PRIu64
                        " bytes of RAM are in pages that are not RAM "
                        "as a whole, and are left out",
                        bytes - whole);
}

int machine_finish(struct machine *machine, struct diag *dg)
{
    const struct mtrrs *mtrrs = machine->has_mtrrs ? &machine->mtrrs : NULL;
    size_t max = memmap_chunks_max(machine->nr_ram, mtrrs);

    machine->chunk = calloc(max ? max : 1, sizeof(*machine->chunk));
    if (!machine->chunk)
        return no_memory(dg);
    if (memmap_chunks(machine->ram, machine->nr_ram, mtrrs, machine->chunk, max,
                      &machine->nr_chunks))
        return diag_fail(dg, DW_FAILED, -ENOSPC,
                         "more changes of memory type than MTRRs can make");
    return say_types(machine) || say_parts(machine) ? no_memory(dg) : 0;
}

void machine_dispose(struct machine *machine)
{
    free(machine->ram);
    free(machine->chunk);
    findings_dispose(&machine->findings);
    *machine = (struct machine){0};
}
