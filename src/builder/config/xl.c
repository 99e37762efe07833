/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/xl.h"

#include <errno.h>
#include <fcntl.h>
#include <libxlutil.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/keys.h"

/* More than any configuration; it keeps a device file from filling memory. */
#define MAX_FILE (1024 * 1024)

/* A key as it stands in the file or on the command line. */
struct found {
    char *name;
    char *where; /* "guest.cfg:3" or "argument 'vcpus=2'" */
};

struct reader {
    struct diag *dg;
    const char *path;
    XLU_Config *xlu;
    char *report; /* what xlu complains of */
    size_t report_len;
    FILE *report_file;
    struct found *keys; /* in the order of the text; the last one counts */
    size_t n_keys;
};

static int out_of_memory(struct diag *dg)
{
    return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
}

static void reader_dispose(struct reader *rd)
{
    size_t i;

    xlu_cfg_destroy(rd->xlu);
    if (rd->report_file)
        fclose(rd->report_file);
    free(rd->report);
    for (i = 0; i < rd->n_keys; i++) {
        free(rd->keys[i].name);
        free(rd->keys[i].where);
    }
    free(rd->keys);
}

/*
 * The one function of libxenlight that libxlutil's reader refers to.  Nothing
 * here makes it call it; defined, it keeps libxenlight and what that needs out
 * of the program, a fifth of the time that it takes to start.
 */
void libxl_defbool_set(libxl_defbool *db, bool b)
{
    (void)db;
    (void)b;
    abort();
}

/* ---- the text ---- */

static int read_all(int fd, char *text, size_t *len)
{
    ssize_t got;

    *len = 0;
    do {
        got = read(fd, text + *len, MAX_FILE + 1 - *len);
        if (got < 0)
            return -errno;
        *len += (size_t)got;
        if (*len > MAX_FILE)
            return -EFBIG;
    } while (got);
    return 0;
}

static int read_file(struct reader *rd, char *text, size_t *len)
{
    int fd = open(rd->path, O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 ? -errno : read_all(fd, text, len);

    if (fd >= 0)
        close(fd);
    if (rc)
        return diag_fail(rd->dg, DW_CONFIG, rc, "cannot read %s: %s", rd->path,
                         strerror(-rc));
    return 0;
}

/* Parses into rd->xlu; a complaint of xlu's names `source` and the line. */
static int parse(struct reader *rd, const char *source, const char *text,
                 size_t len)
{
    int err;

    xlu_cfg_destroy(rd->xlu);
    rd->xlu = xlu_cfg_init(rd->report_file, source);
    if (!rd->xlu)
        return out_of_memory(rd->dg);
    err = xlu_cfg_readdata(rd->xlu, text, (int)len);
    if (!err)
        return 0;
    fflush(rd->report_file);
    rd->report[strcspn(rd->report, "\n")] = '\0';
    return diag_fail(rd->dg, err == ENOMEM ? DW_FAILED : DW_CONFIG, -err, "%s",
                     rd->report[0] ? rd->report : strerror(err));
}

/* ---- its keys: libxlutil can look a key up, but not list them ---- */

static int add_key(struct reader *rd, const char *name, size_t len,
                   const char *argument, unsigned int line)
{
    struct found *keys, *key;
    int r;

    keys = realloc(rd->keys, (rd->n_keys + 1) * sizeof(*keys));
    if (!keys)
        return out_of_memory(rd->dg);
    rd->keys = keys;
    key = &keys[rd->n_keys];
    key->name = strndup(name, len);
    if (!key->name)
        return out_of_memory(rd->dg);
    if (argument)
        r = asprintf(&key->where, "argument '%s'", argument);
    else
        r = asprintf(&key->where, "%s:%u", rd->path, line);
    if (r < 0) {
        free(key->name);
        return out_of_memory(rd->dg);
    }
    rd->n_keys++;
    return 0;
}

/* The length of the quoted string at p, its quotes included. */
static size_t quoted(const char *p, const char *end)
{
    const char *q = p + 1;

    while (q < end && *q != *p)
        q += *q == '\\' ? 2 : 1;
    return (size_t)(q - p) + 1;
}

/*
 * Notes the keys of a text that xlu has parsed without complaint: in it a
 * bare word is a key, whatever surrounds it.
 */
static int find_keys(struct reader *rd, const char *text, size_t len,
                     const char *argument)
{
    static const char number[] = "0123456789abcdefx";
    static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789._";
    const char *p = text, *end = text + len;
    unsigned int line = 1;
    size_t n;
    int rc;

    while (p < end) {
        n = 1;
        if (*p == '\n') {
            line++;
        } else if (*p == '#') {
            n = strcspn(p, "\n");
        } else if (*p == '"' || *p == '\'') {
            n = quoted(p, end);
        } else if (*p >= '0' && *p <= '9') {
            n = strspn(p, number);
        } else if (*p >= 'a' && *p <= 'z') {
            n = strspn(p, word);
            rc = add_key(rd, p, n, argument, line);
            if (rc)
                return rc;
        }
        p += n;
    }
    return 0;
}

static const char *where(const struct reader *rd, const char *name)
{
    size_t i = rd->n_keys;

    while (i--)
        if (!strcmp(rd->keys[i].name, name))
            return rd->keys[i].where;
    return rd->path;
}

/* ---- values ---- */

static int bad_value(const struct reader *rd, const char *name,
                     const char *wrong)
{
    return diag_fail(rd->dg, DW_CONFIG, -EINVAL, "%s: %s: %s", where(rd, name),
                     name, wrong);
}

/* *value is a copy, or stays as it was where the key is absent. */
static int get_string(const struct reader *rd, const char *name, char **value)
{
    switch (xlu_cfg_replace_string(rd->xlu, name, value, 1)) {
    case 0:
        return *value ? 0 : out_of_memory(rd->dg);
    case ESRCH:
        return 0;
    default:
        return bad_value(rd, name, "a single value is wanted, not a list");
    }
}

static int get_number(const struct reader *rd, const char *name,
                      unsigned long *value)
{
    long number;

    switch (xlu_cfg_get_bounded_long(rd->xlu, name, 0, LONG_MAX, &number, 1)) {
    case 0:
        *value = (unsigned long)number;
        return 0;
    case ESRCH:
        return 0;
    case ERANGE:
        return bad_value(rd, name, "the number is too large");
    default:
        return bad_value(rd, name, "a number from 0 up is wanted");
    }
}

static int get_uuid(struct reader *rd, struct config *cfg)
{
    const char *text;

    if (xlu_cfg_get_string(rd->xlu, "uuid", &text, 1) == ESRCH)
        return 0;
    if (xlu_cfg_get_string(rd->xlu, "uuid", &text, 1) ||
        !uuid_parse(text, cfg->uuid))
        return bad_value(rd, "uuid", "it is not a UUID");
    cfg->uuid_given = true;
    return 0;
}

/* type = "pv", or its older spelling builder = "generic". */
static int check_type(const struct reader *rd, const char *key,
                      const char *wanted)
{
    const char *type;
    int err = xlu_cfg_get_string(rd->xlu, key, &type, 1);

    if (err == ESRCH || (!err && !strcmp(type, wanted)))
        return 0;
    return diag_fail(rd->dg, DW_CONFIG, -EINVAL,
                     "%s: %s: domwright builds \"%s\" guests only; use "
                     "\"domwright xl create %s\" for others",
                     where(rd, key), key, wanted, rd->path);
}

/* cmdline, or else root and extra, joined as xl does. */
static int get_cmdline(const struct reader *rd, struct config *cfg)
{
    char *root = NULL, *extra = NULL;
    int r = 0, rc = get_string(rd, "cmdline", &cfg->cmdline);

    if (!rc)
        rc = get_string(rd, "root", &root);
    if (!rc)
        rc = get_string(rd, "extra", &extra);
    if (rc)
        goto out;
    if (cfg->cmdline) {
        if (root || extra)
            diag_warn("%s: root and extra are ignored beside cmdline",
                      rd->path);
    } else if (root) {
        r = asprintf(&cfg->cmdline, "root=%s%s%s", root, extra ? " " : "",
                     extra ? extra : "");
    } else {
        cfg->cmdline = extra;
        extra = NULL;
    }
    if (r < 0) {
        cfg->cmdline = NULL;
        rc = out_of_memory(rd->dg);
    }
out:
    free(root);
    free(extra);
    return rc;
}

static int get_cpulist(const struct reader *rd, const char *text,
                       struct cpulist *list)
{
    switch (text ? cpulist_parse(text, list) : -EINVAL) {
    case 0:
        return 0;
    case -EOPNOTSUPP:
        return bad_value(rd, "cpus", "lists by node are not supported");
    case -ERANGE:
        return bad_value(rd, "cpus", "no host has such a CPU number");
    default:
        return bad_value(rd, "cpus", "it is not a list like \"0-3,^2\"");
    }
}

/* One list for all vCPUs, or a list of lists, one for each from vCPU 0 on. */
static int get_cpus(const struct reader *rd, struct config *cfg)
{
    XLU_ConfigList *items = NULL;
    const char *text = NULL;
    unsigned long i;
    int n = 0, rc;

    if (xlu_cfg_get_string(rd->xlu, "cpus", &text, 1) == ESRCH)
        return 0;
    if (!text)
        xlu_cfg_get_list(rd->xlu, "cpus", &items, &n, 1);
    cfg->n_cpus = text ? cfg->maxvcpus : (unsigned long)n;
    if (cfg->n_cpus > cfg->maxvcpus)
        cfg->n_cpus = cfg->maxvcpus; /* as in xl: more lists do no harm */
    if (!cfg->n_cpus || cfg->n_cpus > CONFIG_MAX_VCPUS) {
        cfg->n_cpus = 0; /* config_check() refuses such a number */
        return 0;
    }
    cfg->cpus = calloc(cfg->n_cpus, sizeof(*cfg->cpus));
    if (!cfg->cpus)
        return out_of_memory(rd->dg);
    for (i = 0; i < cfg->n_cpus; i++) {
        rc = get_cpulist(rd, text ? text : xlu_cfg_get_listitem(items, (int)i),
                         &cfg->cpus[i]);
        if (rc)
            return rc;
    }
    return 0;
}

static int get_numbers(const struct reader *rd, struct config *cfg)
{
    int rc;

    cfg->memory = 0;
    cfg->vcpus = 1;
    rc = get_number(rd, "memory", &cfg->memory);
    if (rc)
        return rc;
    cfg->maxmem = cfg->memory;
    rc = get_number(rd, "maxmem", &cfg->maxmem);
    if (rc)
        return rc;
    rc = get_number(rd, "vcpus", &cfg->vcpus);
    if (rc)
        return rc;
    cfg->maxvcpus = cfg->vcpus;
    return get_number(rd, "maxvcpus", &cfg->maxvcpus);
}

/* xl's defaults where the keys are absent. */
static int get_actions(const struct reader *rd, struct config *cfg)
{
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
        if (err == ESRCH)
            continue;
        if (err || action_parse(word, actions[i].action))
            return bad_value(rd, actions[i].key,
                             "it is none of destroy, restart, rename-restart, "
                             "preserve, coredump-destroy, coredump-restart and "
                             "soft-reset");
    }
    return 0;
}

/* ---- keys that are not read ---- */

/* Is the value of a key one that asks for nothing? */
static bool is_neutral(const struct reader *rd, const char *name,
                       const char *neutral)
{
    const char *text;
    int n;

    if (!xlu_cfg_get_list(rd->xlu, name, NULL, &n, 1))
        return !n;
    if (xlu_cfg_get_string(rd->xlu, name, &text, 1))
        return false;
    return !*text || !strcmp(text, "0") || (neutral && !strcmp(text, neutral));
}

static int check_key(const struct reader *rd, const struct found *key)
{
    const struct config_key *known = config_key_find(key->name);

    switch (known->class) {
    case KEY_UNKNOWN:
        diag_warn("%s: unknown key %s", key->where, key->name);
        return 0;
    case KEY_REFUSED:
        if (is_neutral(rd, key->name, known->neutral))
            return 0;
        return diag_fail(rd->dg, DW_CONFIG, -EOPNOTSUPP,
                         "%s: %s: not supported; use "
                         "\"domwright xl create %s\"",
                         key->where, key->name, rd->path);
    default:
        return 0;
    }
}

static int check_keys(const struct reader *rd)
{
    size_t i;
    int rc;

    for (i = 0; i < rd->n_keys; i++) {
        rc = check_key(rd, &rd->keys[i]);
        if (rc)
            return rc;
    }
    return 0;
}

/* ---- all of it ---- */

static int read_values(struct reader *rd, struct config *cfg)
{
    int rc = check_type(rd, "type", "pv");

    if (!rc)
        rc = check_type(rd, "builder", "generic");
    if (!rc)
        rc = check_keys(rd);
    if (!rc)
        rc = get_string(rd, "name", &cfg->name);
    if (!rc)
        rc = get_uuid(rd, cfg);
    if (!rc)
        rc = get_string(rd, "kernel", &cfg->kernel);
    if (!rc)
        rc = get_string(rd, "ramdisk", &cfg->ramdisk);
    if (!rc)
        rc = get_cmdline(rd, cfg);
    if (!rc)
        rc = get_numbers(rd, cfg);
    if (!rc)
        rc = get_cpus(rd, cfg);
    if (!rc)
        rc = get_actions(rd, cfg);
    return rc;
}

/* Parses one KEY=VALUE alone, so that a complaint is about it. */
static int check_argument(struct reader *rd, const char *argument)
{
    char source[64];
    int rc;

    snprintf(source, sizeof(source), "argument '%s'", argument);
    rc = parse(rd, source, argument, strlen(argument));
    return rc ? rc : find_keys(rd, argument, strlen(argument), argument);
}

/* The file, then the arguments, each a line. */
static int read_text(struct reader *rd, char *const *extra, int n_extra)
{
    size_t len = 0, size = MAX_FILE + 2;
    char *text, *more;
    int i, rc = 0;

    for (i = 0; i < n_extra; i++)
        size += strlen(extra[i]) + 1;
    text = malloc(size);
    if (!text)
        return out_of_memory(rd->dg);
    rc = read_file(rd, text, &len);
    if (rc)
        goto out;
    text[len] = '\0';
    rc = parse(rd, rd->path, text, len);
    if (!rc)
        rc = find_keys(rd, text, len, NULL);
    for (i = 0; !rc && i < n_extra; i++)
        rc = check_argument(rd, extra[i]);
    if (rc || !n_extra)
        goto out;
    for (more = text + len, i = 0; i < n_extra; i++)
        more += sprintf(more, "\n%s", extra[i]);
    rc = parse(rd, rd->path, text, (size_t)(more - text));
out:
    free(text);
    return rc;
}

int config_xl_read(struct config *cfg, const char *path, char *const *extra,
                   int n_extra, struct diag *dg)
{
    struct reader rd = {.dg = dg, .path = path};
    int rc;

    rd.report_file = open_memstream(&rd.report, &rd.report_len);
    if (!rd.report_file)
        rc = out_of_memory(dg);
    else
        rc = read_text(&rd, extra, n_extra);
    if (!rc)
        rc = read_values(&rd, cfg);
    reader_dispose(&rd);
    return rc;
}
