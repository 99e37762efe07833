/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/cpulist.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void assign(struct cpulist *list, unsigned long cpu, bool on)
{
    uint64_t bit = UINT64_C(1) << (cpu % 64);

    if (on)
        list->bits[cpu / 64] |= bit;
    else
        list->bits[cpu / 64] &= ~bit;
}

static void skip_blanks(const char **text)
{
    *text += strspn(*text, " \t");
}

/*
 * One decimal number, as strtoul(3) takes it, but for a minus; *text is moved
 * behind it.
 */
static int number(const char **text, unsigned long *value)
{
    char *end;

    skip_blanks(text);
    if (!isdigit((unsigned char)(*text)[**text == '+']))
        return -EINVAL;
    errno = 0;
    *value = strtoul(*text, &end, 10);
    *text = end;
    return -errno;
}

/* Is it a list by node? */
static bool is_nodes(const char *text)
{
    return !strncmp(text, "node:", 5) || !strncmp(text, "nodes:", 6);
}

/* One item, up to its comma or the end; *text is moved there. */
static int item(const char **text, struct cpulist *list)
{
    unsigned long first, last;
    bool on = **text != '^';
    int rc;

    if (!on)
        ++*text;
    if (is_nodes(*text))
        return -EOPNOTSUPP;
    if (on && !strncmp(*text, "all", 3)) {
        *text += 3;
        memset(list->bits, 0xff, sizeof(list->bits));
        return 0;
    }
    rc = number(text, &first);
    if (rc)
        return rc;
    last = first;
    if (**text == '-') {
        ++*text;
        rc = number(text, &last);
        if (rc)
            return rc;
    }
    if (last < first)
        return -EINVAL;
    for (; first <= last && first < CPULIST_MAX; first++)
        assign(list, first, on);
    return 0;
}

static bool is_empty(const struct cpulist *list)
{
    unsigned int i;

    for (i = 0; i < CPULIST_MAX / 64; i++)
        if (list->bits[i])
            return false;
    return true;
}

int cpulist_parse(const char *text, struct cpulist *list)
{
    int rc;

    memset(list, 0, sizeof(*list));
    for (;;) {
        skip_blanks(&text);
        rc = *text && *text != ',' ? item(&text, list) : 0;
        if (rc)
            return rc;
        skip_blanks(&text);
        if (!*text)
            return is_empty(list) ? -ENODATA : 0;
        if (*text++ != ',')
            return -EINVAL;
    }
}

bool cpulist_has(const struct cpulist *list, unsigned int cpu)
{
    return cpu < CPULIST_MAX && (list->bits[cpu / 64] >> (cpu % 64) & 1);
}
