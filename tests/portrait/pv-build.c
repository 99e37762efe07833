/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pv-build.c - builds a PV guest with the hooks of one's choice, leaves it
 * paused, and prints the domain's ID.
 *
 *     pv-build [-m MIB] [-h HOLE] [-v VCPUS] [-r RAMDISK] [-c CMDLINE] HOOKS
 * KERNEL pv-build -d DOMID
 *
 * HOOKS: stock, ours, or ours-root, which leaves the recursion of the pins to
 * Xen.  -h: HOLE MiB without memory in the middle of it.  -d: the end of such a
 * domain.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hooks/hooks.h"
#include "pv_guest.h"

static int choose(const char *hooks)
{
    if (!strcmp(hooks, "ours"))
        dw_hooks_register(PIN_LEVELS, NULL);
    else if (!strcmp(hooks, "ours-root"))
        dw_hooks_register(PIN_ROOT, NULL);
    else if (strcmp(hooks, "stock"))
        return -1;
    return 0;
}

static int build(struct pv_guest *g)
{
    int rc = pv_guest_create(g);

    if (!rc)
        rc = pv_guest_load(g);
    if (!rc)
        rc = pv_guest_build(g);
    pv_guest_release(g);
    if (!rc)
        printf("%u\n", g->domid);
    else if (pv_guest_destroy(g))
        rc = -1;
    return rc;
}

static int options(struct pv_guest *g, int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "c:d:h:m:r:v:")) != -1) {
        if (option == 'c')
            g->cmdline = optarg;
        else if (option == 'd')
            g->domid = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'h')
            g->hole_mib = (unsigned int)strtoul(optarg, NULL, 10);
        else if (option == 'm')
            g->mib = (unsigned int)strtoul(optarg, NULL, 10);
        else if (option == 'r')
            g->ramdisk = optarg;
        else if (option == 'v')
            g->vcpus = (unsigned int)strtoul(optarg, NULL, 10);
        else
            return -1;
    }
    if (g->domid)
        return argc == optind ? 0 : -1;
    if (argc - optind != 2 || choose(argv[optind]))
        return -1;
    g->kernel = argv[optind + 1];
    return 0;
}

int main(int argc, char **argv)
{
    struct pv_guest g = {.mib = 128, .vcpus = 1};
    xentoollog_logger *logger;
    int rc;

    if (options(&g, argc, argv))
        return 2;
    logger =
        (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_ERROR, 0);
    g.xch = xc_interface_open(logger, logger, 0);
    if (!g.xch)
        return 1;
    rc = g.domid ? pv_guest_destroy(&g) : build(&g);
    xc_interface_close(g.xch);
    return rc ? 1 : 0;
}
