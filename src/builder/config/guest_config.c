/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/guest_config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pv/boot_abi.h"
#include "text.h"

void config_init(struct config *cfg)
{
    *cfg = (struct config){
        .event_channels = CONFIG_EVENT_CHANNELS,
        .cap = -1,
        .grant_frames = -1,
        .maptrack_frames = -1,
    };
}

void config_dispose(struct config *cfg)
{
    size_t i;

    for (i = 0; i < cfg->n_places; i++) {
        free(cfg->places[i].key);
        free(cfg->places[i].where);
        free(cfg->places[i].number);
    }
    free(cfg->places);
    free(cfg->source);
    free(cfg->text);
    free(cfg->name);
    free(cfg->kernel);
    free(cfg->ramdisk);
    free(cfg->cmdline);
    free(cfg->cpus);
    free(cfg->soft);
    free(cfg->pool);
    free(cfg->migration);
    free(cfg->vnuma);
    setting_dispose(&cfg->settings);
    config_init(cfg);
}

/* ---- where things stand ---- */

int config_add_place(struct config *cfg, const char *key, size_t key_len,
                     const char *where)
{
    struct config_place place = {.key = strndup(key, key_len),
                                 .where = strdup(where)};
    struct config_place *places =
        realloc(cfg->places, (cfg->n_places + 1) * sizeof(*places));

    if (places)
        cfg->places = places;
    if (!places || !place.key || !place.where) {
        free(place.key);
        free(place.where);
        return -ENOMEM;
    }
    cfg->places[cfg->n_places++] = place;
    return 0;
}

/* The last setting counts.  NULL: there is none. */
static struct config_place *find_place(const struct config *cfg,
                                       const char *key)
{
    size_t i = cfg->n_places;

    while (i--)
        if (!strcmp(cfg->places[i].key, key))
            return &cfg->places[i];
    return NULL;
}

const struct config_place *config_last_place(const struct config *cfg,
                                             const char *key)
{
    return find_place(cfg, key);
}

const char *config_where(const struct config *cfg, const char *key)
{
    const struct config_place *place = find_place(cfg, key);

    return place ? place->where : cfg->source;
}

bool config_has(const struct config *cfg, const char *key)
{
    return find_place(cfg, key) != NULL;
}

bool config_is_for_xl(const struct config *cfg, const char *key)
{
    const struct config_place *place = find_place(cfg, key);

    return place && place->for_xl;
}

bool config_is_other(const struct config *cfg)
{
    return config_is_for_xl(cfg, "type") || config_is_for_xl(cfg, "builder");
}

bool config_has_kernel(const struct config *cfg)
{
    return cfg->kernel && *cfg->kernel;
}

void config_leave_to_xl(struct config *cfg, const char *key)
{
    find_place(cfg, key)->for_xl = true;
    cfg->needs_xl = true;
}

uint64_t config_shadow_kib(const struct config *cfg)
{
    bool told = config_has(cfg, "vcpus") || config_has(cfg, "maxvcpus");

    return 4 * (256 * (uint64_t)(told ? cfg->maxvcpus : 0) + cfg->maxmem);
}

int config_refuse_xl(const struct config *cfg, struct diag *dg)
{
    int rc = 0;
    size_t i;

    for (i = 0; i < cfg->n_places; i++) {
        const struct config_place *place = &cfg->places[i];

        if (!place->for_xl)
            continue;
        rc = diag_fail(dg, DW_CONFIG, -EOPNOTSUPP,
                       "%s: %s: not supported; use "
                       "\"domwright xl create %s\"",
                       place->where, place->key, cfg->source);
        diag_next(dg);
    }
    return rc;
}

int config_fail(const struct config *cfg, struct diag *dg, int code, int rc,
                const char *key, const char *fmt, ...)
{
    char what[sizeof(dg->line[0])];
    va_list al;

    va_start(al, fmt);
    vsnprintf(what, sizeof(what), fmt, al);
    va_end(al);
    return diag_fail(dg, code, rc, "%s: %s: %s", config_where(cfg, key), key,
                     what);
}

/* ---- do the values make a guest? ---- */

struct check {
    const struct config *cfg;
    struct diag *dg;
    int rc;
};

/* Each refusal has its line, and the check goes on. */
static void refuse(struct check *c, int rc)
{
    c->rc = rc;
    diag_next(c->dg);
}

#define REFUSE(c, key, ...)                                                    \
    refuse(c, config_fail((c)->cfg, (c)->dg, DW_CONFIG, -EINVAL, key,          \
                          __VA_ARGS__))

static void missing(struct check *c, const char *key)
{
    refuse(c, diag_fail(c->dg, DW_CONFIG, -EINVAL, "%s: %s is missing",
                        c->cfg->source, key));
}

/* Names are values in xenstore, file names of logs and words on a terminal. */
const char *config_bad_name(const char *name)
{
    const char *p;
    bool number = true;

    if (!*name)
        return "is empty";
    if (strlen(name) > CONFIG_MAX_NAME)
        return "is longer than 255 characters";
    if (!text_is_utf8(name))
        return "is not UTF-8";
    if (text_has_control(name))
        return "has a control character in it";
    for (p = name; *p; p++) {
        if (*p == '/')
            return "has a slash in it";
        if (!isdigit((unsigned char)*p))
            number = false;
    }
    return number ? "is a number, and would be taken for a domain's ID" : NULL;
}

static void check_name(struct check *c)
{
    const char *wrong;

    if (!c->cfg->name) {
        missing(c, "name");
        return;
    }
    wrong = config_bad_name(c->cfg->name);
    if (wrong)
        REFUSE(c, "name", "it %s", wrong);
}

/* The key that it was made of, or most of it. */
static const char *cmdline_key(const struct config *cfg)
{
    if (config_has(cfg, "cmdline"))
        return "cmdline";
    return config_has(cfg, "extra") ? "extra" : "root";
}

/* Like the name, they go into xenstore or JSON, which take nothing else. */
static void check_text(struct check *c)
{
    const struct config *cfg = c->cfg;
    const struct {
        const char *key, *value;
    } strings[] = {
        {"kernel", cfg->kernel},
        {"ramdisk", cfg->ramdisk},
        {cmdline_key(cfg), cfg->cmdline},
    };
    size_t i;

    for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        if (strings[i].value && !text_is_utf8(strings[i].value))
            REFUSE(c, strings[i].key, "it is not UTF-8");
}

/* A bootloader finds one, and so does firmware; other guests need none. */
static void check_kernel(struct check *c)
{
    const struct config *cfg = c->cfg;

    if (!config_has_kernel(cfg) && !config_is_other(cfg) &&
        !config_is_for_xl(cfg, "bootloader") &&
        !config_is_for_xl(cfg, "firmware"))
        missing(c, "kernel");
}

static void check_memory(struct check *c)
{
    const struct config *cfg = c->cfg;

    const char *key = config_has(cfg, "memory")   ? "memory"
                      : config_has(cfg, "maxmem") ? "maxmem"
                                                  : "vnuma";

    if (!cfg->vnuma && !config_has(cfg, "memory") && !config_has(cfg, "maxmem"))
        return;
    if (!cfg->memory || cfg->memory > CONFIG_MAX_MIB)
        REFUSE(c, key, "%lu MiB; a guest has 1 to %lu", cfg->memory,
               CONFIG_MAX_MIB);
    else if (cfg->maxmem < cfg->memory)
        REFUSE(c, "maxmem", "%lu MiB is less than memory, %lu MiB", cfg->maxmem,
               cfg->memory);
    else if (cfg->maxmem > CONFIG_MAX_MIB)
        REFUSE(c, "maxmem", "%lu MiB; a guest has 1 to %lu", cfg->maxmem,
               CONFIG_MAX_MIB);
}

static void check_vcpus(struct check *c)
{
    const struct config *cfg = c->cfg;

    if (!cfg->vcpus || cfg->vcpus > CONFIG_MAX_VCPUS)
        REFUSE(c, "vcpus", "%lu; a PV guest has 1 to %d", cfg->vcpus,
               CONFIG_MAX_VCPUS);
    else if (cfg->maxvcpus < cfg->vcpus || cfg->maxvcpus > CONFIG_MAX_VCPUS)
        REFUSE(c, "maxvcpus", "%lu; it must be %lu to %d", cfg->maxvcpus,
               cfg->vcpus, CONFIG_MAX_VCPUS);
}

/* As libxl has it; Xen counts the vCPUs as well. */
static void check_cap(struct check *c)
{
    const struct config *cfg = c->cfg;
    long most = CONFIG_MAX_CAP;

    if (cfg->maxvcpus < CONFIG_MAX_CAP / 100)
        most = 100 * (long)cfg->maxvcpus;
    if (cfg->cap > most)
        REFUSE(c, "cap", "%ld; it is 100 for each of %lu vCPUs at most, %ld",
               cfg->cap, cfg->maxvcpus, most);
}

static void check_event_channels(struct check *c)
{
    unsigned long last = c->cfg->event_channels;

    if (last < CONFIG_MIN_EVENT_CHANNELS || last > INT_MAX)
        REFUSE(c, "max_event_channels", "%lu; a guest has %d to %d", last,
               CONFIG_MIN_EVENT_CHANNELS, INT_MAX);
}

/* Stock libxl "does not support" it for PV guests, with our builder or not. */
static void check_vnuma(struct check *c)
{
    const struct config *cfg = c->cfg;

    for (size_t i = 0; cfg->vnuma && i < cfg->n_places; i++)
        if (cfg->places[i].for_xl) {
            REFUSE(c, "vnuma",
                   "xl, to which %s is left, has it for HVM guests only",
                   cfg->places[i].key);
            break;
        }
}

static void check_cmdline(struct check *c)
{
    size_t len = c->cfg->cmdline ? strlen(c->cfg->cmdline) : 0;

    if (len >= PV_CMDLINE_MAX && !config_is_other(c->cfg))
        REFUSE(c, cmdline_key(c->cfg),
               "the kernel's command line has %zu bytes; Xen passes on %d at "
               "most",
               len, PV_CMDLINE_MAX - 1);
}

int config_check(struct config *cfg, struct diag *dg)
{
    struct check c = {.cfg = cfg, .dg = dg};
    int rc;

    check_name(&c);
    check_kernel(&c);
    check_memory(&c);
    check_vcpus(&c);
    check_cap(&c);
    check_event_channels(&c);
    check_vnuma(&c);
    check_cmdline(&c);
    check_text(&c);
    if (c.rc || cfg->uuid_given)
        return c.rc;
    rc = uuid_random(cfg->uuid);
    return rc ? diag_fail(dg, DW_FAILED, rc, "making a UUID: %s", strerror(-rc))
              : 0;
}

static int make_absolute(char **path)
{
    char here[PATH_MAX], *full;

    if (!*path || !**path || **path == '/')
        return 0;
    if (!getcwd(here, sizeof(here)))
        return -errno;
    if (asprintf(&full, "%s/%s", here, *path) < 0)
        return -ENOMEM;
    free(*path);
    *path = full;
    return 0;
}

int config_make_absolute(struct config *cfg)
{
    int rc = make_absolute(&cfg->kernel);

    return rc ? rc : make_absolute(&cfg->ramdisk);
}
