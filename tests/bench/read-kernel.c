/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * read-kernel.c - libxenguest's own reading of a kernel, as the other half of a
 * pair:
 *
 *     read-kernel KERNEL
 *     read-kernel -- COMMAND [ARG]...
 *
 * The second runs COMMAND, its output thrown away, and prints the microseconds
 * of CPU time that it took and its peak in KiB.  Exits with its status.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenguest.h>

static int read_kernel(const char *path)
{
    xc_interface *xch = xc_interface_open(NULL, NULL, XC_OPENFLAG_DUMMY);
    struct xc_dom_image *dom = xch ? xc_dom_allocate(xch, NULL, NULL) : NULL;
    int rc = 1;

    if (dom) {
        dom->container_type = XC_DOM_PV_CONTAINER;
        strcpy(dom->xen_caps, "xen-3.0-x86_64 xen-3.0-x86_32p ");
        rc = xc_dom_kernel_file(dom, path) || xc_dom_parse_image(dom);
        xc_dom_release(dom);
    }
    if (xch)
        xc_interface_close(xch);
    return rc;
}

static long long microseconds(const struct timeval *t)
{
    return (long long)t->tv_sec * 1000000 + t->tv_usec;
}

static int measure(char **argv)
{
    struct rusage used;
    int status, null;
    pid_t pid = fork();

    if (pid == 0) {
        null = open("/dev/null", O_RDWR);
        if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
            dup2(null, 2) < 0)
            _exit(126);
        execvp(argv[0], argv);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &used) != pid) {
        perror("read-kernel");
        return 1;
    }
    printf("%lld %ld\n",
           microseconds(&used.ru_utime) + microseconds(&used.ru_stime),
           used.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "--"))
        return measure(argv + 2);
    return argc == 2 ? read_kernel(argv[1]) : 2;
}
