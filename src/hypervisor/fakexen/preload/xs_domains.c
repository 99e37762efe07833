/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxenstore's calls about domains, and to xenstored itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <xenstore.h>

#include "preload/xs_request.h"
#include "store/store_domains.h"

/* xenstored maps the domain's ring, which takes a domain. */
bool xs_introduce_domain(struct xs_handle *h, unsigned int domid,
                         unsigned long mfn, unsigned int eventchn)
{
    struct fx_request rq = {
        .about = {.name = "xs_introduce_domain", .domid = &domid}};

    (void)mfn;
    if (fx_request_begin(&rq, h))
        rq.rc = (int)eventchn <= 0 || !fx_domain(rq.host, domid)
                    ? -EINVAL
                    : fx_store_introduce(rq.store, domid);
    return fx_request_end(&rq);
}

static bool introduced(const struct fx_request *rq, unsigned int domid)
{
    return domid == 0 || domid == DOMID_SELF ||
           (fx_domain(rq->host, domid) &&
            fx_store_is_introduced(rq->store, domid));
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
    struct fx_request rq = {
        .about = {.name = "xs_is_domain_introduced", .domid = &domid}};
    bool is = fx_request_begin(&rq, h) && introduced(&rq, domid);

    return fx_request_end(&rq) && is;
}

bool xs_release_domain(struct xs_handle *h, unsigned int domid)
{
    struct fx_request rq = {
        .about = {.name = "xs_release_domain", .domid = &domid}};

    if (fx_request_begin(&rq, h))
        rq.rc = domid ? fx_store_release(rq.store, domid) : -EINVAL;
    return fx_request_end(&rq);
}

/* There are no rings to be resumed, and no device models to have targets. */
bool xs_resume_domain(struct xs_handle *h, unsigned int domid)
{
    struct fx_request rq = {
        .about = {.name = "xs_resume_domain", .domid = &domid}};

    if (fx_request_begin(&rq, h))
        rq.rc = !domid ? -EINVAL : introduced(&rq, domid) ? 0 : -ENOENT;
    return fx_request_end(&rq);
}

bool xs_set_target(struct xs_handle *h, unsigned int domid, unsigned int target)
{
    struct fx_request rq = {
        .about = {.name = "xs_set_target", .domid = &domid}};

    if (fx_request_begin(&rq, h))
        rq.rc = introduced(&rq, domid) && introduced(&rq, target) ? 0 : -ENOENT;
    return fx_request_end(&rq);
}

char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
    struct fx_request rq = {
        .about = {.name = "xs_get_domain_path", .domid = &domid}};
    char *path = NULL;

    if (fx_request_begin(&rq, h) &&
        asprintf(&path, "/local/domain/%u", domid) < 0)
        rq.rc = -ENOMEM;
    return fx_request_end(&rq) ? path : NULL;
}

int xs_suspend_evtchn_port(int domid)
{
    struct xs_handle *h = xs_open(0);
    char path[80], *value;
    unsigned int len;
    int port = -1;

    if (!h)
        return -1;
    snprintf(path, sizeof(path),
             "/local/domain/%d/device/suspend/event-channel", domid);
    value = xs_read(h, XBT_NULL, path, &len);
    if (value && len)
        port = atoi(value);
    free(value);
    xs_close(h);
    return port;
}

/* xenstored's own controls: there is no daemon to be controlled. */
char *xs_control_command(struct xs_handle *h, const char *cmd, void *data,
                         unsigned int len)
{
    struct fx_request rq = {.about = {.name = "xs_control_command"}};

    (void)cmd;
    (void)data;
    (void)len;
    if (fx_request_begin(&rq, h))
        rq.rc = -ENOSYS;
    (void)fx_request_end(&rq);
    return NULL;
}

char *xs_debug_command(struct xs_handle *h, const char *cmd, void *data,
                       unsigned int len)
{
    return xs_control_command(h, cmd, data, len);
}
