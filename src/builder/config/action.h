/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * action.h - what becomes of a guest that ends: on_poweroff and the like of
 * xl.cfg(5).
 */
#ifndef DW_ACTION_H
#define DW_ACTION_H

enum action {
    ACTION_DESTROY,
    ACTION_RESTART,
    ACTION_RENAME_RESTART,
    ACTION_PRESERVE,
    ACTION_COREDUMP_DESTROY,
    ACTION_COREDUMP_RESTART,
    ACTION_SOFT_RESET,
};

/* One of xl's words.  -EINVAL: it is none of them. */
int __attribute__((warn_unused_result))
action_parse(const char *word, enum action *action);

/* The word. */
const char *action_name(enum action action);

#endif /* DW_ACTION_H */
