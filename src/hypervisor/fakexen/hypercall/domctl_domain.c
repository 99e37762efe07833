/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl_domain.c - a domain as a whole.
 */
#include "hypercall/domctl_domain.h"

#include <errno.h>
#include <string.h>

#include "domain/domain.h"
#include "domain/policy.h"
#include "domain/state.h"
#include "domain/vm_assist.h"
#include "machine/wake.h"
#include "xen_versions.h"

/* Xen lets control tools pause a domain that often. */
#define MAX_PAUSE_COUNT 255

/* IDs are given out round and round, so that one is not soon used again. */
static int pick_domid(struct fx_host *host, uint16_t *domid)
{
    uint32_t id = host->super->next_domid;
    uint32_t i;

    for (i = 0; i < DOMID_FIRST_RESERVED; i++, id++) {
        if (!id || id >= DOMID_FIRST_RESERVED)
            id = 1;
        if (fx_domain(host, id))
            continue;
        host->super->next_domid = id + 1;
        *domid = (uint16_t)id;
        return 0;
    }
    return XEN_NO_DOMID_IS_EEXIST ? -EEXIST : -ENOMEM;
}

static bool is_wildcard(uint16_t domid)
{
    return XEN_DOMID_ANY_ALONE ? domid == DOMID_ANY
                               : !domid || domid >= DOMID_FIRST_RESERVED;
}

static long create_domain(struct fx_domctl *call)
{
    uint16_t domid = call->op->domain;
    int rc;

    if (is_wildcard(domid)) {
        rc = pick_domid(call->host, &domid);
        if (rc)
            return rc;
    } else if (domid >= DOMID_FIRST_RESERVED || fx_domain(call->host, domid)) {
        return -EEXIST;
    }
    rc = fx_domain_create(call->host, domid, &call->op->u.createdomain);
    if (rc)
        return rc;
    call->op->domain = domid;
    call->copy_back = true;
    return 0;
}

static long destroy_domain(struct fx_domctl *call)
{
    if (fx_domctl_on_caller(call))
        return -EINVAL;
    fx_domain_kill(call->host, call->domain);
    return 0;
}

static long pause_domain(struct fx_domctl *call)
{
    if (fx_domctl_on_caller(call))
        return -EINVAL;
    if (call->domain->pause_count >= MAX_PAUSE_COUNT)
        return -EOVERFLOW;
    call->domain->pause_count++;
    call->domain->tried = 0;
    return 0;
}

static long unpause_domain(struct fx_domctl *call)
{
    if (!call->domain->pause_count)
        return -EINVAL;
    call->domain->pause_count--;
    if (call->domain->pause_count)
        return 0;
    call->domain->creation_finished = true;
    fx_wake(call->host); /* whoever runs it waits for that */
    return 0;
}

static long resume_domain(struct fx_domctl *call)
{
    if (fx_domctl_on_caller(call))
        return -EINVAL;
    call->domain->shutdown = false;
    call->domain->shutdown_code = FX_NOT_SHUT_DOWN;
    fx_wake(call->host);
    return 0;
}

/* The domain itself, or, once, the next one: callers walked all of them that
 * way. */
static long get_domain_info(struct fx_domctl *call)
{
    uint32_t domid = call->op->domain;

    if (!call->domain && !XEN_DOMAININFO_IS_EXACT) {
        if (domid >= DOMID_FIRST_RESERVED)
            return -EINVAL;
        call->domain = fx_domain_next(call->host, domid);
    }
    if (!call->domain)
        return -ESRCH;
    fx_domain_info(call->host, call->domain, &call->op->u.getdomaininfo);
    call->op->domain = call->op->u.getdomaininfo.domain;
    call->copy_back = true;
    return 0;
}

/* Its argument, of xen/domctl.h from 4.21 on. */
struct domain_state {
    uint16_t state;
#define STATE_EXIST    1
#define STATE_SHUTDOWN 2
#define STATE_DYING    4
    uint16_t caps;
#define CAP_CONTROL  1
#define CAP_HARDWARE 2
#define CAP_XENSTORE 4
    uint32_t pad; /* 0 */
    uint64_t unique_id;
};

/* Of a domain; or of the next that changed, which is for those alone to whom
 * VIRQ_DOM_EXC goes, and here it goes to nobody. */
static long get_domain_state(struct fx_domctl *call)
{
    const struct fx_domain *domain = call->domain;
    struct domain_state is = {.state = STATE_EXIST};

    memcpy(&is.pad,
           (uint8_t *)&call->op->u + offsetof(struct domain_state, pad),
           sizeof(is.pad));
    if (is.pad)
        return -EINVAL;
    if (!domain)
        return -EACCES;
    if (domain->shutdown)
        is.state |= STATE_SHUTDOWN;
    if (domain->dying)
        is.state |= STATE_DYING;
    if (domain->id == FX_CONTROL_DOMID)
        is.caps = CAP_CONTROL | CAP_HARDWARE;
    if (domain->xenstore)
        is.caps |= CAP_XENSTORE;
    is.unique_id = fx_domain_unique_id(call->host, domain);
    memcpy(&call->op->u, &is, sizeof(is));
    call->copy_back = true;
    return 0;
}

static long set_handle(struct fx_domctl *call)
{
    memcpy(call->domain->handle, call->op->u.setdomainhandle.handle,
           sizeof(call->domain->handle));
    return 0;
}

static long set_debugging(struct fx_domctl *call)
{
    if (fx_domctl_on_caller(call))
        return -EINVAL;
    call->domain->debugged = call->op->u.setdebugging.enable;
    return 0;
}

static long set_address_size(struct fx_domctl *call)
{
    struct fx_domain *domain = call->domain;
    uint32_t size = call->op->u.address_size.size;

    if (size == (domain->is_32bit ? 32 : 64))
        return 0;
    if (size != 32)
        return -EINVAL;
    if (domain->tot_pages || fx_rules_out_32bit(call->host, domain))
        return -EACCES;
    if (fx_domain_lower_shared_info(call->host, domain))
        return -ENOMEM;
    domain->is_32bit = true;
    fx_policy_recalculate(call->host, domain);
    return 0;
}

static long get_address_size(struct fx_domctl *call)
{
    call->op->u.address_size.size = call->domain->is_32bit ? 32 : 64;
    call->copy_back = true;
    return 0;
}

static long get_cpu_policy(struct fx_domctl *call)
{
    long rc =
        fx_policy_get(call->caller, call->domain, &call->op->u.cpu_policy);

    call->copy_back = !rc;
    return rc;
}

static long set_cpu_policy(struct fx_domctl *call)
{
    long rc;

    if (fx_domctl_on_caller(call))
        return -EINVAL;
    if (call->domain->creation_finished)
        return -EEXIST;
    rc = fx_policy_set(call->caller, call->domain, &call->op->u.cpu_policy);
    call->copy_back = rc; /* says which leaf */
    return rc;
}

static long vm_assist(struct fx_domctl *call)
{
    struct xen_domctl_vm_assist asked;
    long rc;

    memcpy(&asked, &call->op->u, sizeof(asked));
    rc = fx_assists_op(call->host, call->domain, &asked);
    memcpy(&call->op->u, &asked, sizeof(asked));
    call->copy_back = !rc;
    return rc;
}

fx_domctl_function fx_domctl_domain(uint32_t command)
{
    static const fx_domctl_function table[] = {
        [XEN_DOMCTL_createdomain] = create_domain,
        [XEN_DOMCTL_destroydomain] = destroy_domain,
        [XEN_DOMCTL_pausedomain] = pause_domain,
        [XEN_DOMCTL_unpausedomain] = unpause_domain,
        [XEN_DOMCTL_resumedomain] = resume_domain,
        [XEN_DOMCTL_getdomaininfo] = get_domain_info,
        [XEN_DOMCTL_setdomainhandle] = set_handle,
        [XEN_DOMCTL_setdebugging] = set_debugging,
        [XEN_DOMCTL_set_address_size] = set_address_size,
        [XEN_DOMCTL_get_address_size] = get_address_size,
        [XEN_DOMCTL_get_cpu_policy] = get_cpu_policy,
        [XEN_DOMCTL_set_cpu_policy] = set_cpu_policy,
    };

    if (command == XEN_DOMCTL_vm_assist) /* far from the others */
        return vm_assist;
    if (command == XEN_DOMCTL_DOMAIN_STATE)
        return XEN_KNOWS_DOMAIN_STATE ? get_domain_state : NULL;
    return command < sizeof(table) / sizeof(table[0]) ? table[command] : NULL;
}
