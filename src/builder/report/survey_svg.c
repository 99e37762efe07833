/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From left to right, as an address is translated: a column for each level of
 * tables, and the address space as a column of areas, from top to bottom.  What
 * a table is for lies right of it, at the same height.
 */
#include "report/survey_svg.h"

#include <inttypes.h>
#include <string.h>

#include "report/domain.h"
#include "report/svg.h"

/* More would not fit on a screen. */
#define AREAS_SHOWN  16
#define TABLES_SHOWN 24
#define FRAMES_SHOWN RUNS_MAX

#define TOP        156 /* of the columns */
#define GUTTER     8   /* between them */
#define BLOCK      56  /* the width of an area's colour */
#define HEIGHT     23  /* of an area of one page; larger ones have more */
#define HOLE       16  /* of what is not mapped */
#define LINE       14  /* of text in a table */
#define ADDRESS_AT (SVG_WIDTH - SVG_LEFT)

static const char style[] =
    ".m{font:12px ui-monospace,monospace;fill:#555}"
    ".t{font-size:12px;fill:#fff;stroke-width:3px;paint-order:stroke}"
    ".s1{stroke:#e08a3c}.s2{stroke:#c76a1e}.s3{stroke:#9d4a12}"
    ".s4{stroke:#6f300b}.c{font-weight:600}.e{text-anchor:end}"
    ".i{text-anchor:middle}.l{stroke:#bbb;stroke-dasharray:2 3}"
    ".sep{stroke:#fff;stroke-opacity:.45}.lim{stroke:#c8452f;stroke-width:2}"
    ".v1{fill:#e08a3c}.v2{fill:#c76a1e}.v3{fill:#9d4a12}.v4{fill:#6f300b}"
    ".w{fill:#e08a3c;fill-opacity:.16}"
    ".kernel{fill:#2f78c4}.ramdisk{fill:#1f9e89}.p2m{fill:#8f63b8}"
    ".page{fill:#c9a227}.tables{fill:#e08a3c}.stack{fill:#7f8c8d}"
    ".pad{fill:#c3cfda}.mem{fill:#62a6d8}.xen{fill:#50545a}.root{fill:#c8452f}";
static const char dark[] =
    ".m{fill:#aaa}.t{fill:#fff}.l{stroke:#555}.pad{fill:#4b5863}"
    ".sep{stroke:#16191d}.kernel{fill:#4f97e0}.mem{fill:#3f86b8}"
    ".xen{fill:#8d949c}.root,.lim{fill:#ff6b52}.lim{stroke:#ff6b52}";

static const char *const classes[RUN_KINDS] = {
    [RUN_MEMORY] = "mem",       [RUN_UNMAPPED] = "hole",
    [RUN_AGAIN] = "hole",       [RUN_GRANTS] = "page",
    [RUN_XEN] = "xen",          [RUN_KERNEL] = "kernel",
    [RUN_RAMDISK] = "ramdisk",  [RUN_MODULE] = "ramdisk",
    [RUN_P2M] = "p2m",          [RUN_START_INFO] = "page",
    [RUN_STORE] = "page",       [RUN_CONSOLE] = "page",
    [RUN_TABLES] = "tables",    [RUN_P2M_TABLES] = "tables",
    [RUN_STACK] = "stack",      [RUN_PADDING] = "pad",
    [RUN_SHARED_INFO] = "page",
};

/* An area, or what is between two. */
struct row {
    const struct run *run; /* NULL: nothing is mapped */
    uint64_t first, last;  /* addresses */
    double top, height;
};

struct picture {
    const struct survey *s;
    FILE *out;
    struct runs areas;
    struct row row[2 * RUNS_MAX + 2];
    unsigned int nr_rows;
    double bottom; /* of the columns */
    int column;    /* the width of one of tables */
};

static double area_height(const struct run *run)
{
    uint64_t pages = run->count;
    double height = HEIGHT;

    for (; pages > 1; pages /= 2)
        height += 1.6;
    return run->count ? height : HEIGHT;
}

static void add_row(struct picture *p, const struct run *run, uint64_t first,
                    uint64_t last)
{
    double height = run ? area_height(run) : HOLE;

    p->row[p->nr_rows++] = (struct row){
        .run = run,
        .first = first,
        .last = last,
        .top = p->bottom,
        .height = height,
    };
    p->bottom += height;
}

static void add_rows(struct picture *p)
{
    uint64_t at = 0;

    p->areas = p->s->areas;
    runs_limit(&p->areas, AREAS_SHOWN);
    p->bottom = TOP;
    for (unsigned int i = 0; i < p->areas.nr; i++) {
        const struct run *run = &p->areas.run[i];

        if (run->first > at)
            add_row(p, NULL, at, run->first - 1);
        add_row(p, run, run->first, run->end - 1);
        at = run->end;
    }
}

static const struct row *row_of(const struct picture *p, uint64_t va)
{
    for (unsigned int i = 0; i < p->nr_rows; i++)
        if (va <= p->row[i].last)
            return &p->row[i];
    return &p->row[p->nr_rows - 1];
}

/* Where the address is; those in holes are where the next area begins. */
static double height_of_first(const struct picture *p, uint64_t va)
{
    const struct row *row = row_of(p, va);

    if (!row->run)
        return row->top + row->height;
    return row->top + (double)(va - row->first) /
                          ((double)(row->last - row->first) + 1) * row->height;
}

/* ... where the one before ends. */
static double height_of_last(const struct picture *p, uint64_t va)
{
    const struct row *row = row_of(p, va);

    if (!row->run || va > row->last)
        return row->run ? row->top + row->height : row->top;
    return row->top + ((double)(va - row->first) + 1) /
                          ((double)(row->last - row->first) + 1) * row->height;
}

static double left_of(const struct picture *p, unsigned int level)
{
    return SVG_LEFT +
           (double)(p->s->format->levels - 1 - level) * (p->column + GUTTER);
}

/* ---- text ---- */

static void text(const struct picture *p, double x, double y, const char *class,
                 const char *words)
{
    fprintf(p->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y);
    svg_words(p->out, words);
    fputs("</text>\n", p->out);
}

/* ---- tables ---- */

/* Lines between tables, where there is room. */
static void draw_separators(const struct picture *p, const struct run *run,
                            double x, double height)
{
    uint64_t span = (run->end - run->first) / run->count;
    double last = height_of_first(p, run->first);

    for (uint64_t i = 1; i < run->count && height / (double)run->count > 4;
         i++) {
        double y = height_of_first(p, run->first + i * span);

        if (y - last < 4)
            continue;
        fprintf(p->out, "<path class=\"sep\" d=\"M%.1f %.1fh%d\"/>\n", x, y,
                p->column);
        last = y;
    }
}

static void frame_words(const struct picture *p, const struct run *run,
                        char words[64])
{
    bool plan = !survey_has_frames(p->s->state);
    uint64_t at = plan ? run->pfn : run->mfn;
    const char *what = plan ? "PFN " : "";

    if (at == RUN_NONE)
        snprintf(words, 64, "not in a row");
    else if (run->count == 1)
        snprintf(words, 64, "%s%#" PRIx64, what, at);
    else
        snprintf(words, 64, "%s%#" PRIx64 " \xe2\x80\xa6", what, at);
}

static void draw_table_words(const struct picture *p, const struct run *run,
                             unsigned int level, double x, double top,
                             double height)
{
    char count[64], frame[64], class[16];
    double middle = top + height / 2 + 4;

    frame_words(p, run, frame);
    snprintf(class, sizeof(class), "t i s%u", level + 1);
    snprintf(count, sizeof(count), "%" PRIu64 " tables", run->count);
    if (run->count == 1 && height >= LINE)
        text(p, x, middle, class, frame);
    else if (height >= 2 * LINE + 4) {
        text(p, x, middle - LINE / 2, class, count);
        text(p, x, middle + LINE / 2, class, frame);
    } else if (height >= LINE)
        text(p, x, middle, class, count);
}

static void draw_tables(const struct picture *p, unsigned int level)
{
    struct runs runs = p->s->level[level].runs;
    double x = left_of(p, level), top, height;

    runs_limit(&runs, TABLES_SHOWN);
    for (unsigned int i = 0; i < runs.nr; i++) {
        const struct run *run = &runs.run[i];

        top = height_of_first(p, run->first);
        height = height_of_last(p, run->end - 1) - top;
        if (height < 2)
            height = 2;
        fprintf(p->out,
                "<rect class=\"w\" x=\"%.1f\" y=\"%.1f\" width=\"%d\" "
                "height=\"%.1f\"/>\n<rect class=\"v%u\" x=\"%.1f\" y=\"%.1f\" "
                "width=\"%d\" height=\"%.1f\" rx=\"2\"/>\n",
                x + p->column, top, GUTTER, height, level + 1, x, top,
                p->column, height);
        draw_separators(p, run, x, height);
        draw_table_words(p, run, level, x + p->column / 2.0, top, height);
    }
}

static void draw_heads(const struct picture *p)
{
    const struct survey *s = p->s;
    char words[80], size[SURVEY_SIZE];
    double x;

    for (unsigned int level = 0; level < s->format->levels; level++) {
        x = left_of(p, level);
        snprintf(words, sizeof(words), "%sL%u",
                 level == s->format->levels - 1 ? "CR3 \xe2\x86\x92 " : "",
                 level + 1);
        text(p, x, TOP - 24, "c", words);
        snprintf(words, sizeof(words), "%" PRIu64 " table%s",
                 s->level[level].reached,
                 s->level[level].reached == 1 ? "" : "s");
        text(p, x, TOP - 8, "s", words);
    }
    x = SVG_LEFT + s->format->levels * (p->column + GUTTER);
    text(p, x, TOP - 24, "c", "address space");
    survey_size((s->level[0].writable + s->level[0].read_only) << DW_PAGE_SHIFT,
                size);
    snprintf(words, sizeof(words), "%s mapped", size);
    text(p, x, TOP - 8, "s", words);
    text(p, ADDRESS_AT, TOP - 8, "s e", "from address");
}

/* ---- areas ---- */

static void area_words(const struct run *run, char words[160])
{
    char size[SURVEY_SIZE], pages[48] = "", pfn[32] = "";

    survey_size(run->end - run->first, size);
    if (run->count && run->count << DW_PAGE_SHIFT != run->end - run->first)
        snprintf(pages, sizeof(pages), ", %" PRIu64 " pages", run->count);
    if (run->pfn != RUN_NONE)
        snprintf(pfn, sizeof(pfn), ", PFN %#" PRIx64, run->pfn);
    snprintf(words, 160, "%s%s%s%s", size, pages, pfn,
             run->count && !run->writable ? ", read-only" : "");
}

/* Kinds that may be many are told of in grey. */
static void draw_area(const struct picture *p, const struct row *row, double x)
{
    const struct run *run = row->run;
    double y = row->top + row->height / 2 + 4;
    char words[160];

    fprintf(p->out,
            "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%d\" "
            "height=\"%.1f\" rx=\"2\"/>\n",
            classes[run->kind], x, row->top + .5, BLOCK, row->height - 1);
    area_words(run, words);
    fprintf(p->out,
            "<text x=\"%.1f\" y=\"%.1f\">%s<tspan class=\"s\" "
            "dx=\"8\">%s</tspan></text>\n",
            x + BLOCK + 10, y, run_name(run->kind), words);
    snprintf(words, sizeof(words), "%#" PRIx64, run->first);
    text(p, ADDRESS_AT, y, "m e", run->first ? words : "0");
}

static void draw_hole(const struct picture *p, const struct row *row, double x)
{
    double y = row->top + row->height / 2;
    char size[SURVEY_SIZE], words[64];
    uint64_t bytes = row->last - row->first + 1;

    survey_size(bytes, size);
    snprintf(words, sizeof(words), "not mapped%s%s", bytes >> 47 ? "" : ", ",
             bytes >> 47 ? "" : size);
    fprintf(p->out, "<path class=\"l\" d=\"M%.1f %.1fh%d\"/>\n", x, y, BLOCK);
    text(p, x + BLOCK + 10, y + 4, "s", words);
}

static void draw_areas(const struct picture *p)
{
    double x = SVG_LEFT + p->s->format->levels * (p->column + GUTTER);

    for (unsigned int i = 0; i < p->nr_rows; i++)
        if (p->row[i].run)
            draw_area(p, &p->row[i], x);
        else
            draw_hole(p, &p->row[i], x);
}

/* What the guest gets and has no address for. */
static void draw_unmapped(struct picture *p)
{
    double x = SVG_LEFT + p->s->format->levels * (p->column + GUTTER);
    struct runs runs = p->s->unmapped;
    char size[SURVEY_SIZE], words[160];

    runs_limit(&runs, 4);
    for (unsigned int i = 0; i < runs.nr; i++) {
        fprintf(p->out,
                "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%d\" "
                "height=\"%d\" rx=\"2\"/>\n",
                classes[runs.run[i].kind], x, p->bottom + 4.5, BLOCK,
                HEIGHT - 1);
        survey_size(runs.run[i].count << DW_PAGE_SHIFT, size);
        snprintf(words, sizeof(words), "%s, %s, PFN %#" PRIx64,
                 run_name(runs.run[i].kind), size, runs.run[i].first);
        text(p, x + BLOCK + 10, p->bottom + 20, "", words);
        text(p, ADDRESS_AT, p->bottom + 20, "s e", "in memory, not mapped");
        p->bottom += HEIGHT;
    }
}

/* ---- the machine's frames ---- */

/* Where all of it is too much to see what lies below 4 GiB. */
#define ZOOM 96
static bool is_zoomed(const struct survey *s)
{
    return s->frames.total > s->frames.above_4g &&
           svg_scale_end(s->frames.ram_end << DW_PAGE_SHIFT) > 16 * SVG_GIB;
}

static void draw_density(const struct picture *p, const struct svg_scale *scale,
                         const struct runs *all, int y, int height,
                         const char *class)
{
    for (unsigned int i = 0; i < all->nr; i++) {
        const struct run *run = &all->run[i];

        svg_part(p->out, scale, y, height, run->first << DW_PAGE_SHIFT,
                 run->end << DW_PAGE_SHIFT, class);
    }
}

static void draw_limit(const struct picture *p, const struct svg_scale *scale)
{
    if (scale->end > 4 * SVG_GIB)
        fprintf(p->out, "<path class=\"lim\" d=\"M%.1f %dv48\"/>\n",
                svg_place(scale, 4 * SVG_GIB), scale->top + 14);
    /* The ticks are quarters. */
    if (scale->end > 16 * SVG_GIB)
        fprintf(p->out, "<text class=\"s\" x=\"%.1f\" y=\"%d\">4 GiB</text>\n",
                svg_place(scale, 4 * SVG_GIB) + 5, scale->top + 38);
}

static void draw_root(const struct picture *p, const struct svg_scale *scale)
{
    const struct survey *s = p->s;
    uint64_t at = s->root.v << DW_PAGE_SHIFT;
    double x;
    bool right;

    if (!s->has_root || at >= scale->end)
        return;
    x = svg_place(scale, at);
    right = x > SVG_WIDTH / 2.0;
    fprintf(p->out,
            "<path class=\"root\" d=\"M%.1f %dl6 9h-12z\"/><text class=\"s%s\" "
            "x=\"%.1f\" y=\"%d\">L%u, frame %#" PRIx64 "</text>\n",
            x, scale->top + 64, right ? " e" : "", right ? x - 10 : x + 10,
            scale->top + 75, s->format->levels, s->root.v);
}

static void draw_bar(const struct picture *p, const struct svg_scale *scale)
{
    const struct survey_frames *f = &p->s->frames;

    svg_ticks(p->out, scale);
    svg_part(p->out, scale, 20, 40, 0, scale->end, "hole");
    draw_density(p, scale, &f->runs, 20, 26, "mem");
    draw_density(p, scale, &f->tables, 46, 14, "tables");
    draw_limit(p, scale);
    draw_root(p, scale);
}

static void frames_words(const struct survey *s, char words[200])
{
    static const char *const sizes[] = {"4 KiB", "2 MiB", "1 GiB"};
    const struct survey_frames *f = &s->frames;
    const char *before = "; blocks:";
    char low[SURVEY_SIZE], high[SURVEY_SIZE];
    int n;

    survey_size((f->total - f->above_4g) << DW_PAGE_SHIFT, low);
    survey_size(f->above_4g << DW_PAGE_SHIFT, high);
    n = snprintf(words, 200, "%s below 4 GiB and %s above", low, high);
    for (unsigned int i = SURVEY_BLOCKS; i-- > 0;)
        if (f->blocks[i]) {
            n += snprintf(words + n, 200 - (size_t)n, "%s %" PRIu64 " of %s",
                          before, f->blocks[i], sizes[i]);
            before = ",";
        }
}

static void draw_frames(struct picture *p)
{
    struct svg_scale scale = {
        .end = svg_scale_end(p->s->frames.ram_end << DW_PAGE_SHIFT),
        .top = (int)p->bottom + 74,
    };
    int x = SVG_LEFT;
    char words[200];

    frames_words(p->s, words);
    text(p, SVG_LEFT, p->bottom + 36, "c", "machine memory");
    text(p, SVG_LEFT, p->bottom + 53, "s", words);
    draw_bar(p, &scale);
    if (is_zoomed(p->s)) {
        scale.end = 4 * SVG_GIB;
        scale.top += ZOOM;
        draw_bar(p, &scale);
    }
    svg_key(p->out, &x, scale.top + 98, "mem", "the guest's");
    svg_key(p->out, &x, scale.top + 98, "tables", "its page tables");
    svg_key(p->out, &x, scale.top + 98, "hole", "not the guest's");
}

/* It has none yet: what is known is where the root may lie. */
static void draw_demand(struct picture *p)
{
    struct svg_scale scale = {.end = 8 * SVG_GIB, .top = (int)p->bottom + 48};
    bool low = p->s->width == 32, extended = p->s->extended_cr3;
    double middle = svg_place(&scale, 4 * SVG_GIB);
    char words[120];

    text(p, SVG_LEFT, p->bottom + 36, "c", "machine memory");
    text(p, SVG_LEFT, p->bottom + 53, "s",
         "Where the guest's frames lie is known when it is built.");
    svg_part(p->out, &scale, 20, 40, 0, scale.end, "hole");
    svg_part(p->out, &scale, 20, 40, 0, low ? 4 * SVG_GIB : scale.end, "w");
    draw_limit(p, &scale);
    text(p, middle + 8, scale.top + 74, "s", "above 4 GiB");
    text(p, middle - 8, scale.top + 74, "s e", "below 4 GiB");
    snprintf(words, sizeof(words), "L%u: %s", p->s->format->levels,
             low ? "here" : "anywhere");
    text(p, SVG_LEFT + 12, scale.top + 44, "c", words);
    if (low)
        text(p, middle + 12, scale.top + 44, "s",
             extended ? "or here, if extended CR3 can be declared"
                      : "never here: the kernel knows no extended CR3");
}

/* ---- all ---- */

static void draw_title(const struct picture *p, const struct survey_of *of)
{
    const struct survey *s = p->s;
    char title[SURVEY_TITLE], root[SURVEY_ROOT], size[SURVEY_SIZE];
    char words[SURVEY_ROOT + 32];

    survey_title(s, of, title);
    survey_size(s->pages << DW_PAGE_SHIFT, size);
    survey_root(s, root);
    text(p, SVG_LEFT, 32, "h", title);
    snprintf(words, sizeof(words), "%u-bit PV guest, %s, %s", s->width, size,
             s->state == SURVEY_PLAN    ? "not built yet"
             : s->state == SURVEY_SAVED ? "in a file"
             : s->state == SURVEY_FRESH ? "has not run yet"
                                        : "has run");
    text(p, SVG_LEFT, 54, "", words);
    snprintf(words, sizeof(words), "top-level page table: %s", root);
    text(p, SVG_LEFT, 74, "", words);
    snprintf(words, sizeof(words),
             "Right of a table, at the same height, is what it maps. Heights "
             "are not to scale.");
    if (p->areas.joined)
        snprintf(words + strlen(words), sizeof(words) - strlen(words),
                 " %" PRIu64 " more areas are shown with their neighbours.",
                 p->areas.joined);
    if (p->nr_rows)
        text(p, SVG_LEFT, 98, "s", words);
}

void survey_svg(const struct survey *s, const struct survey_of *of, FILE *out)
{
    struct picture p = {.s = s, .out = out};
    char title[SURVEY_TITLE];
    int height;

    p.column = s->format->levels == 3 ? 116 : 92;
    add_rows(&p);
    height = (int)p.bottom + (int)s->unmapped.nr * HEIGHT +
             (!survey_has_frames(s->state) ? 144 : 192);
    if (is_zoomed(s))
        height += ZOOM;
    survey_title(s, of, title);
    svg_begin(out, title, height, style, dark);
    draw_title(&p, of);
    if (p.nr_rows) {
        draw_heads(&p);
        for (unsigned int level = s->format->levels; level-- > 0;)
            draw_tables(&p, level);
        draw_areas(&p);
    }
    draw_unmapped(&p);
    if (!survey_has_frames(s->state))
        draw_demand(&p);
    else
        draw_frames(&p);
    svg_end(out);
}
