/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "regress/report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *const names[] = {
    [CELL_PASSED] = "passed",
    [CELL_FAILED] = "failed",
    [CELL_SKIPPED] = "skipped",
};

const char *outcome_name(enum outcome outcome)
{
    return names[outcome];
}

static json_t *cells_of(json_t *report)
{
    return json_object_get(report, "cells");
}

static const char *text_of(json_t *cell, const char *member)
{
    const char *text = json_string_value(json_object_get(cell, member));

    return text ? text : "";
}

static bool has(json_t *cell, enum outcome outcome)
{
    return !strcmp(text_of(cell, "outcome"), names[outcome]);
}

static double seconds_of(json_t *cell)
{
    return json_number_value(json_object_get(cell, "seconds"));
}

/* ---- as facts ---- */

json_t *report_new(uint64_t seed)
{
    return json_pack("{sI so}", "seed", (json_int_t)seed, "cells",
                     json_array());
}

static json_t *lines_of(const char *text)
{
    json_t *lines = json_array(), *line;
    size_t len;

    for (; *text; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        line = json_stringn(text, len);
        json_array_append_new(lines, line ? line : json_string("(no UTF-8)"));
    }
    return lines;
}

int report_add(json_t *report, const char *name, const struct result *result,
               const char *repeat)
{
    json_t *cell = json_pack("{ss ss sf so}", "name", name, "outcome",
                             names[result->outcome], "seconds", result->seconds,
                             "what", lines_of(result->what));

    if (cell && result->outcome == CELL_FAILED)
        json_object_set_new(cell, "repeat", json_string(repeat));
    return json_array_append_new(cells_of(report), cell) ? -ENOMEM : 0;
}

static bool is_cell(json_t *cell)
{
    json_t *what = json_object_get(cell, "what"), *line;
    size_t i;

    json_array_foreach(what, i, line) if (!json_is_string(line)) return false;
    return *text_of(cell, "name") && json_is_array(what) &&
           json_is_number(json_object_get(cell, "seconds")) &&
           (has(cell, CELL_PASSED) || has(cell, CELL_FAILED) ||
            has(cell, CELL_SKIPPED));
}

static int add_cell(json_t *cells, json_t *cell)
{
    json_t *old;
    size_t i;

    json_array_foreach(
        cells, i, old) if (!strcmp(text_of(old, "name"), text_of(cell, "name")))
    {
        if (has(old, CELL_FAILED) || has(cell, CELL_SKIPPED))
            return 0;
        return json_array_set(cells, i, cell) ? -ENOMEM : 0;
    }
    return json_array_append(cells, cell) ? -ENOMEM : 0;
}

int report_merge(json_t *report, json_t *other)
{
    json_t *cell, *seed = json_object_get(other, "seed");
    size_t i;
    int rc = 0;

    if (!json_is_array(cells_of(other)) || !json_is_integer(seed))
        return -EINVAL;
    if (!json_array_size(cells_of(report)))
        json_object_set(report, "seed", seed);
    else if (!json_equal(seed, json_object_get(report, "seed")))
        return -EXDEV;
    json_array_foreach(cells_of(other), i, cell)
    {
        if (!rc)
            rc = is_cell(cell) ? add_cell(cells_of(report), cell) : -EINVAL;
    }
    return rc;
}

unsigned int report_count(json_t *report, enum outcome outcome)
{
    unsigned int n = 0;
    json_t *cell;
    size_t i;

    json_array_foreach(cells_of(report), i, cell) n += has(cell, outcome);
    return n;
}

/* ---- for people ---- */

static void print_lines(json_t *cell, const char *before, FILE *out)
{
    json_t *line;
    size_t i;

    json_array_foreach(json_object_get(cell, "what"), i, line)
        fprintf(out, "%s%s\n", before, json_string_value(line));
}

void report_text(json_t *report, FILE *out)
{
    json_t *cell;
    size_t i;

    json_array_foreach(cells_of(report), i, cell)
    {
        if (!has(cell, CELL_FAILED))
            continue;
        fprintf(out, "%s: failed\n", text_of(cell, "name"));
        print_lines(cell, "  ", out);
        fprintf(out, "  alone: %s\n", text_of(cell, "repeat"));
    }
    fprintf(out, "%u passed, %u failed, %u skipped\n",
            report_count(report, CELL_PASSED),
            report_count(report, CELL_FAILED),
            report_count(report, CELL_SKIPPED));
}

/* ---- TAP, version 13 ---- */

void report_tap(json_t *report, FILE *out)
{
    json_t *cell, *what;
    size_t i;

    fprintf(out, "TAP version 13\n1..%zu\n", json_array_size(cells_of(report)));
    json_array_foreach(cells_of(report), i, cell)
    {
        what = json_array_get(json_object_get(cell, "what"), 0);
        fprintf(out, "%sok %zu - %s%s%s\n",
                has(cell, CELL_FAILED) ? "not " : "", i + 1,
                text_of(cell, "name"),
                has(cell, CELL_SKIPPED) ? " # SKIP " : "",
                has(cell, CELL_SKIPPED) && what ? json_string_value(what) : "");
        if (!has(cell, CELL_FAILED))
            continue;
        print_lines(cell, "# ", out);
        fprintf(out, "# alone: %s\n", text_of(cell, "repeat"));
    }
}

/* ---- JUnit's XML, as CI systems read it ---- */

static void print_xml(const char *text, FILE *out)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            /* XML 1.0, 2.2: other control characters are none of its own. */
            fputc((unsigned char)*text < ' ' && *text != '\n' && *text != '\t'
                      ? '?'
                      : *text,
                  out);
        }
}

static void print_xml_lines(json_t *cell, FILE *out)
{
    json_t *line;
    size_t i;

    json_array_foreach(json_object_get(cell, "what"), i, line)
    {
        print_xml(json_string_value(line), out);
        fputc('\n', out);
    }
}

static void print_case(json_t *cell, FILE *out)
{
    fputs("  <testcase classname=\"domwright.regress\" name=\"", out);
    print_xml(text_of(cell, "name"), out);
    fprintf(out, "\" time=\"%.3f\"", seconds_of(cell));
    if (has(cell, CELL_PASSED)) {
        fputs("/>\n", out);
        return;
    }
    fputs(has(cell, CELL_FAILED) ? "><failure>" : "><skipped>", out);
    print_xml_lines(cell, out);
    if (has(cell, CELL_FAILED)) {
        fputs("alone: ", out);
        print_xml(text_of(cell, "repeat"), out);
    }
    fputs(has(cell, CELL_FAILED) ? "</failure>" : "</skipped>", out);
    fputs("</testcase>\n", out);
}

void report_junit(json_t *report, FILE *out)
{
    double seconds = 0;
    json_t *cell;
    size_t i;

    json_array_foreach(cells_of(report), i, cell) seconds += seconds_of(cell);
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"domwright regress\" tests=\"%zu\" "
            "failures=\"%u\" skipped=\"%u\" errors=\"0\" time=\"%.3f\">\n",
            json_array_size(cells_of(report)),
            report_count(report, CELL_FAILED),
            report_count(report, CELL_SKIPPED), seconds);
    json_array_foreach(cells_of(report), i, cell) print_case(cell, out);
    fputs("</testsuite>\n", out);
}
