/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/directmap_svg.h"

#include <inttypes.h>

#include "report/svg.h"

#define STRIP 116 /* from one address bar to the next */

static const char *const size_words[] = {"4 KiB", "2 MiB", "1 GiB"};
static const char *const size_classes[] = {"k4", "m2", "g1"};

static const struct {
    enum mem_type type;
    const char *class, *words;
} kinds[] = {
    {MEM_WB, "wb", "write-back"},       {MEM_WT, "wt", "write-through"},
    {MEM_WP, "wp", "write-protect"},    {MEM_WC, "wc", "write-combining"},
    {MEM_UC, "uc", "uncachable"},       {MEM_UNKNOWN, "un", "type unknown"},
    {MEM_UNDEFINED, "ud", "undefined"},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char style[] =
    ".wb{fill:#2f78c4}.wt{fill:#1f9e89}.wp{fill:#8f63b8}.wc{fill:#c9a227}"
    ".uc{fill:#c8452f}.un{fill:#7f8c8d}.ud{fill:#000}"
    ".g1{fill:#1b4965}.m2{fill:#62b6cb}.k4{fill:#f28f3b}.b{fill:#c8452f}";
static const char dark[] = ".ud{fill:#fff}.g1{fill:#9ad1e8}.m2{fill:#3f8fab}"
                           ".wb{fill:#4f97e0}.un{fill:#96a3a5}";

static const char *kind_class(enum mem_type type)
{
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].type == type)
            return kinds[i].class;
    return "un";
}

/* The leaves of each chunk, the larger ones first: small ones stay in sight. */
static void draw_leaves(const struct directmap_report *report,
                        const struct svg_scale *scale, FILE *out)
{
    const struct machine *machine = report->machine;

    for (unsigned int level = report->map.largest + 1; level-- > 0;)
        for (size_t i = 0; i < machine->nr_chunks; i++) {
            uint64_t at = machine->chunk[i].first.v;
            uint64_t end = machine->chunk[i].end.v;

            while (at < end) {
                struct directmap_run run =
                    directmap_next_run(&report->map, MADDR(at), MADDR(end));

                if (run.level == level)
                    svg_part(out, scale, 52, 18, at, at + run.bytes,
                             size_classes[level]);
                at += run.bytes;
            }
        }
}

static void draw_broken(const struct directmap_report *report,
                        const struct svg_scale *scale, FILE *out)
{
    const struct machine *machine = report->machine;
    unsigned int level = report->map.largest;
    struct directmap_broken broken;
    maddr_t at = MADDR(0);

    while (level > 0 &&
           directmap_next_broken(&report->map, machine->chunk,
                                 machine->nr_chunks, level, &at, &broken)) {
        double x = svg_place(scale, broken.first.v);

        if (broken.first.v < scale->end)
            fprintf(out, "<path class=\"b\" d=\"M%.2f %dl5 7h-10z\"/>\n", x,
                    scale->top + 72);
    }
}

static void draw_bar(const struct directmap_report *report,
                     const struct svg_scale *scale, FILE *out)
{
    const struct machine *machine = report->machine;

    svg_ticks(out, scale);
    svg_part(out, scale, 20, 50, 0, scale->end, "hole");
    for (size_t i = 0; i < machine->nr_chunks; i++)
        svg_part(out, scale, 20, 30, machine->chunk[i].first.v,
                 machine->chunk[i].end.v, kind_class(machine->chunk[i].type));
    draw_leaves(report, scale, out);
    draw_broken(report, scale, out);
}

static void draw_keys(const struct directmap_report *report, int y, FILE *out)
{
    const struct machine *machine = report->machine;
    int x = SVG_LEFT;

    for (size_t i = 0; i < KINDS; i++) {
        size_t j = 0;

        while (j < machine->nr_chunks &&
               machine->chunk[j].type != kinds[i].type)
            j++;
        if (j < machine->nr_chunks)
            svg_key(out, &x, y, kinds[i].class, kinds[i].words);
    }
    svg_key(out, &x, y, "hole", "not RAM");
    x = SVG_LEFT;
    for (unsigned int i = report->map.largest + 1; i-- > 0;)
        svg_key(out, &x, y + 22, size_classes[i], size_words[i]);
    if (report->map.largest > 0)
        fprintf(out,
                "<path class=\"b\" d=\"M%d %dl5 7h-10z\"/><text class=\"s\" "
                "x=\"%d\" y=\"%d\">has RAM, and cannot be one leaf of "
                "%s</text>\n",
                x + 6, y + 13, x + 18, y + 22, size_words[report->map.largest]);
}

static void draw_sums(const struct directmap_report *report, uint64_t ram,
                      FILE *out)
{
    const struct directmap_need *need = &report->need;
    uint64_t tables = 0;

    if (!report->machine->source) {
        fprintf(out,
                "<text class=\"h\" x=\"%d\" y=\"30\">RAM is unknown: there is "
                "no memory map</text>\n",
                SVG_LEFT);
        return;
    }
    for (unsigned int i = 0; i < report->map.format->levels; i++)
        tables += need->tables[i];
    fprintf(out,
            "<text class=\"h\" x=\"%d\" y=\"30\">Direct map of %.1f GiB of "
            "RAM</text>\n<text x=\"%d\" y=\"52\">",
            SVG_LEFT, (double)ram / (double)SVG_GIB, SVG_LEFT);
    for (unsigned int i = report->map.largest + 1; i-- > 0;)
        fprintf(out, "%" PRIu64 " leaves of %s, ", need->leaves[i],
                size_words[i]);
    fprintf(out, "%" PRIu64 " tables</text>\n", tables);
}

void directmap_svg(const struct directmap_report *report, FILE *out)
{
    const struct machine *machine = report->machine;
    struct svg_scale low = {.end = 4 * SVG_GIB, .top = 76}, all = low;
    uint64_t ram = 0;
    int height;

    if (machine->nr_chunks)
        all.end = svg_scale_end(machine->chunk[machine->nr_chunks - 1].end.v);
    for (size_t i = 0; i < machine->nr_chunks; i++)
        ram += machine->chunk[i].end.v - machine->chunk[i].first.v;
    if (all.end > low.end)
        all.top += STRIP;
    height = all.top + STRIP + 44;
    svg_begin(out, "Direct map", height, style, dark);
    draw_sums(report, ram, out);
    draw_bar(report, &low, out);
    if (all.end > low.end)
        draw_bar(report, &all, out);
    draw_keys(report, all.top + STRIP + 6, out);
    svg_end(out);
}
