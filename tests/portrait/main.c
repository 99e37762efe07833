/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main.c - prints what a builder has made of a PV domain, which has never run.
 *
 *     portrait [-k PFN] [-h HOLE] DOMID
 *
 * -k: the kernel's first PFN; what lies before it is nobody's.  -h: so many MiB
 * without memory in the middle of it.
 */
#include "portrait.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct portrait p = {.kernel = 0};
    int option, rc;

    while ((option = getopt(argc, argv, "h:k:")) != -1) {
        if (option == 'h')
            p.hole = strtoull(optarg, NULL, 0) << (20 - 12);
        else if (option == 'k')
            p.kernel = strtoull(optarg, NULL, 0);
        else
            return 2;
    }
    if (argc - optind != 1)
        return 2;
    p.domid = (uint32_t)strtoul(argv[optind], NULL, 10);
    p.xch = xc_interface_open(NULL, NULL, 0);
    if (!p.xch) {
        portrait_fail("xc_interface_open");
        return 1;
    }
    rc = portrait_print(&p);
    domain_frames_dispose(&p.frames);
    xc_interface_close(p.xch);
    return rc ? 1 : 0;
}
