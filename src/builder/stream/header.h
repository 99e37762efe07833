/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream/header.h - what xl and libxl put around libxenguest's stream.
 */
#ifndef DW_STREAM_HEADER_H
#define DW_STREAM_HEADER_H

#include <stdint.h>

/*
 * Writes what is in front: xl's header with the configuration, libxl's JSON,
 * and the guest's VM assists, then libxl's.  What is behind it:
 * header_finish().  0, or a negative errno of write(2).
 */
int __attribute__((warn_unused_result))
header_begin(int fd, const char *config, uint64_t vm_assist);

int __attribute__((warn_unused_result)) header_finish(int fd);

#endif /* DW_STREAM_HEADER_H */
