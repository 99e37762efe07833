/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text.h - strings of other people's making: are they text, and how they are
 * shown.
 */
#ifndef DW_TEXT_H
#define DW_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Well-formed UTF-8 (RFC 3629)? */
bool text_is_utf8(const char *text);

/* Is there a control character in it, C1's of Unicode included? */
bool text_has_control(const char *text);

/*
 * Copies `text` for a terminal into out[0 .. size - 1]: control characters and
 * bytes that are no UTF-8 become "\n", "\t" or "\x1b", so that the result is
 * one line and nothing but text.  It is cut where it is too long.
 */
void text_escape(char *out, size_t size, const char *text);

#endif /* DW_TEXT_H */
