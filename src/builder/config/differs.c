/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/differs.h"

#include <string.h>

static unsigned int count(const struct config *cfg, const char *key)
{
    unsigned int n = 0;

    for (size_t i = 0; i < cfg->n_places; i++)
        n += !strcmp(cfg->places[i].key, key);
    return n;
}

/* As libxlutil has it, whose numbers may be octal or hexadecimal. */
static void warn_of_number(const char *where, const char *key, const char *text)
{
    if (text[0] != '0' || !text[1])
        return;
    if (text[1] == 'x')
        diag_warn("%s: %s: %s is hexadecimal to xl; libvirt would not read the "
                  "file",
                  where, key, text);
    else
        diag_warn("%s: %s: %s is octal to xl; libvirt would take it for "
                  "decimal",
                  where, key, text);
}

static void warn_of_form(const struct config *cfg,
                         const struct config_place *place)
{
    const char *key = place->key;

    if (place->append)
        diag_warn("%s: %s: libvirt would not read a file with +=", place->where,
                  key);
    if (place->remark)
        diag_warn("%s: %s: libvirt would not read a comment in a list",
                  place->where, key);
    if (place != config_last_place(cfg, key))
        return;
    if (count(cfg, key) > 1 && !place->append)
        diag_warn("%s: %s: it is set more than once, and xl takes the last; "
                  "libvirt would take the first",
                  place->where, key);
    if (place->escape)
        diag_warn("%s: %s: a backslash is an escape to xl; libvirt would take "
                  "it as it is",
                  place->where, key);
    if (place->number && !strcmp(key, "tsc_mode"))
        diag_warn("%s: %s: libvirt knows no mode by its number", place->where,
                  key);
    else if (place->number)
        warn_of_number(place->where, key, place->number);
    else if (place->bare && setting_find(&cfg->settings, key))
        diag_warn(
            "%s: %s: libvirt would not read a number without quotes there",
            place->where, key);
}

/* A setting that the file itself has, or NULL. */
static const struct setting *said(const struct config *cfg, const char *key)
{
    const struct setting *s = setting_find(&cfg->settings, key);

    return s && !s->implied ? s : NULL;
}

static void warn_of(const struct config *cfg, const char *key, const char *what)
{
    diag_warn("%s: %s: %s", config_where(cfg, key), key, what);
}

static void warn_of_values(const struct config *cfg)
{
    const struct setting *cpus = said(cfg, "cpus");
    const struct setting *cpuid = said(cfg, "cpuid");

    if (!said(cfg, "memory") && !said(cfg, "vnuma")) {
        if (said(cfg, "maxmem"))
            warn_of(cfg, "maxmem",
                    "the guest begins with all of it; libvirt would begin "
                    "with 128 MiB");
        else
            diag_warn("%s: memory: libvirt's default is 128 MiB", cfg->source);
    }
    if (cpus && (!cpus->text || !strncmp(cpus->text, "all", 3)))
        warn_of(cfg, "cpus",
                cpus->text ? "libvirt would not read \"all\""
                           : "libvirt would not read a list");
    if (cpuid && !cpuid->text)
        warn_of(cfg, "cpuid", "libvirt would not read a list");
    if (said(cfg, "bootloader_args"))
        warn_of(cfg, "bootloader_args",
                "libvirt would take bootargs, and not this");
    if (config_has(cfg, "bootargs"))
        warn_of(cfg, "bootargs",
                "xl does not know it; libvirt would take it for "
                "bootloader_args");
}

void config_warn_of_libvirt(const struct config *cfg)
{
    for (size_t i = 0; i < cfg->n_places; i++)
        warn_of_form(cfg, &cfg->places[i]);
    warn_of_values(cfg);
}
