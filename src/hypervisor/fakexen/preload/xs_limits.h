/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xs_limits.h - what newer libxenstores declare (xenstore.h of 4.21 and 4.22),
 * for builds against older ones.
 */
#ifndef FX_XS_LIMITS_H
#define FX_XS_LIMITS_H

#include <config.h>

#include <stdbool.h>

struct xs_handle;

#if !HAVE_DECL_XS_GET_FEATURES_SUPPORTED
bool xs_get_features_supported(struct xs_handle *h, unsigned int *features);
bool xs_get_features_domain(struct xs_handle *h, unsigned int domid,
                            unsigned int *features);
bool xs_set_features_domain(struct xs_handle *h, unsigned int domid,
                            unsigned int features);
#endif

#if !HAVE_DECL_XS_GET_QUOTA_NAMES
bool xs_watch_depth(struct xs_handle *h, const char *path, const char *token,
                    unsigned int depth);
bool xs_watch_try_depth(struct xs_handle *h, const char *path,
                        const char *token, unsigned int depth);
const char **xs_get_quota_names(struct xs_handle *h, unsigned int *num);
bool xs_get_global_quota(struct xs_handle *h, const char *quota,
                         unsigned int *value);
bool xs_set_global_quota(struct xs_handle *h, const char *quota,
                         unsigned int value);
bool xs_get_domain_quota(struct xs_handle *h, unsigned int domid,
                         const char *quota, unsigned int *value);
bool xs_set_domain_quota(struct xs_handle *h, unsigned int domid,
                         const char *quota, unsigned int value);
#endif

#endif /* FX_XS_LIMITS_H */
