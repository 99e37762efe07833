/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * findings.h - a list of remarks, one line each.
 */
#ifndef DW_MEMMAP_FINDINGS_H
#define DW_MEMMAP_FINDINGS_H

#include <stddef.h>

struct findings {
    char **text;
    size_t nr, room;
};

/* 0, or -ENOMEM. */
int __attribute__((format(printf, 2, 3), warn_unused_result))
findings_add(struct findings *findings, const char *fmt, ...);

void findings_dispose(struct findings *findings);

#endif /* DW_MEMMAP_FINDINGS_H */
