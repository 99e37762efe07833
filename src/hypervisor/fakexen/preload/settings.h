/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * settings.h - what the wrapper's options and the environment say, as text.
 *
 * All functions return 0 or -EINVAL, and then leave the result alone.
 */
#ifndef FX_SETTINGS_H
#define FX_SETTINGS_H

#include "machine/host.h"

/* A number of bytes with K, M, G or T behind it: "6G". */
int __attribute__((warn_unused_result))
fx_parse_size(const char *text, uint64_t *bytes);

/* 1 .. FX_MAX_NODES */
int __attribute__((warn_unused_result))
fx_parse_nodes(const char *text, unsigned int *nodes);

/* "stock" or "patched" */
int __attribute__((warn_unused_result))
fx_parse_level(const char *text, enum fx_level *level);

/* 0 and more. */
int __attribute__((warn_unused_result))
fx_parse_seed(const char *text, uint64_t *seed);

/* "yes" or "no" */
int __attribute__((warn_unused_result))
fx_parse_yes(const char *text, bool *answer);

/*
 * "N" or "N:ERRNO", the latter by name or number; ENOMEM without it.  Or
 * "N:SIGTERM", or another signal, which becomes -SIGTERM.
 */
int __attribute__((warn_unused_result))
fx_parse_fail(const char *text, uint64_t *nth, int *error);

/* The FAKEXEN_* variables (trace.h) that say what the machine is.  `wrong`
 * becomes the name of the one at fault. */
int __attribute__((warn_unused_result))
fx_options_from_environment(struct fx_options *options, const char **wrong);

#endif /* FX_SETTINGS_H */
