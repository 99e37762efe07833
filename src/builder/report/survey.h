/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report/survey.h - a guest's memory and its page tables, for people and for
 * programs: of a domain, or of a guest as it would be built.
 */
#ifndef DW_REPORT_SURVEY_H
#define DW_REPORT_SURVEY_H

#include <jansson.h>
#include <stdio.h>

#include "inspect/survey.h"

/* Whose it is; no domain: as a plan has it. */
struct survey_of {
    const char *name; /* as somebody gave it, or NULL */
    uint32_t domid;
};

void survey_print(const struct survey *survey, const struct survey_of *of,
                  FILE *out);

/* A new reference; NULL where memory ran out. */
json_t *survey_json(const struct survey *survey, const struct survey_of *of);

/* What text and picture share.  A size: "5.5 MiB". */
#define SURVEY_SIZE 32
void survey_size(uint64_t bytes, char size[SURVEY_SIZE]);

/* "web, domain 3", "web, as planned": escaped, and a long name is cut. */
#define SURVEY_TITLE 160
void survey_title(const struct survey *survey, const struct survey_of *of,
                  char title[SURVEY_TITLE]);

/* "L3 at frame 0x1bf9a5, above 4 GiB; extended CR3 is on". */
#define SURVEY_ROOT 160
void survey_root(const struct survey *survey, char words[SURVEY_ROOT]);

/* "2048 pages: 2039 writable, 9 read-only", "4 L2 tables". */
#define SURVEY_LINKS 160
void survey_links(const struct survey *survey, unsigned int level,
                  char words[SURVEY_LINKS]);

static inline bool survey_is_low(mfn_t mfn)
{
    return mfn.v < UINT64_C(1) << (32 - DW_PAGE_SHIFT);
}

#endif /* DW_REPORT_SURVEY_H */
