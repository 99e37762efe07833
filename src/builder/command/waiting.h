/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * waiting.h - the options that say what is waited for, and how long.
 */
#ifndef DW_WAITING_H
#define DW_WAITING_H

#include <regex.h>

#include "command/command.h"
#include "guest/wait.h"

/* --text=ERE and --state=STATE, for a command's options. */
#define WAITING_OPTIONS                                                        \
    {"text", required_argument, NULL, 't'},                                    \
    {                                                                          \
        "state", required_argument, NULL, 's'                                  \
    }

#define WAITING_HELP                                                           \
    "  --text=ERE           until a line of its console matches this\n"        \
    "  --state=STATE        until it is \"running\", \"paused\", "             \
    "\"shutdown\"\n"                                                           \
    "                       (the default), \"crashed\" or \"gone\"\n"

/* The number behind the option of that letter and name as milliseconds, or
 * WATCH_FOREVER where there is none. */
int __attribute__((warn_unused_result))
waiting_ms(struct diag *dg, const struct args *args, char letter,
           const char *name, int64_t *ms);

/* --text's value; 1: there is one, and regfree() is to be called. */
int __attribute__((warn_unused_result))
waiting_text(struct diag *dg, const struct args *args, regex_t *regex);

/* All of it; for `letter` and `name` as above.  waiting_drop() either way. */
int __attribute__((warn_unused_result))
waiting_read(struct diag *dg, const struct args *args, char letter,
             const char *name, struct wait_for *want);
void waiting_drop(struct wait_for *want);

#endif /* DW_WAITING_H */
