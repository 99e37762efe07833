/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream/compare.h - in what two saved domains differ.
 */
#ifndef DW_STREAM_COMPARE_H
#define DW_STREAM_COMPARE_H

#include "stream/saved.h"

/* One of the two, with the file that it was read from. */
struct compare_side {
    const struct saved *saved;
    struct source *source; /* a file */
    const char *name;
};

/* PFNs [first, end) that differ in the same way. */
struct compare_run {
    uint64_t first, end;
    unsigned int type[2]; /* enum page_type; the same: the contents differ */
};

/*
 * Calls found() for each run of PFNs, in ascending order, that differ in type
 * or contents; but not in the contents of pages of both P2M lists, which are
 * frames of the hosts.  What found() returns, if not 0, ends it and is
 * returned; or a negative errno and the failure in dg.  Both files are read
 * once.
 */
int __attribute__((warn_unused_result))
compare_pages(const struct compare_side side[2],
              int (*found)(const struct compare_run *run, void *arg), void *arg,
              struct diag *dg);

/*
 * Do the contexts of the vCPU differ, those which a record of that kind has?
 * 1, 0, or a negative errno and the failure in dg.  Of both there are so many
 * vCPUs.
 */
int __attribute__((warn_unused_result))
compare_blob(const struct compare_side side[2], const struct saved_blob *a,
             const struct saved_blob *b, struct diag *dg);

#endif /* DW_STREAM_COMPARE_H */
