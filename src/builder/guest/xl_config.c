/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/xl_config.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "guest/userdata.h"

static int bad(struct diag *dg, const char *source, const char *what)
{
    return diag_fail(dg, DW_CONFIG, -EINVAL, "%s: the configuration: %s",
                     source, what);
}

/* Missing or of another type: it stays as it is, for the comparison to see. */
static void take_text(json_t *from, const char *name, char **to)
{
    const char *text = json_string_value(json_object_get(from, name));
    char *copy = text ? strdup(text) : NULL;

    if (copy) {
        free(*to);
        *to = copy;
    }
}

static void take_number(json_t *from, const char *name, unsigned long *to)
{
    json_t *value = json_object_get(from, name);

    if (json_is_integer(value) && json_integer_value(value) >= 0)
        *to = (unsigned long)json_integer_value(value);
}

static void take_signed(json_t *from, const char *name, long *to)
{
    json_t *value = json_object_get(from, name);

    if (json_is_integer(value))
        *to = (long)json_integer_value(value);
}

static void take_mib(json_t *from, const char *name, unsigned long *to)
{
    unsigned long kib = *to << 10;

    take_number(from, name, &kib);
    *to = (kib + 1023) >> 10;
}

static void take_action(json_t *from, const char *name, enum action *to)
{
    const char *text = json_string_value(json_object_get(from, name));
    char word[40], *under;

    if (!text || strlen(text) >= sizeof(word))
        return;
    strcpy(word, strcmp(text, "restart_rename") ? text : "rename-restart");
    while ((under = strchr(word, '_')))
        *under = '-';
    if (action_parse(word, to))
        return; /* the comparison sees it */
}

static void take_tsc_mode(json_t *build, enum tsc_mode *to)
{
    const char *word = json_string_value(json_object_get(build, "tsc_mode"));

    if (word && !strcmp(word, "always_emulate"))
        *to = TSC_ALWAYS_EMULATE;
    else if (word && !strcmp(word, "native"))
        *to = TSC_NATIVE;
}

static void take_list(json_t *list, struct cpulist *to)
{
    json_int_t cpu;
    json_t *value;
    size_t i;

    json_array_foreach(list, i, value)
    {
        cpu = json_integer_value(value);
        if (cpu >= 0 && cpu < CPULIST_MAX)
            to->bits[cpu / 64] |= UINT64_C(1) << (cpu % 64);
    }
}

static int take_affinity(json_t *build, struct config *cfg)
{
    json_t *vcpus = json_object_get(build, "vcpu_hard_affinity"), *list;
    const char *placed =
        json_string_value(json_object_get(build, "numa_placement"));
    size_t i;

    cfg->cpus_listed = placed && !strcmp(placed, "False");
    if (!json_array_size(vcpus) || json_array_size(vcpus) > cfg->maxvcpus)
        return 0;
    cfg->cpus = calloc(json_array_size(vcpus), sizeof(*cfg->cpus));
    if (!cfg->cpus)
        return -ENOMEM;
    cfg->n_cpus = json_array_size(vcpus);
    json_array_foreach(vcpus, i, list) take_list(list, &cfg->cpus[i]);
    return 0;
}

/*
 * Whether the file that it was built from said how many vCPUs it has shows in
 * one number alone: see config_shadow_kib().
 */
static int take_shadow(json_t *build, struct config *cfg, const char *source)
{
    unsigned long kib = config_shadow_kib(cfg);

    take_number(build, "shadow_memkb", &kib);
    return kib == config_shadow_kib(cfg)
               ? 0
               : config_add_place(cfg, "vcpus", strlen("vcpus"), source);
}

static int take_build(json_t *build, struct config *cfg)
{
    json_t *sched = json_object_get(build, "sched_params");
    int rc;

    take_number(build, "max_vcpus", &cfg->maxvcpus);
    cfg->vcpus = json_array_size(json_object_get(build, "avail_vcpus"));
    take_mib(build, "target_memkb", &cfg->memory);
    take_mib(build, "max_memkb", &cfg->maxmem);
    take_tsc_mode(build, &cfg->tsc_mode);
    take_signed(build, "max_grant_frames", &cfg->grant_frames);
    take_signed(build, "max_maptrack_frames", &cfg->maptrack_frames);
    take_number(build, "event_channels", &cfg->event_channels);
    take_number(sched, "weight", &cfg->weight);
    take_signed(sched, "cap", &cfg->cap);
    take_text(build, "kernel", &cfg->kernel);
    take_text(build, "ramdisk", &cfg->ramdisk);
    take_text(build, "cmdline", &cfg->cmdline);
    rc = take_shadow(build, cfg, cfg->source);
    return rc ? rc : take_affinity(build, cfg);
}

static int take(json_t *all, struct config *cfg, const char *source,
                struct diag *dg)
{
    json_t *create = json_object_get(all, "c_info");
    const char *type = json_string_value(json_object_get(create, "type"));
    const char *uuid = json_string_value(json_object_get(create, "uuid"));

    if (!type || strcmp(type, "pv"))
        return bad(dg, source, "it is not of a PV guest");
    take_text(create, "name", &cfg->name);
    if (!cfg->name || config_bad_name(cfg->name))
        return bad(dg, source, "its name is none that a domain can have");
    if (!uuid || !uuid_parse(uuid, cfg->uuid))
        return bad(dg, source, "it has no UUID");
    cfg->uuid_given = true;
    take_text(create, "pool_name", &cfg->pool);
    take_action(all, "on_poweroff", &cfg->on_poweroff);
    take_action(all, "on_reboot", &cfg->on_reboot);
    take_action(all, "on_crash", &cfg->on_crash);
    take_action(all, "on_watchdog", &cfg->on_watchdog);
    take_action(all, "on_soft_reset", &cfg->on_soft_reset);
    if (take_build(json_object_get(all, "b_info"), cfg))
        return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
    if (!cfg->vcpus || cfg->vcpus > cfg->maxvcpus ||
        cfg->weight > CONFIG_MAX_WEIGHT || cfg->cap > CONFIG_MAX_CAP ||
        cfg->event_channels > INT32_MAX || cfg->grant_frames > INT32_MAX ||
        cfg->maptrack_frames > INT32_MAX)
        return bad(dg, source, "one of its numbers is out of range");
    if (!cfg->maxvcpus || cfg->maxvcpus > CONFIG_MAX_VCPUS || !cfg->memory ||
        cfg->memory > CONFIG_MAX_MIB || cfg->maxmem > CONFIG_MAX_MIB)
        return bad(dg, source,
                   "its memory or vCPUs are none that a PV guest "
                   "can have");
    return 0;
}

/*
 * Without what says nothing of the guest: an ID, the name of the host's
 * scheduler, an action that libxl does not write as it is its default.
 */
static void normalize(json_t *all)
{
    json_t *create = json_object_get(all, "c_info");
    json_t *sched =
        json_object_get(json_object_get(all, "b_info"), "sched_params");
    const char *name, *word;
    json_t *value;
    void *next;

    json_object_del(create, "domid");
    json_object_del(create, "poolid"); /* the pool has a name as well */
    json_object_del(sched, "sched");
    json_object_foreach_safe(all, next, name, value)
    {
        word = json_string_value(value);
        if (!strncmp(name, "on_", 3) && word && !strcmp(word, "destroy"))
            json_object_del(all, name);
    }
}

static bool would_be_same(json_t *all, const struct config *cfg,
                          unsigned int cpus)
{
    json_t *ours = userdata_json(cfg, cpus, 0);
    bool same;

    normalize(ours);
    normalize(all);
    same = json_equal(all, ours);
    json_decref(ours);
    return same;
}

int xl_config_read(struct config *cfg, const char *json, const char *source,
                   unsigned int cpus, bool *ours, struct diag *dg)
{
    json_t *all = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    int rc;

    free(cfg->source);
    cfg->source = strdup(source);
    if (!all || !cfg->source)
        rc = bad(dg, source, "it is no JSON");
    else
        rc = take(all, cfg, source, dg);
    *ours = !rc && cfg->maxmem >= cfg->memory && would_be_same(all, cfg, cpus);
    json_decref(all);
    return rc;
}
