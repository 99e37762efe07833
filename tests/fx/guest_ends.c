/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest_ends.c - ends a guest as it would by itself, for hosts on which guests
 * do not run: guest_ends [--asked] ID REASON.
 *
 * REASON is Xen's number, SHUTDOWN_* in xen/sched.h.  --asked: when it is asked
 * to in xenstore, which it acknowledges.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>
#include <xenstore.h>

/* The request, or NULL where it is acknowledged or none. */
static char *request(struct xs_handle *xs, const char *path)
{
    unsigned int len = 0;
    char *value = xs_read(xs, XBT_NULL, path, &len);

    if (value && len)
        return value;
    free(value);
    return NULL;
}

/* Waits, and does what a guest's kernel does with it. */
static bool is_asked(uint32_t domid)
{
    struct xs_handle *xs = xs_open(0);
    char path[80], *value = NULL, **event;
    unsigned int n;

    snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", domid);
    if (!xs || !xs_watch(xs, path, ""))
        return false;
    while (!(value = request(xs, path))) {
        event = xs_read_watch(xs, &n);
        if (!event)
            return false;
        free(event);
    }
    printf("%s\n", value);
    free(value);
    if (!xs_write(xs, XBT_NULL, path, "", 0))
        return false;
    xs_close(xs);
    return true;
}

int main(int argc, char **argv)
{
    bool asked = argc == 4 && !strcmp(argv[1], "--asked");
    xc_interface *xc;
    uint32_t domid;

    if (argc != 3 + asked) {
        fprintf(stderr, "usage: guest_ends [--asked] ID REASON\n");
        return 2;
    }
    domid = (uint32_t)strtoul(argv[1 + asked], NULL, 10);
    if (asked && !is_asked(domid)) {
        perror("guest_ends: xenstore");
        return 1;
    }
    xc = xc_interface_open(NULL, NULL, 0);
    if (!xc || xc_domain_shutdown(xc, domid, atoi(argv[2 + asked]))) {
        perror("guest_ends");
        return 1;
    }
    xc_interface_close(xc);
    return 0;
}
