/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect/saved_view.h - a saved domain, seen as domain_view.h sees one that
 * lives: each page's frame is its PFN.
 *
 * What is a host's is not there: no P2M, no grants, no M2P for 32-bit guests,
 * no place below or above 4 GiB.
 */
#ifndef DW_INSPECT_SAVED_VIEW_H
#define DW_INSPECT_SAVED_VIEW_H

#include "inspect/faults.h"
#include "inspect/survey.h"
#include "stream/saved.h"

/* The file, which was read to its end, and where it was read from. */
struct saved_domain {
    const struct saved *saved;
    struct source *source; /* a file */
};

/* verify() and survey_domain() of it. */
int __attribute__((warn_unused_result))
saved_verify(const struct saved_domain *domain, struct diag *dg,
             struct faults *faults);
int __attribute__((warn_unused_result))
saved_survey(const struct saved_domain *domain, struct diag *dg,
             struct survey *survey);

#endif /* DW_INSPECT_SAVED_VIEW_H */
