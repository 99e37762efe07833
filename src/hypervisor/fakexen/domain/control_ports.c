/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * control_ports.c - the control domain's event channels, which its programs
 * have.
 */
#include "domain/control_ports.h"

#include <xen/event_channel.h>

#include "domain/ports.h"
#include "machine/process.h"

static struct fx_domain *control(const struct fx_host *host)
{
    return &host->super->domain[FX_CONTROL_DOMID];
}

/* NULL: the control domain knows no such port, or nobody has it. */
static struct fx_control_port *owned(const struct fx_host *host, uint32_t port)
{
    struct fx_control_port *own;

    if (port >= FX_MAX_EVTCHN || port >= control(host)->valid_ports)
        return NULL;
    own = &host->super->control_port[port];
    return own->process ? own : NULL;
}

int fx_control_port_claim(struct fx_host *host, uint32_t port, uint64_t handle)
{
    struct fx_control_port *own = &host->super->control_port[port];
    uint64_t process;
    int rc = fx_process_number(host, &process);

    if (rc)
        return rc;
    own->handle = handle;
    own->process = process;
    return 0;
}

bool fx_control_port_is(const struct fx_host *host, uint32_t port,
                        uint64_t handle)
{
    const struct fx_control_port *own = owned(host, port);

    return own && own->process == fx_process_own(host) && own->handle == handle;
}

uint32_t fx_control_port_tell(struct fx_host *host, uint64_t *handle)
{
    uint64_t process = fx_process_own(host);
    struct fx_control_port *own;
    uint32_t port;

    for (port = 1; port < FX_MAX_EVTCHN; port++) {
        own = owned(host, port);
        if (!own || own->process != process || !own->pending || own->masked)
            continue;
        own->pending = false;
        own->masked = true;
        *handle = own->handle;
        return port;
    }
    return 0;
}

void fx_control_ports_close(struct fx_host *host, uint64_t handle)
{
    uint32_t port;

    for (port = 1; port < FX_MAX_EVTCHN; port++)
        if (fx_control_port_is(host, port, handle))
            (void)fx_close_port(host, control(host), port);
}

/* Ports of one process lie beside each other: it is asked for once. */
void fx_control_ports_reap(struct fx_host *host)
{
    const struct fx_control_port *own;
    uint64_t known = 0;
    uint32_t port;

    for (port = 1; port < FX_MAX_EVTCHN; port++) {
        own = owned(host, port);
        if (!own || own->process == known)
            continue;
        if (fx_process_lives(host, own->process))
            known = own->process;
        else
            (void)fx_close_port(host, control(host), port);
    }
}
