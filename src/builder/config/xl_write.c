/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/xl_write.h"

#include <errno.h>
#include <string.h>

#include "text.h"

/* Those that xl's scanner has an escape for, and reads as it says. */
static const char escaped[] = "\a\b\f\n\r\t\v\"\\";
static const char escapes[] = "abfnrtv\"\\";

static void put_text(FILE *to, const char *text)
{
    const char *e;

    for (; *text; text++) {
        e = strchr(escaped, *text);
        if (e)
            fprintf(to, "\\%c", escapes[e - escaped]);
        else
            fputc(*text, to);
    }
}

/* Has it a character that xl's syntax has no way to write? */
static bool is_writable(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < ' ' || *text == 0x7f) &&
            !strchr(escaped, *text))
            return false;
    return true;
}

static bool is_good(const struct setting *s)
{
    if (s->text && !is_writable(s->text))
        return false;
    for (unsigned int i = 0; i < s->n; i++)
        if (!is_good(&s->item[i]))
            return false;
    return true;
}

static void put_part(FILE *to, const struct setting *s, const char *comma)
{
    fputs(comma, to);
    put_text(to, s->name);
    if (s->text) {
        fputc('=', to);
        put_text(to, s->text);
    }
}

/* One string; the address of a PCI device stands at its beginning. */
static void put_device(FILE *to, const struct setting *device)
{
    const char *bdf = setting_text(device, "bdf");
    const char *slot = bdf ? setting_text(device, "vslot") : NULL;
    const char *comma = bdf ? "," : "";

    fputc('"', to);
    if (bdf)
        put_text(to, bdf);
    if (slot) {
        fputc('@', to);
        put_text(to, slot);
    }
    for (unsigned int i = 0; i < device->n; i++) {
        const struct setting *s = &device->item[i];

        if (s->implied || (bdf && s->text == bdf) || (slot && s->text == slot))
            continue;
        put_part(to, s, comma);
        comma = ",";
    }
    fputc('"', to);
}

/* A virtual node is a list of strings. */
static void put_node(FILE *to, const struct setting *node)
{
    fputs("[ ", to);
    for (unsigned int i = 0; i < node->n; i++) {
        fputs(i ? ", \"" : "\"", to);
        put_part(to, &node->item[i], "");
        fputc('"', to);
    }
    fputs(node->n ? " ]" : "]", to);
}

static void put_value(FILE *to, const struct setting *s, bool nodes)
{
    switch (s->kind) {
    case SETTING_NUMBER:
        /* A number has no sign in xl's syntax, and a string may be one. */
        if (*s->text != '-') {
            fputs(s->text, to);
            break;
        }
        /* fall through */
    case SETTING_TEXT:
        fputc('"', to);
        put_text(to, s->text);
        fputc('"', to);
        break;
    case SETTING_PARTS:
        if (nodes)
            put_node(to, s);
        else
            put_device(to, s);
        break;
    case SETTING_LIST:
        fputs("[ ", to);
        for (unsigned int i = 0; i < s->n; i++) {
            fputs(i ? ", " : "", to);
            put_value(to, &s->item[i], nodes);
        }
        fputs(s->n ? " ]" : "]", to);
        break;
    case SETTING_FLAG:
        break;
    }
}

int config_write_xl(const struct config *cfg, FILE *to, struct diag *dg)
{
    const struct setting *all = &cfg->settings;
    int rc = 0;

    for (unsigned int i = 0; i < all->n; i++)
        if (!is_good(&all->item[i])) {
            rc = config_fail(cfg, dg, DW_CONFIG, -EINVAL, all->item[i].name,
                             "xl has no way to write a character in it");
            diag_next(dg);
        }
    for (unsigned int i = 0; !rc && i < all->n; i++) {
        const struct setting *s = &all->item[i];

        if (s->implied)
            continue;
        fprintf(to, "%s = ", s->name);
        put_value(to, s, !strcmp(s->name, "vnuma"));
        fputc('\n', to);
    }
    return rc;
}
