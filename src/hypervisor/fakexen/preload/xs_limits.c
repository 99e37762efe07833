/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxenstore's calls about what xenstored can do and what it grants (4.1, of
 * Xen 4.21, and 4.2, of Xen 4.22), as one answers that has no features and
 * holds nobody to a quota.  They are here whatever this was built for: nothing
 * calls them there.
 */
#include <errno.h>

#include <xenstore.h>

#include "preload/xs_limits.h"
#include "preload/xs_request.h"

static bool refused(struct xs_handle *h, const char *name)
{
    struct fx_request rq = {.about = {.name = name}};

    if (fx_request_begin(&rq, h))
        rq.rc = -ENOSYS;
    return fx_request_end(&rq);
}

/* About a domain that there has to be. */
static bool about_domain(struct xs_handle *h, const char *name,
                         unsigned int domid)
{
    struct fx_request rq = {.about = {.name = name, .domid = &domid}};

    if (fx_request_begin(&rq, h) && !fx_domain(rq.host, domid))
        rq.rc = -ENOENT;
    return fx_request_end(&rq);
}

bool xs_get_features_supported(struct xs_handle *h, unsigned int *features)
{
    struct fx_request rq = {.about = {.name = "xs_get_features_supported"}};

    if (fx_request_begin(&rq, h))
        *features = 0;
    return fx_request_end(&rq);
}

bool xs_get_features_domain(struct xs_handle *h, unsigned int domid,
                            unsigned int *features)
{
    if (!about_domain(h, "xs_get_features_domain", domid))
        return false;
    *features = 0;
    return true;
}

/* A feature that there is not is none that a domain may have. */
bool xs_set_features_domain(struct xs_handle *h, unsigned int domid,
                            unsigned int features)
{
    if (!about_domain(h, "xs_set_features_domain", domid))
        return false;
    return fx_client_done(features ? -EINVAL : 0);
}

bool xs_watch_depth(struct xs_handle *h, const char *path, const char *token,
                    unsigned int depth)
{
    (void)path;
    (void)token;
    (void)depth;
    return refused(h, "xs_watch_depth");
}

bool xs_watch_try_depth(struct xs_handle *h, const char *path,
                        const char *token, unsigned int depth)
{
    (void)depth;
    return xs_watch(h, path, token);
}

const char **xs_get_quota_names(struct xs_handle *h, unsigned int *num)
{
    *num = 0;
    (void)refused(h, "xs_get_quota_names");
    return NULL;
}

bool xs_get_global_quota(struct xs_handle *h, const char *quota,
                         unsigned int *value)
{
    (void)quota;
    (void)value;
    return refused(h, "xs_get_global_quota");
}

bool xs_set_global_quota(struct xs_handle *h, const char *quota,
                         unsigned int value)
{
    (void)quota;
    (void)value;
    return refused(h, "xs_set_global_quota");
}

bool xs_get_domain_quota(struct xs_handle *h, unsigned int domid,
                         const char *quota, unsigned int *value)
{
    (void)domid;
    (void)quota;
    (void)value;
    return refused(h, "xs_get_domain_quota");
}

/* A saved guest brings those along that it had, and is to come back here. */
bool xs_set_domain_quota(struct xs_handle *h, unsigned int domid,
                         const char *quota, unsigned int value)
{
    (void)quota;
    (void)value;
    return about_domain(h, "xs_set_domain_quota", domid);
}
