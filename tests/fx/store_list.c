/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_list.c - prints all that there is in xenstore, a line for each node:
 * its path, value and permissions, as xenstore-ls -fp does.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenstore.h>

/* The owner, and what others may; then who may what. */
static int print_permissions(struct xs_handle *xs, const char *path)
{
    unsigned int i, n;
    struct xs_permissions *perms = xs_get_permissions(xs, XBT_NULL, path, &n);

    if (!perms) {
        fprintf(stderr, "store_list: %s: %s\n", path, strerror(errno));
        return -errno;
    }
    for (i = 0; i < n; i++)
        printf("%c%c%u", i ? ',' : '(',
               "nrwb"[perms[i].perms & (XS_PERM_READ | XS_PERM_WRITE)],
               perms[i].id);
    puts(")");
    free(perms);
    return 0;
}

static int list(struct xs_handle *xs, const char *path)
{
    char child[PATH_MAX];
    unsigned int i, n, len;
    char **names = xs_directory(xs, XBT_NULL, path, &n);
    char *value;
    int rc = 0;

    if (!names) {
        fprintf(stderr, "store_list: %s: %s\n", path, strerror(errno));
        return -errno;
    }
    for (i = 0; !rc && i < n; i++) {
        snprintf(child, sizeof(child), "%s/%s", path[1] ? path : "", names[i]);
        value = xs_read(xs, XBT_NULL, child, &len);
        printf("%s = \"%s\" ", child, value ? value : "");
        free(value);
        rc = print_permissions(xs, child);
        if (!rc)
            rc = list(xs, child);
    }
    free(names);
    return rc;
}

int main(void)
{
    struct xs_handle *xs = xs_open(0);
    int rc;

    if (!xs) {
        fprintf(stderr, "store_list: xs_open: %s\n", strerror(errno));
        return 1;
    }
    rc = list(xs, "/");
    xs_close(xs);
    return rc ? 1 : 0;
}
