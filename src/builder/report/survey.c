/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/survey.h"

#include <inttypes.h>
#include <string.h>

#include "report/domain.h"
#include "text.h"

/* As text, of each kind; JSON has all. */
#define SHOWN 32

static const char *const block_names[SURVEY_BLOCKS] = {"4K", "2M", "1G"};
static const char *const block_words[SURVEY_BLOCKS] = {"4 KiB", "2 MiB",
                                                       "1 GiB"};

/* ---- words ---- */

void survey_size(uint64_t bytes, char size[SURVEY_SIZE])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    unsigned int unit = 0;
    uint64_t tenths =
        bytes >= UINT64_MAX / 10 ? UINT64_MAX / 1024 : bytes * 10 / 1024;

    while (tenths >= 10240 && unit < 4) {
        tenths = (tenths + 512) / 1024;
        unit++;
    }
    if (tenths % 10)
        snprintf(size, SURVEY_SIZE, "%" PRIu64 ".%u %s", tenths / 10,
                 (unsigned int)(tenths % 10), units[unit]);
    else
        snprintf(size, SURVEY_SIZE, "%" PRIu64 " %s", tenths / 10, units[unit]);
}

void survey_title(const struct survey *s, const struct survey_of *of,
                  char title[SURVEY_TITLE])
{
    char name[100] = "";

    if (of->name)
        text_escape(name, sizeof(name), of->name);
    if (!survey_has_frames(s->state))
        snprintf(title, SURVEY_TITLE, "%s, as %s", name,
                 s->state == SURVEY_PLAN ? "planned" : "saved");
    else if (*name)
        snprintf(title, SURVEY_TITLE, "%s, domain %u", name, of->domid);
    else
        snprintf(title, SURVEY_TITLE, "domain %u", of->domid);
}

static const char *assist(const struct survey *s)
{
    if (s->width == 64)
        return "";
    if (s->state == SURVEY_SAVED)
        return "";
    if (s->state == SURVEY_PLAN)
        return s->extended_cr3 ? ", below 4 GiB unless extended CR3 can be "
                                 "declared"
                               : ", below 4 GiB";
    return s->extended_cr3 ? "; extended CR3 is on" : "; extended CR3 is off";
}

void survey_root(const struct survey *s, char words[SURVEY_ROOT])
{
    if (!s->has_root)
        snprintf(words, SURVEY_ROOT, "none: no vCPU is set up");
    else if (!survey_has_frames(s->state))
        snprintf(words, SURVEY_ROOT, "L%u at PFN %#" PRIx64 "%s",
                 s->format->levels, s->root_pfn.v, assist(s));
    else
        snprintf(words, SURVEY_ROOT, "L%u at frame %#" PRIx64 ", %s 4 GiB%s",
                 s->format->levels, s->root.v,
                 survey_is_low(s->root) ? "below" : "above", assist(s));
}

void survey_links(const struct survey *s, unsigned int level,
                  char words[SURVEY_LINKS])
{
    const struct survey_level *l = &s->level[level];
    uint64_t nr = level ? l->links : l->writable + l->read_only;
    char others[48] = "";

    if (l->others)
        snprintf(others, sizeof(others), ", %" PRIu64 " elsewhere", l->others);
    if (level)
        snprintf(words, SURVEY_LINKS, "%" PRIu64 " L%u table%s%s", nr, level,
                 nr == 1 ? "" : "s", others);
    else
        snprintf(words, SURVEY_LINKS,
                 "%" PRIu64 " page%s: %" PRIu64 " writable, %" PRIu64
                 " read-only%s",
                 nr, nr == 1 ? "" : "s", l->writable, l->read_only, others);
}

static const char *state_words(enum survey_state state)
{
    return state == SURVEY_PLAN    ? "not built yet"
           : state == SURVEY_SAVED ? "in a file"
           : state == SURVEY_FRESH ? "has not run yet"
                                   : "has run";
}

static const char *p2m_name(enum p2m_source source)
{
    static const char *const words[] = {
        [P2M_LIST] = "list",
        [P2M_TREE] = "tree",
        [P2M_START_INFO] = "start_info",
    };

    return words[source];
}

/* ---- text ---- */

static void print_frames(const struct survey *s, FILE *out)
{
    const struct survey_frames *f = &s->frames;
    const char *comma = "";

    fprintf(out,
            "frames      %" PRIu64 ", of which %" PRIu64
            " above 4 GiB; %" PRIu64 " extent%s: ",
            f->total, f->above_4g, f->extents, f->extents == 1 ? "" : "s");
    for (unsigned int i = SURVEY_BLOCKS; i-- > 0;)
        if (f->blocks[i]) {
            fprintf(out, "%s%" PRIu64 " of %s", comma, f->blocks[i],
                    block_words[i]);
            comma = ", ";
        }
    fprintf(out, "; node%s\n", s->one_node ? " 0" : "s unknown");
}

static void print_heading(const struct survey *s, const struct survey_of *of,
                          FILE *out)
{
    char title[SURVEY_TITLE], root[SURVEY_ROOT];

    survey_title(s, of, title);
    survey_root(s, root);
    fprintf(out, "guest       %s: %s, %" PRIu64 " pages, %s\n", title,
            pv_type(s->width), s->pages, state_words(s->state));
    fprintf(out, "root        %s\n", root);
    if (survey_has_frames(s->state))
        print_frames(s, out);
}

/* The end of all addresses is no 64-bit number. */
static void print_range(uint64_t first, uint64_t end, FILE *out)
{
    fprintf(out, "%#18" PRIx64 " ", first);
    if (end)
        fprintf(out, "%#19" PRIx64, end);
    else
        fputs("0x10000000000000000", out);
}

static void print_area(const struct run *run, FILE *out)
{
    char size[SURVEY_SIZE];

    survey_size(run->end - run->first, size);
    print_range(run->first, run->end, out);
    fprintf(out, " %10s  %s", size, run_name(run->kind));
    if (run->count && run->count << DW_PAGE_SHIFT != run->end - run->first)
        fprintf(out, ", %" PRIu64 " pages", run->count);
    if (run->pfn != RUN_NONE)
        fprintf(out, ", PFN %#" PRIx64, run->pfn);
    if (run->count > run->writable)
        fprintf(out, ", %" PRIu64 " read-only", run->count - run->writable);
    if (run->tables && run->kind != RUN_TABLES)
        fprintf(out, ", %" PRIu64 " tables", run->tables);
    if (run->foreign)
        fprintf(out, ", %" PRIu64 " of others", run->foreign);
    fputc('\n', out);
}

/* There are more than are shown, or could be kept. */
static void print_joined(const struct runs *runs, FILE *out)
{
    if (runs->joined)
        fprintf(out, "(%" PRIu64 " more are told of with their neighbours)\n",
                runs->joined);
}

static void print_areas(const struct survey *s, FILE *out)
{
    struct runs areas = s->areas;
    char size[SURVEY_SIZE];
    unsigned int i;

    runs_limit(&areas, SHOWN);
    fprintf(out, "\n%18s %19s %10s  %s\n", "address", "end", "size",
            "what is there");
    for (i = 0; i < areas.nr; i++)
        print_area(&areas.run[i], out);
    print_joined(&areas, out);
    for (i = 0; i < s->unmapped.nr; i++) {
        survey_size(s->unmapped.run[i].count << DW_PAGE_SHIFT, size);
        fprintf(out, "%18s %19s %10s  %s, PFN %#" PRIx64 "\n", "not mapped", "",
                size, run_name(s->unmapped.run[i].kind),
                s->unmapped.run[i].first);
    }
}

static void print_levels(const struct survey *s, FILE *out)
{
    char links[SURVEY_LINKS];

    fprintf(out, "\n%5s %9s %9s %9s %11s  %s\n", "level", "tables", "reached",
            "pinned", "above 4 GiB", "lead to");
    for (unsigned int level = s->format->levels; level-- > 0;) {
        const struct survey_level *l = &s->level[level];

        survey_links(s, level, links);
        fprintf(out, "   L%u %9" PRIu64 " %9" PRIu64, level + 1, l->tables,
                l->reached);
        if (!survey_has_frames(s->state))
            fprintf(out, " %9s %11s", "-", "-");
        else
            fprintf(out, " %9" PRIu64 " %11" PRIu64, l->pinned, l->above_4g);
        fprintf(out, "  %s\n", links);
    }
}

static void print_number(uint64_t number, FILE *out)
{
    if (number == RUN_NONE)
        fprintf(out, " %11s", "-");
    else
        fprintf(out, " %#11" PRIx64, number);
}

static void print_tables(const struct survey *s, FILE *out)
{
    fprintf(out, "\n%5s %18s %19s %8s %11s %11s %9s\n", "level", "address",
            "end", "tables", "PFN", "frame", "entries");
    for (unsigned int level = s->format->levels; level-- > 0;) {
        struct runs runs = s->level[level].runs;

        runs_limit(&runs, SHOWN);
        for (unsigned int i = 0; i < runs.nr; i++) {
            fprintf(out, "   L%u ", level + 1);
            print_range(runs.run[i].first, runs.run[i].end, out);
            fprintf(out, " %8" PRIu64, runs.run[i].count);
            print_number(runs.run[i].pfn, out);
            print_number(runs.run[i].mfn, out);
            fprintf(out, " %9" PRIu64 "\n", runs.run[i].entries);
        }
        print_joined(&runs, out);
    }
}

static void print_runs(const struct survey *s, FILE *out)
{
    struct runs runs = s->frames.runs;

    runs_limit(&runs, SHOWN);
    fprintf(out, "\n%11s %11s %9s %7s %11s\n", "frame", "end", "frames",
            "tables", "PFN");
    for (unsigned int i = 0; i < runs.nr; i++) {
        fprintf(out, "%#11" PRIx64 " %#11" PRIx64 " %9" PRIu64 " %7" PRIu64,
                runs.run[i].first, runs.run[i].end, runs.run[i].count,
                runs.run[i].tables);
        print_number(runs.run[i].pfn, out);
        fputc('\n', out);
    }
    print_joined(&runs, out);
}

void survey_print(const struct survey *s, const struct survey_of *of, FILE *out)
{
    print_heading(s, of, out);
    print_areas(s, out);
    print_levels(s, out);
    print_tables(s, out);
    if (survey_has_frames(s->state))
        print_runs(s, out);
}

/* ---- JSON ---- */

static json_t *number(uint64_t value)
{
    return value == RUN_NONE ? json_null() : json_integer((json_int_t)value);
}

static json_t *address(uint64_t value, bool is_end)
{
    return is_end && !value ? json_string("0x10000000000000000")
                            : json_sprintf("%#" PRIx64, value);
}

static json_t *area_json(const struct run *run)
{
    return json_pack(
        "{ss so so sI so so sI sI sI}", "what", run_name(run->kind), "first",
        address(run->first, false), "end", address(run->end, true), "pages",
        (json_int_t)run->count, "pfn", number(run->pfn), "mfn",
        number(run->mfn), "writable", (json_int_t)run->writable, "tables",
        (json_int_t)run->tables, "foreign", (json_int_t)run->foreign);
}

static json_t *unmapped_json(const struct run *run)
{
    return json_pack("{ss sI sI}", "what", run_name(run->kind), "pages",
                     (json_int_t)run->count, "pfn", (json_int_t)run->first);
}

static json_t *tables_json(const struct run *run)
{
    return json_pack("{so so sI so so sI}", "first", address(run->first, false),
                     "end", address(run->end, true), "tables",
                     (json_int_t)run->count, "pfn", number(run->pfn), "mfn",
                     number(run->mfn), "entries", (json_int_t)run->entries);
}

static json_t *frames_run_json(const struct run *run)
{
    return json_pack("{sI sI sI sI so}", "first_mfn", (json_int_t)run->first,
                     "end_mfn", (json_int_t)run->end, "frames",
                     (json_int_t)run->count, "tables", (json_int_t)run->tables,
                     "pfn", number(run->pfn));
}

static json_t *runs_json(const struct runs *runs,
                         json_t *(*one)(const struct run *run))
{
    json_t *list = json_array();

    for (unsigned int i = 0; i < runs->nr; i++)
        json_array_append_new(list, one(&runs->run[i]));
    return list;
}

static json_t *level_json(const struct survey *s, unsigned int level)
{
    const struct survey_level *l = &s->level[level];
    /* A saved one has pins, and no place. */
    bool plan = s->state == SURVEY_PLAN;
    bool placed = survey_has_frames(s->state);

    return json_pack(
        "{si sI sI so so sI sI sI sI sI so}", "level", (int)level + 1, "tables",
        (json_int_t)l->tables, "reached", (json_int_t)l->reached, "pinned",
        number(plan ? RUN_NONE : l->pinned), "above_4g",
        number(placed ? l->above_4g : RUN_NONE), "links", (json_int_t)l->links,
        "writable", (json_int_t)l->writable, "read_only",
        (json_int_t)l->read_only, "others", (json_int_t)l->others, "joined",
        (json_int_t)l->runs.joined, "runs", runs_json(&l->runs, tables_json));
}

static json_t *levels_json(const struct survey *s)
{
    json_t *list = json_array();

    for (unsigned int level = s->format->levels; level-- > 0;)
        json_array_append_new(list, level_json(s, level));
    return list;
}

static json_t *frames_json(const struct survey *s)
{
    const struct survey_frames *f = &s->frames;
    json_t *blocks;

    if (!survey_has_frames(s->state))
        return json_null();
    blocks = json_object();
    for (unsigned int i = SURVEY_BLOCKS; i-- > 0;)
        json_object_set_new(blocks, block_names[i],
                            json_integer((json_int_t)f->blocks[i]));
    return json_pack("{sI sI sI so sI sI so}", "total", (json_int_t)f->total,
                     "above_4g", (json_int_t)f->above_4g, "extents",
                     (json_int_t)f->extents, "blocks", blocks, "ram_end_mfn",
                     (json_int_t)f->ram_end, "joined",
                     (json_int_t)f->runs.joined, "runs",
                     runs_json(&f->runs, frames_run_json));
}

static json_t *nodes_json(const struct survey *s)
{
    return s->one_node ? json_pack("[{si sI}]", "node", 0, "pages",
                                   (json_int_t)s->frames.total)
                       : json_null();
}

/* Where the root lies, or is to lie. */
static json_t *root_json(const struct survey *s)
{
    json_t *root;

    if (!s->has_root)
        return json_null();
    root = json_pack("{si so so}", "level", (int)s->format->levels, "pfn",
                     number(s->root_pfn.v), "mfn", number(s->root.v));
    if (survey_has_frames(s->state))
        json_object_set_new(root, "below_4g",
                            json_boolean(survey_is_low(s->root)));
    if (s->width == 32 && s->state != SURVEY_SAVED)
        json_object_set_new(root, "extended_cr3",
                            json_boolean(s->extended_cr3));
    return root;
}

json_t *survey_json(const struct survey *s, const struct survey_of *of)
{
    bool plan = !survey_has_frames(s->state);

    return json_pack(
        "{so* so ss sI so so ss? so so sI sI so so so}", "name",
        domain_name_json(of->name), "id", number(plan ? RUN_NONE : of->domid),
        "type", pv_type(s->width), "pages", (json_int_t)s->pages, "has_run",
        plan ? json_null() : json_boolean(s->state == SURVEY_RUN), "root",
        root_json(s), "p2m", p2m_name(s->p2m), "areas",
        runs_json(&s->areas, area_json), "unmapped",
        runs_json(&s->unmapped, unmapped_json), "grain",
        (json_int_t)s->areas.grain, "joined", (json_int_t)s->areas.joined,
        "levels", levels_json(s), "frames", frames_json(s), "nodes",
        nodes_json(s));
}
