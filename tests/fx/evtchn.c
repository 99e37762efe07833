/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * evtchn.c - a client of libxenevtchn, as daemons are: ports of domain 0, that
 * wait, are told, and go with their process.
 *
 *   evtchn             tries all of it
 *   evtchn hold        binds VIRQ_DOM_EXC, says so, and waits to be killed
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>

static int failures;

#define TRY(cond)                                                              \
    do {                                                                       \
        if (!(cond)) {                                                         \
            printf("FAILED: line %d: %s (%s)\n", __LINE__, #cond,              \
                   strerror(errno));                                           \
            failures++;                                                        \
        }                                                                      \
    } while (0)

/* Does the descriptor become readable?  One that should not is given a moment
 * only. */
static bool readable(xenevtchn_handle *h, int milliseconds)
{
    struct pollfd fd = {.fd = xenevtchn_fd(h), .events = POLLIN};

    return poll(&fd, 1, milliseconds) == 1;
}

static bool comes(xenevtchn_handle *h, int port)
{
    return readable(h, 30000) && xenevtchn_pending(h) == port;
}

static void try_channel(void)
{
    xenevtchn_handle *a = xenevtchn_open(NULL, 0), *b = xenevtchn_open(NULL, 0);
    int here, there;

    TRY(a && b);
    if (!a || !b)
        return;
    here = xenevtchn_bind_unbound_port(a, 0);
    there = xenevtchn_bind_interdomain(b, 0, (evtchn_port_t)here);
    TRY(here > 0 && there > 0 && here != there);
    TRY(comes(b, there)); /* what came before it was bound, if anything did */
    TRY(!xenevtchn_notify(a, (evtchn_port_t)here));
    TRY(!readable(b, 20)); /* it is masked since it was told */
    TRY(!xenevtchn_unmask(b, (evtchn_port_t)there));
    TRY(comes(b, there));
    TRY(!xenevtchn_notify(b, (evtchn_port_t)there));
    TRY(comes(a, here));
    /* Whose port it is not. */
    TRY(xenevtchn_notify(a, (evtchn_port_t)there) && errno == ENOTCONN);
    TRY(xenevtchn_unbind(a, (evtchn_port_t)there) && errno == ENOTCONN);
    TRY(xenevtchn_bind_interdomain(b, 0, (evtchn_port_t)here) == -1 &&
        errno == EINVAL);
    TRY(xenevtchn_bind_interdomain(b, 77, 1) == -1 && errno == ESRCH);
    /* The other end waits for a new one. */
    TRY(!xenevtchn_unbind(b, (evtchn_port_t)there));
    there = xenevtchn_bind_interdomain(b, 0, (evtchn_port_t)here);
    TRY(there > 0 && comes(b, there));
    TRY(!xenevtchn_close(b));
    TRY(!xenevtchn_notify(a, (evtchn_port_t)here)); /* to nobody */
    TRY(!xenevtchn_close(a));
}

static void try_restricted(void)
{
    xenevtchn_handle *h = xenevtchn_open(NULL, 0);

    TRY(h);
    if (!h)
        return;
    TRY(xenevtchn_restrict(h, 0) && errno == EINVAL);
    TRY(!xenevtchn_restrict(h, 5));
    TRY(xenevtchn_restrict(h, 5) && errno == EACCES);
    TRY(xenevtchn_bind_virq(h, VIRQ_DOM_EXC) == -1 && errno == EACCES);
    TRY(xenevtchn_bind_unbound_port(h, 4) == -1 && errno == EACCES);
    TRY(xenevtchn_bind_unbound_port(h, 5) > 0);
    TRY(!xenevtchn_close(h));
    TRY(!xenevtchn_open(NULL, 0x80) && errno == EINVAL);
}

/* A domain that ends is told of. */
static void try_dom_exc(xenevtchn_handle *h, int port)
{
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);
    struct xen_domctl_createdomain config = {.max_vcpus = 1,
                                             .max_evtchn_port = -1,
                                             .max_grant_frames = 4,
                                             .max_maptrack_frames = 4,
                                             .grant_opts = 1};
    uint32_t domid = 0x7ff5;

    TRY(xch && !xc_domain_create(xch, &domid, &config));
    TRY(!readable(h, 20));
    TRY(!xc_domain_shutdown(xch, domid, SHUTDOWN_poweroff));
    TRY(comes(h, port));
    TRY(!xenevtchn_unmask(h, (evtchn_port_t)port));
    TRY(!xc_domain_destroy(xch, domid));
    TRY(comes(h, port));
    xc_interface_close(xch);
}

static int hold(void)
{
    xenevtchn_handle *h = xenevtchn_open(NULL, 0);

    if (!h || xenevtchn_bind_virq(h, VIRQ_DOM_EXC) < 0)
        return 1;
    printf("bound\n");
    fflush(stdout);
    pause();
    return 0;
}

/* Another process has it, until it is killed. */
static void try_virq(const char *self)
{
    xenevtchn_handle *h = xenevtchn_open(NULL, 0);
    int said[2], port, status;
    pid_t child;
    char c;

    TRY(h && !pipe(said));
    if (!h)
        return;
    child = fork();
    if (!child) {
        dup2(said[1], 1);
        execl(self, self, "hold", (char *)NULL);
        _exit(127);
    }
    close(said[1]);
    TRY(read(said[0], &c, 1) == 1);
    TRY(xenevtchn_bind_virq(h, VIRQ_DOM_EXC) == -1 && errno == EEXIST);
    TRY(!kill(child, SIGKILL) && waitpid(child, &status, 0) == child);
    port = xenevtchn_bind_virq(h, VIRQ_DOM_EXC);
    TRY(port > 0);
    TRY(xenevtchn_bind_virq(h, VIRQ_DOM_EXC) == -1 && errno == EEXIST);
    try_dom_exc(h, port);
    TRY(!xenevtchn_close(h));
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return hold();
    try_channel();
    try_restricted();
    try_virq(argv[0]);
    return failures != 0;
}
