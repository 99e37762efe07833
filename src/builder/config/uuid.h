/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * uuid.h - a domain's UUID (Xen's "handle"): 16 bytes in RFC 4122's order.
 */
#ifndef DW_UUID_H
#define DW_UUID_H

#include <stdbool.h>
#include <stdint.h>

#define UUID_BYTES  16
#define UUID_STRING 37 /* 8-4-4-4-12 hexadecimal digits and the NUL */

/* A random one (version 4).  0, or -errno from getrandom(2). */
int __attribute__((warn_unused_result)) uuid_random(uint8_t uuid[UUID_BYTES]);

/* The usual form only, in either case.  false: text is something else. */
bool uuid_parse(const char *text, uint8_t uuid[UUID_BYTES]);

void uuid_format(const uint8_t uuid[UUID_BYTES], char text[UUID_STRING]);

#endif /* DW_UUID_H */
