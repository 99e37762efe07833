/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/svg.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "text.h"

static const char style_of_all[] =
    "text{font:13px system-ui,sans-serif;fill:#222}"
    ".h{font-size:17px;font-weight:600}.s{font-size:12px;fill:#555}"
    ".bg{fill:#fff}.hole{fill:#e9e9e9}.tick{stroke:#888}";
static const char dark_of_all[] = "text{fill:#eee}.s{fill:#aaa}"
                                  ".bg{fill:#16191d}.hole{fill:#2c3138}";

void svg_begin(FILE *out, const char *title, int height, const char *style,
               const char *dark)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
            "width=\"%d\" height=\"%d\">\n<title>",
            SVG_WIDTH, height, SVG_WIDTH, height);
    svg_words(out, title);
    fprintf(out,
            "</title>\n<style>%s%s@media(prefers-color-scheme:dark){%s%s}"
            "</style>\n<rect class=\"bg\" width=\"%d\" height=\"%d\"/>\n",
            style_of_all, style, dark_of_all, dark, SVG_WIDTH, height);
}

void svg_end(FILE *out)
{
    fputs("</svg>\n", out);
}

/* U+FFFE and U+FFFF, the two that are left of those that XML does not have. */
static bool is_no_xml(const char *p)
{
    return !strncmp(p, "\xef\xbf\xbe", 3) || !strncmp(p, "\xef\xbf\xbf", 3);
}

void svg_words(FILE *out, const char *text)
{
    char shown[512];
    const char *p;

    text_escape(shown, sizeof(shown), text);
    for (p = shown; *p; p++)
        if (*p == '<')
            fputs("&lt;", out);
        else if (*p == '>')
            fputs("&gt;", out);
        else if (*p == '&')
            fputs("&amp;", out);
        else if (is_no_xml(p))
            p += 2;
        else
            fputc(*p, out);
}

uint64_t svg_scale_end(uint64_t end)
{
    uint64_t scale = 4 * SVG_GIB;

    while (scale < end)
        scale *= 2;
    return scale;
}

double svg_place(const struct svg_scale *scale, uint64_t at)
{
    return SVG_LEFT + (double)at / (double)scale->end * SVG_BAR;
}

void svg_part(FILE *out, const struct svg_scale *scale, int y, int height,
              uint64_t first, uint64_t end, const char *class)
{
    double x, width;

    if (first >= scale->end)
        return;
    if (end > scale->end)
        end = scale->end;
    x = svg_place(scale, first);
    width = svg_place(scale, end) - x;
    fprintf(out,
            "<rect class=\"%s\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" "
            "height=\"%d\"/>\n",
            class, x, scale->top + y, width < SVG_LEAST ? SVG_LEAST : width,
            height);
}

void svg_ticks(FILE *out, const struct svg_scale *scale)
{
    for (unsigned int i = 0; i <= 4; i++) {
        uint64_t at = scale->end / 4 * i;
        double x = svg_place(scale, at);

        fprintf(out,
                "<path class=\"tick\" d=\"M%.2f %dv6\"/><text class=\"s\" "
                "x=\"%.2f\" y=\"%d\" text-anchor=\"%s\">",
                x, scale->top + 12, x, scale->top + 8,
                i == 0   ? "start"
                : i == 4 ? "end"
                         : "middle");
        if (at % SVG_GIB == 0)
            fprintf(out, "%" PRIu64 " GiB</text>\n", at / SVG_GIB);
        else
            fprintf(out, "%" PRIu64 " MiB</text>\n", at >> 20);
    }
}

void svg_key(FILE *out, int *x, int y, const char *class, const char *words)
{
    fprintf(out,
            "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"13\" height=\"13\"/>"
            "<text class=\"s\" x=\"%d\" y=\"%d\">%s</text>\n",
            class, *x, y - 11, *x + 18, y, words);
    *x += 120;
}
