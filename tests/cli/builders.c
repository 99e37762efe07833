/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * builders.c - a toolstack that builds from several threads at once, as
 * libvirtd does, with the hooks of its libxenguest as they are.
 *
 *     builders THREADS GUESTS KERNEL...
 *
 * Each thread builds and leaves GUESTS guests of 16 MiB, of one kernel after
 * the other, and between them one of 1 MiB that is refused.  Prints the domain
 * IDs of those that stay.
 *
 *     builders hvm
 *
 * What the first step of a guest that is no PV guest comes to.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pv_guest.h"

static char **kernels;
static unsigned int nr_kernels, guests;

static xentoollog_logger *logger_to(FILE *log)
{
    return (xentoollog_logger *)xtl_createlogger_stdiostream(log, XTL_DETAIL,
                                                             0);
}

static int build(struct pv_guest *g)
{
    int rc = pv_guest_create(g);

    if (!rc)
        rc = pv_guest_load(g);
    if (!rc)
        rc = pv_guest_build(g);
    pv_guest_release(g);
    return rc;
}

static void *thread(void *arg)
{
    unsigned int first = (unsigned int)(uintptr_t)arg;
    char *text = NULL;
    size_t len;
    FILE *log = open_memstream(&text, &len);
    /* A log of its own: a line comes in several writes. */
    xentoollog_logger *logger = log ? logger_to(log) : NULL;
    xc_interface *xch = logger ? xc_interface_open(logger, logger, 0) : NULL;
    const char *wrong = xch ? NULL : "no handle";

    for (unsigned int i = 0; !wrong && i < guests; i++) {
        struct pv_guest good = {.xch = xch, .mib = 16, .vcpus = 1};
        struct pv_guest bad = {.xch = xch, .mib = 1, .vcpus = 1};

        good.kernel = bad.kernel = kernels[(first + i) % nr_kernels];
        if (build(&good))
            wrong = "a guest is not built";
        else
            printf("%u\n", good.domid);
        if (!build(&bad))
            wrong = "one of 1 MiB is";
        else if (errno != ENOMEM)
            wrong = "errno means something else";
        if (pv_guest_destroy(&bad))
            wrong = "it cannot be destroyed";
    }
    if (xch)
        xc_interface_close(xch);
    xtl_logger_destroy(logger);
    if (log)
        fclose(log);
    fprintf(stderr, "%s", text ? text : "");
    free(text);
    return (void *)wrong;
}

static int at_once(unsigned int nr)
{
    pthread_t *threads = calloc(nr, sizeof(*threads));
    int rc = 0;

    for (unsigned int i = 0; threads && i < nr; i++)
        if (pthread_create(&threads[i], NULL, thread, (void *)(uintptr_t)i))
            exit(1);
    for (unsigned int i = 0; threads && i < nr; i++) {
        void *wrong;

        pthread_join(threads[i], &wrong);
        if (wrong) {
            fprintf(stderr, "thread %u: %s\n", i, (const char *)wrong);
            rc = 1;
        }
    }
    free(threads);
    return rc;
}

/* As libxl begins, with a domain that cannot be one of that kind. */
static int hvm(void)
{
    struct pv_guest g = {.mib = 16, .vcpus = 1};
    xentoollog_logger *logger = logger_to(stderr);
    int rc;

    g.xch = xc_interface_open(logger, logger, 0);
    if (!g.xch || pv_guest_create(&g))
        return 1;
    g.dom = xc_dom_allocate(g.xch, NULL, NULL);
    if (!g.dom || xc_dom_boot_xen_init(g.dom, g.xch, g.domid))
        return 1;
    g.dom->container_type = XC_DOM_HVM_CONTAINER;
    g.dom->guest_type = (char *)"hvm-3.0-x86_32";
    g.dom->target_pages = 4096;
    g.dom->lowmem_end = UINT64_C(16) << 20;
    rc = xc_dom_mem_init(g.dom, g.mib);
    printf("xc_dom_mem_init %d\n", rc);
    errno = 0;
    rc = xc_dom_boot_mem_init(g.dom);
    printf("xc_dom_boot_mem_init %d, errno %d\n", rc, errno);
    for (uint64_t i = 0; !rc && i < 4; i++)
        printf("%s%#llx", i ? " " : "",
               (unsigned long long)xc_dom_p2m(g.dom, i));
    putchar('\n');
    pv_guest_release(&g);
    rc = pv_guest_destroy(&g);
    xc_interface_close(g.xch);
    xtl_logger_destroy(logger);
    return rc ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "hvm"))
        return hvm();
    if (argc < 4)
        return 2;
    guests = (unsigned int)strtoul(argv[2], NULL, 10);
    kernels = argv + 3;
    nr_kernels = (unsigned int)argc - 3;
    return at_once((unsigned int)strtoul(argv[1], NULL, 10));
}
