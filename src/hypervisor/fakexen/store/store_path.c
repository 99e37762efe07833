/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/store_path.h"

#include <stdio.h>
#include <string.h>

#include <xenstore.h>

int fx_path_compare(const char *a, const char *b, size_t *same)
{
    size_t at = *same;
    unsigned char ca, cb;

    while (a[at] && a[at] == b[at])
        at++;
    *same = at;
    ca = a[at] == '/' ? 1 : (unsigned char)a[at];
    cb = b[at] == '/' ? 1 : (unsigned char)b[at];
    return (int)ca - (int)cb;
}

size_t fx_path_prefix(const char *path)
{
    return path[1] ? strlen(path) : 0;
}

bool fx_store_valid_path(const char *path)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz"
                                  "0123456789-/_@";
    size_t len = strlen(path);
    unsigned int domid;
    int home = 0;

    if (*path != '/' || (len > 1 && path[len - 1] == '/') ||
        strstr(path, "//") || path[strspn(path, allowed)])
        return false;
    if (len <= XENSTORE_REL_PATH_MAX)
        return true;
    /* What is relative to a domain's home has the whole length to itself. */
    if (sscanf(path, "/local/domain/%5u/%n", &domid, &home) != 1)
        home = 0;
    return len <= (size_t)home + XENSTORE_REL_PATH_MAX;
}

char *fx_store_canonical(const char *path)
{
    char *full;

    if (*path == '/' || *path == '@')
        return strdup(path);
    return asprintf(&full, "/local/domain/0/%s", path) < 0 ? NULL : full;
}

bool fx_path_to_parent(char *path)
{
    char *slash = strrchr(path, '/');

    if (!path[1])
        return false;
    slash[slash == path] = '\0';
    return true;
}
