/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * search.h - a program of Xen's, looked for in folders.
 */
#ifndef DW_SEARCH_H
#define DW_SEARCH_H

#include <limits.h>
#include <stdbool.h>

/* The first program of that name in a list of folders, as $PATH is one; what is
 * empty there is no folder, and NULL an empty list. */
bool search(const char *folders, const char *name, char path[PATH_MAX]);

#endif /* DW_SEARCH_H */
