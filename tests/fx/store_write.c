/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_write.c - store_write PATH VALUE: writes a node of xenstore.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xenstore.h>

int main(int argc, char **argv)
{
    struct xs_handle *xs = argc == 3 ? xs_open(0) : NULL;
    int rc = 0;

    if (!xs || !xs_write(xs, XBT_NULL, argv[1], argv[2],
                         (unsigned int)strlen(argv[2]))) {
        fprintf(stderr, "store_write: %s\n", strerror(errno));
        rc = 1;
    }
    if (xs)
        xs_close(xs);
    return rc;
}
