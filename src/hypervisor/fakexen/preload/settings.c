/* SPDX-License-Identifier: GPL-2.0-only */
#include "preload/settings.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* A decimal number without a sign; *end: what comes behind it. */
static int parse_number(const char *text, uint64_t *value, char **end)
{
    unsigned long long number;

    if (!isdigit((unsigned char)*text))
        return -EINVAL;
    errno = 0;
    number = strtoull(text, end, 10);
    if (errno)
        return -EINVAL;
    *value = number;
    return 0;
}

int fx_parse_size(const char *text, uint64_t *bytes)
{
    static const char units[] = "KMGT";
    const char *unit;
    unsigned int shift = 0;
    uint64_t value;
    char *end;

    if (parse_number(text, &value, &end))
        return -EINVAL;
    if (*end) {
        unit = strchr(units, toupper((unsigned char)*end));
        if (!unit || end[1])
            return -EINVAL;
        shift = 10 * (unsigned int)(unit - units + 1);
    }
    if (!value || value > UINT64_MAX >> shift)
        return -EINVAL;
    *bytes = value << shift;
    return 0;
}

int fx_parse_nodes(const char *text, unsigned int *nodes)
{
    uint64_t value;
    char *end;

    if (parse_number(text, &value, &end) || *end || !value ||
        value > FX_MAX_NODES)
        return -EINVAL;
    *nodes = (unsigned int)value;
    return 0;
}

int fx_parse_seed(const char *text, uint64_t *seed)
{
    char *end;

    return parse_number(text, seed, &end) || *end ? -EINVAL : 0;
}

int fx_parse_level(const char *text, enum fx_level *level)
{
    if (!strcmp(text, "stock"))
        *level = FX_STOCK;
    else if (!strcmp(text, "patched"))
        *level = FX_PATCHED;
    else
        return -EINVAL;
    return 0;
}

int fx_parse_yes(const char *text, bool *answer)
{
    bool yes = !strcmp(text, "yes");

    if (!yes && strcmp(text, "no") != 0)
        return -EINVAL;
    *answer = yes;
    return 0;
}

/* Linux's are below 4096, and so are Xen's. */
#define MAX_ERRNO 4095

/* "SIGTERM": SIGTERM; 0 for other texts. */
static int parse_signal(const char *text)
{
    const char *name;
    int i;

    for (i = 1; !strncmp(text, "SIG", 3) && i < SIGRTMIN; i++) {
        name = sigabbrev_np(i);
        if (name && !strcmp(text + 3, name))
            return i;
    }
    return 0;
}

static int parse_errno(const char *text, int *error)
{
    const char *name;
    uint64_t value;
    char *end;
    int i;

    i = parse_signal(text);
    if (i) {
        *error = -i;
        return 0;
    }
    if (!parse_number(text, &value, &end)) {
        if (*end || !value || value > MAX_ERRNO)
            return -EINVAL;
        *error = (int)value;
        return 0;
    }
    for (i = 1; i <= MAX_ERRNO; i++) {
        name = strerrorname_np(i);
        if (name && !strcmp(name, text)) {
            *error = i;
            return 0;
        }
    }
    return -EINVAL;
}

int fx_parse_fail(const char *text, uint64_t *nth, int *error)
{
    uint64_t value;
    char *end;
    int number = ENOMEM;

    if (parse_number(text, &value, &end) || !value)
        return -EINVAL;
    if (*end && (*end != ':' || parse_errno(end + 1, &number)))
        return -EINVAL;
    *nth = value;
    *error = number;
    return 0;
}

/* NULL where it is not set, or empty. */
static const char *variable(const char *name, const char **current)
{
    const char *value = getenv(name);

    *current = name;
    return value && *value ? value : NULL;
}

int fx_options_from_environment(struct fx_options *options, const char **wrong)
{
    const char *value;

    *options = (struct fx_options){0};
    options->path = variable("FAKEXEN_HOST", wrong);
    if (!options->path)
        return -EINVAL;
    options->e820_path = variable("FAKEXEN_E820", wrong);
    value = variable("FAKEXEN_MEMORY", wrong);
    if (value && fx_parse_size(value, &options->memory_bytes))
        return -EINVAL;
    value = variable("FAKEXEN_NODES", wrong);
    if (value && fx_parse_nodes(value, &options->nodes))
        return -EINVAL;
    value = variable("FAKEXEN_LEVEL", wrong);
    if (value && fx_parse_level(value, &options->level))
        return -EINVAL;
    options->has_level = value;
    value = variable("FAKEXEN_SHADOW", wrong);
    if (value && fx_parse_yes(value, &options->shadow))
        return -EINVAL;
    options->has_shadow = value;
    value = variable("FAKEXEN_RUN", wrong);
    if (value && fx_parse_yes(value, &options->guests_run))
        return -EINVAL;
    options->has_run = value;
    value = variable("FAKEXEN_SEED", wrong);
    if (value && fx_parse_seed(value, &options->seed))
        return -EINVAL;
    options->has_seed = value;
    return 0;
}
