/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/normal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/device.h"
#include "config/keys.h"

struct normaliser {
    struct config *cfg;
    XLU_Config *xlu;
    struct diag *dg;
    int rc; /* of what was refused so far */
};

static bool is_one_of(const char *words, const char *key)
{
    return config_key_has(words, key, strncmp);
}

static void out_of_memory(struct normaliser *nm)
{
    nm->rc = diag_fail(nm->dg, DW_FAILED, -ENOMEM, "out of memory");
}

static struct setting *add(struct normaliser *nm, struct setting *to,
                           enum setting_kind kind, const char *name,
                           const char *text)
{
    struct setting *s = setting_add(to, kind, name, text);

    if (!s)
        out_of_memory(nm);
    return s;
}

static bool is_idle(enum key_class class)
{
    return class == KEY_OTHER || class == KEY_IDLE;
}

static struct setting *add_key(struct normaliser *nm, enum setting_kind kind,
                               const char *key, const char *text)
{
    struct setting *s = add(nm, &nm->cfg->settings, kind, key, text);
    const struct config_place *place = config_last_place(nm->cfg, key);

    if (s)
        s->idle = is_idle(config_key_find(key)->class);
    if (s && place) {
        s->where = strdup(place->where);
        if (!s->where)
            out_of_memory(nm);
    }
    return s;
}

/* The place keeps what the file has. */
static void keep_number(struct normaliser *nm, const char *key)
{
    const struct config_place *last = config_last_place(nm->cfg, key);
    struct config_place *place;
    const char *text;

    if (!last || xlu_cfg_get_string(nm->xlu, key, &text, 1))
        return;
    place = &nm->cfg->places[last - nm->cfg->places];
    place->number = strdup(text);
    if (!place->number)
        out_of_memory(nm);
}

static void add_number(struct normaliser *nm, const char *key, long value,
                       bool implied)
{
    char text[24];
    struct setting *s;

    keep_number(nm, key);

    snprintf(text, sizeof(text), "%ld", value);
    s = add_key(nm, SETTING_NUMBER, key, text);
    if (s)
        s->implied = implied;
}

static void add_word(struct normaliser *nm, const char *key, const char *word)
{
    struct setting *s = add_key(nm, SETTING_TEXT, key, word);

    if (s)
        s->implied = !config_has(nm->cfg, key);
}

/* ---- lists ---- */

static void check_device(struct normaliser *nm, const char *key, int rc,
                         const char *what)
{
    if (rc == -ENOMEM) {
        out_of_memory(nm);
    } else if (rc) {
        nm->rc = config_fail(nm->cfg, nm->dg, DW_CONFIG, rc, key, "%s", what);
        diag_next(nm->dg);
    } else if (*what) {
        diag_warn("%s: %s: %s", config_where(nm->cfg, key), key, what);
    }
}

static void add_device(struct normaliser *nm, struct setting *to,
                       const char *key, const char *text)
{
    struct setting *parts = add(nm, to, SETTING_PARTS, NULL, NULL);
    char what[DEVICE_WHAT];

    if (parts)
        check_device(nm, key, device_parse(key, text, parts, what), what);
}

static void add_value(struct normaliser *nm, struct setting *to,
                      const char *key, XLU_ConfigValue *value);

/* The parts of a virtual node stand each for itself in a list. */
static void add_node(struct normaliser *nm, struct setting *to, const char *key,
                     XLU_ConfigList *list)
{
    struct setting *parts = add(nm, to, SETTING_PARTS, NULL, NULL);
    XLU_ConfigValue *value;
    char what[DEVICE_WHAT], *text;

    for (int i = 0; parts && (value = xlu_cfg_get_listitem2(list, i)); i++)
        if (xlu_cfg_value_type(value) == XLU_STRING &&
            !xlu_cfg_value_get_string(nm->xlu, value, &text, 1))
            check_device(nm, key, device_parse(key, text, parts, what), what);
}

static void add_items(struct normaliser *nm, struct setting *to,
                      const char *key, XLU_ConfigList *list)
{
    XLU_ConfigValue *value;

    for (int i = 0; !nm->rc && (value = xlu_cfg_get_listitem2(list, i)); i++)
        add_value(nm, to, key, value);
}

/* libxlutil's lists nest as deep as a file says; the parser takes two levels.
 */
static void add_value(struct normaliser *nm, struct setting *to,
                      const char *key, XLU_ConfigValue *value)
{
    XLU_ConfigList *list;
    struct setting *s;
    char *text;

    if (xlu_cfg_value_type(value) == XLU_STRING) {
        if (xlu_cfg_value_get_string(nm->xlu, value, &text, 1))
            return;
        if (device_is_known(key) && strcmp(key, "vnuma") != 0)
            add_device(nm, to, key, text);
        else
            (void)add(nm, to, SETTING_TEXT, NULL, text);
        return;
    }
    if (xlu_cfg_value_get_list(nm->xlu, value, &list, 1))
        return;
    if (!strcmp(key, "vnuma")) {
        add_node(nm, to, key, list);
        return;
    }
    s = add(nm, to, SETTING_LIST, NULL, NULL);
    if (s)
        add_items(nm, s, key, list);
}

/* ---- host CPUs ---- */

/* "0,2-3"; of one that has all but a few, "all,^1". */
static void print_cpus(FILE *to, const struct cpulist *list)
{
    bool most = cpulist_has(list, CPULIST_MAX - 1);
    const char *comma = "";

    if (most) {
        fputs("all", to);
        comma = ",";
    }
    for (unsigned int i = 0, end; i < CPULIST_MAX; i = end + 1) {
        end = i;
        if (cpulist_has(list, i) == most)
            continue;
        while (end + 1 < CPULIST_MAX && cpulist_has(list, end + 1) != most)
            end++;
        fprintf(to, "%s%s%u", comma, most ? "^" : "", i);
        if (end > i)
            fprintf(to, "-%u", end);
        comma = ",";
    }
}

static void add_cpus(struct normaliser *nm, struct setting *to,
                     const char *name, const char *text)
{
    struct cpulist list;
    char *cpus = NULL;
    size_t len;
    FILE *out;
    struct setting *s;

    if (cpulist_parse(text, &list)) { /* by node */
        s = name ? add_key(nm, SETTING_TEXT, name, text)
                 : add(nm, to, SETTING_TEXT, NULL, text);
        return;
    }
    out = open_memstream(&cpus, &len);
    if (out)
        print_cpus(out, &list);
    if (!out || fclose(out) || !cpus) {
        out_of_memory(nm);
    } else {
        s = name ? add_key(nm, SETTING_TEXT, name, cpus)
                 : add(nm, to, SETTING_TEXT, NULL, cpus);
        (void)s;
    }
    free(cpus);
}

static void add_cpu_list(struct normaliser *nm, const char *key,
                         XLU_ConfigList *list)
{
    struct setting *s = add_key(nm, SETTING_LIST, key, NULL);
    const char *text;

    for (int i = 0; s && (text = xlu_cfg_get_listitem(list, i)); i++)
        add_cpus(nm, s, NULL, text);
}

/* ---- keys ---- */

/* What xl reads a number from, or a yes or no. */
static const char numbers[] =
    "cap|cpu_weight|driver_domain|e820_host|extratime|latency|localtime|"
    "max_event_channels|max_grant_frames|max_grant_version|"
    "max_maptrack_frames|nomigrate|pci_msitranslate|pci_permissive|"
    "pci_power_mgmt|pci_seize|period|rtc_timeoffset|sdl|slice|vnc|vncdisplay|"
    "vncunused|opengl|vmtrace_buf_kb|videoram|xend_suspend_evtchn_compat|acpi|"
    "apic|pae|hap|nx|hpet|viridian|shadow_memory";

/* xl takes one only as a list, or warns and takes none. */
static bool is_list_only(const char *key)
{
    return device_is_known(key);
}

static const char *tsc_mode(const char *text)
{
    static const char *const modes[] = {"default", "always_emulate", "native",
                                        "native_paravirt"};

    return *text >= '0' && *text <= '3' && !text[1] ? modes[*text - '0'] : text;
}

static void ignored(struct normaliser *nm, const char *key, const char *why)
{
    diag_warn("%s: %s: xl leaves it out: %s", config_where(nm->cfg, key), key,
              why);
}

static void add_text(struct normaliser *nm, const char *key, const char *text)
{
    long number;

    if (is_list_only(key)) {
        if (*text && strcmp(text, "0") != 0)
            ignored(nm, key, "a list is wanted");
    } else if (!strcmp(key, "cpus") || !strcmp(key, "cpus_soft")) {
        add_cpus(nm, NULL, key, text);
    } else if (is_one_of(numbers, key)) {
        if (xlu_cfg_get_bounded_long(nm->xlu, key, LONG_MIN, LONG_MAX, &number,
                                     1))
            ignored(nm, key, "a number is wanted");
        else
            add_number(nm, key, number, false);
    } else {
        if (!strcmp(key, "tsc_mode") && text != tsc_mode(text))
            keep_number(nm, key);
        (void)add_key(nm, SETTING_TEXT, key,
                      strcmp(key, "tsc_mode") ? text : tsc_mode(text));
    }
}

static void add_other(struct normaliser *nm, const char *key)
{
    XLU_ConfigList *list;
    struct setting *s;
    const char *text;

    if (!xlu_cfg_get_string(nm->xlu, key, &text, 1)) {
        add_text(nm, key, text);
    } else if (!xlu_cfg_get_list(nm->xlu, key, &list, NULL, 1)) {
        if (!strcmp(key, "cpus") || !strcmp(key, "cpus_soft")) {
            add_cpu_list(nm, key, list);
            return;
        }
        s = add_key(nm, SETTING_LIST, key, NULL);
        if (s)
            add_items(nm, s, key, list);
    }
}

/* Those that config/xl.c has read; they are what it made of them. */

static void add_action(struct normaliser *nm, const char *key)
{
    const struct config *cfg = nm->cfg;
    const struct {
        const char *key;
        enum action action;
    } actions[] = {
        {"on_poweroff", cfg->on_poweroff},
        {"on_reboot", cfg->on_reboot},
        {"on_crash", cfg->on_crash},
        {"on_watchdog", cfg->on_watchdog},
        {"on_soft_reset", cfg->on_soft_reset},
    };

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        if (!strcmp(actions[i].key, key))
            add_word(nm, key, action_name(actions[i].action));
}

static const char always[] =
    "type|memory|maxmem|vcpus|maxvcpus|on_poweroff|on_reboot|on_crash|"
    "on_watchdog|on_soft_reset";

static void add_read(struct normaliser *nm, const char *key)
{
    const struct config *cfg = nm->cfg;
    const struct {
        const char *key;
        unsigned long value;
    } sizes[] = {
        {"memory", cfg->memory},
        {"maxmem", cfg->maxmem},
        {"vcpus", cfg->vcpus},
        {"maxvcpus", cfg->maxvcpus},
    };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (!strcmp(sizes[i].key, key))
            add_number(nm, key, (long)sizes[i].value, !config_has(cfg, key));
    if (!strcmp(key, "type") && !config_is_other(cfg))
        add_word(nm, key, "pv");
    else if (!strcmp(key, "type"))
        add_other(nm, key);
    else
        add_action(nm, key);
}

/* cmdline is said once, however it was. */
static void add_cmdline(struct normaliser *nm)
{
    static const char *const keys[] = {"cmdline", "root", "extra"};
    struct config *cfg = nm->cfg;
    struct setting *s = NULL;

    if (!cfg->cmdline || setting_find(&cfg->settings, "cmdline"))
        return;
    s = add_key(nm, SETTING_TEXT, "cmdline", cfg->cmdline);
    for (size_t i = 0; s && !s->where && i < 3; i++)
        if (config_has(cfg, keys[i]))
            s->where = strdup(config_where(cfg, keys[i]));
    if (s && !s->where)
        out_of_memory(nm);
}

/* As libvirt has them, in small letters. */
static void add_uuid(struct normaliser *nm)
{
    char uuid[UUID_STRING];

    uuid_format(nm->cfg->uuid, uuid);
    (void)add_key(nm, SETTING_TEXT, "uuid", uuid);
}

static void add_setting(struct normaliser *nm, const char *key)
{
    if (setting_find(&nm->cfg->settings, key) ||
        config_key_find(key)->class == KEY_UNKNOWN)
        return;
    if (is_one_of("cmdline|root|extra", key))
        add_cmdline(nm);
    else if (!strcmp(key, "uuid"))
        add_uuid(nm);
    else if (is_one_of(always, key))
        add_read(nm, key);
    else if (!is_one_of("builder", key) || config_is_other(nm->cfg))
        add_other(nm, key);
}

int config_normalise(struct config *cfg, XLU_Config *xlu, struct diag *dg)
{
    struct normaliser nm = {cfg, xlu, dg, 0};
    char key[16];

    cfg->settings.kind = SETTING_PARTS;
    for (size_t i = 0; i < cfg->n_places && nm.rc != -ENOMEM; i++)
        add_setting(&nm, cfg->places[i].key);
    for (const char *p = always; *p && nm.rc != -ENOMEM;
         p += strcspn(p, "|"), p += *p == '|') {
        snprintf(key, sizeof(key), "%.*s", (int)strcspn(p, "|"), p);
        add_setting(&nm, key);
    }
    return nm.rc;
}
