/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * beside.h - where the files are that belong to a program: next to it.
 *
 * So that what was built runs where it was built, and what was installed where
 * it was moved to, without a variable that says so.
 */
#ifndef DW_BESIDE_H
#define DW_BESIDE_H

#include <limits.h>

/* Where a file lies; the program itself is one, too. */
struct beside {
    const char *built;     /* in the build tree: "src/builder/domwright" */
    const char *installed; /* "/usr/bin/domwright" */
};

/*
 * The path of `file` for the running `program`, found by where that lies:
 * beside it in a build tree; at the same place relative to it as where both
 * were to be installed; and where neither is there, file->installed.
 *
 * A file that somebody else than root and the program's owner could have put
 * there is none, and a privileged program (AT_SECURE) looks nowhere else than
 * where it was to be installed.
 */
void beside_find(char path[PATH_MAX], const struct beside *program,
                 const struct beside *file);

#endif /* DW_BESIDE_H */
