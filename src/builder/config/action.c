/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/action.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *const names[] = {
    [ACTION_DESTROY] = "destroy",
    [ACTION_RESTART] = "restart",
    [ACTION_RENAME_RESTART] = "rename-restart",
    [ACTION_PRESERVE] = "preserve",
    [ACTION_COREDUMP_DESTROY] = "coredump-destroy",
    [ACTION_COREDUMP_RESTART] = "coredump-restart",
    [ACTION_SOFT_RESET] = "soft-reset",
};

int action_parse(const char *word, enum action *action)
{
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(names[i], word)) {
            *action = (enum action)i;
            return 0;
        }
    return -EINVAL;
}

const char *action_name(enum action action)
{
    return names[action];
}
