/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * toolstack.c - what another toolstack does, or a guest, for the tests:
 *
 *   write PATH VALUE      a node of xenstore
 *   read PATH             prints one; ends with 1 where there is none
 *   watch PATH            sets a watch, and waits for nothing
 *   create [UUID-BYTE]    a domain without memory or a name, whose UUID is that
 *                         byte 16 times; prints its ID
 *   shutdown ID REASON    the guest ends by itself; REASON is a number
 *   console ID            gives the domain a terminal, on which it says what
 *                         comes in
 *   hold ID MFN           maps that frame of the domain's, says "held", and
 * keeps it until its input ends: a domain that is destroyed meanwhile goes on
 * dying
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#define XC_WANT_COMPAT_MAP_FOREIGN_API
#include <xenctrl.h>
#include <xenstore.h>

#include "xen_versions.h"

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static int write_node(struct xs_handle *xs, const char *path, const char *value)
{
    return xs_write(xs, XBT_NULL, path, value, (unsigned int)strlen(value))
               ? 0
               : fail(path);
}

static int read_node(struct xs_handle *xs, const char *path)
{
    unsigned int len;
    char *value = xs_read(xs, XBT_NULL, path, &len);

    if (!value)
        return 1;
    puts(value);
    free(value);
    return 0;
}

static int create(xc_interface *xc, int byte)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = 1,
        .max_evtchn_port = -1,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
    uint32_t domid = DOMID_ANY;

    memset(config.handle, byte, sizeof(config.handle));
    if (xc_domain_create(xc, &domid, &config))
        return fail("creating a domain");
    printf("%u\n", domid);
    return 0;
}

static int hold(xc_interface *xc, uint32_t domid, unsigned long mfn)
{
    if (!xc_map_foreign_range(xc, domid, XC_PAGE_SIZE, PROT_READ, mfn))
        return fail("mapping a frame");
    puts("held");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}

/* In xenconsoled's place: a terminal for the domain, on which it says what
 * comes in until that ends. */
static int serve_console(struct xs_handle *xs, const char *id)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
    struct termios term;
    char path[80], buf[4096];
    const char *name;
    ssize_t n;

    if (master < 0 || grantpt(master) || unlockpt(master) ||
        !(name = ptsname(master)))
        return fail("a terminal");
    slave = open(name, O_RDONLY | O_NOCTTY);
    if (slave < 0 || tcgetattr(slave, &term))
        return fail(name);
    cfmakeraw(&term);
    if (tcsetattr(slave, TCSANOW, &term))
        return fail(name);
    snprintf(path, sizeof(path), "/local/domain/%s/console/tty", id);
    if (write_node(xs, path, name))
        return 1;
    puts("serving");
    fflush(stdout);
    while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
        if (write(master, buf, (size_t)n) != n)
            return fail(name);
    return 0;
}

int main(int argc, char **argv)
{
    xc_interface *xc = xc_interface_open(NULL, NULL, 0);
    struct xs_handle *xs = xs_open(0);
    int status = 2;

    if (!xc || !xs)
        return fail("opening the host");
    if (argc == 4 && !strcmp(argv[1], "write"))
        status = write_node(xs, argv[2], argv[3]);
    else if (argc == 3 && !strcmp(argv[1], "read"))
        status = read_node(xs, argv[2]);
    else if (argc == 3 && !strcmp(argv[1], "watch"))
        status = xs_watch(xs, argv[2], "token") ? 0 : fail(argv[2]);
    else if (argc >= 2 && !strcmp(argv[1], "create"))
        status = create(xc, argc > 2 ? atoi(argv[2]) : 0);
    else if (argc == 4 && !strcmp(argv[1], "shutdown"))
        status = xc_domain_shutdown(xc, (uint32_t)atoi(argv[2]), atoi(argv[3]))
                     ? fail("shutting the domain down")
                     : 0;
    else if (argc == 4 && !strcmp(argv[1], "hold"))
        status = hold(xc, (uint32_t)atoi(argv[2]), strtoul(argv[3], NULL, 0));
    else if (argc == 3 && !strcmp(argv[1], "console"))
        status = serve_console(xs, argv[2]);
    xs_close(xs);
    xc_interface_close(xc);
    return status;
}
