/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/directmap.h"

#include <inttypes.h>

#include "text.h"

/* As text, of each size; JSON has all. */
#define SHOWN 16

static const char *type_word(enum mem_type type)
{
    switch (type) {
    case MEM_UC:
        return "uncachable";
    case MEM_WC:
        return "write-combining";
    case MEM_WT:
        return "write-through";
    case MEM_WP:
        return "write-protect";
    case MEM_WB:
        return "write-back";
    case MEM_UNDEFINED:
        return "undefined";
    default:
        return "unknown";
    }
}

/* A leaf of x86-64. */
static const char *const sizes[] = {"4K", "2M", "1G"};
static const char *const size_words[] = {"4 KiB", "2 MiB", "1 GiB"};
#define SIZES 3

static uint64_t sum(const uint64_t *number, unsigned int n)
{
    uint64_t total = 0;

    while (n--)
        total += number[n];
    return total;
}

static uint64_t ram_bytes(const struct machine *machine)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < machine->nr_chunks; i++)
        bytes += machine->chunk[i].end.v - machine->chunk[i].first.v;
    return bytes;
}

static const char *reason(const struct directmap_broken *broken)
{
    return broken->hole && broken->types ? "hole and types"
           : broken->hole                ? "hole"
                                         : "types";
}

/* ---- text ---- */

static void print_source(const struct machine *machine, FILE *out)
{
    char name[256];

    if (!machine->source)
        return;
    fprintf(out, "memory map  %s", machine->source);
    if (machine->line) {
        text_escape(name, sizeof(name), machine->name);
        fprintf(out, ": %s, lines %u to %u", name, machine->line,
                machine->last_line);
    }
    fputc('\n', out);
}

static void print_chunks(const struct machine *machine, FILE *out)
{
    if (machine->nr_chunks)
        fprintf(out, "\n%15s %15s %13s  %s\n", "first", "end", "KiB", "type");
    for (size_t i = 0; i < machine->nr_chunks; i++) {
        const struct mem_chunk *c = &machine->chunk[i];

        fprintf(out, "%#15" PRIx64 " %#15" PRIx64 " %13" PRIu64 "  %s\n",
                c->first.v, c->end.v, (c->end.v - c->first.v) / 1024,
                type_word(c->type));
    }
}

static void print_need(const struct directmap_report *report, FILE *out)
{
    const struct directmap_need *need = &report->need;
    unsigned int i, levels = report->map.format->levels;
    uint64_t tables = sum(need->tables, levels);

    fprintf(out, "\nleaves      ");
    for (i = report->map.largest + 1; i-- > 0;)
        fprintf(out, "%" PRIu64 " of %s%s", need->leaves[i], size_words[i],
                i ? ", " : "\n");
    fprintf(out, "tables      %" PRIu64 " (%" PRIu64 " KiB): ", tables,
            tables * (DW_PAGE_SIZE / 1024));
    for (i = levels; i-- > 0;)
        fprintf(out, "%" PRIu64 " L%u%s", need->tables[i], i + 1,
                i ? ", " : "\n");
}

/* One that cannot be a leaf, why, and what is there instead. */
static void print_one(const struct directmap_broken *broken, FILE *out)
{
    uint64_t tables = sum(broken->need.tables, broken->level);

    fprintf(out, "%#15" PRIx64 "  %s: %s; ", broken->first.v,
            size_words[broken->level], reason(broken));
    for (unsigned int i = broken->level; i-- > 0;)
        if (broken->need.leaves[i])
            fprintf(out, "%" PRIu64 " of %s, ", broken->need.leaves[i],
                    size_words[i]);
    fprintf(out, "%" PRIu64 " table%s\n", tables, tables == 1 ? "" : "s");
}

/* Returns whether there were any. */
static bool print_broken(const struct directmap_report *report,
                         unsigned int level, bool headed, FILE *out)
{
    const struct machine *machine = report->machine;
    struct directmap_broken b;
    maddr_t at = MADDR(0);
    unsigned int n = 0;

    while (directmap_next_broken(&report->map, machine->chunk,
                                 machine->nr_chunks, level, &at, &b)) {
        if (!headed)
            fprintf(out, "\n%15s  %s\n", "not one leaf",
                    "because, and instead");
        headed = true;
        if (n++ < SHOWN)
            print_one(&b, out);
    }
    if (n > SHOWN)
        fprintf(out, "%15s  %u more of %s\n", "", n - SHOWN, size_words[level]);
    return headed;
}

void directmap_print(const struct directmap_report *report, FILE *out)
{
    const struct machine *machine = report->machine;
    bool headed = false;

    print_source(machine, out);
    if (machine->source)
        fprintf(out, "RAM         %" PRIu64 " KiB, in %zu ranges\n",
                ram_bytes(machine) / 1024, machine->nr_ram);
    print_chunks(machine, out);
    if (machine->source) {
        print_need(report, out);
        for (unsigned int level = report->map.largest; level > 0; level--)
            headed = print_broken(report, level, headed, out);
    }
    if (machine->findings.nr)
        fputc('\n', out);
    for (size_t i = 0; i < machine->findings.nr; i++)
        fprintf(out, "note: %s\n", machine->findings.text[i]);
}

/* ---- JSON ---- */

static json_t *hex(uint64_t value)
{
    return json_sprintf("%#" PRIx64, value);
}

static json_t *ranges_json(const struct machine *machine)
{
    json_t *ranges = json_array();

    for (size_t i = 0; i < machine->nr_ram; i++) {
        const struct mem_range *r = &machine->ram[i];

        json_array_append_new(ranges,
                              json_pack("{so so sI}", "first", hex(r->first.v),
                                        "end", hex(r->end.v), "bytes",
                                        (json_int_t)(r->end.v - r->first.v)));
    }
    return ranges;
}

static json_t *chunks_json(const struct machine *machine)
{
    json_t *chunks = json_array();

    for (size_t i = 0; i < machine->nr_chunks; i++) {
        const struct mem_chunk *c = &machine->chunk[i];

        json_array_append_new(
            chunks, json_pack("{so so sI ss}", "first", hex(c->first.v), "end",
                              hex(c->end.v), "bytes",
                              (json_int_t)(c->end.v - c->first.v), "type",
                              type_word(c->type)));
    }
    return chunks;
}

/* What MTRRs alone say, up to where they say something. */
static json_t *types_json(const struct machine *machine)
{
    json_t *types = json_array();
    const struct mtrrs *mtrrs = &machine->mtrrs;
    maddr_t at = MADDR(0), first = at, next;

    while (machine->has_mtrrs && at.v < MEM_ADDR_END) {
        enum mem_type type = memmap_type(mtrrs, at, &next), after = type;
        maddr_t end = next;

        if (next.v < MEM_ADDR_END)
            after = memmap_type(mtrrs, next, &end);
        at = next;
        if (after == type && at.v < MEM_ADDR_END)
            continue;
        json_array_append_new(types, json_pack("{so so ss}", "first",
                                               hex(first.v), "end", hex(at.v),
                                               "type", type_word(type)));
        first = at;
    }
    return types;
}

static json_t *leaves_json(const struct directmap_need *need,
                           unsigned int largest)
{
    json_t *leaves = json_object();

    for (unsigned int i = largest + 1; i-- > 0;)
        json_object_set_new(leaves, sizes[i],
                            json_integer((json_int_t)need->leaves[i]));
    return leaves;
}

static json_t *tables_json(const struct directmap_need *need,
                           unsigned int levels)
{
    json_t *tables = json_object();
    char name[16];

    for (unsigned int i = levels; i-- > 0;) {
        snprintf(name, sizeof(name), "L%u", i + 1);
        json_object_set_new(tables, name,
                            json_integer((json_int_t)need->tables[i]));
    }
    json_object_set_new(tables, "total",
                        json_integer((json_int_t)sum(need->tables, levels)));
    return tables;
}

static json_t *broken_json(const struct directmap_report *report)
{
    const struct machine *machine = report->machine;
    json_t *list = json_array();

    for (unsigned int level = report->map.largest; level > 0; level--) {
        struct directmap_broken b;
        maddr_t at = MADDR(0);

        while (directmap_next_broken(&report->map, machine->chunk,
                                     machine->nr_chunks, level, &at, &b))
            json_array_append_new(
                list,
                json_pack("{so ss sb sb so so}", "first", hex(b.first.v),
                          "size", sizes[level], "hole", b.hole, "types",
                          b.types, "leaves", leaves_json(&b.need, level - 1),
                          "tables", tables_json(&b.need, level)));
    }
    return list;
}

static json_t *findings_json(const struct machine *machine)
{
    json_t *list = json_array();

    for (size_t i = 0; i < machine->findings.nr; i++)
        json_array_append_new(list, json_string(machine->findings.text[i]));
    return list;
}

json_t *directmap_json(const struct directmap_report *report)
{
    const struct machine *machine = report->machine;
    bool known = machine->source != NULL;

    return json_pack(
        "{so* so* so so so so so so so so}", "source",
        known ? json_string(machine->source) : NULL, "lines",
        machine->line
            ? json_pack("[ii]", (int)machine->line, (int)machine->last_line)
            : NULL,
        "ram_bytes",
        known ? json_integer((json_int_t)ram_bytes(machine)) : json_null(),
        "ranges", ranges_json(machine), "chunks", chunks_json(machine), "types",
        types_json(machine), "leaves",
        leaves_json(&report->need, report->map.largest), "tables",
        tables_json(&report->need, report->map.format->levels), "broken",
        broken_json(report), "findings", findings_json(machine));
}
