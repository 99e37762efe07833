/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/directmap_svg.h"

#include <inttypes.h>

/* The picture's units are pixels at its natural size. */
#define WIDTH 960
#define LEFT  24
#define BAR   (WIDTH - 2 * LEFT)
#define LEAST 1.2 /* what is there is seen */
#define STRIP 116 /* from one address bar to the next */
#define GIB   (UINT64_C(1) << 30)

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
    "text{font:13px system-ui,sans-serif;fill:#222}"
    ".h{font-size:17px;font-weight:600}.s{font-size:12px;fill:#555}"
    ".bg{fill:#fff}.hole{fill:#e9e9e9}.tick{stroke:#888}"
    ".wb{fill:#2f78c4}.wt{fill:#1f9e89}.wp{fill:#8f63b8}.wc{fill:#c9a227}"
    ".uc{fill:#c8452f}.un{fill:#7f8c8d}.ud{fill:#000}"
    ".g1{fill:#1b4965}.m2{fill:#62b6cb}.k4{fill:#f28f3b}.b{fill:#c8452f}"
    "@media(prefers-color-scheme:dark){text{fill:#eee}.s{fill:#aaa}"
    ".bg{fill:#16191d}.hole{fill:#2c3138}.ud{fill:#fff}.g1{fill:#9ad1e8}"
    ".m2{fill:#3f8fab}.wb{fill:#4f97e0}.un{fill:#96a3a5}}";

/* An address bar: [0, end) over its whole width. */
struct scale {
    uint64_t end;
    int top;
};

static double place(const struct scale *scale, uint64_t at)
{
    return LEFT + (double)at / (double)scale->end * BAR;
}

static void draw(const struct scale *scale, int y, int height, uint64_t first,
                 uint64_t end, const char *class, FILE *out)
{
    double x, width;

    if (first >= scale->end)
        return;
    if (end > scale->end)
        end = scale->end;
    x = place(scale, first);
    width = place(scale, end) - x;
    fprintf(out,
            "<rect class=\"%s\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" "
            "height=\"%d\"/>\n",
            class, x, scale->top + y, width < LEAST ? LEAST : width, height);
}

static const char *kind_class(enum mem_type type)
{
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].type == type)
            return kinds[i].class;
    return "un";
}

/* The leaves of each chunk, the larger ones first: small ones stay in sight. */
static void draw_leaves(const struct directmap_report *report,
                        const struct scale *scale, FILE *out)
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
                    draw(scale, 52, 18, at, at + run.bytes, size_classes[level],
                         out);
                at += run.bytes;
            }
        }
}

static void draw_broken(const struct directmap_report *report,
                        const struct scale *scale, FILE *out)
{
    const struct machine *machine = report->machine;
    unsigned int level = report->map.largest;
    struct directmap_broken broken;
    maddr_t at = MADDR(0);

    while (level > 0 &&
           directmap_next_broken(&report->map, machine->chunk,
                                 machine->nr_chunks, level, &at, &broken)) {
        double x = place(scale, broken.first.v);

        if (broken.first.v < scale->end)
            fprintf(out, "<path class=\"b\" d=\"M%.2f %dl5 7h-10z\"/>\n", x,
                    scale->top + 72);
    }
}

/* Five places that are round numbers. */
static void draw_ticks(const struct scale *scale, FILE *out)
{
    for (unsigned int i = 0; i <= 4; i++) {
        uint64_t at = scale->end / 4 * i;
        double x = place(scale, at);

        fprintf(out,
                "<path class=\"tick\" d=\"M%.2f %dv6\"/><text class=\"s\" "
                "x=\"%.2f\" y=\"%d\" text-anchor=\"%s\">",
                x, scale->top + 12, x, scale->top + 8,
                i == 0   ? "start"
                : i == 4 ? "end"
                         : "middle");
        if (at % GIB == 0)
            fprintf(out, "%" PRIu64 " GiB</text>\n", at / GIB);
        else
            fprintf(out, "%" PRIu64 " MiB</text>\n", at >> 20);
    }
}

static void draw_bar(const struct directmap_report *report,
                     const struct scale *scale, FILE *out)
{
    const struct machine *machine = report->machine;

    draw_ticks(scale, out);
    draw(scale, 20, 50, 0, scale->end, "hole", out);
    for (size_t i = 0; i < machine->nr_chunks; i++)
        draw(scale, 20, 30, machine->chunk[i].first.v, machine->chunk[i].end.v,
             kind_class(machine->chunk[i].type), out);
    draw_leaves(report, scale, out);
    draw_broken(report, scale, out);
}

static void draw_key(int *x, int y, const char *class, const char *words,
                     FILE *out)
{
    fprintf(out,
            "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"13\" height=\"13\"/>"
            "<text class=\"s\" x=\"%d\" y=\"%d\">%s</text>\n",
            class, *x, y - 11, *x + 18, y, words);
    *x += 120;
}

static void draw_keys(const struct directmap_report *report, int y, FILE *out)
{
    const struct machine *machine = report->machine;
    int x = LEFT;

    for (size_t i = 0; i < KINDS; i++) {
        size_t j = 0;

        while (j < machine->nr_chunks &&
               machine->chunk[j].type != kinds[i].type)
            j++;
        if (j < machine->nr_chunks)
            draw_key(&x, y, kinds[i].class, kinds[i].words, out);
    }
    draw_key(&x, y, "hole", "not RAM", out);
    x = LEFT;
    for (unsigned int i = report->map.largest + 1; i-- > 0;)
        draw_key(&x, y + 22, size_classes[i], size_words[i], out);
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
                LEFT);
        return;
    }
    for (unsigned int i = 0; i < report->map.format->levels; i++)
        tables += need->tables[i];
    fprintf(out,
            "<text class=\"h\" x=\"%d\" y=\"30\">Direct map of %.1f GiB of "
            "RAM</text>\n<text x=\"%d\" y=\"52\">",
            LEFT, (double)ram / (double)GIB, LEFT);
    for (unsigned int i = report->map.largest + 1; i-- > 0;)
        fprintf(out, "%" PRIu64 " leaves of %s, ", need->leaves[i],
                size_words[i]);
    fprintf(out, "%" PRIu64 " tables</text>\n", tables);
}

/* Where the whole is drawn to: 4 GiB times a power of two. */
static uint64_t scale_end(uint64_t ram_end)
{
    uint64_t end = 4 * GIB;

    while (end < ram_end)
        end *= 2;
    return end;
}

void directmap_svg(const struct directmap_report *report, FILE *out)
{
    const struct machine *machine = report->machine;
    struct scale low = {.end = 4 * GIB, .top = 76}, all = low;
    uint64_t ram = 0;
    int height;

    if (machine->nr_chunks)
        all.end = scale_end(machine->chunk[machine->nr_chunks - 1].end.v);
    for (size_t i = 0; i < machine->nr_chunks; i++)
        ram += machine->chunk[i].end.v - machine->chunk[i].first.v;
    if (all.end > low.end)
        all.top += STRIP;
    height = all.top + STRIP + 44;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
            "width=\"%d\" height=\"%d\">\n<title>Direct map</title>\n"
            "<style>%s</style>\n<rect class=\"bg\" width=\"%d\" "
            "height=\"%d\"/>\n",
            WIDTH, height, WIDTH, height, style, WIDTH, height);
    draw_sums(report, ram, out);
    draw_bar(report, &low, out);
    if (all.end > low.end)
        draw_bar(report, &all, out);
    draw_keys(report, all.top + STRIP + 6, out);
    fputs("</svg>\n", out);
}
