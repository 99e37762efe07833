/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/xl.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/keys.h"
#include "config/normal.h"
#include "config/xl_text.h"

struct reader {
    struct config *cfg;
    struct diag *dg;
    XLU_Config *xlu;
    bool other; /* a guest that is none of PV */
    int rc;     /* of what was refused so far; reading goes on */
};

static void out_of_memory(struct reader *rd)
{
    rd->rc = diag_fail(rd->dg, DW_FAILED, -ENOMEM, "out of memory");
}

static void __attribute__((format(printf, 3, 4)))
refuse(struct reader *rd, const char *key, const char *fmt, ...)
{
    char what[256];
    va_list al;

    va_start(al, fmt);
    vsnprintf(what, sizeof(what), fmt, al);
    va_end(al);
    rd->rc = config_fail(rd->cfg, rd->dg, DW_CONFIG, -EINVAL, key, "%s", what);
    diag_next(rd->dg);
}

/* ---- values ---- */

/* *value is a copy, or stays as it was where the key is absent. */
static void get_string(struct reader *rd, const char *name, char **value)
{
    switch (xlu_cfg_replace_string(rd->xlu, name, value, 1)) {
    case 0:
        if (!*value)
            out_of_memory(rd);
        break;
    case ESRCH:
        break;
    default:
        refuse(rd, name, "a single value is wanted, not a list");
    }
}

static bool is_size(const char *name)
{
    return !strcmp(name, "memory") || !strcmp(name, "maxmem");
}

/* Why libxlutil takes it for none. */
static void refuse_number(struct reader *rd, const char *name)
{
    const char *text;
    char *end;
    size_t digits;

    if (xlu_cfg_get_string(rd->xlu, name, &text, 1)) {
        refuse(rd, name, "a single number is wanted, not a list");
        return;
    }
    digits = strspn(text, "0123456789");
    if (strtol(text, &end, 0) >= 0 && end != text && !*end)
        refuse(rd, name, "+= is for strings and lists, not for numbers");
    else if (digits && !text[digits])
        refuse(rd, name, "a number that begins with 0 is octal");
    else if (digits && is_size(name))
        refuse(rd, name, "a number of MiB is wanted, without a unit");
    else
        refuse(rd, name, "a number from 0 up is wanted");
}

static void get_number(struct reader *rd, const char *name,
                       unsigned long *value)
{
    long number;

    switch (xlu_cfg_get_bounded_long(rd->xlu, name, 0, LONG_MAX, &number, 1)) {
    case 0:
        *value = (unsigned long)number;
        break;
    case ESRCH:
        break;
    case ERANGE:
        refuse(rd, name, "the number is too large");
        break;
    default:
        refuse_number(rd, name);
    }
}

static void get_uuid(struct reader *rd)
{
    const char *text;

    switch (xlu_cfg_get_string(rd->xlu, "uuid", &text, 1)) {
    case ESRCH:
        break;
    case 0:
        rd->cfg->uuid_given = uuid_parse(text, rd->cfg->uuid);
        if (rd->cfg->uuid_given)
            break;
        /* fall through */
    default:
        refuse(rd, "uuid", "it is not a UUID");
    }
}

/* The index of the key's word among `types`; 0 where the key is absent. */
static int read_type(struct reader *rd, const char *key,
                     const char *const *types)
{
    const char *type;
    int i, err = xlu_cfg_get_string(rd->xlu, key, &type, 1);

    if (err == ESRCH)
        return 0;
    for (i = 1; !err && types[i]; i++)
        if (!strcmp(type, types[i]))
            return i;
    refuse(rd, key, "it is no type of guest; a PV guest has type = \"pv\"");
    return 0;
}

/* type, and its older spelling builder, which has no word for PVH. */
static void get_type(struct reader *rd)
{
    static const char *const types[] = {"", "pv", "hvm", "pvh", NULL};
    static const char *const builders[] = {"", "generic", "hvm", NULL};
    int type = read_type(rd, "type", types);
    int builder = read_type(rd, "builder", builders);

    if (type && builder && type != builder)
        refuse(rd, "builder", "it contradicts type = \"%s\"", types[type]);
    if (type > 1)
        config_leave_to_xl(rd->cfg, "type");
    if (builder > 1)
        config_leave_to_xl(rd->cfg, "builder");
    rd->other = type > 1 || builder > 1;
}

/* root and extra, joined as xl does. */
static void join_cmdline(struct reader *rd, char *root, char *extra)
{
    char *joined;

    if (asprintf(&joined, "root=%s%s%s", root, extra ? " " : "",
                 extra ? extra : "") < 0)
        out_of_memory(rd);
    else
        rd->cfg->cmdline = joined;
}

/* cmdline, or else root and extra. */
static void get_cmdline(struct reader *rd)
{
    struct config *cfg = rd->cfg;
    char *root = NULL, *extra = NULL;

    get_string(rd, "cmdline", &cfg->cmdline);
    get_string(rd, "root", &root);
    get_string(rd, "extra", &extra);
    if (cfg->cmdline) {
        if (root || extra)
            diag_warn("%s: root and extra are ignored beside cmdline",
                      cfg->source);
    } else if (root) {
        join_cmdline(rd, root, extra);
    } else {
        cfg->cmdline = extra;
        extra = NULL;
    }
    free(root);
    free(extra);
}

static void get_cpulist(struct reader *rd, const char *key, const char *text,
                        struct cpulist *list)
{
    switch (text ? cpulist_parse(text, list) : -EINVAL) {
    case 0:
        break;
    case -EOPNOTSUPP:
        config_leave_to_xl(rd->cfg, key);
        break;
    case -ENODATA:
        refuse(rd, key, "no CPU is left in \"%s\"%s", text,
               *text == '^' ? "; \"all\" goes before what is taken away" : "");
        break;
    case -ERANGE:
        refuse(rd, key, "no host has such a CPU number");
        break;
    default:
        refuse(rd, key, "it is not a list like \"0-3,^2\"");
    }
}

/*
 * One list for all vCPUs, or a list of lists, one for each from vCPU 0 on.  *n
 * is how many vCPUs there is a list for.  Was it a list of lists?
 */
static bool get_cpus(struct reader *rd, const char *key, struct cpulist **lists,
                     unsigned long *n)
{
    struct config *cfg = rd->cfg;
    XLU_ConfigList *items = NULL;
    const char *text = NULL;
    unsigned long i, most;
    int n_items = 0;

    if (xlu_cfg_get_string(rd->xlu, key, &text, 1) == ESRCH)
        return false;
    if (!text)
        xlu_cfg_get_list(rd->xlu, key, &items, &n_items, 1);
    /* As in xl, more lists than vCPUs do no harm; more vCPUs are refused. */
    most = cfg->maxvcpus > CONFIG_MAX_VCPUS ? 0 : cfg->maxvcpus;
    *n = text || (unsigned long)n_items > most ? most : (unsigned long)n_items;
    *lists = *n ? calloc(*n, sizeof(**lists)) : NULL;
    if (!*lists) {
        if (*n)
            out_of_memory(rd);
        *n = 0;
        return !text;
    }
    if (text)
        get_cpulist(rd, key, text, &(*lists)[0]);
    for (i = 0; text && i < *n; i++)
        (*lists)[i] = (*lists)[0];
    for (i = 0; !text && i < *n; i++)
        get_cpulist(rd, key, xlu_cfg_get_listitem(items, (int)i), &(*lists)[i]);
    return !text;
}

/* Does the value of a key ask for nothing? */
static bool is_neutral(const struct reader *rd, const char *name,
                       const char *neutral)
{
    const char *text;
    int n;

    if (!xlu_cfg_get_list(rd->xlu, name, NULL, &n, 1))
        return !n;
    if (xlu_cfg_get_string(rd->xlu, name, &text, 1))
        return false;
    return config_key_has(neutral, text, strncmp);
}

/* One node of the guest's: a list of words.  Is it one? */
static bool get_node(struct reader *rd, struct vnuma *v, unsigned int node,
                     XLU_ConfigValue *value)
{
    char why[VNUMA_WHY], *word;
    XLU_ConfigList *words;
    XLU_ConfigValue *item;
    bool ok = true;

    if (xlu_cfg_value_get_list(rd->xlu, value, &words, 1)) {
        refuse(rd, "vnuma", "node %u: a list of words is wanted", node);
        return false;
    }
    for (int i = 0; ok && (item = xlu_cfg_get_listitem2(words, i)); i++) {
        if (xlu_cfg_value_get_string(rd->xlu, item, &word, 1))
            snprintf(why, sizeof(why), "node %u: a word is wanted, not a list",
                     node);
        else if (!vnuma_set(v, node, word, why))
            continue;
        refuse(rd, "vnuma", "%s", why);
        ok = false;
    }
    return ok;
}

/* NULL: what is wrong is told. */
static struct vnuma *read_nodes(struct reader *rd, XLU_ConfigList *nodes,
                                unsigned int n)
{
    struct vnuma *v = vnuma_new(n);
    char why[VNUMA_WHY];
    bool ok = true;

    if (!v) {
        out_of_memory(rd);
        return NULL;
    }
    for (unsigned int i = 0; i < n; i++)
        ok &= get_node(rd, v, i, xlu_cfg_get_listitem2(nodes, (int)i));
    if (ok && !vnuma_check(v, why))
        return v;
    if (ok)
        refuse(rd, "vnuma", "%s", why);
    free(v);
    return NULL;
}

/* Of other guests' xl sees to them. */
static void get_vnuma(struct reader *rd)
{
    XLU_ConfigList *nodes;
    int n;

    if (rd->other || !config_has(rd->cfg, "vnuma") ||
        is_neutral(rd, "vnuma", "|0"))
        return;
    if (xlu_cfg_get_list(rd->xlu, "vnuma", &nodes, &n, 1) ||
        n > VNUMA_MAX_NODES)
        refuse(rd, "vnuma", "a list of 1 to %d nodes is wanted",
               VNUMA_MAX_NODES);
    else
        rd->cfg->vnuma = read_nodes(rd, nodes, (unsigned int)n);
}

/* What is said beside vnuma has to agree with it. */
static void check_sum(struct reader *rd, const char *key, unsigned long value,
                      unsigned long sum, const char *what)
{
    if (config_has(rd->cfg, key) && value != sum)
        refuse(rd, key, "%lu; the nodes of vnuma have %lu %s in all", value,
               sum, what);
}

static void get_sizes_of_nodes(struct reader *rd)
{
    struct config *cfg = rd->cfg;
    unsigned long sum = vnuma_mib(cfg->vnuma);

    cfg->memory = cfg->maxmem = sum;
    get_number(rd, "memory", &cfg->memory);
    check_sum(rd, "memory", cfg->memory, sum, "MiB");
    get_number(rd, "maxmem", &cfg->maxmem);
    check_sum(rd, "maxmem", cfg->maxmem, sum, "MiB");
}

/*
 * As in xl, either size stands for the other one, where that is absent; the
 * nodes of vnuma have sizes of their own.
 */
static void get_sizes(struct reader *rd)
{
    struct config *cfg = rd->cfg;
    bool any = config_has(cfg, "memory") || config_has(cfg, "maxmem") ||
               (config_has(cfg, "vnuma") && !is_neutral(rd, "vnuma", "|0"));

    if (cfg->vnuma) {
        get_sizes_of_nodes(rd);
        return;
    }
    if (!any) {
        diag_warn("%s: memory is missing; the guest gets libxl's default of %d "
                  "MiB",
                  cfg->source, CONFIG_DEFAULT_MIB);
        cfg->memory = CONFIG_DEFAULT_MIB;
    }
    get_number(rd, "memory", &cfg->memory);
    cfg->maxmem = cfg->memory;
    get_number(rd, "maxmem", &cfg->maxmem);
    if (!config_has(cfg, "memory"))
        cfg->memory = cfg->maxmem;
}

static void get_vcpus(struct reader *rd)
{
    struct config *cfg = rd->cfg;

    cfg->vcpus = 1;
    get_number(rd, "vcpus", &cfg->vcpus);
    cfg->maxvcpus = cfg->vnuma ? cfg->vnuma->n_vcpus : cfg->vcpus;
    get_number(rd, "maxvcpus", &cfg->maxvcpus);
    if (cfg->vnuma)
        check_sum(rd, "maxvcpus", cfg->maxvcpus, cfg->vnuma->n_vcpus, "vCPUs");
}

/* Is there a value that asks for something? */
static bool is_asked(const struct reader *rd, const char *name)
{
    return config_has(rd->cfg, name) && !is_neutral(rd, name, "");
}

static void get_pool(struct reader *rd)
{
    if (is_asked(rd, "pool"))
        get_string(rd, "pool", &rd->cfg->pool);
}

/* 0 is no weight, and is not the scheduler's own either. */
static void get_shares(struct reader *rd)
{
    unsigned long weight = 1, cap = ULONG_MAX;

    if (is_asked(rd, "cpu_weight")) {
        get_number(rd, "cpu_weight", &weight);
        if (!weight || weight > CONFIG_MAX_WEIGHT)
            refuse(rd, "cpu_weight", "%lu; a guest has 1 to %d", weight,
                   CONFIG_MAX_WEIGHT);
        rd->cfg->weight = weight;
    }
    if (is_asked(rd, "cap"))
        get_number(rd, "cap", &cap);
    rd->cfg->cap = cap > LONG_MAX ? -1 : (long)cap;
}

/* What check_words() let pass. */
static void get_frames(struct reader *rd, const char *name, long *frames)
{
    (void)!xlu_cfg_get_bounded_long(rd->xlu, name, 0, INT_MAX, frames, 1);
}

/* 0 is libxl's default. */
static void get_event_channels(struct reader *rd)
{
    unsigned long most = 0;

    if (is_asked(rd, "max_event_channels"))
        get_number(rd, "max_event_channels", &most);
    if (most)
        rd->cfg->event_channels = most;
}

static void get_e820_host(struct reader *rd)
{
    unsigned long yes = 0;

    if (is_asked(rd, "e820_host"))
        get_number(rd, "e820_host", &yes);
    rd->cfg->e820_host = yes;
}

static void get_tsc_mode(struct reader *rd)
{
    static const char *const modes[] = {"default", "always_emulate", "native",
                                        "native_paravirt"};
    const char *word;
    unsigned long mode = 0;
    long number;

    if (xlu_cfg_get_string(rd->xlu, "tsc_mode", &word, 1))
        return; /* xl, too, takes a list for nothing */
    if (!xlu_cfg_get_long(rd->xlu, "tsc_mode", &number, 1))
        mode = number < 0 ? 4 : (unsigned long)number;
    else
        while (mode < 4 && strcasecmp(word, modes[mode]))
            mode++;
    if (mode == 3)
        refuse(rd, "tsc_mode", "Xen has native_paravirt no longer");
    else if (mode > 3)
        refuse(rd, "tsc_mode",
               "it is none of default, always_emulate and native");
    else
        rd->cfg->tsc_mode = (enum tsc_mode)mode;
}

/* xl's defaults where the keys are absent. */
static void get_actions(struct reader *rd)
{
    struct config *cfg = rd->cfg;
    const struct {
        const char *key;
        enum action *action, by_default;
    } actions[] = {
        {"on_poweroff", &cfg->on_poweroff, ACTION_DESTROY},
        {"on_reboot", &cfg->on_reboot, ACTION_RESTART},
        {"on_crash", &cfg->on_crash, ACTION_DESTROY},
        {"on_watchdog", &cfg->on_watchdog, ACTION_DESTROY},
        {"on_soft_reset", &cfg->on_soft_reset, ACTION_SOFT_RESET},
    };
    const char *word;
    size_t i;
    int err;

    for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        *actions[i].action = actions[i].by_default;
        err = xlu_cfg_get_string(rd->xlu, actions[i].key, &word, 1);
        if (err != ESRCH && (err || action_parse(word, actions[i].action)))
            refuse(rd, actions[i].key,
                   "it is none of destroy, restart, rename-restart, preserve, "
                   "coredump-destroy, coredump-restart and soft-reset");
    }
}

/* ---- keys that are not read ---- */

/* "a|b" as "a, b". */
static void refuse_word(struct reader *rd, const char *key, const char *words)
{
    char list[128] = "";
    size_t n = 0;

    for (; *words && n < sizeof(list) - 3; words++)
        n += (size_t)sprintf(list + n, *words == '|' ? ", " : "%c", *words);
    refuse(rd, key, "it is none of %s", list);
}

/* What xl would refuse, too.  A value of the wrong kind it only warns of. */
static void check_words(struct reader *rd, const struct config_key *key)
{
    const char *text;
    long number;
    int err = xlu_cfg_get_string(rd->xlu, key->name, &text, 1);

    if (!strcmp(key->words, KEY_NUMBER)) {
        if (xlu_cfg_get_bounded_long(rd->xlu, key->name, 0, INT_MAX, &number,
                                     1))
            refuse(rd, key->name, "a number from 0 to %d is wanted", INT_MAX);
    } else if (!strcmp(key->words, KEY_LIST)) {
        if (!err)
            refuse(rd, key->name, "a list is wanted");
    } else if (!err && !config_key_has(key->words, text, strncasecmp)) {
        refuse_word(rd, key->name, key->words);
    }
}

static void check_key(struct reader *rd, const struct config_place *place)
{
    const struct config_key *known = config_key_find(place->key);
    const char *text;

    if (known->class == KEY_UNKNOWN)
        diag_warn("%s: unknown key %s", place->where, place->key);
    if (place != config_last_place(rd->cfg, place->key))
        return;
    if (known->words)
        check_words(rd, known);
    if (known->class == KEY_NOT_PV && !rd->other &&
        !xlu_cfg_get_string(rd->xlu, place->key, &text, 1))
        refuse(rd, place->key, "a PV guest cannot have it");
    if (known->class == KEY_XL && !is_neutral(rd, place->key, known->neutral))
        config_leave_to_xl(rd->cfg, place->key);
}

/* For a PV guest firmware is a kernel's other name. */
static void check_firmware(struct reader *rd)
{
    const char *text;

    if (rd->other || !config_is_for_xl(rd->cfg, "firmware") ||
        xlu_cfg_get_string(rd->xlu, "firmware", &text, 1))
        return;
    if (config_has_kernel(rd->cfg))
        refuse(rd, "firmware", "a guest has either that or a kernel");
    else if (!config_key_has("pvgrub32|pvgrub64", text, strncmp))
        refuse_word(rd, "firmware", "pvgrub32|pvgrub64");
}

/* Who builds the guest is known by now. */
static void warn_of_idle(struct reader *rd)
{
    const struct config_place *place;
    const struct config_key *known;
    size_t i;

    for (i = 0; i < rd->cfg->n_places; i++) {
        place = &rd->cfg->places[i];
        known = config_key_find(place->key);
        if (known->class == KEY_IDLE &&
            place == config_last_place(rd->cfg, place->key) &&
            !is_neutral(rd, place->key, known->neutral))
            diag_warn("%s: %s: ignored, it has no effect on a PV guest",
                      place->where, place->key);
    }
}

/* ---- all of it ---- */

static int read_values(struct reader *rd)
{
    size_t i;

    get_type(rd);
    for (i = 0; i < rd->cfg->n_places; i++)
        check_key(rd, &rd->cfg->places[i]);
    get_string(rd, "name", &rd->cfg->name);
    get_uuid(rd);
    get_string(rd, "kernel", &rd->cfg->kernel);
    check_firmware(rd);
    get_string(rd, "ramdisk", &rd->cfg->ramdisk);
    get_cmdline(rd);
    get_vnuma(rd);
    get_sizes(rd);
    get_vcpus(rd);
    rd->cfg->cpus_listed =
        get_cpus(rd, "cpus", &rd->cfg->cpus, &rd->cfg->n_cpus);
    (void)get_cpus(rd, "cpus_soft", &rd->cfg->soft, &rd->cfg->n_soft);
    get_pool(rd);
    get_shares(rd);
    get_event_channels(rd);
    get_frames(rd, "max_grant_frames", &rd->cfg->grant_frames);
    get_frames(rd, "max_maptrack_frames", &rd->cfg->maptrack_frames);
    get_tsc_mode(rd);
    get_e820_host(rd);
    get_actions(rd);
    if (!rd->rc && !rd->cfg->needs_xl)
        warn_of_idle(rd);
    return rd->rc;
}

int config_xl_read(struct config *cfg, const char *path, char *const *extra,
                   int n_extra, struct diag *dg)
{
    struct reader rd = {.cfg = cfg, .dg = dg};
    int rc = xl_text_parse(cfg, path, extra, n_extra, dg, &rd.xlu);

    if (!rc)
        rc = read_values(&rd);
    if (!rc && cfg->wants_settings)
        rc = config_normalise(cfg, rd.xlu, dg);
    xlu_cfg_destroy(rd.xlu);
    return rc;
}
