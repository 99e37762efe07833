/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store.c - xenstore, as io/xs_wire.h describes its messages and its ring.
 *
 * No upcall is needed: SCHEDOP_poll waits for a channel that stays masked.
 */
#include "store.h"

static struct xenstore_domain_interface *ring;
static bool watch_fired;

/*
 * No request is on its way while a domain is suspended, so what is unread in
 * a new one is an event, or the beginning of one, from the old connection.
 */
void store_start(void)
{
    ring = boot_frame(MFN(start_info->store_mfn), "xenstore");
    ring->rsp_cons = ring->rsp_prod;
    watch_fired = false;
}

static XENSTORE_RING_IDX unread(void)
{
    XENSTORE_RING_IDX bytes =
        *(volatile XENSTORE_RING_IDX *)&ring->rsp_prod - ring->rsp_cons;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return bytes;
}

static void clear_pending(evtchn_port_t port)
{
    const unsigned int bits = 8 * sizeof(xen_ulong_t);

    __atomic_fetch_and(&shared_info()->evtchn_pending[port / bits],
                       ~((xen_ulong_t)1 << (port % bits)), __ATOMIC_SEQ_CST);
}

/* What comes in after the bit was cleared sets it again, and ends the poll. */
static void wait_for_bytes(void)
{
    evtchn_port_t port = start_info->store_evtchn;
    sched_poll_t poll = {.nr_ports = 1};
    long rc;

    set_xen_guest_handle(poll.ports, &port);
    while (!unread()) {
        clear_pending(port);
        if (unread())
            break;
        rc = hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll,
                       (unsigned long)&poll, 0, 0, 0);
        if (rc)
            panic("SCHEDOP_poll: %ld", rc);
    }
}

/*
 * The ring is empty, since the last request was answered; what fits, fits.  The
 * other side may look at any time: bytes first, then that they are there.
 */
static void put_bytes(const void *data, size_t size)
{
    const char *at = data;
    XENSTORE_RING_IDX prod = ring->req_prod;

    while (size--)
        ring->req[MASK_XENSTORE_IDX(prod++)] = *at++;
    __atomic_store_n(&ring->req_prod, prod, __ATOMIC_RELEASE);
}

static void get_bytes(void *data, size_t size)
{
    char *at = data;

    while (size--) {
        wait_for_bytes();
        *at++ = ring->rsp[MASK_XENSTORE_IDX(ring->rsp_cons)];
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        ring->rsp_cons++;
    }
}

/* Returns the type of the next message; its text ends with a 0. */
static uint32_t receive(char text[STORE_VALUE_SIZE])
{
    struct xsd_sockmsg header;

    get_bytes(&header, sizeof(header));
    if (header.len >= STORE_VALUE_SIZE)
        panic("xenstore: a message of %u bytes", header.len);
    get_bytes(text, header.len);
    text[header.len] = '\0';
    event_send(start_info->store_evtchn);
    return header.type;
}

bool store_request(enum xsd_sockmsg_type type, const char *path,
                   const char *value, size_t size, char reply[STORE_VALUE_SIZE])
{
    struct xsd_sockmsg header = {.type = type};
    size_t path_size = strlen(path) + 1;
    uint32_t got;

    header.len = (uint32_t)(path_size + size);
    if (sizeof(header) + header.len > XENSTORE_RING_SIZE)
        panic("xenstore: a request of %u bytes", header.len);
    put_bytes(&header, sizeof(header));
    put_bytes(path, path_size);
    put_bytes(value, size);
    event_send(start_info->store_evtchn);

    while ((got = receive(reply)) == XS_WATCH_EVENT)
        watch_fired = true;
    return got == type;
}

static void request(enum xsd_sockmsg_type type, const char *path,
                    const char *value, size_t size,
                    char reply[STORE_VALUE_SIZE])
{
    if (!store_request(type, path, value, size, reply))
        panic("xenstore: %s: %s", path, reply);
}

void store_read(const char *path, char value[STORE_VALUE_SIZE])
{
    request(XS_READ, path, "", 0, value);
}

void store_write(const char *path, const char *value)
{
    char reply[STORE_VALUE_SIZE];

    request(XS_WRITE, path, value, strlen(value), reply);
}

/* The token, which comes back with each event, is empty: there is one watch. */
void store_watch(const char *path)
{
    char reply[STORE_VALUE_SIZE];

    request(XS_WATCH, path, "", 1, reply);
}

bool store_pending(void)
{
    return watch_fired || unread();
}

void store_wait(void)
{
    char event[STORE_VALUE_SIZE];

    while (!watch_fired)
        watch_fired = receive(event) == XS_WATCH_EVENT;
    watch_fired = false;
}
