/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memmap/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What stands for what, in the order in which it is tried. */
static const struct substitute {
    const char *from, *to;
    bool quoted; /* in quoted-printable text only */
} substitutes[] = {
    {"&gt;", ">", false},         {"&lt;", "<", false},
    {"&amp;", "&", false},        {"&nbsp;", " ", false},
    {"&#160;", " ", false},       {"&quot;", "\"", false},
    {"&#39;", "'", false},        {"&ndash;", "-", false},
    {"&#8211;", "-", false},      {"<br>", " ", false},
    {"<br/>", " ", false},        {"<br />", " ", false},
    {"<BR>", " ", false},         {"\xc2\xa0", " ", false},
    {"\xe2\x80\x93", "-", false}, /* en dash */
    {"\xef\xbb\xbf", "", false},  /* byte order mark */
    {"=3D", "=", true},           {"=20", " ", true},
    {"=09", " ", true},           {"=C2=A0", " ", true},
    {"=A0", " ", true},           {"=2E", ".", true},
};

#define N_SUBSTITUTES (sizeof(substitutes) / sizeof(substitutes[0]))

void lines_begin(struct lines *lines, const char *paste, size_t size)
{
    *lines = (struct lines){.p = paste, .end = paste + size, .next = 1};
    /* It writes every "=" so, so that "size=20" is none of it elsewhere. */
    lines->quoted =
        memmem(paste, size, "=3D", 3) || memmem(paste, size, "=C2=A0", 6);
}

void lines_dispose(struct lines *lines)
{
    free(lines->text);
    lines->text = NULL;
}

/* dmesg's colours, ECMA-48's SGR. */
static size_t colour(const char *p, const char *end)
{
    const char *q = p + 2;

    if (end - p < 3 || p[0] != '\x1b' || p[1] != '[')
        return 0;
    while (q < end && ((*q >= '0' && *q <= '9') || *q == ';'))
        q++;
    return q < end && *q == 'm' ? (size_t)(q + 1 - p) : 0;
}

/* How much of [p, end) stands for something else, which is put into *to. */
static size_t substitute(const struct lines *lines, const char *p,
                         const char *end, const char **to)
{
    size_t i, len;

    *to = "";
    if (*p == '\x1b')
        return colour(p, end);
    if (*p != '&' && *p != '<' && *p != '=' && (unsigned char)*p < 0x80)
        return 0;
    for (i = 0; i < N_SUBSTITUTES; i++) {
        len = strlen(substitutes[i].from);
        if ((size_t)(end - p) < len || memcmp(p, substitutes[i].from, len) ||
            (substitutes[i].quoted && !lines->quoted))
            continue;
        *to = substitutes[i].to;
        return len;
    }
    return 0;
}

static int grow(struct lines *lines, size_t more)
{
    size_t room = lines->len + more + 1;
    char *text;

    if (room <= lines->room)
        return 0;
    room *= 2;
    text = realloc(lines->text, room);
    if (!text)
        return -ENOMEM;
    lines->text = text;
    lines->room = room;
    return 0;
}

/* The result is never longer: there is room. */
static void add_part(struct lines *lines, const char *p, const char *end)
{
    const char *to;

    while (p < end) {
        size_t n = substitute(lines, p, end, &to);

        if (n) {
            memcpy(lines->text + lines->len, to, strlen(to));
            lines->len += strlen(to);
            p += n;
        } else {
            lines->text[lines->len++] = *p++;
        }
    }
    lines->text[lines->len] = '\0';
}

/* A "=" at the end of a line that is not drawn with them. */
static bool is_soft_break(const char *p, const char *end)
{
    return end - p > 1 && end[-1] == '=' && end[-2] != '=';
}

int lines_next(struct lines *lines)
{
    bool more = true;
    int rc;

    if (lines->p == lines->end)
        return 0;
    lines->nr = lines->next;
    lines->len = 0;
    lines->joined = false;
    while (more && lines->p < lines->end) {
        const char *p = lines->p, *end;

        end = memchr(p, '\n', (size_t)(lines->end - p));
        lines->p = end ? end + 1 : lines->end;
        if (!end)
            end = lines->end;
        lines->next++;
        while (end > p && end[-1] == '\r')
            end--;
        more = is_soft_break(p, end);
        lines->joined = lines->joined || more;
        rc = grow(lines, (size_t)(end - p));
        if (rc)
            return rc;
        add_part(lines, p, more ? end - 1 : end);
    }
    return 1;
}
