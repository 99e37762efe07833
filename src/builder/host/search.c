/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/search.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_program(const char *path)
{
    struct stat st;

    return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

bool search(const char *folders, const char *name, char path[PATH_MAX])
{
    size_t len;
    int n;

    for (; folders && *folders; folders += len + (folders[len] == ':')) {
        len = strcspn(folders, ":");
        n = snprintf(path, PATH_MAX, "%.*s/%s", (int)len, folders, name);
        if (len && n < PATH_MAX && is_program(path))
            return true;
    }
    return false;
}
