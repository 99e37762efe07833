/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_path.h - the names of nodes.
 */
#ifndef FX_STORE_PATH_H
#define FX_STORE_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* "/a/b" or "/": xenstored's rules, its lengths included. */
bool fx_store_valid_path(const char *path);

/* The absolute path that xenstored takes `path` for; malloc()ed. */
char *fx_store_canonical(const char *path);

/*
 * As strcmp(), but '/' before all else: a subtree is one run.  The first *same
 * bytes are known to be equal; then *same is how many are.
 */
int fx_path_compare(const char *a, const char *b, size_t *same);

/* The length of the prefix that all paths below `path` have. */
size_t fx_path_prefix(const char *path);

/* Shortens the path to its parent's; false if it is the root. */
bool fx_path_to_parent(char *path);

#endif /* FX_STORE_PATH_H */
